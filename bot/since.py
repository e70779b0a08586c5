"""Since when: how people say how far to look back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from bot.errors import UserError

OFFERED = {
    "yesterday": "1d",
    "the last 3 days": "3d",
    "the last week": "7d",
    "the last 2 weeks": "14d",
    "the last month": "30d",
    "the last 3 months": "90d",
}
"""What to offer, with what it stands for."""
_LENGTHS = {"h": 1 / 24, "d": 1, "w": 7, "m": 30, "y": 365}
"""Days."""
_SPAN = re.compile(
    r"(?:the )?(?:last )?(?P<number>\d{1,4}|an?|) ?(?P<unit>[hdwmy])(?:ours?|ays?|eeks?|onths?|ears?)?"
    r"(?: ago)?"
)
FARTHEST = timedelta(days=3650)


def parse_since(text: str, *, now: datetime) -> datetime:
    """Return the moment that a person means: ``3d``, ``2 weeks``, ``yesterday``, ``2026-03-01``.

    A day begins at midnight in UTC.

    Raises:
        UserError: It is neither a span of time nor a day, or no time has gone by since.
    """
    said = text.strip().casefold()
    if said in ("today", "yesterday"):
        midnight = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
        return midnight - timedelta(days=said == "yesterday")
    found = _span(said, now) or _day(said)
    if found is None:
        raise UserError("Say since when like 3d, 2 weeks, yesterday or 2026-03-01.")
    if found > now:
        raise UserError("That day is to come. Say since when like 3d or 2026-03-01.")
    return max(found, now - FARTHEST)


def _span(said: str, now: datetime) -> datetime | None:
    match = _SPAN.fullmatch(said)
    if match is None:
        return None
    number = match["number"]
    count = int(number) if number.isdecimal() else 1
    if not count:
        raise UserError("That is no time at all. Say since when like 3d, or today.")
    return now - min(FARTHEST, timedelta(days=count * _LENGTHS[match["unit"]]))


def _day(said: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(said), time(), UTC)
    except ValueError:
        return None
