"""Speaks with the operator's mail server; the only user of aiosmtplib."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8

import aiosmtplib

from bot.errors import MailServerError
from bot.mail.replies import Verdict, of_content, of_recipient, of_sender

TIMEOUT = 30.0
"""Seconds for each answer but the last."""
TAKING_TIMEOUT = 180.0
"""Seconds for the answer to the text: many servers look through it for spam before they answer."""


# Headers are folded at SMTP's own limit only: shorter lines would break long addresses.
_ASCII = SMTP.clone(max_line_length=998)
_UTF8 = SMTPUTF8.clone(max_line_length=998)


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed in."""

    host: str
    port: int
    security: str
    """``starttls``, ``tls`` or ``none``."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = TIMEOUT
    taking_timeout: float = TAKING_TIMEOUT


class MailRefused(Exception):
    """The server has said that it does not take a mail.

    Args:
        verdict: What that means.
        said: Its own words, in one line, for the operator.
    """

    def __init__(self, verdict: Verdict, said: str) -> None:
        super().__init__(said)
        self.verdict = verdict


class AnswerLost(Exception):
    """The connection ended before the server has said whether it takes a mail."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection over which mails are handed in, one after the other."""

    relay: Relay
    smtp: aiosmtplib.SMTP

    async def send(
        self,
        message: EmailMessage,
        *,
        sender: str,
        recipient: str,
        token: str,
        before_text: Callable[[], Awaitable[None]],
    ) -> None:
        """Hand in one mail.

        Args:
            recipient: As SMTP takes it (``addresses.for_smtp``).
            token: Comes back in a bounce, where the server can do that (RFC 3461).
            before_text: Is awaited right before the text goes out: from then
                on the server may have taken it.

        Raises:
            MailRefused: The server does not take it.
            AnswerLost: It may have taken it, if the text went out.
        """
        beyond_ascii = not recipient.isascii()
        if beyond_ascii and not self.smtp.supports_extension("smtputf8"):
            raise MailRefused(Verdict.NO_MAILBOX, "letters before the @ that are not ASCII")
        encoding = "utf-8" if beyond_ascii else "ascii"
        with _answers():
            await self._envelope(sender, recipient, token, encoding)
        await before_text()
        with _answers():
            text = message.as_bytes(policy=_UTF8 if beyond_ascii else _ASCII)
            await self.smtp.data(text, timeout=self.relay.taking_timeout)

    async def _envelope(self, sender: str, recipient: str, token: str, encoding: str) -> None:
        bounces = self.smtp.supports_extension("dsn")
        options = ["SMTPUTF8"] if encoding == "utf-8" else []
        options += ["RET=HDRS", f"ENVID={token}"] if bounces else []
        await self.smtp.mail(sender, options=options, encoding=encoding)
        await self.smtp.rcpt(
            recipient, options=["NOTIFY=FAILURE"] if bounces else [], encoding=encoding
        )

    async def start_over(self) -> bool:
        """Forget a mail that was not taken; False if the connection is of no more use."""
        if not self.smtp.is_connected:
            return False
        try:
            await self.smtp.rset()
        except (aiosmtplib.SMTPException, OSError):
            return False
        return True


@contextmanager
def _answers() -> Generator[None]:
    """Turn what aiosmtplib raises while a mail is handed in into ours."""
    try:
        yield
    except aiosmtplib.SMTPRecipientRefused as error:
        raise MailRefused(of_recipient(error.code, error.message), _words(error)) from error
    except aiosmtplib.SMTPSenderRefused as error:
        raise MailRefused(of_sender(error.code), _words(error)) from error
    except aiosmtplib.SMTPServerDisconnected as error:
        raise AnswerLost from error
    except aiosmtplib.SMTPResponseException as error:
        raise MailRefused(of_content(error.code, error.message), _words(error)) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise AnswerLost from error


def _words(error: aiosmtplib.SMTPResponseException) -> str:
    """Return a server's words for the log, without the address that most of them repeat."""
    words = " ".join(f"{error.code} {error.message}".split())
    return _ADDRESS.sub("…", words)[:200]


_ADDRESS = re.compile(r"[^\s<>\"(),;:]+@[^\s<>\"(),;:]+")


@asynccontextmanager
async def connected(relay: Relay) -> AsyncGenerator[Connection]:
    """Connect to the mail server, with the log-in where there is one.

    Raises:
        MailServerError: It cannot be reached or does not let us in. Trying again helps once that
            is mended.
    """
    smtp = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        username=relay.user,
        password=relay.password,
        use_tls=relay.security == "tls",
        start_tls=relay.security == "starttls",
        timeout=relay.timeout,
    )
    with _connecting(relay):
        await smtp.connect()
    try:
        with _connecting(relay):
            await smtp.ehlo()
        yield Connection(relay, smtp)
        if smtp.is_connected:
            await _leave(smtp)
    finally:
        smtp.close()


async def _leave(smtp: aiosmtplib.SMTP) -> None:
    try:
        await smtp.quit()
    except (aiosmtplib.SMTPException, OSError):
        return  # all that was sent is settled; a server may hang up as it likes


@contextmanager
def _connecting(relay: Relay) -> Generator[None]:
    """Turn what keeps us from the mail server into a sentence for the operator."""
    where = f"The mail server {relay.host}:{relay.port}"
    try:
        yield
    except aiosmtplib.SMTPAuthenticationError as error:
        raise MailServerError(
            f"{where} does not take PAPERWIRE_SMTP_USER and PAPERWIRE_SMTP_PASSWORD ({error.code})."
        ) from error
    except ssl.SSLError as error:
        raise MailServerError(f"{where} has no certificate that can be trusted.") from error
    except aiosmtplib.SMTPResponseException as error:
        raise MailServerError(f"{where} answers {error.code}.") from error
    except OSError as error:  # aiosmtplib's time-outs and lost connections are some
        if isinstance(error.__cause__, ssl.SSLError):
            raise MailServerError(f"{where} has no certificate that can be trusted.") from error
        raise MailServerError(f"{where} cannot be reached.") from error
    except aiosmtplib.SMTPException as error:
        raise MailServerError(
            f"{where} does not do what the settings ask: {error.message.rstrip('.')}."
        ) from error
