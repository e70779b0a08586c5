"""What a reader asks to see: today's list, what rises, what a search finds, one paper."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from sqlite_utils import Database

from bot import daily_lists, posts
from bot.errors import NoSuchPaper, UserError
from bot.listing_days import ListState, newest_closed_day, state_of
from bot.models import Paper, title_key
from bot.page_names import is_called, page_words
from bot.paper_ids import arxiv_id, doi
from bot.posts import Shown
from bot.search.engine import SearchEngine
from bot.store import listings, papers
from bot.store.store import Store
from bot.topics.query import TopicQuery, parse_topic
from bot.topics.reading import Reader
from bot.topics.wanting import reasons
from bot.trending import Contender, Period, most_trending
from bot.unchanged import Unchanged

MOST_TRENDING = 100
MOST_NEAR = 5
"""Papers with a title like a page's name that are looked at."""
SCORE_LOOKS_BACK = timedelta(days=31)


class Shelf(Protocol):
    """What reading needs: the store, the search index and the clock."""

    @property
    def store(self) -> Store: ...
    @property
    def engine(self) -> SearchEngine: ...
    def now(self) -> datetime: ...


class ListShelf(Shelf, Protocol):
    """What daily lists need besides: when they were last seen to be unchanged."""

    @property
    def unchanged(self) -> Unchanged: ...


class TopicShelf(Shelf, Protocol):
    """What topics need besides: a reader that keeps papers."""

    @property
    def reader(self) -> Reader: ...


@dataclass(frozen=True, slots=True)
class DailyList:
    """One day of the Hugging Face daily papers."""

    day: date
    state: ListState
    """As of the moment when the list was last looked at."""
    shown: tuple[Shown, ...]
    """The most voted first."""
    looked_at: datetime | None = None
    """None for a list that came from a file, or that is not there."""


@dataclass(frozen=True, slots=True)
class Trending:
    """What gains attention, best first."""

    period: Period
    as_of: datetime
    """The moment it is true of: now, or when the last numbers came in."""
    shown: tuple[Shown, ...]
    starter: bool = False
    """Whether nothing is known of attention, and these are the starter library's."""


async def daily(shelf: ListShelf, day: date | None) -> DailyList:
    """Return a day's list; if no day is given, the newest one that has closed and is not empty."""
    return await shelf.store.read(_daily, day, now=shelf.now(), unchanged=shelf.unchanged)


def _daily(db: Database, day: date | None, *, now: datetime, unchanged: Unchanged) -> DailyList:
    if day is None:
        closed = newest_closed_day(now)
        day = daily_lists.newest_stored(db, until=closed) or closed
    entries = listings.entries(db, daily_lists.SOURCE, daily_lists.NAME, day)
    shown = posts.show(db, [entry.paper_id for entry in entries])
    shown.sort(key=lambda s: -(s.votes or 0))
    looked_at = unchanged.complete(daily_lists.look_state(db, day)).good_at
    state = state_of(day, looked_at or now, len(entries))
    return DailyList(day, state, tuple(shown), looked_at)


async def trending(shelf: TopicShelf, period: Period, *, topic: str = "") -> Trending:
    """Return what gains attention in a period, on a topic or on anything.

    Raises:
        UserError: The topic makes no sense.
    """
    query = parse_topic(topic) if topic else None
    most = None if query else MOST_TRENDING
    found = await shelf.store.read(_trending, period, most=most, now=shelf.now())
    if query is None:
        return found
    shown = await asyncio.to_thread(_on_topic, found.shown, query, shelf.reader)
    return replace(found, shown=tuple(shown[:MOST_TRENDING]))


def _trending(db: Database, period: Period, *, most: int | None, now: datetime) -> Trending:
    latest = listings.last_taken_at(db)
    if latest is None:
        entries = listings.latest_entries(db, "starter")
        shown = posts.show(db, [entry.paper_id for entry in entries])
        return Trending(period, now, tuple(shown), starter=True)
    # Data that was imported from an earlier time is ranked as of that time.
    as_of = now if latest > now - period.length else latest
    ids = listings.noticed_between(db, as_of - period.length, as_of)
    contenders = _contenders(db, ids, now=as_of)
    limit = len(contenders) if most is None else most
    ranked = most_trending(contenders, now=as_of, limit=limit, period=period)
    return Trending(period, as_of, tuple(posts.show(db, [one.paper.id for one in ranked])))


def _contenders(db: Database, paper_ids: Sequence[str], *, now: datetime) -> list[Contender]:
    snapshots = listings.snapshots_of(db, paper_ids, since=now - SCORE_LOOKS_BACK)
    listed = listings.listed_at(db, paper_ids)
    return [
        Contender(paper, snapshots[paper.id], listed.get(paper.id))
        for paper in papers.get_many(db, paper_ids)
    ]


def _on_topic(shown: Sequence[Shown], query: TopicQuery, reader: Reader) -> list[Shown]:
    votes = {s.paper.id: s.votes or 0 for s in shown}
    wanted = reasons(query, [s.paper for s in shown], votes, reader=reader)
    return [replace(s, reason=wanted[s.paper.id]) for s in shown if s.paper.id in wanted]


async def by_ids(shelf: Shelf, paper_ids: Sequence[str]) -> list[Shown]:
    """Return papers with their numbers, in the order asked; unknown ids are left out."""
    return await shelf.store.read(posts.show, paper_ids)


async def find(shelf: Shelf, text: str) -> Shown:
    """Return the one paper that an id, a DOI, a link or a title means.

    Raises:
        NoSuchPaper: There is none.
    """
    wanted = await _id_of(shelf, text) or text.strip()
    if shown := await by_ids(shelf, [wanted]):
        return shown[0]
    if by_page := await _on_page(shelf, page_words(text)):
        return by_page
    near = await suggest(shelf, text, limit=1)
    if near and title_key(near[0][1]) == title_key(text):
        return (await by_ids(shelf, [near[0][0]]))[0]
    if arxiv_id(text):
        raise NoSuchPaper(f"The library does not have arXiv {arxiv_id(text)} (yet).")
    unknown = "No paper here has that title or id."
    if near:
        raise NoSuchPaper(unknown, near=near[0][1])
    raise NoSuchPaper(f"{unknown} /papers search finds it by its words.")


async def _on_page(shelf: Shelf, words: Sequence[str]) -> Shown | None:
    """Return the paper whose page at Semantic Scholar is called so; None where none here is."""
    if not words:
        return None
    near = await suggest(shelf, " ".join(words), limit=MOST_NEAR)
    shown = await by_ids(shelf, [paper_id for paper_id, _ in near])
    return next((s for s in shown if is_called(s.paper, words)), None)


async def _id_of(shelf: Shelf, text: str) -> str | None:
    """Return the id that a text names, or the id of the paper whose DOI it names."""
    if found := arxiv_id(text):
        return found
    named = doi(text)
    known = await shelf.store.read(papers.with_dois, [named]) if named else []
    return next(iter(known), None)


async def suggest(shelf: Shelf, text: str, *, limit: int) -> list[tuple[str, str]]:
    """Return ids and titles that somebody may be typing; the newest papers before they type."""
    if wanted := await _id_of(shelf, text):
        return [(s.paper.id, s.paper.title) for s in await by_ids(shelf, [wanted])]
    if not text.strip():
        newest = await shelf.store.read(papers.newest, limit=limit)
        return [(paper.id, paper.title) for paper in newest]
    found = await asyncio.to_thread(shelf.engine.suggest, text, limit=limit)
    return [(suggestion.paper_id, suggestion.title) for suggestion in found]


async def similar(shelf: Shelf, text: str, *, limit: int) -> tuple[Paper, list[Shown]]:
    """Return a paper and those nearest to it in meaning.

    Raises:
        UserError: There is no such paper, or none near it.
    """
    paper = (await find(shelf, text)).paper
    hits = await asyncio.to_thread(shelf.engine.similar, paper.id, limit=limit)
    if not hits:
        raise UserError("Nothing near it is known yet.")
    return paper, await by_ids(shelf, [hit.paper_id for hit in hits])
