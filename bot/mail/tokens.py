"""Signed tokens: what a link in a mail, or a bounce, may ask of the bot."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass

SIGNATURE_BYTES = 16
"""128 bits cannot be guessed, and the token still fits a line of a mail."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs with a secret that never leaves the database.

    Args:
        secret: At least 16 bytes.
    """

    secret: bytes

    def __repr__(self) -> str:
        return "Signer()"

    def sign(self, purpose: str, value: str) -> str:
        """Return ``value.signature``; a token for one purpose is none for another."""
        return f"{value}.{self.signature(purpose, value)}"

    def read(self, purpose: str, token: str) -> str | None:
        """Return the value that was signed; None for whatever we did not sign ourselves."""
        value, dot, signature = token.rpartition(".")
        if not dot or not signature.isascii():
            return None
        good = hmac.compare_digest(signature, self.signature(purpose, value))
        return value if good else None

    def signature(self, purpose: str, value: str) -> str:
        """Return 22 letters that only this database's secret makes of a value."""
        digest = hmac.digest(self.secret, f"{purpose}\0{value}".encode(), hashlib.sha256)
        return urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode().rstrip("=")


UNSUBSCRIBE = "unsubscribe"
MESSAGE = "message"


def mailbox_token(signer: Signer, mailbox_id: int) -> str:
    """Return what ends mail to one mailbox."""
    return signer.sign(UNSUBSCRIBE, str(mailbox_id))


def read_mailbox(signer: Signer, token: str) -> int | None:
    """Return the mailbox that a token may end; None for a token that is not ours."""
    value = signer.read(UNSUBSCRIBE, token)
    return int(value) if value else None


def message_token(signer: Signer, nonce: str, mailbox_id: int) -> str:
    """Return the part before the @ of a mail's Message-ID: always the same for one delivery."""
    return signer.sign(MESSAGE, f"{nonce}.{mailbox_id}")


def read_message(signer: Signer, token: str) -> int | None:
    """Return the mailbox that a mail was sent to; None where the mail is not ours."""
    value = signer.read(MESSAGE, token)
    return int(value.rpartition(".")[2]) if value else None
