"""Words from us to one person: a direct message, or shown under their next command."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from bot.models import DeliveryKind, DeliveryState
from bot.store import outbox, people
from bot.store.outbox import Owed

NO_DM_YET = "they opened no direct messages with the bot"


def owe(db: Database, user_id: int, text: str, subject: str, *, now: datetime) -> None:
    """Owe a word to a person, once a subject.

    Where they take no messages from us, or never opened a DM channel by a command
    of their own, it is held and shown under their next command.

    Args:
        text: Markdown; what is from outside is escaped in it.
    """
    person = people.ensure(db, user_id, now=now)
    notice_id = outbox.enqueue(db, _notice(user_id, text, subject, now), now=now)
    closed = person.dm_closed_because or (NO_DM_YET if person.dm_channel_id is None else None)
    if notice_id is not None and closed:
        outbox.settle(db, notice_id, DeliveryState.HELD, reason=closed)


def _notice(user_id: int, text: str, subject: str, now: datetime) -> Owed:
    return Owed(
        target=f"user:{user_id}",
        kind=DeliveryKind.NOTICE,
        subject=subject,
        payload={"text": text},
        due_at=now,
        user_id=user_id,
    )
