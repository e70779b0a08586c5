"""What was asked and answered, kept for as long as a follow-up may build on it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bot.store.rows import Row, at, moment


@dataclass(frozen=True, slots=True)
class Said:
    """One question with its answer, and where."""

    user_id: int
    """Who asked."""
    place_id: int
    """The channel, thread or direct messages."""
    question: str
    answer: str
    paper_ids: tuple[str, ...]
    scope: str
    """Where papers were looked for."""
    asked_at: datetime
    kept_until: datetime
    private: bool = False
    """Whether only who asked has seen it."""
    message_id: int | None = None
    """The answer's message."""
    conversation: int | None = None
    """None for the first of a new one."""


def add(db: Database, said: Said) -> int:
    """Note an exchange and keep its whole conversation as long; returns the conversation."""
    cursor = db.execute(
        "INSERT INTO exchange (conversation, user_id, place_id, message_id, private, question,"
        " answer, paper_ids, scope, asked_at, kept_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            said.conversation or 0,
            said.user_id,
            said.place_id,
            said.message_id,
            said.private,
            said.question,
            said.answer,
            json.dumps(said.paper_ids),
            said.scope,
            moment(said.asked_at),
            moment(said.kept_until),
        ],
    )
    conversation = said.conversation or int(cursor.lastrowid or 0)
    db.execute("UPDATE exchange SET conversation = ? WHERE conversation = 0", [conversation])
    db.execute(
        "UPDATE exchange SET kept_until = ? WHERE conversation = ?",
        [moment(said.kept_until), conversation],
    )
    return conversation


def answered_by(db: Database, message_id: int, *, user_id: int, now: datetime) -> Said | None:
    """Return the exchange whose answer a message is; None if forgotten or another's private one."""
    rows = db.query(
        "SELECT * FROM exchange WHERE message_id = ? AND kept_until > ?"
        " AND (private = 0 OR user_id = ?) ORDER BY id DESC LIMIT 1",
        [message_id, moment(now), user_id],
    )
    return next((_to_said(row) for row in rows), None)


def latest(
    db: Database, place_id: int, *, user_id: int, shared: bool, private: bool, now: datetime
) -> Said | None:
    """Return what was last said in a place that a follow-up there may build on.

    Args:
        shared: Whether others' exchanges count too, as in a thread.
        private: Whether the person's own private ones count: the follow-up must be as private.
    """
    rows = db.query(
        "SELECT * FROM exchange WHERE place_id = :place AND kept_until > :now"
        " AND (user_id = :user OR :shared) AND (private = 0 OR (:private AND user_id = :user))"
        " ORDER BY id DESC LIMIT 1",
        {
            "place": place_id,
            "user": user_id,
            "shared": shared,
            "private": private,
            "now": moment(now),
        },
    )
    return next((_to_said(row) for row in rows), None)


def of_conversation(db: Database, conversation: int, *, private: bool, limit: int) -> list[Said]:
    """Return a conversation's last exchanges, oldest first.

    Args:
        private: Whether the private ones count too.
    """
    rows = db.query(
        "SELECT * FROM exchange WHERE conversation = ? AND (private = 0 OR ?)"
        " ORDER BY id DESC LIMIT ?",
        [conversation, private, limit],
    )
    return [_to_said(row) for row in rows][::-1]


def forget(db: Database, *, now: datetime) -> int:
    """Remove what no follow-up may build on any more; returns how many exchanges that were."""
    return db.execute("DELETE FROM exchange WHERE kept_until <= ?", [moment(now)]).rowcount


def _to_said(row: Row) -> Said:
    return Said(
        user_id=row["user_id"],
        place_id=row["place_id"],
        question=row["question"],
        answer=row["answer"],
        paper_ids=tuple(json.loads(row["paper_ids"])),
        scope=row["scope"],
        asked_at=at(row["asked_at"]),
        kept_until=at(row["kept_until"]),
        private=bool(row["private"]),
        message_id=row["message_id"],
        conversation=row["conversation"],
    )
