"""Matches new papers with the topics that people follow."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bot import feeds
from bot.errors import UserError
from bot.models import Match, Paper, Topic
from bot.store import listings, people
from bot.store.store import Store
from bot.topics.match import matches
from bot.topics.query import TopicQuery, parse_topic

log = logging.getLogger(__name__)

BATCH = 200


@dataclass
class MatchNew:
    """Match every listed paper once with every topic that was followed before it was seen.

    A paper is looked at again when its text changes; a topic that was
    followed later does not look back: the backlog is not news.
    """

    store: Store
    now: Callable[[], datetime]

    async def __call__(self) -> None:
        topics = [(t, _parsed(t)) for t in await self.store.read(people.all_topics)]
        wanted = [(topic, query) for topic, query in topics if query is not None]
        since = (self.now() - feeds.NEWS_WINDOW).date()
        found = 0
        while batch := await self.store.read(listings.unmatched, since=since, limit=BATCH):
            new = [m for paper, votes in batch for m in self._matches(wanted, paper, votes)]
            ids = [paper.id for paper, _ in batch]
            found += await self.store.run(_note, ids, new)
        if found:
            log.info("match: %d new matches", found)

    def _matches(
        self, topics: Sequence[tuple[Topic, TopicQuery]], paper: Paper, votes: int
    ) -> list[Match]:
        return [
            Match(topic.id, paper.id, str(reason), self.now())
            for topic, query in topics
            if (reason := matches(query, paper, votes=votes, strictness=topic.strictness))
        ]


def _parsed(topic: Topic) -> TopicQuery | None:
    """Return a topic's query; None for words that an earlier version took and this one does not."""
    try:
        return parse_topic(topic.query)
    except UserError as error:
        log.warning("topic %s is not understood: %s", topic.id, error)
        return None


def _note(db: Database, paper_ids: Sequence[str], new: Sequence[Match]) -> int:
    listings.note_matched(db, paper_ids)
    return people.add_matches(db, new)
