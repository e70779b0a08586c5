"""Whether new DM channels may be opened; kept over restarts, since Discord remembers too."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from bot.store.rows import at, moment

_NAME = "no new dm channels until"


def rest(db: Database, *, until: datetime) -> None:
    """Open no new DM channels before a moment."""
    db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", [_NAME, moment(until)])


def resting_until(db: Database, *, now: datetime) -> datetime | None:
    """Return from when on new DM channels may be opened again; None if they may now."""
    for row in db.query("SELECT value FROM meta WHERE name = ?", [_NAME]):
        until = at(row["value"])
        return until if now < until else None
    return None
