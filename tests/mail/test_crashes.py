"""E-mail with a process and a server that fail at random: never twice, and never lost in silence."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.jobs.email import IN_DOUBT, DeliverEmail
from bot.models import DeliveryState
from bot.store import listings, outbox
from bot.store.store import Store
from tests.builders import a_listing
from tests.conftest import Clock
from tests.mail.conftest import FROM, ONE, owe
from tests.mail.server import MailServer, mail_server

PEOPLE = 12
STEPS = ("MAIL", "RCPT", "DATA-", "DATA")


async def run_once(deliver: DeliverEmail, server: MailServer, random: Random) -> None:
    """Let one process run, with one thing that goes wrong."""
    run = asyncio.create_task(deliver())
    die_after = random.randrange(4)

    async def perhaps_die() -> None:
        nonlocal die_after
        die_after -= 1
        if die_after == 0:
            run.cancel()

    server.while_taking = perhaps_die
    server.hangs_up = random.choice((*STEPS, None, None))
    server.on_recipient = {"*": "450 4.2.0 later"} if random.random() < 0.2 else {}
    await asyncio.wait([run])


@pytest.mark.parametrize("seed", range(12))
async def test_each_mail_arrives_once_or_is_held_in_doubt(
    tmp_path: Path, clock: Clock, seed: int
) -> None:
    random = Random(seed)
    async with Store(tmp_path / "db.sqlite") as store, mail_server() as server:
        await store.run(listings.record, a_listing(papers=[ONE]))
        for number in range(PEOPLE):
            await store.run(owe, 100 + number, f"reader{number}@example.com", "alert:x")
        for _ in range(6):
            await run_once(DeliverEmail(store, server.relay(), FROM, clock), server, random)
            clock.now += timedelta(minutes=1)
        server.hangs_up, server.on_recipient = None, {}
        clock.now += timedelta(hours=1)
        await DeliverEmail(store, server.relay(), FROM, clock)()
        deliveries = await store.read(outbox.recent, limit=99)
        alerts = [d for d in deliveries if d.target.startswith("email:")]

    taken = [t.recipient for t in server.taken]
    assert len(taken) == len(set(taken))
    assert len(alerts) == PEOPLE
    for delivery in alerts:
        address = f"reader{int(delivery.target.partition(':')[2]) - 100}@example.com"
        if delivery.state is DeliveryState.SENT:
            assert address in taken
        else:
            assert (delivery.state, delivery.reason) == (DeliveryState.HELD, IN_DOUBT)
