"""What a person is told of their topics: decided from the matches, without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import schedules
from bot.listing_days import local_day
from bot.models import MOST_IN_ALERT, Frequency, Match, Schedule

STRAGGLERS = timedelta(hours=2)
"""How long after a person's hour a first match of the day still goes out the same day."""
ALERT_STAYS_FRESH = timedelta(days=3)
MOST_A_DAY = 10
"""Instant alerts a day; what comes after them waits for the next day."""
MOST_TOPICS = 50
"""Topics a person; more is a mistake or a script."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One digest to one person."""

    shown: tuple[str, ...]
    """Papers, best first."""
    more: tuple[str, ...]
    """Papers that did not fit, best first."""


def choose(
    matches: Sequence[Match], scores: Mapping[str, float], *, most: int = MOST_IN_ALERT
) -> Alert:
    """Gather a person's waiting matches, each paper once whatever topics it matches.

    Args:
        most: Papers with a line of their own.
    """
    papers = sorted({m.paper_id for m in matches}, key=lambda id_: (-scores.get(id_, 0.0), id_))
    return Alert(tuple(papers[:most]), tuple(papers[most:]))


def is_due(matches: Sequence[Match], schedule: Schedule, *, now: datetime) -> bool:
    """Whether a person's alert goes out now, if none went out for their last due moment.

    A digest does if something was waiting at that moment, or came soon after; what comes later
    waits for the next. Instant alerts do whenever something waits. On a quiet day nothing does.
    """
    if not matches or schedules.is_quiet(schedule, now=now):
        return False
    if schedule.frequency is Frequency.INSTANT:
        return True
    due_at = schedules.last_due_at(schedule, now=now)
    waiting = any(match.matched_at <= due_at for match in matches)
    return waiting or now - due_at <= STRAGGLERS


def subject(schedule: Schedule, before: int, *, now: datetime) -> str | None:
    """Return what tells a person's alert from their others; None once a day has had enough.

    Args:
        before: Instant alerts that the day, by the person's calendar, has had.
    """
    if schedule.frequency is Frequency.INSTANT:
        return f"{day_of(schedule, now=now)}:{before + 1}" if before < MOST_A_DAY else None
    due_at = schedules.last_due_at(schedule, now=now)
    return f"alert:{local_day(due_at, schedule.timezone)}"


def day_of(schedule: Schedule, *, now: datetime) -> str:
    """Return what the subjects of a day's instant alerts begin with, before a colon."""
    return f"alert:{local_day(now, schedule.timezone)}"
