"""Fills a bot's database with wishes and papers, so that it owes what a test is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlite_utils import Database

from bot.listing_days import newest_closed_day
from bot.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Feed,
    Listing,
    Schedule,
    Strictness,
    Style,
)
from bot.store import feeds, listings, outbox, people
from bot.store.outbox import Owed
from bot.store.store import Store
from tests.builders import a_feed, a_record

A_DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
KINDS = {Style.CARDS: DeliveryKind.CARD, Style.FORUM: DeliveryKind.POST}


def now() -> datetime:
    return datetime.now(UTC)


def title_of(paper_id: str) -> str:
    """Return a title by which a message can be told from all others."""
    return f"What paper {paper_id} is about"


def list_papers(db: Database, paper_ids: Sequence[str], *, days_ago: float = 0) -> None:
    """Put papers on the newest daily list that has closed, or on one before it."""
    day = newest_closed_day(now() - days_ago * A_DAY)
    records = tuple(a_record(paper_id, upvotes=10) for paper_id in paper_ids)
    listings.record(db, Listing("huggingface", "daily", day, now(), records))


def add_feed(db: Database, **kw: Any) -> Feed:
    """Make a feed that was set up a week ago and whose hour is the one that has begun.

    One that is made just now, by ``created_at``, waits for its next hour.
    """
    wishes = {"created_at": now() - 7 * A_DAY, "hour": now().hour, "max_papers": 8, **kw}
    return feeds.add(db, a_feed(**wishes))


def follow(db: Database, user_id: int, topic: str) -> None:
    """Let a person follow a topic; their alerts are due."""
    people.ensure(db, user_id, now=now())
    people.set_schedule(db, user_id, Schedule(hour=now().hour))
    people.follow(db, user_id, topic, Strictness.NORMAL, now=now() - A_DAY)


def owe_paper(db: Database, feed: Feed, paper_id: str, *, at: datetime | None = None) -> int:
    """Owe a feed's card or forum post from a moment on, or from now; returns the delivery's id."""
    due_at = at or now()
    made = outbox.enqueue(
        db,
        Owed(
            target=f"channel:{feed.channel_id}",
            kind=KINDS[feed.style],
            subject=paper_id,
            payload={},
            due_at=due_at,
            expires_at=due_at + A_DAY,
            guild_id=feed.guild_id,
            feed_id=feed.id,
        ),
        now=due_at,
    )
    assert made is not None
    return made


def owe_words(db: Database, user_id: int, text: str) -> int:
    """Owe a person a direct message; returns the delivery's id."""
    people.ensure(db, user_id, now=now())
    made = outbox.enqueue(
        db,
        Owed(
            target=f"user:{user_id}",
            kind=DeliveryKind.NOTICE,
            subject=text,
            payload={"text": text},
            due_at=now(),
            user_id=user_id,
        ),
        now=now(),
    )
    assert made is not None
    return made


def everything(db: Database) -> list[Delivery]:
    """Return the whole outbox, oldest first."""
    return outbox.recent(db, limit=100_000)[::-1]


async def states(store: Store) -> dict[int, DeliveryState]:
    return {delivery.id: delivery.state for delivery in await store.read(everything)}
