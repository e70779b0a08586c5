"""How e-mail to an address ends without a command: a bounce, or a press on Unsubscribe."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from bot.render.text import escape
from bot.store import mailboxes, notices

UNSUBSCRIBED = "you ended it from one of the mails"


def no_mailbox(address: str) -> str:
    """Return the reason why nothing more is sent to an address that nobody reads."""
    return f"the mail server says that nobody can be reached at {address}"


def stop(db: Database, mailbox_id: int, why: str, *, now: datetime) -> bool:
    """Send no more alerts to an address, and tell its owner; False if that is so already."""
    stopped = mailboxes.stop(db, mailbox_id, because=why, now=now)
    if stopped is None:
        return False
    text = (
        f"Alerts no longer come by e-mail: {escape(why)}. They come as direct messages again, with"
        " what was kept back; /inbox has all. /alerts email takes another address."
    )
    notices.owe(db, stopped.user_id, text, f"email-stopped:{mailbox_id}", now=now)
    return True
