"""``ask``: a question to the library, for people and programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from bot.answers.answer import Answer, Claim, Read
from bot.app import Rooms, answering, asking, looking_up, opened
from bot.cli.indexing import bring_up
from bot.cli.say import note, say, say_json
from bot.discover import find
from bot.paper_ids import arxiv_id
from bot.render.text import plain
from config.settings import Settings


async def ask(settings: Settings, question: str, *, paper: str | None, as_json: bool) -> int:
    """Print what the papers say; 0 also when they do not say.

    Args:
        paper: The one asked about: an arXiv id, a DOI, a link or a title.
    """
    async with opened(settings) as rooms:
        await bring_up(rooms)
        given = await _answer(rooms, question, paper)
    if as_json:
        say_json(_whole(given))
    else:
        say("\n".join(_lines(given)))
    if given.note:
        note(given.note)
    if given.suspicious:
        note(f"Orders to language models were found in {', '.join(given.suspicious)}.")
    return 0


async def _answer(rooms: Rooms, question: str, paper: str | None) -> Answer:
    named = [arxiv_id(paper) or (await find(rooms, paper)).paper.id] if paper else []
    async with asking(rooms) as sources, looking_up(rooms, sources) as lookup:
        answers = answering(rooms)
        answers.lookup = lookup
        return await answers.answer(question, paper_ids=named)


def _whole(given: Answer) -> dict[str, Any]:
    return {
        "answer": given.answer,
        "abstained": given.abstained,
        "claims": [asdict(claim) for claim in given.claims],
        "model": given.model,
        "read": [asdict(read) for read in given.read],
    }


def _lines(given: Answer) -> Iterator[str]:
    if given.abstained:
        yield given.answer
    for claim in given.claims:
        yield from _claim(claim)
    if given.model:
        yield f"Worded by {plain(given.model)}."
    if given.read:
        yield "Read: " + "; ".join(map(_read, given.read))


def _claim(claim: Claim) -> Iterator[str]:
    yield plain(claim.text)
    if claim.quote != claim.text:
        yield f"  “{plain(claim.quote)}”"
    section = f"{plain(claim.section)}, " if claim.section else ""
    yield f"  {section}{claim.url}"


def _read(read: Read) -> str:
    return f"{read.paper_id} ({', '.join(read.parts).lower() or 'nothing'})"
