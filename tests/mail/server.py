"""A mail server on loopback that takes, refuses, hangs up or hangs, as a test wants."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from bot.mail.smtp import Relay

Hook = Callable[[], Awaitable[None]]


async def nothing() -> None:
    """Go on."""


@dataclass(frozen=True)
class Taken:
    """A mail that the server has taken."""

    sender: str
    recipient: str
    options: tuple[str, ...]
    message: EmailMessage
    source: bytes


@dataclass
class MailServer:
    """What the server is told to do. Answers are whole SMTP replies; None takes the mail."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list[Taken])
    on_mail: str | None = None
    on_recipient: dict[str, str] = field(default_factory=dict[str, str])
    """By address; ``*`` for all."""
    on_text: str | None = None
    hangs_up: str | None = None
    """``MAIL``, ``RCPT``, ``DATA`` (after it took the mail) or ``DATA-`` (before it did)."""
    while_taking: Hook = nothing
    """Runs after a mail was taken, before the answer."""
    password: str | None = None
    connections: int = 0
    bounces: list[str] = field(default_factory=list[str])
    """What was asked of bounces."""
    open: list[asyncio.BaseTransport] = field(default_factory=list[asyncio.BaseTransport])

    def relay(self, **changes: object) -> Relay:
        settings: dict[str, object] = {"host": "127.0.0.1", "port": self.port, "security": "none"}
        return Relay(**{**settings, **changes})  # pyright: ignore[reportArgumentType]

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        responses: list[str],
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname  # pyright: ignore[reportAttributeAccessIssue]
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._hang_up(server, "MAIL"):
            return "421 bye"
        if self.on_mail:
            return self.on_mail
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._hang_up(server, "RCPT"):
            return "421 bye"
        if refusal := self.on_recipient.get(address) or self.on_recipient.get("*"):
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self._hang_up(server, "DATA-"):
            return "421 bye"
        if self.on_text:
            return self.on_text
        assert isinstance(envelope.content, bytes)
        self.taken.append(_taken(envelope, envelope.content))
        await self.while_taking()
        self._hang_up(server, "DATA")
        return "250 OK"

    def _hang_up(self, server: SMTP, step: str) -> bool:
        if self.hangs_up == step:
            assert isinstance(server.transport, asyncio.Transport)
            server.transport.abort()
            return True
        return False

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        good = data.password == (self.password or "").encode()
        return AuthResult(success=good, handled=False)


class WithBounces(SMTP):
    """Knows RFC 3461, which asks for what a bounce is to carry; aiosmtpd refuses its parameters."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.event_handler.open.append(transport)

    async def smtp_MAIL(self, arg: str | None) -> None:
        await super().smtp_MAIL(self._without_parameters(arg))

    async def smtp_RCPT(self, arg: str | None) -> None:
        await super().smtp_RCPT(self._without_parameters(arg))

    def _without_parameters(self, arg: str | None) -> str:
        words = (arg or "").split()
        ours = [w for w in words if w.startswith(("RET=", "ENVID=", "NOTIFY="))]
        self.event_handler.bounces.extend(ours)
        return " ".join(word for word in words if word not in ours)


def _taken(envelope: Envelope, source: bytes) -> Taken:
    message = message_from_bytes(source, policy=policy.SMTPUTF8)
    assert isinstance(message, EmailMessage)
    return Taken(
        envelope.mail_from or "",
        envelope.rcpt_tos[0],
        tuple(envelope.mail_options),
        message,
        source,
    )


@asynccontextmanager
async def mail_server(
    *,
    password: str | None = None,
    utf8: bool = True,
    tls: ssl.SSLContext | None = None,
    wrapped: bool = False,
) -> AsyncGenerator[MailServer]:
    """Run a mail server in this event loop.

    Args:
        tls: With it, STARTTLS has to come before anything else.
        wrapped: Speak TLS from the first byte instead.
    """
    told = MailServer(password=password)

    def protocol() -> SMTP:
        with warnings.catch_warnings(action="ignore"):  # aiosmtpd's, of passwords without TLS
            return WithBounces(
                told,
                enable_SMTPUTF8=utf8,
                hostname="mail.example.org",
                auth_required=password is not None,
                auth_require_tls=False,
                tls_context=None if wrapped else tls,
                require_starttls=tls is not None and not wrapped,
                authenticator=told.authenticate if password is not None else None,
            )

    server = await asyncio.get_running_loop().create_server(
        protocol, "127.0.0.1", 0, ssl=tls if wrapped else None
    )
    told.port = server.sockets[0].getsockname()[1]
    try:
        yield told
    finally:
        server.close()
        for transport in told.open:
            transport.close()


@contextmanager
def listening() -> Generator[tuple[MailServer, int]]:
    """Run a mail server in a thread of its own, for a program that has the event loop to itself."""
    ready, loops = threading.Event(), list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()
    told: list[MailServer] = []

    async def serve() -> None:
        leave = asyncio.Event()
        async with mail_server() as server:
            told.append(server)
            loops.append((asyncio.get_running_loop(), leave))
            ready.set()
            await leave.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield told[0], told[0].port
    finally:
        loop, leave = loops[0]
        loop.call_soon_threadsafe(leave.set)
        thread.join()
