"""What a feed may post, gathered from the store for ``bot.feeds`` to choose from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto

from sqlite_utils import Database

from bot import daily_lists, feeds
from bot.feeds import Candidate, Choice
from bot.models import Feed, Paper, Snapshot
from bot.store import feeds as feed_store
from bot.store import listings, papers
from bot.store.listings import Entry
from bot.store.store import Store
from bot.topics.query import parse_topic
from bot.topics.reading import Reader
from bot.topics.wanting import reasons
from bot.trending import trending_score

GENERAL_SOURCES = frozenset(("huggingface", "page", "starter"))
"""What a feed without a topic takes from; arXiv's hundreds a day are for feeds with one."""


class Backlog(Enum):
    """What becomes of papers that are no news to a feed, when candidates are gathered."""

    LEFT_OUT = auto()
    TAKEN_IN = auto()
    """What was listed before the feed was set up is looked at like news."""
    ALL_TAKEN_IN = auto()
    """Everything listed is looked at, as if nothing had been posted yet."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """What the store knows of the papers that a feed may post."""

    papers: tuple[Paper, ...]
    listed: Mapping[str, Listed]
    snapshots: Mapping[str, Sequence[Snapshot]]
    listed_at: Mapping[str, datetime]
    """When a daily list first showed a paper; without those that none showed."""
    posted_here: frozenset[str]
    """What the channel's feeds have posted."""


def gather(
    db: Database, feed: Feed, *, now: datetime, backlog: Backlog = Backlog.LEFT_OUT
) -> Gathered:
    """Return what a feed may post."""
    listed = listed_now(db, now=now, of_all_sources=bool(feed.topic))
    here = set[str]()
    if backlog is not Backlog.ALL_TAKEN_IN:
        so_far = feed_store.decided(db, feed.id, list(listed))
        backlog_too = backlog is Backlog.TAKEN_IN
        listed = {
            id_: at
            for id_, at in listed.items()
            if feeds.is_news(so_far.get(id_), backlog_too=backlog_too)
        }
        here = feed_store.posted_in_channel(db, feed.channel_id, listed)
    found = papers.get_many(db, list(listed))
    snapshots = listings.snapshots_of(db, list(listed))
    listed_at = listings.listed_at(db, list(listed))
    return Gathered(tuple(found), listed, snapshots, listed_at, frozenset(here))


def choose(feed: Feed, gathered: Gathered, *, room: int, now: datetime, reader: Reader) -> Choice:
    """Decide what a feed posts and what it holds back.

    Of a feed with a topic each paper that the reader has not kept takes two milliseconds: do it
    off the event loop, and outside of a transaction.
    """
    candidates = _candidates(feed, gathered, now=now, reader=reader)
    return feeds.choose(feed, candidates, today=now.date(), room=room)


async def chosen(
    store: Store,
    feed: Feed,
    *,
    room: int,
    now: datetime,
    reader: Reader,
    backlog: Backlog = Backlog.LEFT_OUT,
) -> Choice:
    """Gather and decide; what comes in between is not seen."""
    gathered = await store.read(gather, feed, now=now, backlog=backlog)
    return await asyncio.to_thread(choose, feed, gathered, room=room, now=now, reader=reader)


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a paper is listed."""

    day: date
    """The latest list's."""
    daily: date | None = None
    """The latest daily list's; None where only other lists show it."""

    def also_in(self, entry: Entry) -> Listed:
        daily = entry.day if entry.name == daily_lists.NAME else self.daily
        return Listed(max(self.day, entry.day), daily)


def listed_now(db: Database, *, now: datetime, of_all_sources: bool) -> dict[str, Listed]:
    """Return what was listed lately.

    A daily list that is not whole yet is left out with all its papers, also where other lists
    show them: it is posted from when it is whole.
    """
    entries = listings.entries_since(db, (now - feeds.NEWS_WINDOW).date())
    dailies = {entry.day for entry in entries if entry.name == daily_lists.NAME}
    filling = {day for day in dailies if not daily_lists.is_whole(db, day, now=now)}
    listed: dict[str, Listed] = {}
    waiting: set[str] = set()
    for entry in entries:
        if entry.name == daily_lists.NAME and entry.day in filling:
            waiting.add(entry.paper_id)
        elif of_all_sources or entry.source in GENERAL_SOURCES:
            before = listed.get(entry.paper_id, Listed(entry.day))
            listed[entry.paper_id] = before.also_in(entry)
    return {id_: at for id_, at in listed.items() if id_ not in waiting or at.daily}


def _candidates(
    feed: Feed, gathered: Gathered, *, now: datetime, reader: Reader
) -> Iterator[Candidate]:
    votes_of = {
        paper.id: max((s.upvotes or 0 for s in gathered.snapshots.get(paper.id, ())), default=0)
        for paper in gathered.papers
    }
    wanted = _wanted(feed, gathered.papers, votes_of, reader) if feed.topic else votes_of.keys()
    for paper in gathered.papers:
        snapshots = gathered.snapshots.get(paper.id, ())
        at = gathered.listed[paper.id]
        yield Candidate(
            paper.id,
            at.day,
            votes_of[paper.id],
            trending_score(
                snapshots,
                now=now,
                published_at=paper.published_at,
                listed_at=gathered.listed_at.get(paper.id),
            ),
            wanted=paper.id in wanted,
            posted_here=paper.id in gathered.posted_here,
            published_at=paper.published_at,
            daily=at.daily,
        )


def _wanted(
    feed: Feed, found: Sequence[Paper], votes: Mapping[str, int], reader: Reader
) -> set[str]:
    """Return the ids of the papers that a feed's topic wants."""
    return set(reasons(parse_topic(feed.topic), found, votes, reader=reader))


def is_starter(db: Database, paper_ids: Sequence[str]) -> bool:
    """Whether all papers are the starter library's own, so that the post can say so."""
    return not papers.listed_elsewhere(db, "starter", paper_ids)
