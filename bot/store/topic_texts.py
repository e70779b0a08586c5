"""Topics as typed, by the numbers that buttons carry. They say nothing of who typed them."""

from __future__ import annotations

from sqlite_utils import Database


def number_of(db: Database, text: str) -> int:
    """Return the number of a topic's text, the same for the same text for ever."""
    db.execute("INSERT INTO topic_text (text) VALUES (?) ON CONFLICT DO NOTHING", [text])
    return next(db.query("SELECT id FROM topic_text WHERE text = ?", [text]))["id"]


def text_of(db: Database, number: int) -> str | None:
    """Return the text of a number; None for a number that was never given."""
    rows = db.query("SELECT text FROM topic_text WHERE id = ?", [number])
    return next((row["text"] for row in rows), None)
