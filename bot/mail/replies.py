"""What a mail server's refusal means: decided from its codes.

Reply codes: https://www.rfc-editor.org/rfc/rfc5321#section-4.2
Enhanced codes: https://www.iana.org/assignments/smtp-enhanced-status-codes
"""

from __future__ import annotations

import re
from enum import Enum, auto


class Verdict(Enum):
    """What to do with a mail that was refused."""

    LATER = auto()
    """It passes: greylisting, a full queue, a server that restarts."""
    NO_MAILBOX = auto()
    """Nobody reads mail at that address: no more is sent there."""
    REFUSED = auto()
    """This mail is not taken: its look, its size, a full mailbox."""
    NOT_US = auto()
    """The server takes no mail from us at all; the operator has to mend it."""


_ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_NO_MAILBOX = frozenset(("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"))
"""No such mailbox or domain, moved, disabled, takes no mail ("null MX"), cannot be routed."""
_PLAIN_NO_MAILBOX = frozenset((550, 551, 553))
"""Where a server gives no enhanced code: unknown, moved, not a mailbox's name."""
_ABOUT_US = re.compile(
    r"relay|spam|polic|block|denied|reject(ed)? (by|due)|reputation", re.IGNORECASE
)
"""Words of a server that gives no enhanced code and refuses us, not the mailbox."""


def enhanced(text: str) -> str | None:
    """Return the enhanced status code in a server's words: ``5.1.1``."""
    found = _ENHANCED.search(text)
    return found[1] if found else None


def of_recipient(code: int, text: str) -> Verdict:
    """Return what a refusal of the recipient means."""
    if code < 500:
        return Verdict.LATER
    status = enhanced(text)
    if status is None:
        unknown = code in _PLAIN_NO_MAILBOX and not _ABOUT_US.search(text)
        return Verdict.NO_MAILBOX if unknown else Verdict.REFUSED
    return Verdict.NO_MAILBOX if status in _NO_MAILBOX else Verdict.REFUSED


def of_content(code: int, text: str) -> Verdict:
    """Return what a refusal of the message itself means; some servers name the mailbox then."""
    if code < 500:
        return Verdict.LATER
    return Verdict.NO_MAILBOX if enhanced(text) in _NO_MAILBOX else Verdict.REFUSED


def of_sender(code: int) -> Verdict:
    """Return what a refusal of our own address means."""
    return Verdict.LATER if code < 500 else Verdict.NOT_US


def is_no_mailbox(status: str) -> bool:
    """Whether a status in a bounce says that nobody reads mail there."""
    return status in _NO_MAILBOX
