"""When a person's alerts come: their hour by their own clocks, without the days they want quiet."""

from __future__ import annotations

import re
from datetime import datetime

from bot.errors import UserError
from bot.listing_days import local_day, next_at, previous_at
from bot.models import Frequency, Schedule, Way

WEEK = frozenset(range(7))
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKDAYS, _WEEKEND = frozenset(range(5)), frozenset((5, 6))
_GROUPS = {
    "none": frozenset[int](),
    "no": frozenset[int](),
    "never": frozenset[int](),
    "-": frozenset[int](),
    "weekend": _WEEKEND,
    "weekends": _WEEKEND,
    "weekday": _WEEKDAYS,
    "weekdays": _WEEKDAYS,
}
_BETWEEN = re.compile(r"(?:[\s,;+&/]|\band\b)+")
_RANGE = re.compile(r"\s*[-–—]\s*|\s+to\s+")


def due_days(schedule: Schedule) -> frozenset[int]:
    """Return the weekdays on which alerts may come; a weekly one comes on the first of them."""
    loud = WEEK - schedule.quiet_days
    return frozenset((min(loud),)) if schedule.frequency is Frequency.WEEKLY else loud


def last_due_at(schedule: Schedule, *, now: datetime) -> datetime:
    """Return the last moment, ``now`` or before, at which a digest was due, in UTC."""
    return previous_at(schedule.hour, schedule.timezone, due_days(schedule), now=now)


def next_due_at(schedule: Schedule, *, now: datetime) -> datetime:
    """Return the next moment at which a digest is due, in UTC; after ``now``."""
    return next_at(schedule.hour, schedule.timezone, due_days(schedule), after=now)


def is_quiet(schedule: Schedule, *, now: datetime) -> bool:
    """Whether the person wants no alerts today, by their own calendar."""
    return local_day(now, schedule.timezone).weekday() in schedule.quiet_days


def parse_days(text: str) -> frozenset[int]:
    """Return the weekdays that a person names: ``sat and sun``, ``mon-wed``, ``weekends``, ``none``.

    Raises:
        UserError: A word is no day, or no day is left.
    """
    found: set[int] = set()
    parts = _BETWEEN.split(_RANGE.sub("-", text.casefold()))
    for part in list(filter(None, parts)) or [""]:
        found |= _days(part)
    if found >= WEEK:
        raise UserError(
            "With every day quiet no alert would ever come. Leave out one day, or use"
            " /topics pause."
        )
    return frozenset(found)


def _days(part: str) -> frozenset[int]:
    if part in _GROUPS:
        return _GROUPS[part]
    first, dash, last = part.partition("-")
    start, end = _day(first), _day(last) if dash else _day(first)
    return frozenset((start + n) % 7 for n in range((end - start) % 7 + 1))


def _day(name: str) -> int:
    begin = name.removesuffix("s")
    for number, known in enumerate(DAY_NAMES):
        if len(begin) > 1 and known.casefold().startswith(begin):
            return number
    raise UserError(
        "Name quiet days like `sat, sun`, `mon-wed`, `weekends` or `none`;"
        f" “{name[:20]}” is no day of the week."
    )


def quiet_days_in_words(days: frozenset[int]) -> str:
    """Return ``Saturdays and Sundays``; empty for none."""
    names = [f"{DAY_NAMES[day]}s" for day in sorted(days)]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1]))) if names else ""


def in_words(schedule: Schedule, way: Way = Way.DM) -> str:
    """Return ``one direct message a day at 09:00 UTC, never on Sundays``."""
    quiet = quiet_days_in_words(schedule.quiet_days)
    when = _when(schedule, way)
    return f"{when}, never on {quiet}" if quiet else when


def _when(schedule: Schedule, way: Way) -> str:
    at = f"at {schedule.hour:02}:00 {schedule.timezone}"
    match schedule.frequency:
        case Frequency.INSTANT:
            one = "an" if way is Way.EMAIL else "a"
            return f"{one} {way} as soon as something appears, days by {schedule.timezone}"
        case Frequency.DAILY:
            return f"one {way} a day {at}"
        case Frequency.WEEKLY:
            (day,) = due_days(schedule)
            return f"one {way} a week, on {DAY_NAMES[day]}s {at}"
