"""The outbox: every message we owe anybody is a row here before it is a message."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.models import EMAIL, Delivery, DeliveryKind, DeliveryState
from bot.store.rows import marks, moment, to_delivery

TOO_LATE = "too late to be news"
_OPEN = "state IN ('owed', 'sending')"
_UNDER_WAY = "delivery INDEXED BY delivery_owed"
"""With ``_OPEN`` beside it, which that index holds: what is under way is looked at, and not all that
was ever sent."""


@dataclass(frozen=True, slots=True)
class Owed:
    """A message to put into the outbox."""

    target: str
    kind: DeliveryKind
    subject: str
    payload: dict[str, object]
    due_at: datetime
    expires_at: datetime | None = None
    guild_id: int | None = None
    feed_id: int | None = None
    user_id: int | None = None


def nonce(target: str, kind: str, subject: str) -> str:
    """Return the 24 characters that tell Discord it is the same message again.

    Discord takes at most 25 and compares them for some minutes:
    https://discord.com/developers/docs/resources/message#create-message
    """
    digest = hashlib.blake2b(f"{target}\0{kind}\0{subject}".encode(), digest_size=15).digest()
    return base64.b32encode(digest).decode().lower()


def enqueue(db: Database, owed: Owed, *, now: datetime) -> int | None:
    """Put a message into the outbox; None if it is or was there already.

    One that was held and has become stale is owed anew: it was never sent.
    """
    rows = db.execute(
        "INSERT INTO delivery (target, kind, subject, payload, state, nonce, guild_id, feed_id,"
        " user_id, created_at, due_at, expires_at)"
        " VALUES (?, ?, ?, ?, 'owed', ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (target, kind, subject) DO UPDATE SET state = 'owed',"
        " payload = excluded.payload, due_at = excluded.due_at, expires_at = excluded.expires_at,"
        " attempts = 0, reason = NULL"
        " WHERE state = 'held' AND expires_at <= excluded.created_at RETURNING id",
        [
            owed.target,
            owed.kind,
            owed.subject,
            json.dumps(owed.payload),
            nonce(owed.target, owed.kind, owed.subject),
            owed.guild_id,
            owed.feed_id,
            owed.user_id,
            moment(now),
            moment(owed.due_at),
            moment(owed.expires_at),
        ],
    ).fetchall()
    return rows[0][0] if rows else None


def is_known(db: Database, target: str, kind: DeliveryKind, subject: str) -> bool:
    """Whether a message is or was in the outbox."""
    rows = db.query(
        "SELECT 1 FROM delivery WHERE target = ? AND kind = ? AND subject = ?",
        [target, kind, subject],
    )
    return any(True for _ in rows)


def count_of_day(db: Database, target: str, day: str) -> int:
    """Return how many alerts a person has or had of a day that may bring several.

    Args:
        day: What their subjects begin with, before a colon.
    """
    rows = db.query(
        "SELECT count(*) AS n FROM delivery WHERE target = ? AND kind = 'alert'"
        " AND subject > ? || ':' AND subject < ? || ';'",  # the letter after the colon
        [target, day, day],
    )
    return next(rows)["n"]


def get(db: Database, delivery_id: int) -> Delivery | None:
    rows = db.query("SELECT * FROM delivery WHERE id = ?", [delivery_id])
    return next((to_delivery(row) for row in rows), None)


def posted_as(db: Database, message_id: int) -> Delivery | None:
    """Return the delivery that a message is, or that opened the forum post of that number."""
    rows = db.query(
        "SELECT * FROM delivery WHERE message_id = :id UNION ALL"
        " SELECT * FROM delivery WHERE place_id = :id AND kind = 'post' LIMIT 1",
        {"id": message_id},
    )
    return next((to_delivery(row) for row in rows), None)


def due(
    db: Database,
    *,
    now: datetime,
    limit: int,
    but_for: Collection[str] = (),
    by_email: bool = False,
) -> list[Delivery]:
    """Return what is owed by now, one for each target, the longest waiting first.

    One a target: messages to a place go one after the other in the order of
    their due moments, and one place that fails or is full of messages never
    holds up another.

    Args:
        but_for: Targets to leave out, since a message to them is under way.
        by_email: What goes out by e-mail, in place of what goes to Discord.
    """
    rows = db.query(
        # A person's DM channel may have been opened after the message was owed.
        "SELECT d.*, p.dm_channel_id FROM delivery AS d"
        " LEFT JOIN person AS p ON p.user_id = d.user_id WHERE d.id IN ("
        f"  SELECT id FROM (SELECT id, min(due_at || printf('%020d', id)) FROM {_UNDER_WAY}"
        f"   WHERE {_OPEN} AND state = 'owed' AND due_at <= ? AND (target GLOB ?) = ?"
        "   GROUP BY target)"
        f" ) AND d.target NOT IN ({marks(list(but_for))}) ORDER BY d.due_at, d.id LIMIT ?",
        [moment(now), _BY_EMAIL, by_email, *but_for, limit],
    )
    return [
        replace(to_delivery(row), place_id=row["place_id"] or row["dm_channel_id"]) for row in rows
    ]


_BY_EMAIL = f"{EMAIL}*"


def keep_due(db: Database, *, was: datetime, now: datetime) -> None:
    """Let what was due before the clock was set back be due still, instead of due once more.

    Args:
        was: The moment that it was before.
    """
    db.execute(
        f"UPDATE {_UNDER_WAY} SET due_at = :now"
        f" WHERE {_OPEN} AND state = 'owed' AND due_at > :now AND due_at <= :was",
        {"was": moment(was), "now": moment(now)},
    )


def next_due_at(db: Database) -> str | None:
    """Return when the next message is owed, as UTC ISO text; None when nothing is."""
    rows = db.query(
        f"SELECT due_at FROM {_UNDER_WAY} WHERE {_OPEN} AND state = 'owed' ORDER BY due_at LIMIT 1"
    )
    return next((row["due_at"] for row in rows), None)


def claim(db: Database, delivery_id: int, *, now: datetime) -> bool:
    """Note that a message is about to be sent. False if it is no longer owed.

    Must be committed to the disk before the call to Discord (``Store.run_durably``):
    after a power cut it is what tells us to look before sending again.
    """
    cursor = db.execute(
        "UPDATE delivery SET state = 'sending', claimed_at = ?, attempts = attempts + 1"
        " WHERE id = ? AND state = 'owed'",
        [moment(now), delivery_id],
    )
    return cursor.rowcount == 1


def recover(db: Database, *, by_email: bool = False) -> int:
    """Owe again, at once, what was claimed and never finished; returns how many.

    With one deliverer at work these are the claims of a dead process. Whether
    their messages are there is uncertain since they were claimed.

    Args:
        by_email: What goes out by e-mail, in place of what goes to Discord.
    """
    return db.execute(
        f"UPDATE {_UNDER_WAY} SET state = 'owed',"
        " uncertain_at = coalesce(uncertain_at, claimed_at)"
        f" WHERE {_OPEN} AND state = 'sending' AND (target GLOB ?) = ?",
        [_BY_EMAIL, by_email],
    ).rowcount


def mark_sent(
    db: Database, delivery_id: int, *, message_id: int, place_id: int, now: datetime
) -> None:
    """Note that a message is there, and where."""
    db.execute(
        "UPDATE delivery SET state = 'sent', sent_at = ?, message_id = ?, place_id = ?,"
        " uncertain_at = NULL, reason = NULL WHERE id = ?",
        [moment(now), message_id, place_id, delivery_id],
    )


def mark_emailed(db: Database, delivery_id: int, *, now: datetime) -> None:
    """Note that a mail server has taken a mail."""
    db.execute(
        "UPDATE delivery SET state = 'sent', sent_at = ?, uncertain_at = NULL, reason = NULL"
        " WHERE id = ?",
        [moment(now), delivery_id],
    )


def postpone(
    db: Database, delivery_id: int, *, until: datetime, reason: str, uncertain: bool = False
) -> None:
    """Owe a message again later.

    Args:
        uncertain: Whether it may have arrived all the same (a lost answer).
    """
    db.execute(
        "UPDATE delivery SET state = 'owed', due_at = ?, reason = ?, uncertain_at ="
        " CASE WHEN ? THEN coalesce(uncertain_at, claimed_at) ELSE uncertain_at END WHERE id = ?",
        [moment(until), reason, uncertain, delivery_id],
    )


def is_absent(db: Database, delivery_id: int) -> None:
    """Note that we looked, and the message is not there."""
    db.execute("UPDATE delivery SET uncertain_at = NULL WHERE id = ?", [delivery_id])


def settle(db: Database, delivery_id: int, state: DeliveryState, *, reason: str) -> None:
    """End a delivery without a message: held or given up, with the reason."""
    db.execute(
        "UPDATE delivery SET state = ?, reason = ? WHERE id = ?", [state, reason, delivery_id]
    )


def owed_to(db: Database, target: str) -> list[int]:
    """Return the ids of what is owed to a place."""
    rows = db.query(
        f"SELECT id FROM {_UNDER_WAY} WHERE {_OPEN} AND state = 'owed' AND target = ?", [target]
    )
    return [row["id"] for row in rows]


def owed_places(db: Database, begins: str) -> list[str]:
    """Return the places that something is owed to and whose names begin so."""
    rows = db.query(
        f"SELECT DISTINCT target FROM {_UNDER_WAY} WHERE {_OPEN} AND state = 'owed'"
        " AND target GLOB ? || '*'",
        [begins],
    )
    return [row["target"] for row in rows]


def hold_target(db: Database, target: str, *, reason: str, kind: DeliveryKind | None = None) -> int:
    """Hold all that is owed to a place, or all of one kind; returns how many."""
    return db.execute(
        f"UPDATE {_UNDER_WAY} SET state = 'held', reason = :reason WHERE target = :target"
        f" AND {_OPEN} AND state = 'owed' AND (:kind IS NULL OR kind = :kind)",
        {"reason": reason, "target": target, "kind": kind},
    ).rowcount


def release_target(db: Database, target: str, *, because: Collection[str], now: datetime) -> int:
    """Owe again what was held back for a place; returns how many.

    What has become stale meanwhile is not sent: whoever delivers holds it as
    too late, and so gives its papers free.

    Args:
        because: The reasons that are gone. What is held for another stays held.
    """
    return db.execute(
        "UPDATE delivery SET state = 'owed', due_at = ?, reason = NULL"
        f" WHERE target = ? AND state = 'held' AND reason IN ({marks(list(because))})",
        [moment(now), target, *because],
    ).rowcount


def held_notices(db: Database, user_id: int) -> list[Delivery]:
    """Return the words to a person that could not be sent to them, oldest first."""
    rows = db.query(
        "SELECT * FROM delivery WHERE user_id = ? AND kind = 'notice' AND state = 'held'"
        " ORDER BY id",
        [user_id],
    )
    return [to_delivery(row) for row in rows]


def counts(db: Database) -> dict[DeliveryState, int]:
    """Return how many deliveries are owed, under way and held, without those of which none is.

    What was sent is not counted: it is far the most.
    """
    rows = db.query(
        f"SELECT state, count(*) AS n FROM {_UNDER_WAY} WHERE {_OPEN} GROUP BY state UNION ALL"
        " SELECT state, count(*) FROM delivery WHERE state = 'held' GROUP BY state"
    )
    return {DeliveryState(row["state"]): row["n"] for row in rows}


def recent(
    db: Database,
    *,
    limit: int,
    state: DeliveryState | None = None,
    feed_id: int | None = None,
    user_id: int | None = None,
) -> list[Delivery]:
    """Return the newest deliveries, newest first, all or of one state, feed or person."""
    rows = db.query(
        "SELECT * FROM delivery WHERE (:state IS NULL OR state = :state)"
        " AND (:feed_id IS NULL OR feed_id = :feed_id)"
        " AND (:user_id IS NULL OR user_id = :user_id) ORDER BY id DESC LIMIT :limit",
        {"state": state, "feed_id": feed_id, "user_id": user_id, "limit": limit},
    )
    return [to_delivery(row) for row in rows]


def sent_within(db: Database, span: timedelta, *, now: datetime) -> int:
    """Return how many messages went out in the last stretch of time."""
    rows = db.query(
        "SELECT count(*) AS n FROM delivery WHERE state = 'sent' AND sent_at > ?",
        [moment(now - span)],
    )
    return next(rows)["n"]
