"""A mail server on loopback, and somebody whose alerts go there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from email.headerregistry import Address

import pytest
from sqlite_utils import Database

from bot.jobs.email import DeliverEmail
from bot.mail.setup import From
from bot.models import Delivery, DeliveryKind, Strictness
from bot.store import listings, mailboxes, outbox, people, telling
from bot.store.outbox import Owed
from bot.store.store import Store
from tests.builders import a_listing, a_match
from tests.conftest import NOON, Clock
from tests.mail.server import MailServer, mail_server

READER = 8
ADDRESS = "reader@example.com"
ONE = "2403.00001"
FROM = From(Address("Paperwire", addr_spec="papers@bot.example.org"), "https://bot.example.org")

OweAlert = Callable[..., Awaitable[int]]
"""``owe_alert(user_id, address, subject, expires_at)``: an alert is owed to somebody's mailbox."""


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
def deliver(store: Store, server: MailServer, clock: Clock) -> DeliverEmail:
    return DeliverEmail(store, server.relay(), FROM, clock)


@pytest.fixture
async def owe_alert(store: Store) -> OweAlert:
    await store.run(listings.record, a_listing(papers=[ONE]))

    async def owe_alert(
        user_id: int = READER,
        address: str = ADDRESS,
        subject: str = "alert:2026-03-03",
        expires_at: datetime | None = None,
    ) -> int:
        return await store.run(owe, user_id, address, subject, expires_at)

    return owe_alert


def owe(
    db: Database,
    user_id: int,
    address: str,
    subject: str,
    expires_at: datetime | None = None,
) -> int:
    """Let somebody with a proved address be owed an alert with one paper."""
    people.ensure(db, user_id, now=NOON)
    if mailboxes.of(db, user_id) is None:
        prove(db, user_id, address)
    topic = people.follow(db, user_id, f"cats {subject}", Strictness.NORMAL, now=NOON)
    assert topic is not None
    people.add_matches(db, [a_match(ONE, topic_id=topic.id)])
    owed = replace(alert(user_id, subject), expires_at=expires_at)
    delivery_id = outbox.enqueue(db, owed, now=NOON)
    assert delivery_id is not None
    telling.carry(db, user_id, [ONE], (), delivery_id, now=NOON)
    return delivery_id


def prove(db: Database, user_id: int, address: str, *, keeps_dm: bool = False) -> None:
    """Give somebody a mailbox, as the right code does."""
    people.ensure(db, user_id, now=NOON)
    mailboxes.claim(db, user_id, address, "123456", keeps_dm=keeps_dm, expires_at=NOON)
    claim = mailboxes.claim_of(db, user_id)
    assert claim is not None
    mailboxes.confirm(db, claim, now=NOON)


def alert(user_id: int, subject: str) -> Owed:
    return Owed(
        target=mailboxes.target(user_id),
        kind=DeliveryKind.ALERT,
        subject=subject,
        payload={"papers": [ONE], "more": []},
        due_at=NOON,
        user_id=user_id,
    )


async def get(store: Store, delivery_id: int) -> Delivery:
    delivery = await store.read(outbox.get, delivery_id)
    assert delivery is not None
    return delivery
