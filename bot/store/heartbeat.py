"""Signs of life that a running bot leaves in the database, for a supervisor to look at."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.store.rows import at, moment

EVERY = timedelta(seconds=20)
STOPPED_AFTER = timedelta(minutes=2)
_NAME = "heartbeat"


@dataclass(frozen=True, slots=True)
class Beat:
    """The last sign of life."""

    at: datetime
    connected: bool
    """Whether the bot was connected to Discord then."""


def beat(db: Database, *, now: datetime, connected: bool) -> None:
    """Leave a sign of life."""
    db.execute(
        "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
        [_NAME, json.dumps({"at": moment(now), "connected": connected})],
    )


def last(db: Database) -> Beat | None:
    """Return the last sign of life; None if there was never one."""
    for row in db.query("SELECT value FROM meta WHERE name = ?", [_NAME]):
        said = json.loads(row["value"])
        return Beat(at(said["at"]), said["connected"])
    return None
