"""What a person does with topics: tries one, follows it, reads what it brought."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlite_utils import Database

from bot import feeds, posts
from bot.alerts import MOST_TOPICS
from bot.discover import Shelf
from bot.errors import UserError
from bot.models import Strictness, Topic
from bot.posts import Shown
from bot.store import listings, people
from bot.topics.match import matches
from bot.topics.query import TopicQuery, parse_topic

MOST_TRIED = 5
"""Papers shown of what a topic would have brought."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a topic would have sent."""

    query: TopicQuery
    total: int
    """Papers in the last 14 days."""
    best: tuple[Shown, ...]
    """The best of them, each with its reason."""


async def follow(shelf: Shelf, user_id: int, text: str, strictness: Strictness) -> Topic:
    """Let a person follow a topic.

    Raises:
        UserError: It makes no sense, they follow it already, or they follow too many.
    """
    parse_topic(text)
    return await shelf.store.run(_follow, user_id, text.strip(), strictness, now=shelf.now())


def _follow(
    db: Database, user_id: int, text: str, strictness: Strictness, *, now: datetime
) -> Topic:
    people.ensure(db, user_id, now=now)
    if len(people.topics_of(db, user_id)) >= MOST_TOPICS:
        raise UserError(f"You follow {MOST_TOPICS} topics. /topics unfollow makes room.")
    topic = people.follow(db, user_id, text, strictness, now=now)
    if topic is None:
        raise UserError("You follow that already. /topics list shows all.")
    return topic


async def tried(shelf: Shelf, text: str, strictness: Strictness) -> Trial:
    """Return what a topic would have sent in the last 14 days.

    Raises:
        UserError: It makes no sense.
    """
    query = parse_topic(text)
    shown = await shelf.store.read(_listed_lately, now=shelf.now())
    found = await asyncio.to_thread(_reasons, shown, query, strictness)
    wanted = [s for s in shown if s.paper.id in found]
    wanted.sort(key=lambda s: (-(s.votes or 0), s.paper.id))
    best = [replace(s, reason=found[s.paper.id]) for s in wanted[:MOST_TRIED]]
    return Trial(query, len(wanted), tuple(best))


def _listed_lately(db: Database, *, now: datetime) -> list[Shown]:
    entries = listings.entries_since(db, (now - feeds.NEWS_WINDOW).date())
    return posts.show(db, list({entry.paper_id for entry in entries}))


def _reasons(shown: Sequence[Shown], query: TopicQuery, strictness: Strictness) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for s in shown:
        if reason := matches(query, s.paper, votes=s.votes or 0, strictness=strictness):
            reasons[s.paper.id] = str(reason)
    return reasons


@dataclass(frozen=True, slots=True)
class Inbox:
    """Everything that topics brought a person, also what a closed DM kept back."""

    total: int
    waiting: int
    """Papers that no message has carried yet."""
    shown: tuple[Shown, ...]
    """A page of them, latest first, each with its reason."""


async def inbox(shelf: Shelf, user_id: int, *, first: int, limit: int) -> Inbox:
    """Return a page of a person's inbox."""
    return await shelf.store.read(_inbox, user_id, first=first, limit=limit)


def _inbox(db: Database, user_id: int, *, first: int, limit: int) -> Inbox:
    matched = people.all_matches(db, user_id)
    reasons = {match.paper_id: match.reason for match in reversed(matched)}
    ids = list(dict.fromkeys(match.paper_id for match in matched))
    waiting = {match.paper_id for match in people.waiting_matches(db, user_id)}
    shown = posts.show(db, ids[first : first + limit], reasons)
    return Inbox(len(ids), len(waiting), tuple(shown))
