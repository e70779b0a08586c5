"""``ask``: a question to the library, for people and programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain, groupby
from typing import Any

from bot.answers.answer import Answer, Claim, Read
from bot.answers.record import RECORD
from bot.app import Rooms, answering, asking, looking_up, opened
from bot.cli.indexing import bring_up
from bot.cli.say import note, say, say_json
from bot.discover import find
from bot.paper_ids import arxiv_id
from bot.render.text import plain
from bot.store import papers
from config.settings import Settings


async def ask(settings: Settings, question: str, *, paper: str | None, as_json: bool) -> int:
    """Print what the papers say; 0 also when they do not say.

    Args:
        paper: The one asked about: an arXiv id, a DOI, a link or a title.
    """
    async with opened(settings) as rooms:
        await bring_up(rooms)
        given = await _answer(rooms, question, paper)
        quoted = [claim.paper_id for claim in given.claims]
        titles = {p.id: p.title for p in await rooms.store.read(papers.get_many, quoted)}
    if as_json:
        say_json(_whole(given))
    else:
        say("\n".join(_lines(given, titles)))
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


def _lines(given: Answer, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield the answer: a block for each paper that is quoted, under its title, then what was read.

    Args:
        titles: Paper id → title, of the papers quoted.
    """
    if given.abstained:
        yield given.answer
    for paper_id, claims in groupby(given.claims, key=lambda claim: claim.paper_id):
        yield plain(titles.get(paper_id, "")) or paper_id
        for (section, url), same in groupby(claims, key=lambda claim: (claim.section, claim.url)):
            yield from chain.from_iterable(map(_claim, same))
            yield "    " + ", ".join(part for part in (plain(section), url) if part)
        yield ""
    if given.model:
        yield f"Worded by {plain(given.model)}."
    if given.read:
        yield f"Read: {'; '.join(_read(given.read))}."


def _claim(claim: Claim) -> Iterator[str]:
    yield f"  {plain(claim.text)}"
    if claim.quote != claim.text and claim.section != RECORD:
        yield f"    “{plain(claim.quote)}”"


def _read(read: Sequence[Read]) -> Iterator[str]:
    """Yield what was read, with the papers that it was read of."""
    of = dict[tuple[str, ...], list[str]]()
    for each in read:
        of.setdefault(each.parts, []).append(each.paper_id)
    for parts, ids in of.items():
        yield f"{', '.join(parts) or 'nothing'} of {', '.join(ids)}"
