"""Decides what is owed: to each feed its post, to each person their alert."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot import alerting, candidates, feeds
from bot.errors import StoreError
from bot.feeds import Choice
from bot.listing_days import local_day, previous_at
from bot.models import DeliveryKind, Feed, Style
from bot.posts import Gap
from bot.store import feeds as feed_store
from bot.store import outbox
from bot.store.outbox import Owed
from bot.store.store import Store
from bot.topics.reading import Reader

log = logging.getLogger(__name__)

EVERY_DAY = frozenset(range(7))


@dataclass
class Compose:
    """Put what is due into the outbox, each feed and each person on their own.

    Run late or twice, the result is the same: deliveries have unique keys.
    """

    store: Store
    now: Callable[[], datetime]
    reader: Reader
    by_email: bool = False
    """Whether the operator has set up e-mail."""

    async def __call__(self) -> None:
        """Decide for everybody; one feed's or person's bug holds up nobody else.

        Raises:
            StoreError: The database cannot be used; what was decided before stands.
        """
        owed = 0
        running = await self.store.read(feed_store.running)
        for feed in (*running, *await self.store.read(feed_store.lost)):
            try:
                owed += await self._feed(feed)
            except StoreError:
                raise
            except Exception:
                log.exception("feed %s met a bug", feed.id)
        for person in await self.store.read(alerting.people_waiting, now=self.now()):
            try:
                owed += await alerting.compose(
                    self.store, self.reader, person, by_email=self.by_email, now=self.now()
                )
            except StoreError:
                raise
            except Exception:
                log.exception("the alert of %s met a bug", person.user_id)
        if owed:
            log.info("compose: %d messages are owed", owed)

    async def _feed(self, feed: Feed) -> int:
        """Decide what a feed posts at its last due moment and owe it."""
        now = self.now()
        due_at = previous_at(feed.hour, feed.timezone, feed.days, now=now)
        if not feeds.is_due(feed, due_at, now=now):
            return 0
        if feed.paused_because:
            await self._hold(feed, due_at, now=now)
            return 0
        free = await self.store.read(room, feed, due_at)
        if feed.style is Style.DIGEST and not free:
            return 0
        by = due_at + feeds.WAITS_FOR_LISTS
        choice = await candidates.chosen(
            self.store, feed, room=free, now=now, by=by, reader=self.reader
        )
        return await self.store.run(settle, feed, choice, due_at, now=now)

    async def _hold(self, feed: Feed, due_at: datetime, *, now: datetime) -> None:
        """Note, once for a moment, what a feed would have posted if it could reach its channel."""
        if await self.store.read(feed_store.has_decided_since, feed.id, due_at):
            return
        by = due_at + feeds.WAITS_FOR_LISTS
        choice = await candidates.chosen(
            self.store, feed, room=feed.max_papers, now=now, by=by, reader=self.reader
        )
        lost = [(id_, feeds.Held.PERMISSION) for id_ in (*choice.posted, *choice.more)]
        await self.store.run(feed_store.decide, feed.id, [*choice.held, *lost], now=now)


def settle(db: Database, feed: Feed, choice: Choice, at: datetime, *, now: datetime) -> int:
    """Write down a choice for the day of a moment and owe its messages; returns how many.

    If the feed or what its channel has was changed while it was made, nothing is written.
    """
    is_as_it_was = feed_store.get(db, feed.id) == feed
    here = feed_store.posted_in_channel(db, feed.channel_id, choice.posted)
    if not is_as_it_was or here or len(choice.posted) > room(db, feed, at):
        return 0
    missed = gap(db, feed, choice, at)
    feed_store.decide(db, feed.id, choice.held, now=now)
    return _owe_all(db, feed, choice, at, missed, now=now)


def gap(db: Database, feed: Feed, choice: Choice, at: datetime) -> Gap | None:
    """Return what a feed has to make good at a moment; None where it was there at the one before.

    A digest says it of itself, by its days; of cards and forum posts the first does.
    """
    before = previous_at(feed.hour, feed.timezone, feed.days, now=at - timedelta.resolution)
    was_there = feed.created_at > before or feed_store.has_decided_since(db, feed.id, before)
    verdicts = feed_store.decided(db, feed.id, choice.posted).values()
    was_lost = ("held", feeds.Held.PERMISSION) in verdicts
    if len(choice.days) < 2 or (was_there and not was_lost):
        return None
    left = sum(reason == feeds.Held.RATE for _, reason in choice.held)
    return Gap(len(choice.days), len(choice.posted) + left, len(choice.posted))


def room(db: Database, feed: Feed, at: datetime) -> int:
    """Return how many papers a feed may still show on the day, its own, of a moment."""
    if feed.style is Style.DIGEST:
        subject = _digest_of(feed, at)
        known = outbox.is_known(db, target_of(feed), DeliveryKind.DIGEST, subject)
        return 0 if known else feed.max_papers
    midnight = previous_at(0, feed.timezone, EVERY_DAY, now=at)
    return max(0, feed.max_papers - feed_store.posted_since(db, feed.id, midnight))


def _owe_all(
    db: Database, feed: Feed, choice: Choice, at: datetime, missed: Gap | None, *, now: datetime
) -> int:
    if feed.style is Style.DIGEST:
        return _owe_digest(db, feed, choice, at, now=now) if choice.posted else 0
    owed = 0
    for paper_id in choice.posted:
        said = missed if paper_id == choice.posted[0] else None
        owed += _owe_card(db, feed, paper_id, at, said, now=now)
    return owed


def _digest_of(feed: Feed, at: datetime) -> str:
    """Return the subject of a feed's digest for the day, its own, of a moment."""
    return f"feed:{feed.id}:{local_day(at, feed.timezone)}"


def _owe_digest(db: Database, feed: Feed, choice: Choice, at: datetime, *, now: datetime) -> int:
    payload: dict[str, object] = {
        "papers": list(choice.posted),
        "more": list(choice.more),
        "days": [day.isoformat() for day in choice.days],
        "starter": candidates.is_starter(db, choice.posted),
    }
    subject = _digest_of(feed, at)
    delivery_id = _owe(db, feed, subject, payload, at, feeds.DIGEST_STAYS_FRESH, now=now)
    if delivery_id is None:
        return 0
    posted = [(paper_id, None) for paper_id in (*choice.posted, *choice.more)]
    feed_store.decide(db, feed.id, posted, now=now, delivery_id=delivery_id)
    return 1


def _owe_card(
    db: Database, feed: Feed, paper_id: str, at: datetime, missed: Gap | None, *, now: datetime
) -> int:
    payload: dict[str, object] = {"gap": asdict(missed)} if missed else {}
    delivery_id = _owe(db, feed, paper_id, payload, at, feeds.CARD_STAYS_FRESH, now=now)
    feed_store.decide(db, feed.id, [(paper_id, None)], now=now, delivery_id=delivery_id)
    return 0 if delivery_id is None else 1


def target_of(feed: Feed) -> str:
    """Return the place that a feed's messages are owed to."""
    return f"channel:{feed.channel_id}"


def _owe(
    db: Database,
    feed: Feed,
    subject: str,
    payload: dict[str, object],
    due_at: datetime,
    fresh: timedelta,
    *,
    now: datetime,
) -> int | None:
    owed = Owed(
        target=target_of(feed),
        kind=feeds.kind_of(feed.style),
        subject=subject,
        payload=payload,
        due_at=due_at,
        expires_at=max(due_at, now) + fresh,
        guild_id=feed.guild_id,
        feed_id=feed.id,
    )
    return outbox.enqueue(db, owed, now=now)
