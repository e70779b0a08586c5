"""An address is proved by a code, and nobody can be flooded or guessed at."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from bot.errors import UserError
from bot.jobs.email import DeliverEmail
from bot.mail import confirming
from bot.mail.confirming import (
    CODE_LASTS,
    MOST_CODES_A_PERSON,
    MOST_CODES_AN_ADDRESS,
    MOST_TRIES,
)
from bot.models import DeliveryState
from bot.store import mailboxes, outbox
from bot.store.store import Store
from tests.conftest import NOON, Clock
from tests.mail.conftest import ADDRESS, READER, OweAlert, get
from tests.mail.server import MailServer

MINUTE = timedelta(minutes=1)


async def ask(store: Store, clock: Clock, user_id: int = READER, address: str = ADDRESS) -> None:
    await confirming.ask(store, user_id, address, keeps_dm=False, now=clock())
    clock.now += MINUTE


async def code_of(store: Store, user_id: int = READER) -> str:
    claim = await store.read(mailboxes.claim_of, user_id)
    assert claim is not None
    return claim.code


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_the_code_in_the_mail_proves_the_address(
    store: Store, server: MailServer, deliver: DeliverEmail, clock: Clock
) -> None:
    await ask(store, clock)
    await deliver()
    [taken] = server.taken
    assert taken.recipient == ADDRESS
    found = re.search(r"\b\d{6}\b", taken.message["Subject"])
    assert found is not None
    assert await store.read(mailboxes.of, READER) is None
    typed = f" {found[0][:3]} {found[0][3:]} "
    mailbox = await confirming.confirm(store, READER, typed, now=clock())
    assert (mailbox.address, mailbox.stopped_at) == (ADDRESS, None)
    with pytest.raises(UserError, match="No address waits"):
        await confirming.confirm(store, READER, typed, now=clock())


async def test_a_code_is_nowhere_in_the_outbox(store: Store, clock: Clock) -> None:
    await ask(store, clock)
    assert await code_of(store) not in str((await get(store, 1)).payload)


async def test_a_code_cannot_be_guessed(store: Store, clock: Clock) -> None:
    await ask(store, clock)
    code = await code_of(store)
    for _ in range(MOST_TRIES):
        with pytest.raises(UserError, match="not the code"):
            await confirming.confirm(store, READER, wrong(code), now=clock())
    with pytest.raises(UserError, match="Too many wrong codes"):
        await confirming.confirm(store, READER, code, now=clock())
    assert await store.read(mailboxes.of, READER) is None


async def test_a_code_is_good_for_its_time_and_its_person(store: Store, clock: Clock) -> None:
    await ask(store, clock)
    code = await code_of(store)
    with pytest.raises(UserError, match="No address waits"):
        await confirming.confirm(store, READER + 1, code, now=clock())
    with pytest.raises(UserError, match="too old"):
        await confirming.confirm(store, READER, code, now=NOON + CODE_LASTS)
    await confirming.confirm(store, READER, code, now=NOON + CODE_LASTS - MINUTE)


async def test_an_address_that_nobody_proves_is_forgotten(store: Store, clock: Clock) -> None:
    await ask(store, clock)
    late = NOON + CODE_LASTS + timedelta(days=1)
    assert await confirming.forget(store, now=late) == 0
    assert await confirming.forget(store, now=late + MINUTE) == 1
    assert await store.read(mailboxes.claim_of, READER) is None


async def test_a_new_code_makes_the_old_one_worthless(
    store: Store, server: MailServer, deliver: DeliverEmail, clock: Clock
) -> None:
    await ask(store, clock)
    old = await code_of(store)
    await ask(store, clock, address="other@example.com")
    await deliver()
    assert [taken.recipient for taken in server.taken] == ["other@example.com"]
    assert (await get(store, 1)).state is DeliveryState.HELD
    if old != await code_of(store):
        with pytest.raises(UserError, match="not the code"):
            await confirming.confirm(store, READER, old, now=clock())


async def test_a_person_cannot_flood_addresses(store: Store, clock: Clock) -> None:
    for number in range(MOST_CODES_A_PERSON):
        await ask(store, clock, address=f"reader{number}@example.com")
    with pytest.raises(UserError, match=r"Too many codes.*<t:\d+:R>"):
        await ask(store, clock, address="one-more@example.com")
    clock.now = NOON + timedelta(days=1)
    await ask(store, clock, address="one-more@example.com")


async def test_an_address_cannot_be_flooded_from_many_accounts(store: Store, clock: Clock) -> None:
    for number in range(MOST_CODES_AN_ADDRESS):
        await ask(store, clock, user_id=100 + number, address=f"Reader+{number}@example.com")
    with pytest.raises(UserError, match="Too many codes"):
        await ask(store, clock, user_id=200, address=ADDRESS)
    assert await store.read(mailboxes.claim_of, 200) is None
    await ask(store, clock, user_id=200, address="somebody-else@example.com")


async def test_two_codes_have_a_minute_between_them(store: Store, clock: Clock) -> None:
    await ask(store, clock)
    clock.now -= MINUTE / 2
    with pytest.raises(UserError, match="Too many codes"):
        await ask(store, clock)


async def test_a_code_that_cannot_arrive_is_told_and_claims_nothing(
    store: Store, server: MailServer, deliver: DeliverEmail, clock: Clock
) -> None:
    await ask(store, clock)
    server.on_recipient = {ADDRESS: "550 5.1.1 no such user"}
    await deliver()
    assert await store.read(mailboxes.claim_of, READER) is None
    [notice] = await store.read(outbox.held_notices, READER)
    assert str(notice.payload["text"]).startswith("No code could be sent: the mail server says")


async def test_a_confirmed_change_sends_what_is_owed_to_the_new_address(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert, clock: Clock
) -> None:
    await owe_alert()
    await ask(store, clock, address="new@example.com")
    await confirming.confirm(store, READER, await code_of(store), now=clock())
    await deliver()
    assert [taken.recipient for taken in server.taken] == ["new@example.com"]


async def test_ending_ends_all(store: Store, clock: Clock) -> None:
    with pytest.raises(UserError, match="You get no e-mail"):
        await confirming.end(store, READER)
    await ask(store, clock)
    assert await confirming.end(store, READER) == ADDRESS
    assert await store.read(mailboxes.claim_of, READER) is None
