"""Answers worded by a language model: within what it may cost, and only what quotes prove."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Protocol

from bot.answers.answer import ALL_SILENT, ONE_SILENT, Answer, Claim
from bot.answers.drafts import MOST_CLAIMS, Given, Reply, checked, messages
from bot.answers.language_model import Piece
from bot.errors import ModelError, StoreError
from bot.store import spending
from bot.store.spending import Limits
from bot.store.store import Store

log = logging.getLogger(__name__)

CHARACTERS_A_TOKEN = 3
"""Fewer than usual (about 4 in English), so that the count is rather too high: not every address
tells how many there were."""
EXPECTED_REPLY = 700
"""Tokens that are reserved for a reply before its length is known."""

Progress = Callable[[Answer], Awaitable[None]]


class Model(Protocol):
    """Whatever writes."""

    @property
    def name(self) -> str: ...

    def reply(self, messages: Sequence[dict[str, str]]) -> AsyncGenerator[Piece]:
        """Give the answer piece by piece.

        Raises:
            ModelError: There is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, for what they may spend."""

    user_id: int | None = None
    guild_id: int | None = None


@dataclass(frozen=True, slots=True)
class ModelState:
    """How a language model is used today, in UTC."""

    name: str
    answers: int
    tokens: int
    most: int
    """Tokens that may be used in a day."""


@dataclass
class _Draught:
    """One answer while it is being written."""

    given: Given
    question: str
    model: str
    claims: list[Claim] = field(default_factory=list[Claim])
    reply: Reply = field(default_factory=Reply)
    length: int = 0
    """Characters written, with those of thoughts."""

    def read(self, piece: Piece) -> bool:
        """Take in a piece; whether it brought a claim."""
        self.length += piece.written
        before = len(self.claims)
        for draft in self.reply.read(piece.text):
            claim = checked(draft, self.given, self.question)
            if claim is None:
                log.info("a claim of the language model was not proven and is left out")
            elif claim not in self.claims and len(self.claims) < MOST_CLAIMS:
                self.claims.append(claim)
        return len(self.claims) > before

    def answer(self, note: str | None = None) -> Answer:
        silent = ONE_SILENT if len(self.given.papers) == 1 else ALL_SILENT
        return Answer(
            " ".join(claim.text for claim in self.claims) or silent,
            abstained=not self.claims,
            claims=tuple(self.claims),
            model=self.model,
            read=self.given.read,
            suspicious=self.given.suspicious,
            note=note,
        )


@dataclass
class Wording:
    """Lets a model word answers."""

    store: Store
    model: Model
    limits: Limits
    now: Callable[[], datetime]

    async def answer(
        self,
        question: str,
        given: Given,
        *,
        asker: Asker,
        earlier: Sequence[tuple[str, str]] = (),
        on_progress: Progress | None = None,
    ) -> Answer:
        """Return what the model makes of the passages; cancelling ends its writing.

        Raises:
            ModelError: There is no answer of use, or it may not be asked any more today.
        """
        asked = messages(question, given, earlier)
        prompt = sum(len(message["content"]) for message in asked) // CHARACTERS_A_TOKEN
        day = self.now().astimezone(UTC).date()
        reserved = prompt + EXPECTED_REPLY
        await self._reserve(day, reserved, asker)
        draught = _Draught(given, question, self.model.name)
        try:
            note = await self._write(draught, asked, on_progress)
        finally:
            # What never began to answer is not held against anybody.
            used = prompt + draught.length // CHARACTERS_A_TOKEN if draught.length else 0
            await self._settle(day, used - reserved, asker, answered=used > 0)
        if not draught.length:
            raise ModelError("The language model said nothing.")
        if not draught.claims and not draught.reply.silent:
            raise ModelError("What the language model said is not proven by the papers.")
        return draught.answer(note)

    async def state(self) -> ModelState:
        """Return how much was used today."""
        today = self.now().astimezone(UTC).date()
        spent = await self.store.read(spending.spent, today)
        return ModelState(self.model.name, spent.answers, spent.tokens, self.limits.everybody)

    async def _reserve(self, day: date, tokens: int, asker: Asker) -> None:
        try:
            forbids = await self.store.run(
                spending.reserve,
                day,
                tokens,
                self.limits,
                user_id=asker.user_id,
                guild_id=asker.guild_id,
            )
        except StoreError as error:
            log.warning("the language model is not asked: %s", error)
            raise ModelError("What the language model costs cannot be noted just now.") from error
        if forbids:
            raise ModelError(_USED_UP[forbids])

    async def _settle(self, day: date, difference: int, asker: Asker, *, answered: bool) -> None:
        try:
            await self.store.run(
                spending.settle,
                day,
                difference,
                answered=answered,
                user_id=asker.user_id,
                guild_id=asker.guild_id,
            )
        except StoreError as error:  # what was reserved stays counted
            log.warning("what the language model cost was not noted: %s", error)

    async def _write(
        self, draught: _Draught, asked: Sequence[dict[str, str]], on_progress: Progress | None
    ) -> str | None:
        """Take in what the model writes; returns what broke it off after a claim, if anything."""
        try:
            async with aclosing(self.model.reply(asked)) as pieces:
                async for piece in pieces:
                    if draught.read(piece) and on_progress:
                        await on_progress(draught.answer())
        except ModelError as error:
            log.warning("%s", error)
            if not draught.claims:
                raise
            return f"{error} There may be more to say."
        return None


_USED_UP = {
    "person": "Your share of the language model is used up until midnight UTC.",
    "server": "This server's share of the language model is used up until midnight UTC.",
    "everybody": "The language model's budget is used up until midnight UTC.",
}
