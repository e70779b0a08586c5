"""What a person is told of their topics: decided from the matches, without asking anybody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import schedules
from bot.listing_days import local_day
from bot.models import MOST_IN_ALERT, Frequency, Schedule

STRAGGLERS = timedelta(hours=2)
"""How long after a person's hour a first match of the day still goes out the same day."""
ALERT_STAYS_FRESH = timedelta(days=3)
MOST_A_DAY = 10
"""Instant alerts a day; what comes after them waits for the next day."""
MOST_TOPICS = 50
"""Topics a person; more is a mistake or a script."""


LIKE = 0.55
"""From which nearness in meaning on a paper comes last that is like one of which a person wants
less. Of the recorded daily papers, 3 % of all pairs are so near."""
MUCH_LIKE = 0.68
"""From which on it is held back: one pair in a thousand; half of all papers have such a neighbour
among 1,500."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """That a paper is like one of which the person wants less."""

    disliked_id: str
    nearness: float
    """In meaning, about −1 to 1."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One digest to one person."""

    shown: tuple[str, ...]
    """Papers, best first."""
    more: tuple[str, ...] = ()
    """Papers that did not fit, best first."""
    lowered: Mapping[str, str] = field(default_factory=dict[str, str])
    """Papers that come last since they are like one of which the person wants less: which."""
    held: Mapping[str, str] = field(default_factory=dict[str, str])
    """The same for papers that do not come at all."""


def choose(
    wanted: Iterable[str],
    scores: Mapping[str, float],
    likeness: Mapping[str, Likeness] = {},
    *,
    most: int = MOST_IN_ALERT,
) -> Alert:
    """Gather papers for a person, each once however often it is wanted.

    Args:
        wanted: Ids of papers that match or have news.
        scores: What they gain in attention; none counts as nothing.
        likeness: For papers that are like something of which they want less.
        most: Papers with a line of their own.
    """
    like = {id_: like.disliked_id for id_, like in likeness.items() if like.nearness >= LIKE}
    held = {id_: like[id_] for id_ in like if likeness[id_].nearness >= MUCH_LIKE}
    papers = sorted(
        {id_ for id_ in wanted if id_ not in held},
        key=lambda id_: (id_ in like, -scores.get(id_, 0.0), id_),
    )
    lowered = {id_: like[id_] for id_ in papers if id_ in like}
    return Alert(tuple(papers[:most]), tuple(papers[most:]), lowered, held)


def is_due(waiting: Collection[datetime], schedule: Schedule, *, now: datetime) -> bool:
    """Whether a person's alert goes out now, if none went out for their last due moment.

    A digest does if something was waiting at that moment, or came soon after; what comes later
    waits for the next. Instant alerts do whenever something waits. On a quiet day nothing does.

    Args:
        waiting: Since when each thing waits.
    """
    if not waiting or schedules.is_quiet(schedule, now=now):
        return False
    if schedule.frequency is Frequency.INSTANT:
        return True
    due_at = schedules.last_due_at(schedule, now=now)
    return min(waiting) <= due_at or now - due_at <= STRAGGLERS


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
