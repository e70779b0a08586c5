"""What a feed may post, gathered from the store for ``bot.feeds`` to choose from."""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto

from sqlite_utils import Database

from bot import daily_lists, feeds
from bot.feeds import Candidate, Choice
from bot.listing_days import ONE_DAY, announced_at, complete_at
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
    old: frozenset[str]
    """What has been on lists for so long that it is no news."""


def gather(
    db: Database,
    feed: Feed,
    *,
    now: datetime,
    by: datetime | None = None,
    backlog: Backlog = Backlog.LEFT_OUT,
) -> Gathered:
    """Return what a feed may post.

    Args:
        by: What comes on the lists later is left out, see ``listed_now``.
    """
    listed = listed_now(db, now=now, of_all_sources=bool(feed.topic), by=by)
    here, old = set[str](), set[str]()
    if backlog is not Backlog.ALL_TAKEN_IN:
        so_far = feed_store.decided(db, feed.id, list(listed))
        taken_since = _taken_since(db, feed, listed)
        backlog_too = backlog is Backlog.TAKEN_IN
        listed = {
            id_: at
            for id_, at in listed.items()
            if id_ in taken_since or feeds.is_news(so_far.get(id_), backlog_too=backlog_too)
        }
        here = feed_store.posted_in_channel(db, feed.channel_id, listed)
        old = listings.seen_before(db, list(listed), (now - feeds.NEWS_FOR).date())
    found = papers.get_many(db, list(listed))
    snapshots = listings.snapshots_of(db, list(listed))
    listed_at = listings.listed_at(db, list(listed))
    return Gathered(tuple(found), listed, snapshots, listed_at, frozenset(here), frozenset(old))


def _taken_since(db: Database, feed: Feed, listed: Mapping[str, Listed]) -> set[str]:
    """Return what a daily list took after it was held back from a feed without a topic.

    It was on other lists alone then, such as arXiv's, of which such a feed posts nothing.
    """
    taken_at = {id_: at.taken_at for id_, at in listed.items() if at.taken_at}
    held = {} if feed.topic else feed_store.held_at(db, feed.id, list(taken_at))
    return {id_ for id_, at in held.items() if at < taken_at[id_]}


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
    by: datetime | None = None,
    backlog: Backlog = Backlog.LEFT_OUT,
) -> Choice:
    """Gather and decide; what comes in between is not seen."""
    gathered = await store.read(gather, feed, now=now, by=by, backlog=backlog)
    return await asyncio.to_thread(choose, feed, gathered, room=room, now=now, reader=reader)


@dataclass(frozen=True, slots=True)
class Listed:
    """Where a paper is listed."""

    day: date
    """The latest list's; for what joined one long after its close, the day of joining (UTC)."""
    daily: date | None = None
    """The latest daily list's; None where only other lists show it."""
    taken_at: datetime | None = None
    """When a daily list first took it, as far as we saw; None where only other lists show it."""

    def also_in(self, entry: Entry, day: date) -> Listed:
        day = max(self.day, day)
        if entry.name != daily_lists.NAME:
            return replace(self, day=day)
        return Listed(day, entry.day, min(self.taken_at or entry.seen_at, entry.seen_at))


def listed_now(
    db: Database, *, now: datetime, of_all_sources: bool, by: datetime | None = None
) -> dict[str, Listed]:
    """Return what was listed lately.

    A daily list that is not whole yet is left out with all its papers, also where other lists
    show them: it is posted from when it is whole.

    Args:
        by: Take what was to be on the lists by then, also where it came late; None for all.
    """
    by = by or now
    # What joined a daily list at the last moment waits here for a feed that posts once a week.
    joined = now - feeds.JOINS_SEEN_WITHIN - feeds.STILL_WANTED
    entries = listings.entries_since(
        db, (now - feeds.NEWS_WINDOW).date(), daily_since=joined.date()
    )
    dailies = [entry for entry in entries if entry.name == daily_lists.NAME]
    days = {entry.day for entry in dailies}
    whole = {day for day in days if daily_lists.is_whole(db, day, now=now)}
    late = _late(dailies)
    listed: dict[str, Listed] = {}
    waiting: set[str] = set()
    for entry in entries:
        is_in_time = (entry.seen_at if entry in late else _expected_at(entry)) <= by
        if entry.name == daily_lists.NAME and not (is_in_time and entry.day in whole):
            waiting.add(entry.paper_id)
        elif is_in_time and (of_all_sources or entry.source in GENERAL_SOURCES):
            day = entry.seen_at.date() if entry in late else entry.day
            before = listed.get(entry.paper_id, Listed(day))
            listed[entry.paper_id] = before.also_in(entry, day)
    return {id_: at for id_, at in listed.items() if id_ not in waiting or at.daily}


SURELY_LATE = timedelta(hours=12)
"""After an outage the lists are read anew one after the other, within less than this."""


def _late(dailies: Sequence[Entry]) -> set[Entry]:
    """Return the papers that joined their daily lists long after these had closed.

    What we see so late has come late if we saw something else between the close and then: if not,
    we were not looking.
    """
    seen = sorted({entry.seen_at for entry in dailies})
    late: set[Entry] = set()
    for entry in dailies:
        first = bisect_left(seen, complete_at(entry.day))
        if first < len(seen) and seen[first] <= entry.seen_at - SURELY_LATE:
            late.add(entry)
    return late


def _expected_at(entry: Entry) -> datetime:
    """Return when a paper's place on a list was to be known; for lists without hours: when it was."""
    if entry.name == daily_lists.NAME:
        return complete_at(entry.day)
    if entry.source == "arxiv":
        return announced_at(entry.day - ONE_DAY)
    return entry.seen_at


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
            is_old=paper.id in gathered.old,
        )


def _wanted(
    feed: Feed, found: Sequence[Paper], votes: Mapping[str, int], reader: Reader
) -> set[str]:
    """Return the ids of the papers that a feed's topic wants."""
    return set(reasons(parse_topic(feed.topic), found, votes, reader=reader))


def is_starter(db: Database, paper_ids: Sequence[str]) -> bool:
    """Whether all papers are the starter library's own, so that the post can say so."""
    return not papers.listed_elsewhere(db, "starter", paper_ids)
