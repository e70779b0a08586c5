"""Whether and how the operator lets the bot send e-mail."""

from __future__ import annotations

from dataclasses import dataclass
from email.headerregistry import Address

from bot.mail.addresses import parse_sender
from bot.mail.smtp import Relay
from config.settings import Settings

PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class From:
    """Who sends."""

    address: Address
    web_url: str | None = None
    """Where people reach our web server, without a slash at its end; None if they cannot."""

    def unsubscribe_url(self, token: str | None) -> str | None:
        """Return where one mailbox's mail is ended."""
        return f"{self.web_url}/unsubscribe/{token}" if self.web_url and token else None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """All that sending needs."""

    relay: Relay
    sender: From


def outgoing(settings: Settings) -> Outgoing | None:
    """Return how e-mail goes out; None if the operator has not set it up."""
    if settings.smtp_host is None or settings.email_from is None:
        return None
    password = settings.smtp_password
    relay = Relay(
        settings.smtp_host,
        settings.smtp_port or PORTS[settings.smtp_security],
        settings.smtp_security,
        settings.smtp_user,
        password.get_secret_value() if password else None,
    )
    return Outgoing(relay, From(parse_sender(settings.email_from), settings.web_url))
