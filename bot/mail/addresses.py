"""E-mail addresses as people type them."""

from __future__ import annotations

from email.headerregistry import Address
from email.utils import parseaddr

from email_validator import EmailNotValidError, EmailUndeliverableError, validate_email

from bot.errors import UserError

LONGEST = 254
"""Characters; more fits no SMTP command: https://www.rfc-editor.org/errata/eid1690"""


def parse_address(text: str) -> str:
    """Return a person's address in its one normal form. Nobody is asked whether it exists.

    The domain is in lower case and in its own letters, the part before the @
    as typed, since only its server may say what is the same.

    Raises:
        UserError: It is no address that mail can go to; the text says why.
    """
    try:
        found = validate_email(text.strip(), check_deliverability=False, strict=True)
    except EmailUndeliverableError as error:
        raise UserError(
            "No mail can go to that address. Type one like name@example.org."
        ) from error
    except EmailNotValidError as error:
        raise UserError(f"That is no e-mail address: {error}") from error
    return found.normalized


def for_smtp(address: str) -> str:
    """Return an address as SMTP takes it: with an ASCII domain.

    ASCII as a whole unless letters before the @ are not; then the server must
    know SMTPUTF8.
    """
    found = validate_email(address, check_deliverability=False, globally_deliverable=False)
    return found.ascii_email or f"{found.local_part}@{found.ascii_domain}"


def key(address: str) -> str:
    """Return what the spellings of one mailbox have in common, for limits only.

    Most servers ignore case and what follows a plus sign before the @; where one does not, two
    people share a limit.
    """
    local, _, domain = address.casefold().rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def parse_sender(text: str) -> Address:
    """Return the operator's own address, with a name before it or not.

    Raises:
        ValueError: It is none, or it would not fit a header.
    """
    name, address = parseaddr(text)
    if not address or not text.isprintable():
        raise ValueError("no e-mail address")
    found = validate_email(address, check_deliverability=False, globally_deliverable=False)
    if found.ascii_email is None:
        raise ValueError("the part before the @ must be ASCII")
    return Address(display_name=name, addr_spec=found.ascii_email)
