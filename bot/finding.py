"""A reader's search of the library: what is asked for, what is found, in which order and why."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum

from sqlite_utils import Database

from bot import posts
from bot.categories import not_read
from bot.discover import Shelf, find
from bot.errors import UserError
from bot.paper_ids import arxiv_id
from bot.posts import Shown
from bot.search.engine import Hit
from bot.search.highlights import Highlight
from bot.search.query import Clause, Field, Query, narrowed, parse_days, parse_query
from bot.search.why import facts_matched, keywords_matched
from bot.store import listings, papers
from bot.topics.query import categories_in, category

MOST_FOUND = 48
"""Papers that an answer can be leafed through: six pages."""
MOST_LOOKED_AT = 400
"""Papers that are looked at where the index cannot tell which are wanted."""
VOTED_TOGETHER = 1_000
"""Papers with votes that the index is asked about at once."""


class Sort(StrEnum):
    """In which order papers are shown."""

    BEST = "best"
    NEWEST = "newest"
    VOTES = "votes"


@dataclass(frozen=True, slots=True)
class Search:
    """What a reader asks for."""

    query: str
    since: str = ""
    """As ``first_day`` takes it; empty for any time."""
    author: str = ""
    source: str = ""
    """Only what this source has shown, by its name in the store; empty for any."""
    sort: Sort = Sort.BEST


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search found, in order."""

    search: Search
    shown: tuple[Shown, ...]
    read_as: str = ""
    """What was searched for, where words that no paper has were put right; else empty."""


def first_day(text: str, *, now: datetime) -> date:
    """Return the first day that counts, in UTC.

    Raises:
        UserError: It is neither a date nor a span of time.
    """
    if days := parse_days(text.strip(), now=now.astimezone(UTC)):
        return days[0]
    raise UserError(
        "Give the first day as 2026-03-02, a month as 2026-03, a year as 2026, or how far back"
        " to look: 7d, 2w, 3m, 1y."
    )


async def search(shelf: Shelf, wanted: Search) -> Findings:
    """Return what fits best, or the newest or most voted of what has all the words.

    Raises:
        UserError: ``since`` makes no sense.
    """
    asked = await with_ids(shelf, _asked(wanted, now=shelf.now()))
    read, hits = await asyncio.to_thread(_hits, shelf, wanted, asked)
    if wanted.sort is Sort.VOTES and len(hits) >= MOST_LOOKED_AT:
        voted = await shelf.store.read(listings.most_voted)
        hits = await asyncio.to_thread(_voted_hits, shelf, read, voted) + hits
    shown = await shelf.store.read(_shown, wanted, read, hits)
    return Findings(wanted, tuple(shown[:MOST_FOUND]), _corrections(asked, read))


def nothing_found(wanted: Search, *, now: datetime, read: Sequence[str] = ()) -> str:
    """Return why a search found nothing, as far as its words tell, and what to try next.

    Args:
        read: The arXiv categories that the bot reads, where that is known.
    """
    asked = parse_query(wanted.query, now=now.astimezone(UTC))
    if why := _no_such_category(asked, read):
        return f"{NO_PAPER} {why}"
    if wanted.since or wanted.author or wanted.source:
        return "No paper here has those words and fits the options. Try without one of them."
    if ids := [paper_id for paper_id in asked.paper_ids if arxiv_id(paper_id)]:
        return f"The library does not have arXiv {ids[0]} (yet). A question about it looks it up."
    if asked.dois:
        return "The library has no paper with that DOI (yet)."
    if not asked.clauses:
        days = asked.since or asked.until
        return NO_PAPER_THEN if days else "There is no word in that to search for."
    if any(_may_be_half_a_name(clause) for clause in asked.clauses) and asked.wishes:
        return f'{NO_PAPER} Names of several words go in quotes: author:"Ada Lovelace".'
    return f"{NO_PAPER} Try fewer or more general ones, or an arXiv id."


NO_PAPER = "No paper here has those words."
NO_PAPER_THEN = "No paper here is from those days."


def _no_such_category(asked: Query, read: Sequence[str]) -> str:
    """Return what keeps a search's categories from having papers here; empty for nothing."""
    clauses = [c for c in asked.clauses if c.field is Field.CATEGORY and not c.is_excluded]
    for clause in clauses:
        several = categories_in(clause.text)
        if len(several) > 1:
            return f"cat: takes one category: look in each by itself, as with cat:{several[0]}."
        if category(clause.text) is None:
            return "There is no arXiv category of that name: cat: goes with one such as cs.CL."
    return not_read([category(clause.text) or "" for clause in clauses], read)


def _may_be_half_a_name(clause: Clause) -> bool:
    return clause.field in (Field.AUTHOR, Field.ORGANIZATION) and not clause.is_phrase


async def with_ids(shelf: Shelf, asked: Query) -> Query:
    """Return a query with the ids of the papers that it names by DOI, where the library has them."""
    if not asked.dois:
        return asked
    known = await shelf.store.read(papers.with_dois, asked.dois)
    return replace(asked, paper_ids=tuple(dict.fromkeys((*asked.paper_ids, *known))))


def _asked(wanted: Search, *, now: datetime) -> Query:
    since = first_day(wanted.since, now=now) if wanted.since.strip() else None
    asked = parse_query(wanted.query, now=now.astimezone(UTC))
    latest = max((day for day in (since, asked.since) if day is not None), default=None)
    return narrowed(asked, since=latest, author=wanted.author)


def _hits(shelf: Shelf, wanted: Search, asked: Query) -> tuple[Query, list[Hit]]:
    """Return the query with its words corrected, and what fits it."""
    engine, now = shelf.engine, shelf.now()
    read = engine.read(asked, now=now)
    plain = wanted.sort is Sort.BEST
    limit = MOST_FOUND if plain and not wanted.source else MOST_LOOKED_AT
    newest = wanted.sort is Sort.NEWEST
    hits = engine.search(read, limit=limit, now=now, strict=not plain, newest=newest)
    return read, hits


def _voted_hits(shelf: Shelf, read: Query, voted: Sequence[str]) -> list[Hit]:
    """Return what fits a query of the papers that have votes, so many of the most voted first."""
    hits: list[Hit] = []
    for start in range(0, len(voted), VOTED_TOGETHER):
        among = voted[start : start + VOTED_TOGETHER]
        hits += shelf.engine.search(
            narrowed(read, among=among), limit=len(among), now=shelf.now(), strict=True
        )
        if len(hits) >= MOST_LOOKED_AT:
            break
    return hits


def _shown(db: Database, wanted: Search, query: Query, hits: Sequence[Hit]) -> list[Shown]:
    found = {hit.paper_id: hit for hit in hits}
    if wanted.source:
        said = papers.said_by(db, wanted.source, list(found))
        found = {paper_id: hit for paper_id, hit in found.items() if paper_id in said}
    shown = [_with_why(s, query, found[s.paper.id]) for s in posts.show(db, list(found))]
    if wanted.sort is Sort.VOTES:
        shown.sort(key=lambda s: -(s.votes or 0))
    return shown


def _with_why(shown: Shown, query: Query, hit: Hit) -> Shown:
    why = facts_matched(query, shown.paper)
    if not (why or hit.highlights) and (words := keywords_matched(query, shown.paper)):
        why = [f"keywords: {', '.join(words)}"]
    return replace(shown, reason=" · ".join(why) or None, quote=_quote(hit.highlights))


def _quote(highlights: Sequence[Highlight]) -> Highlight | None:
    """Return the sentence; the title is shown anyway."""
    return next((each for each in highlights if each.field != "title"), None)


def _corrections(asked: Query, read: Query) -> str:
    words = (clause.text for clause in read.clauses if not clause.is_excluded)
    return "" if asked == read else " ".join(words).strip()


async def found_by(shelf: Shelf, paper: str, query: str) -> Shown:
    """Return one paper with the sentence for which a search has found it.

    Raises:
        NoSuchPaper: It is no longer there.
    """
    shown = await find(shelf, paper)
    look = shelf.engine.highlights
    highlights = await asyncio.to_thread(look, shown.paper.id, query, now=shelf.now())
    return replace(shown, quote=_quote(highlights))


async def suggest_authors(shelf: Shelf, text: str, *, limit: int) -> list[str]:
    """Return authors that somebody may be typing, those of most papers first."""
    return await asyncio.to_thread(shelf.engine.suggest_authors, text, limit=limit)
