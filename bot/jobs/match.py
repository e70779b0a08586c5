"""Matches new papers with the topics that people follow."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot import feeds, posts
from bot.errors import UserError
from bot.models import Match, Paper, Topic
from bot.store import listings, people
from bot.store.rows import at, marks
from bot.store.store import Store
from bot.topics.match import Matcher, matches, read_paper
from bot.topics.query import TopicQuery, parse_topic

log = logging.getLogger(__name__)

BATCH = 200
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

    async def __call__(self) -> None:
        topics = [(t, _parsed(t)) for t in await self.store.read(people.all_topics)]
        wanted = {topic.id: (topic, query) for topic, query in topics if query is not None}
        found = await self._new_papers(wanted) + await self._new_votes(wanted)
        if found:
            log.info("match: %d new matches", found)

    async def _new_papers(self, wanted: Wanted) -> int:
        since = (self.now() - feeds.NEWS_WINDOW).date()
        matcher = None
        found = 0
        while batch := await self.store.read(listings.unmatched, since=since, limit=BATCH):
            if matcher is None:
                matcher = await asyncio.to_thread(_matcher, wanted)
            new = await asyncio.to_thread(_matches, matcher, wanted, batch, now=self.now())
            found += await self.store.run(_note, [paper.id for paper, _ in batch], new)
        return found

    async def _new_votes(self, wanted: Wanted) -> int:
        """Match what has gained votes with the topics that ask for a number of them."""
        asking = {id_: (topic, query) for id_, (topic, query) in wanted.items() if query.min_votes}
        if not asking:
            return 0
        least = min(query.min_votes for _, query in asking.values())
        since = self.now() - VOTES_LOOK_BACK
        voted = await self.store.read(_voted, least, since=since, until=self.now())
        if not voted:
            return 0
        matcher = await asyncio.to_thread(_matcher, asking)
        new = await asyncio.to_thread(_matches, matcher, asking, voted, now=self.now())
        return await self.store.run(_note, [], new)


Wanted = Mapping[int, tuple[Topic, TopicQuery]]
"""Topics and what they ask for, by id."""


def _matcher(wanted: Wanted) -> Matcher:
    matcher = Matcher()
    for topic, query in wanted.values():
        matcher.add(topic.id, query, topic.strictness)
    return matcher


def _matches(
    matcher: Matcher, wanted: Wanted, papers: Sequence[tuple[Paper, int]], *, now: datetime
) -> list[Match]:
    """Return what the topics want of papers (each with its votes); a millisecond a paper."""
    if not wanted:
        return []
    read = [read_paper(paper) for paper, _ in papers]
    found: list[Match] = []
    for hit in matcher.match(read, {paper.id: votes for paper, votes in papers}):
        topic, query = wanted[hit.topic_id]
        paper, votes = read[hit.paper_index], papers[hit.paper_index][1]
        reason = matches(query, paper, votes=votes, strictness=topic.strictness)
        found.append(Match(topic.id, papers[hit.paper_index][0].id, str(reason), now))
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


def _note(db: Database, paper_ids: Sequence[str], new: Sequence[Match]) -> int:
    listings.note_matched(db, paper_ids)
    return people.add_matches(db, _without_backlog(db, new))


def _without_backlog(db: Database, new: Sequence[Match]) -> list[Match]:
    """Return the matches with papers that were first seen after the topic was followed."""
    seen = _moments(db, "paper", "first_seen_at", {match.paper_id for match in new})
    followed = _moments(db, "topic", "created_at", {match.topic_id for match in new})
    return [m for m in new if m.topic_id in followed and seen[m.paper_id] >= followed[m.topic_id]]


def _moments(
    db: Database, table: str, column: str, ids: set[str] | set[int]
) -> dict[str | int, datetime]:
    rows = db.query(
        f"SELECT id, {column} AS moment FROM {table} WHERE id IN ({marks(list(ids))})", list(ids)
    )
    return {row["id"]: at(row["moment"]) for row in rows}
