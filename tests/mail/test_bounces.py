"""Bounces that come as mail: believed only for what we signed, and only when they are final."""

from __future__ import annotations

from email import policy
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.jobs.email import DeliverEmail
from bot.mail import bounces
from bot.mail.bounces import Outcome, parse_bounce
from bot.mail.tokens import Signer, message_token
from bot.store import mailboxes, outbox
from bot.store.secret import secret
from bot.store.store import Store
from tests.conftest import NOON
from tests.mail.conftest import ADDRESS, READER, OweAlert, prove
from tests.mail.server import MailServer

NONCE = "abcdefghijklmnopqrstuvw2"


def a_bounce(
    original: bytes,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    envelope_id: str = "",
    whole: bool = True,
) -> bytes:
    """Return a bounce as Postfix makes them.

    Args:
        original: The mail that came back.
        whole: Whether all of that comes back, or its headers alone.
    """
    about = f"Original-Envelope-Id: {envelope_id}\n" if envelope_id else ""
    kind, back = ("message/rfc822", original) if whole else (HEADERS, original.split(b"\n\n")[0])
    return (
        BOUNCE.format(about=about, action=action, status=status, kind=kind)
        .encode()
        .replace(b"THE MAIL", back)
    )


HEADERS = "text/rfc822-headers"
BOUNCE = f"""\
From: MAILER-DAEMON@mail.example.net
To: papers@bot.example.org
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_edge"

--=_edge
Content-Type: text/plain

This is the mail system at host mail.example.net.

--=_edge
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.net
{{about}}
Final-Recipient: rfc822; {ADDRESS}
Action: {{action}}
Status: {{status}}
Diagnostic-Code: smtp; 550 5.1.1 no such user

--=_edge
Content-Type: {{kind}}

THE MAIL

--=_edge--
"""


def a_mail(token: str) -> bytes:
    message = EmailMessage()
    message["Message-ID"] = f"<{token}@bot.example.org>"
    message["Subject"] = "3 new papers"
    message.set_content("papers")
    return message.as_bytes()


async def signed(store: Store) -> str:
    """Give the reader a mailbox; returns the name of a mail that was sent there."""
    await store.run(prove, READER, ADDRESS)
    mailbox = await store.read(mailboxes.of, READER)
    assert mailbox is not None
    return message_token(Signer(await store.run(secret)), NONCE, mailbox.id)


async def is_used(store: Store) -> bool:
    mailbox = await store.read(mailboxes.of, READER)
    assert mailbox is not None
    return mailbox.stopped_at is None


@pytest.mark.parametrize("whole", [True, False])
async def test_a_bounce_of_a_mail_that_was_sent_ends_e_mail_there(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert, whole: bool
) -> None:
    await owe_alert()
    await deliver()
    [taken] = server.taken
    source = a_bounce(taken.message.as_bytes(policy=policy.SMTP.clone(linesep="\n")), whole=whole)
    assert await store.run(bounces.take, source, now=NOON) is Outcome.ENDED
    assert await store.run(bounces.take, source, now=NOON) is Outcome.ENDED_BEFORE
    assert not await is_used(store)
    [notice] = await store.read(outbox.held_notices, READER)
    assert "nobody can be reached at" in str(notice.payload["text"])


async def test_the_server_is_asked_to_name_the_mail_in_its_bounces(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
) -> None:
    await owe_alert()
    await deliver()
    [envelope_id] = [w.partition("=")[2] for w in server.bounces if w.startswith("ENVID=")]
    assert {"RET=HDRS", "NOTIFY=FAILURE"} <= set(server.bounces)
    source = a_bounce(b"Subject: stripped\n\n", envelope_id=envelope_id)
    assert await store.run(bounces.take, source, now=NOON) is Outcome.ENDED


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("delayed", "4.4.1"),
        ("failed", "5.7.1"),
        ("failed", "5.2.2"),
        ("failed", ""),
        ("relayed", "2.0.0"),
    ],
)
async def test_what_is_not_the_end_of_a_mailbox_ends_nothing(
    store: Store, action: str, status: str
) -> None:
    source = a_bounce(a_mail(await signed(store)), action=action, status=status)
    assert await store.run(bounces.take, source, now=NOON) is Outcome.NOT_FINAL
    assert await is_used(store)


async def test_a_forged_bounce_ends_nothing(store: Store) -> None:
    token = await signed(store)
    other = message_token(Signer(b"another database's secret"), NONCE, 1)
    for forged in (other, token[:-1] + ("A" if token[-1] != "A" else "B"), "a@b"):
        source = a_bounce(a_mail(forged))
        assert await store.run(bounces.take, source, now=NOON) is Outcome.NOT_OURS
    unsubscribe = Signer(await store.run(secret)).sign("unsubscribe", f"{NONCE}.1")
    source = a_bounce(a_mail(unsubscribe))
    assert await store.run(bounces.take, source, now=NOON) is Outcome.NOT_OURS
    assert await is_used(store)


async def test_a_bounce_of_an_earlier_address_ends_nothing_at_the_new_one(store: Store) -> None:
    source = a_bounce(a_mail(await signed(store)))
    await store.run(prove, READER, "new@example.com")
    assert await store.run(bounces.take, source, now=NOON) is Outcome.ENDED_BEFORE
    assert await is_used(store)


async def test_a_mail_that_only_speaks_of_one_is_no_bounce(store: Store) -> None:
    token = await signed(store)
    answer = EmailMessage()
    answer["In-Reply-To"] = f"<{token}@bot.example.org>"
    answer["Subject"] = "Undelivered Mail Returned to Sender"
    answer.set_content("Action: failed\nStatus: 5.1.1\n")
    with_file = MIMEMultipart("report")
    with_file.attach(MIMEApplication(a_mail(token)))
    for source in (answer.as_bytes(), with_file.as_bytes(), a_mail(token), b"", b"\xff\x00"):
        assert await store.run(bounces.take, source, now=NOON) is Outcome.NO_BOUNCE
    assert await is_used(store)


@given(st.binary(max_size=400), st.integers(0, 1_500), st.integers(0, 300))
def test_no_bytes_break_it(noise: bytes, at: int, cut: int) -> None:
    source = a_bounce(a_mail(f"{NONCE}.1.{'x' * 22}"))
    parse_bounce(source[:at] + noise + source[at + cut :])
    parse_bounce(noise)
