"""What buttons ask for where it is too long to be carried, by a number that they carry instead.

It says nothing of who asked. Whoever keeps it (``retention``) drops what nobody has used for long.
"""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from bot.store.rows import moment


def number_of(db: Database, text: str, *, now: datetime) -> int:
    """Return the number of a text, the same for the same text, and note that it is in use."""
    (row,) = db.query(
        "INSERT INTO button_text (text, used_at) VALUES (:text, :now)"
        " ON CONFLICT (text) DO UPDATE SET used_at = :now RETURNING id",
        {"text": text, "now": moment(now)},
    )
    return row["id"]


def text_of(db: Database, number: int) -> str | None:
    """Return the text of a number; None for one that was not given or is kept no more."""
    rows = db.query("SELECT text FROM button_text WHERE id = ?", [number])
    return next((row["text"] for row in rows), None)
