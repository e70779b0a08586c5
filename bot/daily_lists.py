"""Which of Hugging Face's daily lists the store has, and which of them are whole."""

from __future__ import annotations

from datetime import date, datetime

from sqlite_utils import Database

from bot.listing_days import complete_at
from bot.models import SourceState
from bot.store import listings

SOURCE, NAME = "huggingface", listings.DAILY
_MOST_AHEAD = 30
"""Lists that may be stored for days to come; more is a clock that went wrong."""


def look_name(day: date) -> str:
    """Return the name under which a day's list is looked at."""
    return f"{NAME} {day}"


def look_state(db: Database, day: date) -> SourceState:
    """Return how the looks at a day's list went."""
    return listings.source_state(db, SOURCE, look_name(day))


def looked_at(db: Database, day: date) -> datetime | None:
    """Return when a look at a day's list last brought something; None for one from a file.

    The first look after its close always does: it says that the list is complete.
    """
    return look_state(db, day).good_at


def is_whole(db: Database, day: date, *, now: datetime) -> bool:
    """Whether the store has all of a day's list: it closed, and we looked after that.

    A list from a file counts as whole once its day has closed.
    """
    return complete_at(day) <= (looked_at(db, day) or now)


def newest_stored(db: Database, *, until: date) -> date | None:
    """Return the newest day up to one given whose list has any papers; None if there is none."""
    stored = listings.days(db, SOURCE, NAME, limit=_MOST_AHEAD)
    return next((day for day, _ in stored if day <= until), None)
