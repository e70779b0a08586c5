"""The starter library: landmark papers that ship with the program, summed up in our own words."""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files

from bot.errors import SourceError
from bot.models import Listing, Paper, Record, Refusal
from bot.paper_ids import arxiv_id
from bot.sources import untrusted
from bot.sources.untrusted import is_list, is_object

NAME = "starter"
_LONGEST_SUMMARY = 5_000


def starter_listing(*, now: datetime) -> Listing:
    """Return the library that ships in ``config/starter.json``.

    Its day is that of its latest paper, so that no feed takes it for today's list.

    Raises:
        SourceError: The file is missing or no library.
    """
    try:
        body = files("config").joinpath("starter.json").read_bytes()
    except (OSError, ModuleNotFoundError) as error:
        raise SourceError("The starter library is missing from this installation.") from error
    return parse_starter(body, now=now)


def parse_starter(body: bytes, *, now: datetime) -> Listing:
    """Understand a starter library.

    Raises:
        SourceError: It is no list of papers.
    """
    found = untrusted.load_json(body, source="The starter library")
    if not is_list(found):
        raise SourceError("The starter library is no list of papers.")
    outcomes = [_understand(number, item) for number, item in enumerate(found, 1)]
    records = tuple(outcome for outcome in outcomes if isinstance(outcome, Record))
    refusals = tuple(outcome for outcome in outcomes if isinstance(outcome, Refusal))
    published = (record.paper.published_at for record in records)
    latest = max((moment for moment in published if moment), default=now)
    return Listing(NAME, NAME, latest.date(), now, records, refusals)


def _understand(number: int, item: object) -> Record | Refusal:
    if not is_object(item):
        return Refusal(f"record {number}", "not an object")
    paper_id = arxiv_id(untrusted.line(item.get("id")))
    title = untrusted.line(item.get("title"), most=untrusted.LONGEST_TITLE)
    if paper_id is None or not title:
        return Refusal(f"record {number}", "no arXiv id or no title")
    paper = Paper(
        id=paper_id,
        title=title,
        authors=_authors(item),
        published_at=untrusted.moment(item.get("published")),
        categories=untrusted.lines(item.get("categories")),
        ai_summary=untrusted.line(item.get("summary"), most=_LONGEST_SUMMARY) or None,
        ai_keywords=untrusted.lines(item.get("keywords")),
        organization=untrusted.line(item.get("organization")) or None,
        code_url=untrusted.code_address(item.get("code_url")),
    )
    return Record(paper)


def _authors(item: dict[str, object]) -> tuple[str, ...]:
    """Return the authors named; ``more_authors`` says how many are not."""
    named = untrusted.lines(item.get("authors"))
    unnamed = untrusted.count(item.get("more_authors"))
    return (*named, f"{unnamed} {'other' if unnamed == 1 else 'others'}") if unnamed else named
