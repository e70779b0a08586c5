"""How far each set of arXiv's catalogue has been read, so that a backfill goes on where it was."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlite_utils import Database

from bot.store.rows import Row, moment, parsed, to_day

TOKEN_LIVES = timedelta(hours=20)
"""arXiv's tokens live for about a day."""


@dataclass(frozen=True, slots=True)
class Days:
    """From one day to another, both included."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Position:
    """How far a set has been read."""

    name: str
    """The set's, such as ``cs:cs:CL``."""
    read: Days | None = None
    """All that changed in these days has been taken in; None before the first leg's end."""
    leg: Days | None = None
    """What is being read; None between legs."""
    token: str | None = None
    """Asks for the leg's next page; None for its first."""
    token_at: datetime | None = None


def setting_out(position: Position, since: date, *, now: datetime) -> Position:
    """Return a position with the leg to read next; without a leg when nothing is left to read.

    A leg that was begun is read to its end, from its start if its token has died. Then comes
    what lies before the days that were read, then what lies after them.
    """
    if position.leg is not None:
        alive = position.token_at is not None and now - position.token_at < TOKEN_LIVES
        return position if alive else replace(position, token=None, token_at=None)
    today = now.date()
    if position.read is None:
        leg = Days(since, today)
    elif since < position.read.since:
        leg = Days(since, position.read.since)
    elif position.read.until < today:
        leg = Days(position.read.until, today)
    else:
        leg = None
    return replace(position, leg=leg)


def after_page(position: Position, token: str | None, *, now: datetime) -> Position:
    """Return the position after a page of its leg.

    Args:
        token: The page's; None for the leg's last page.
    """
    if token is not None:
        return replace(position, token=token, token_at=now)
    assert position.leg is not None
    legs = [days for days in (position.read, position.leg) if days]
    read = Days(min(days.since for days in legs), max(days.until for days in legs))
    return Position(position.name, read)


def position(db: Database, name: str) -> Position:
    """Return how far a set has been read; not at all before its first time."""
    rows = db.query("SELECT * FROM backfill WHERE name = ?", [name])
    return next((_to_position(row) for row in rows), Position(name))


def _to_position(row: Row) -> Position:
    return Position(
        row["name"],
        _to_days(row["since"], row["until"]),
        _to_days(row["leg_since"], row["leg_until"]),
        row["token"],
        parsed(row["token_at"]),
    )


def _to_days(since: str | None, until: str | None) -> Days | None:
    return Days(to_day(since), to_day(until)) if since and until else None


def note(db: Database, position: Position) -> None:
    """Write how far a set has been read."""
    days = [
        day.isoformat() if day else None
        for stretch in (position.read, position.leg)
        for day in ((stretch.since, stretch.until) if stretch else (None, None))
    ]
    db.execute(
        "INSERT OR REPLACE INTO backfill"
        " (name, since, until, leg_since, leg_until, token, token_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [position.name, *days, position.token, moment(position.token_at)],
    )
