"""What feeds' messages are about whose deliveries were let go (``bot.store.retention``)."""

from __future__ import annotations

import json

from sqlite_utils import Database


def papers_of(db: Database, message_id: int) -> tuple[str, ...]:
    """Return the papers of a message, or of a forum post, in its order; empty where not known."""
    rows = db.query("SELECT papers, more FROM old_post WHERE message_id = ?", [message_id])
    return next(((*_ids(row["papers"]), *_ids(row["more"])) for row in rows), ())


def more_of(db: Database, digest_id: int) -> list[str] | None:
    """Return the papers that a digest's last button opens; None where it is not known."""
    rows = db.query("SELECT more FROM old_post WHERE digest_id = ?", [digest_id])
    return next((_ids(row["more"]) for row in rows), None)


def _ids(said: str) -> list[str]:
    return [str(paper_id) for paper_id in json.loads(said)]
