"""Topics and searches that are too long for buttons, by numbers that these carry instead.

They say nothing of who typed them.
"""

from __future__ import annotations

from sqlite_utils import Database

MOST_KEPT = 10_000
"""The latest; buttons with an older number ask for the text anew."""


def number_of(db: Database, text: str, *, most: int = MOST_KEPT) -> int:
    """Return the number of a text, the same for the same text while it is kept.

    Args:
        most: How many texts are kept.
    """
    known = db.query("SELECT id FROM topic_text WHERE text = ?", [text])
    for row in known:
        return row["id"]
    number = int(db.execute("INSERT INTO topic_text (text) VALUES (?)", [text]).lastrowid or 0)
    db.execute("DELETE FROM topic_text WHERE id <= ?", [number - most])
    return number


def text_of(db: Database, number: int) -> str | None:
    """Return the text of a number; None for one that was not given or is kept no more."""
    rows = db.query("SELECT text FROM topic_text WHERE id = ?", [number])
    return next((row["text"] for row in rows), None)
