"""What an e-mail says and to whom, as data: gathered from the store, rendered by ``bot.render``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bot import posts
from bot.mail.tokens import Signer, mailbox_token, message_token
from bot.models import Delivery, DeliveryKind
from bot.posts import Alert
from bot.store import mailboxes, outbox
from bot.store.secret import secret

SAME_AS = "same_as"
"""In a payload: the delivery whose papers this mail shows, where a direct message has them too."""


@dataclass(frozen=True, slots=True)
class Code:
    """What proves an address."""

    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Email:
    """One mail to one address."""

    address: str
    message_token: str
    """The Message-ID's part before the @: the same for every try to send it."""
    says: Alert | Code
    unsubscribe_token: str | None = None
    """Ends mail to this address; None where nothing is subscribed to."""


def load(db: Database, delivery: Delivery) -> Email | None:
    """Return what an e-mail has to say; None if it is no longer wanted there.

    Must be called with ``Store.run``: it may make the secret.
    """
    signer = Signer(secret(db))
    if delivery.kind is DeliveryKind.CODE:
        return _load_code(db, delivery, signer)
    return _load_alert(db, delivery, signer)


def _load_code(db: Database, delivery: Delivery, signer: Signer) -> Email | None:
    claim = mailboxes.get_claim(db, _number(delivery, "claim"))
    if claim is None:
        return None
    token = message_token(signer, delivery.nonce, 0)
    return Email(claim.address, token, Code(claim.code, claim.expires_at))


def _load_alert(db: Database, delivery: Delivery, signer: Signer) -> Email | None:
    mailbox = mailboxes.of(db, delivery.user_id or 0)
    shows = outbox.get(db, _number(delivery, SAME_AS)) if SAME_AS in delivery.payload else delivery
    alert = posts.load(db, shows) if shows else None
    if mailbox is None or mailbox.stopped_at or not isinstance(alert, Alert):
        return None
    return Email(
        mailbox.address,
        message_token(signer, delivery.nonce, mailbox.id),
        alert,
        mailbox_token(signer, mailbox.id),
    )


def _number(delivery: Delivery, name: str) -> int:
    value = delivery.payload[name]
    assert isinstance(value, int)
    return value
