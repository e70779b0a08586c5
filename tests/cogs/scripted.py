"""Somebody who answers questions as a test says, and as slowly: the engine stands outside the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from bot.answers.answer import Answer, Claim, Read
from bot.asking import Exchange, Progress, Scope
from tests.cogs.sample import paper_id

FIRST = paper_id(1)


def says(text: str, paper: str = FIRST) -> Claim:
    """Return a claim that is its own quote."""
    return Claim(text, text, paper, "Abstract", f"https://arxiv.org/abs/{paper}")


def an_answer(*texts: str, paper: str = FIRST) -> Answer:
    claims = tuple(says(text, paper) for text in texts)
    return Answer(
        " ".join(texts), abstained=False, claims=claims, read=(Read(paper, ("Abstract",)),)
    )


@dataclass
class Scripted:
    """Gives one answer to everything.

    Args:
        final: What it comes to.
        steps: What is known before, each with the seconds of Discord's clock until then.
        seconds: How long it takes from the last step to the end.
    """

    final: Answer | Exception
    steps: Sequence[tuple[float, Answer]] = ()
    seconds: float = 0.0
    asked: list[str] = field(default_factory=list[str])
    about: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    earlier: list[list[str]] = field(default_factory=list[list[str]])
    """The questions before."""
    papers_before: list[list[tuple[str, ...]]] = field(default_factory=list[list[tuple[str, ...]]])
    """What they were about."""

    async def answer(
        self,
        question: str,
        *,
        paper_ids: Sequence[str] = (),
        scope: Scope = Scope.RECENT,
        user_id: int | None = None,
        guild_id: int | None = None,
        earlier: Sequence[Exchange] = (),
        on_progress: Progress | None = None,
    ) -> Answer:
        self.asked.append(question)
        self.about.append(tuple(paper_ids))
        self.earlier.append([exchange.question for exchange in earlier])
        self.papers_before.append([exchange.paper_ids for exchange in earlier])
        for seconds, so_far in self.steps:
            await asyncio.sleep(seconds)
            if on_progress is not None:
                await on_progress(so_far)
        await asyncio.sleep(self.seconds)
        if isinstance(self.final, Exception):
            raise self.final
        return self.final
