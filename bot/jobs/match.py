"""Matches new papers with the topics that people follow."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot import feeds, posts
from bot.errors import UserError
from bot.models import Match, Paper, Topic
from bot.store import listings, people
from bot.store.papers import get_many
from bot.store.rows import at
from bot.store.store import Store
from bot.topics.codes import ReadPaper
from bot.topics.match import Hit, Matcher, matches
from bot.topics.query import TopicQuery, parse_topic
from bot.topics.reading import Reader

log = logging.getLogger(__name__)

BATCH = 200
TOPICS_TOGETHER = 5_000
"""Topics read from the table at once."""
READ_AHEAD = 250
"""Papers a run; half a second."""
VOTES_LOOK_BACK = timedelta(hours=6)
"""How far back new numbers are looked at; a longer standstill is made up for by the next ones."""


@dataclass
class MatchNew:
    """Match every listed paper once with every topic that was followed before it was seen.

    A paper is looked at again when its text changes, and by topics that ask for votes when it
    gets some; a topic that was followed later does not look back: the backlog is not news.
    """

    store: Store
    now: Callable[[], datetime]
    reader: Reader
    topics: FollowedTopics = field(init=False)

    def __post_init__(self) -> None:
        self.topics = FollowedTopics(self.reader)

    async def __call__(self) -> None:
        await self.topics.catch_up(self.store)
        found = await self._new_papers() + await self._new_votes()
        if found:
            log.info("match: %d new matches", found)
        await self._read_ahead()

    async def _new_papers(self) -> int:
        since = (self.now() - feeds.JOINS_SEEN_WITHIN).date()
        found = 0
        while batch := await self.store.read(listings.unmatched, since=since, limit=BATCH):
            new = await self._matches(batch)
            seen = [paper.id for paper, _ in batch]
            found += await self.store.run(_note, seen, new, now=self.now())
        return found

    async def _new_votes(self) -> int:
        """Match what has gained votes with the topics that ask for a number of them."""
        least = self.topics.least_votes
        if least is None:
            return 0
        since = self.now() - VOTES_LOOK_BACK
        voted = await self.store.read(_voted, least, since=since, until=self.now())
        found = 0
        for start in range(0, len(voted), BATCH):
            new = await self._matches(voted[start : start + BATCH], for_votes=True)
            found += await self.store.run(_note, [], new, now=self.now())
        return found

    async def _matches(
        self, papers: Sequence[tuple[Paper, int]], *, for_votes: bool = False
    ) -> list[Match]:
        """Return what the topics want of papers, each of which comes with its votes."""
        if not len(self.topics):
            return []
        hits, read = await asyncio.to_thread(self.topics.hits, papers, for_votes=for_votes)
        topics = await self.store.read(people.topics_by_id, sorted({hit.topic_id for hit in hits}))
        votes = [number for _, number in papers]
        return await asyncio.to_thread(_explained, hits, read, votes, topics, now=self.now())

    async def _read_ahead(self) -> None:
        """Read some listed papers that are still unread, so that a trial need not."""
        if not self.reader.has_room:
            return
        since = (self.now() - feeds.NEWS_WINDOW).date()
        listed = await self.store.read(listings.listed_since, since)
        unread = [id_ for id_ in listed if id_ not in self.reader][:READ_AHEAD]
        if unread:
            await asyncio.to_thread(self.reader.read, await self.store.read(get_many, unread))


class FollowedTopics:
    """All topics that people follow, ready to be matched, in step with their table.

    What came, changed or went since the last time is all that is looked at.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._matcher = Matcher(reader.embedder)
        self._voting = Matcher(reader.embedder)
        """Of these, those that ask for votes."""
        self._votes: dict[int, int] = {}
        """What those ask for, by id."""
        self._revision = 0

    def __len__(self) -> int:
        return len(self._matcher)

    @property
    def least_votes(self) -> int | None:
        """The fewest votes that any topic asks for; None where none asks."""
        return min(self._votes.values(), default=None)

    async def catch_up(self, store: Store) -> int:
        """Take in what changed in the table; returns how many topics did."""
        changes = 0
        while True:
            here, gone, until = await store.read(
                people.topics_changed_since, self._revision, limit=TOPICS_TOGETHER
            )
            if until == self._revision:
                return changes
            await asyncio.to_thread(self._take, here, gone)
            self._revision = until
            changes += len(here) + len(gone)

    def _take(self, here: Sequence[Topic], gone: Sequence[int]) -> None:
        for topic in here:
            self._let_go(topic.id)
            query = _parsed(topic)
            if query is not None:
                self._add(topic, query)
        for topic_id in gone:
            self._let_go(topic_id)

    def _add(self, topic: Topic, query: TopicQuery) -> None:
        self._matcher.add(topic.id, query, topic.strictness)
        if query.min_votes:
            self._voting.add(topic.id, query, topic.strictness)
            self._votes[topic.id] = query.min_votes

    def _let_go(self, topic_id: int) -> None:
        self._matcher.remove(topic_id)
        self._voting.remove(topic_id)
        self._votes.pop(topic_id, None)

    def hits(
        self, papers: Sequence[tuple[Paper, int]], *, for_votes: bool
    ) -> tuple[list[Hit], Sequence[ReadPaper]]:
        """Return which topics want which papers. Some milliseconds a paper: not on the event loop.

        Args:
            papers: Each with its votes.
            for_votes: Ask only the topics that ask for votes.
        """
        read = self._reader.read([paper for paper, _ in papers])
        matcher = self._voting if for_votes else self._matcher
        votes = {paper.id: number for paper, number in papers}
        return list(matcher.match(read.papers, votes, steps=read.steps)), read.papers


def _explained(
    hits: Sequence[Hit],
    papers: Sequence[ReadPaper],
    votes: Sequence[int],
    topics: Mapping[int, Topic],
    *,
    now: datetime,
) -> list[Match]:
    """Return the hits with their reasons; topics that are gone by now are left out."""
    queries = {topic.id: _parsed(topic) for topic in topics.values()}
    found: list[Match] = []
    for hit in hits:
        query, paper = queries.get(hit.topic_id), papers[hit.paper_index]
        reason = query and matches(
            query,
            paper,
            votes=votes[hit.paper_index],
            similarity=hit.similarity,
            strictness=topics[hit.topic_id].strictness,
        )
        if reason:
            found.append(Match(hit.topic_id, paper.id, str(reason), now))
    return found


def _parsed(topic: Topic) -> TopicQuery | None:
    """Return a topic's query; None for words that an earlier version took and this one does not."""
    try:
        return parse_topic(topic.query)
    except UserError as error:
        log.warning("topic %s is not understood: %s", topic.id, error)
        return None


def _voted(
    db: Database, least: int, *, since: datetime, until: datetime
) -> list[tuple[Paper, int]]:
    """Return the papers with new numbers and so many votes."""
    shown = posts.show(db, listings.noticed_between(db, since, until))
    return [(s.paper, s.votes) for s in shown if s.votes is not None and s.votes >= least]


def _note(db: Database, paper_ids: Sequence[str], new: Sequence[Match], *, now: datetime) -> int:
    listings.note_matched(db, paper_ids, now=now)
    wanted = sorted({match.paper_id for match in new})
    listings.note_seen(db, wanted, now=now)
    # What a person was told of these may be forgotten.
    old = listings.seen_before(db, wanted, (now - feeds.NEWS_FOR).date())
    news = [match for match in new if match.paper_id not in old]
    return people.add_matches(db, _without_backlog(db, news))


def _without_backlog(db: Database, new: Sequence[Match]) -> list[Match]:
    """Return the matches with papers that were first seen after the topic was followed."""
    seen = _moments(db, "paper", "first_seen_at", {match.paper_id for match in new})
    followed = _moments(db, "topic", "created_at", {match.topic_id for match in new})
    return [m for m in new if m.topic_id in followed and seen[m.paper_id] >= followed[m.topic_id]]


def _moments(
    db: Database, table: str, column: str, ids: set[str] | set[int]
) -> dict[str | int, datetime]:
    rows = db.query(
        f"SELECT id, {column} AS moment FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(ids))],
    )
    return {row["id"]: at(row["moment"]) for row in rows}
