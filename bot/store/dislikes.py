"""Papers of which people want less, and what was held back from them for that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlite_utils import Database

from bot.store import people
from bot.store.rows import moment

MOST_REMEMBERED = 200
"""Of a person, the latest count."""


def add(db: Database, user_id: int, paper_id: str, *, now: datetime) -> bool:
    """Note that a person wants less like a paper; False if that is known."""
    people.ensure(db, user_id, now=now)
    return (
        db.execute(
            "INSERT INTO disliked (user_id, paper_id, disliked_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            [user_id, paper_id, moment(now)],
        ).rowcount
        == 1
    )


def remove(db: Database, user_id: int, paper_id: str) -> bool:
    """Take that back, with all that was held back for it; False if there is nothing to take back."""
    return (
        db.execute(
            "DELETE FROM disliked WHERE user_id = ? AND paper_id = ?", [user_id, paper_id]
        ).rowcount
        == 1
    )


def of(db: Database, user_id: int) -> list[str]:
    """Return the papers of which a person wants less, the latest first."""
    rows = db.query(
        "SELECT paper_id FROM disliked WHERE user_id = ? ORDER BY disliked_at DESC, paper_id"
        " LIMIT ?",
        [user_id, MOST_REMEMBERED],
    )
    return [row["paper_id"] for row in rows]


def hold_back(db: Database, user_id: int, held: Mapping[str, str], *, now: datetime) -> None:
    """Note papers that no alert brings, each with the disliked one that it is like."""
    known = set(of(db, user_id))
    db.conn.executemany(
        "INSERT INTO held_back (user_id, paper_id, disliked_id, held_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [(user_id, paper, like, moment(now)) for paper, like in held.items() if like in known],
    )


def held_back(db: Database, user_id: int) -> dict[str, str]:
    """Return the papers that were held back from a person, each with the one that it is like."""
    rows = db.query("SELECT paper_id, disliked_id FROM held_back WHERE user_id = ?", [user_id])
    return {row["paper_id"]: row["disliked_id"] for row in rows}
