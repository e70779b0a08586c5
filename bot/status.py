"""How the whole does, gathered from the store for one message or one page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlite_utils import Database

from bot import daily_lists
from bot.listing_days import next_announcement, next_closing
from bot.models import DeliveryState, SourceState
from bot.store import dm_rest, listings, outbox, papers
from bot.store.rows import parsed
from bot.unchanged import Unchanged


@dataclass(frozen=True, slots=True)
class Status:
    """What ``/status`` shows and the health page reports."""

    papers: int
    newest_daily: tuple[date, int] | None
    """The newest daily list and how many papers it has; None before the first."""
    sources: tuple[SourceState, ...]
    next_list_at: datetime
    """When the next daily list will be complete."""
    next_announcement_at: datetime
    """When arXiv announces papers next."""
    owed: int
    """Messages that wait or are under way."""
    oldest_due_at: datetime | None
    """When the message that has waited longest was due; None when none waits."""
    held: int
    sent_today: int
    """Messages in the last 24 hours."""
    feeds: int
    paused: tuple[tuple[int, str], ...]
    """Feeds that we paused ourselves, and why."""
    people: int
    """People who follow something."""
    newest_is_filling: bool = False
    """Whether papers may still join the newest daily list, as far as we have looked."""
    no_new_dms_until: datetime | None = None
    """Until when Discord wants no new DM channels from the bot; None where it takes them."""


def take(db: Database, *, now: datetime, unchanged: Unchanged) -> Status:
    """Return how everything does now.

    Args:
        unchanged: What sources said since it was last worth storing.
    """
    counts = outbox.counts(db)
    days = listings.days(db, daily_lists.SOURCE, daily_lists.NAME, limit=1)
    paused = db.query(
        "SELECT id, paused_because FROM feed WHERE paused_because IS NOT NULL ORDER BY id"
    )
    return Status(
        papers=papers.count(db),
        newest_daily=days[0] if days else None,
        newest_is_filling=bool(days) and not daily_lists.is_whole(db, days[0][0], now=now),
        sources=_sources(db, unchanged),
        next_list_at=next_closing(now),
        next_announcement_at=next_announcement(now),
        owed=counts.get(DeliveryState.OWED, 0) + counts.get(DeliveryState.SENDING, 0),
        oldest_due_at=parsed(outbox.next_due_at(db)),
        held=counts.get(DeliveryState.HELD, 0),
        sent_today=outbox.sent_within(db, timedelta(days=1), now=now),
        feeds=_count(db, "SELECT count(*) AS n FROM feed"),
        paused=tuple((row["id"], row["paused_because"]) for row in paused),
        people=_count(db, "SELECT count(DISTINCT user_id) AS n FROM topic"),
        no_new_dms_until=dm_rest.resting_until(db, now=now),
    )


_TRIED_LATELY = timedelta(days=2)


def _sources(db: Database, unchanged: Unchanged) -> tuple[SourceState, ...]:
    """Return how the sources do; of the daily lists the two newest and those that fail.

    What is not asked for any more (a list grown old, a category taken out of the settings) is
    left out, with the trouble that it had.
    """
    states = [unchanged.complete(state) for state in listings.source_states(db)]
    newest = max((state.tried_at for state in states if state.tried_at), default=None)
    states = [s for s in states if s.tried_at and newest and newest - s.tried_at < _TRIED_LATELY]
    daily = [state for state in states if state.name.startswith("daily ")]
    old = [state for state in daily[:-2] if state.error is None]
    return tuple(state for state in states if state not in old)


def _count(db: Database, sql: str) -> int:
    return next(db.query(sql))["n"]
