"""How often Discord has refused requests lately; kept over restarts, since Discord counts on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from sqlite_utils import Database

from bot.store.rows import at, moment

_NAME = "refused requests"


def keep(db: Database, counts: Mapping[datetime, int]) -> None:
    """Write down how many requests were refused in each minute, in place of what was there."""
    said = {moment(minute): count for minute, count in counts.items()}
    db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", [_NAME, json.dumps(said)])


def last(db: Database) -> dict[datetime, int]:
    """Return how many were refused in each of the last minutes that were written down."""
    for row in db.query("SELECT value FROM meta WHERE name = ?", [_NAME]):
        return {at(minute): count for minute, count in json.loads(row["value"]).items()}
    return {}
