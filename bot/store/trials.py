"""What belongs to the sandbox alone, and goes when it closes."""

from __future__ import annotations

import json

from sqlite_utils import Database

_NAME = "sandbox"


def begin(db: Database, *, guild_id: int, user_id: int) -> None:
    """Note whose wishes belong to the sandbox."""
    db.execute(
        "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)",
        [_NAME, json.dumps({"guild_id": guild_id, "user_id": user_id})],
    )


def forget(db: Database) -> None:
    """Remove the last sandbox's feeds, topics and messages; the papers stay."""
    for row in list(db.query("SELECT value FROM meta WHERE name = ?", [_NAME])):
        ours = json.loads(row["value"])
        for table in ("feed", "delivery"):
            db.execute(f"DELETE FROM {table} WHERE guild_id = ?", [ours["guild_id"]])
        for table in ("match", "topic", "saved", "delivery", "person"):
            db.execute(f"DELETE FROM {table} WHERE user_id = ?", [ours["user_id"]])
    db.execute("DELETE FROM meta WHERE name = ?", [_NAME])
