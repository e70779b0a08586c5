"""Reads bounces: mails in which a server says that one of ours did not arrive (RFC 3464)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message
from enum import Enum, auto

from sqlite_utils import Database

from bot.mail import ending
from bot.mail.replies import is_no_mailbox
from bot.mail.tokens import Signer, read_message
from bot.store import mailboxes
from bot.store.secret import secret

MOST_TOKENS = 50
"""Signed names that are looked at in one mail; ours has two or three."""
_TOKEN = re.compile(r"\b([a-z2-7]{24}\.\d{1,18}\.[A-Za-z0-9_-]{22})(?=[@>\s]|$)")


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a server says of one of our mails."""

    failed: bool
    """Whether it has given up; else it goes on trying."""
    status: str
    """The enhanced status code, such as ``5.1.1``; empty where it gives none."""
    tokens: tuple[str, ...]
    """What may be our mail's signed name."""


class Outcome(Enum):
    """What a mail that was piped to us came to."""

    NO_BOUNCE = auto()
    NOT_OURS = auto()
    NOT_FINAL = auto()
    """A delay, or a refusal that says nothing of the mailbox."""
    ENDED_BEFORE = auto()
    ENDED = auto()


def parse_bounce(source: bytes) -> Bounce | None:
    """Return what a bounce says; None for any other mail, whatever it is.

    Only its machine-readable part counts, and names that we signed: the rest
    anybody may have written.
    """
    message = message_from_bytes(source, policy=policy.compat32)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    report = next((p for p in message.walk() if _is_report(p)), None)
    if report is None:
        return None
    fields = _fields(report)
    status = next((_status(value) for name, value in fields if name == "status"), "")
    failed = any(n == "action" and v.strip().lower() == "failed" for n, v in fields)
    tokens = dict.fromkeys(_TOKEN.findall("\n".join(_names(message, fields))))
    return Bounce(failed, status, tuple(tokens)[:MOST_TOKENS])


def _is_report(part: Message) -> bool:
    return part.get_content_type() in (
        "message/delivery-status",
        "message/global-delivery-status",
    )


def _fields(report: Message) -> list[tuple[str, str]]:
    """Return the report's fields, of the message first, then of each recipient."""
    blocks = report.get_payload()
    found = blocks if isinstance(blocks, list) else []
    return [
        (name.lower(), str(value))
        for block in found
        if isinstance(block, Message)
        for name, value in block.items()
    ]


def _status(value: str) -> str:
    found = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", value)
    return found[1] if found else ""


def _names(message: Message, fields: list[tuple[str, str]]) -> Iterator[str]:
    """Yield where our mail's name can be: the report, and the headers of the mail that came back."""
    yield from (value for name, value in fields if name == "original-envelope-id")
    for name in ("In-Reply-To", "References"):
        yield str(message.get(name, ""))
    for part in message.walk():
        if part.get_content_type() in ("message/rfc822", "message/global"):
            inner = part.get_payload()
            if isinstance(inner, list) and inner and isinstance(inner[0], Message):
                yield str(inner[0].get("Message-ID", ""))
        elif part.get_content_type() in ("text/rfc822-headers", "message/global-headers"):
            text = part.get_payload(decode=True)
            if isinstance(text, bytes):
                yield str(message_from_bytes(text).get("Message-ID", ""))


def take(db: Database, source: bytes, *, now: datetime) -> Outcome:
    """End e-mail to the address that a bounce is about.

    Only what we signed is believed, so that nobody ends somebody else's e-mail
    with a forged bounce.
    """
    bounce = parse_bounce(source)
    if bounce is None:
        return Outcome.NO_BOUNCE
    signer = Signer(secret(db))
    ours = [id_ for token in bounce.tokens if (id_ := read_message(signer, token)) is not None]
    if not ours:
        return Outcome.NOT_OURS
    if not bounce.failed or not is_no_mailbox(bounce.status):
        return Outcome.NOT_FINAL
    mailbox = mailboxes.get(db, ours[0])
    if mailbox is None:
        return Outcome.ENDED_BEFORE
    why = ending.no_mailbox(mailbox.address)
    stopped = ending.stop(db, mailbox.id, why, now=now)
    return Outcome.ENDED if stopped else Outcome.ENDED_BEFORE
