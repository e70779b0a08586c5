"""E-mail over real SMTP: each once as far as SMTP can, and what becomes of each refusal."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.delivery.rules import LONGEST_WAIT
from bot.errors import MailServerError
from bot.jobs.email import IN_DOUBT, DeliverEmail
from bot.mail import confirming
from bot.mail.addresses import LONGEST
from bot.models import DeliveryState
from bot.store import mailboxes, outbox, people
from bot.store.store import Store
from tests.conftest import NOON, Clock
from tests.mail.conftest import ADDRESS, FROM, ONE, READER, OweAlert, get
from tests.mail.server import MailServer, mail_server

OTHER = 9


async def notices(store: Store, user_id: int = READER) -> list[str]:
    """Return what the person is told under their next command."""
    held = await store.read(outbox.held_notices, user_id)
    return [str(notice.payload["text"]) for notice in held]


async def test_an_alert_arrives_once(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
) -> None:
    delivery_id = await owe_alert()
    await deliver()
    await deliver()
    [taken] = server.taken
    assert (taken.sender, taken.recipient) == ("papers@bot.example.org", ADDRESS)
    assert taken.message["Subject"] == "1 new paper on cats alert:2026-03-03"
    delivery = await get(store, delivery_id)
    assert (delivery.state, delivery.sent_at) == (DeliveryState.SENT, NOON)
    assert await notices(store) == []


async def test_what_is_owed_to_discord_is_left_to_discord(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
) -> None:
    await owe_alert()
    [by_email] = await store.read(outbox.due, now=NOON, limit=9, by_email=True)
    assert by_email.target == f"email:{READER}"
    assert await store.read(outbox.due, now=NOON, limit=9) == []


async def test_many_go_over_one_connection(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
) -> None:
    for number in range(5):
        await owe_alert(100 + number, f"reader{number}@example.com")
    await deliver()
    assert sorted(t.recipient for t in server.taken) == [f"reader{n}@example.com" for n in range(5)]
    assert server.connections == 1


@pytest.mark.parametrize("step", ["recipient", "text"])
async def test_a_refusal_for_now_is_tried_again(
    store: Store,
    server: MailServer,
    deliver: DeliverEmail,
    owe_alert: OweAlert,
    clock: Clock,
    step: str,
) -> None:
    delivery_id = await owe_alert()
    if step == "recipient":
        server.on_recipient = {ADDRESS: "450 4.2.0 greylisted"}
    else:
        server.on_text = "452 4.3.1 no room"
    await deliver()
    delivery = await get(store, delivery_id)
    assert (delivery.state, delivery.reason) == (
        DeliveryState.OWED,
        "the mail server asked to wait",
    )
    assert NOON < delivery.due_at <= NOON + LONGEST_WAIT
    server.on_recipient, server.on_text = {}, None
    clock.now = delivery.due_at
    await deliver()
    assert len(server.taken) == 1
    assert (await get(store, delivery_id)).state is DeliveryState.SENT


async def test_one_refused_mail_delays_no_other(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
) -> None:
    await owe_alert(OTHER, "gone@example.com")
    await owe_alert()
    server.on_recipient = {"gone@example.com": "451 4.7.1 later"}
    await deliver()
    assert [taken.recipient for taken in server.taken] == [ADDRESS]


@pytest.mark.parametrize(
    "reply", ["550 5.1.1 no such user", "550 User unknown", "556 5.1.10 takes no mail"]
)
async def test_an_address_that_bounces_gets_no_more(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert, reply: str
) -> None:
    delivery_id = await owe_alert()
    later_id = await owe_alert(subject="alert:2026-03-04")
    server.on_recipient = {ADDRESS: reply}
    await deliver()
    for id_ in (delivery_id, later_id):
        delivery = await get(store, id_)
        assert delivery.state is DeliveryState.HELD
        assert delivery.reason == f"the mail server says that nobody can be reached at {ADDRESS}"
    mailbox = await store.read(mailboxes.of, READER)
    assert mailbox is not None
    assert mailbox.stopped_at == NOON
    [told] = await notices(store)
    assert told.startswith("Alerts no longer come by e-mail: the mail server says that nobody")
    assert "/inbox" in told


async def test_a_refusal_is_logged_without_the_reader_s_address(
    server: MailServer,
    deliver: DeliverEmail,
    owe_alert: OweAlert,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    await owe_alert()
    server.on_recipient = {ADDRESS: f"550 5.1.1 <{ADDRESS}>: no such user {ADDRESS}."}
    await deliver()
    said = [r.getMessage() for r in caplog.records if r.name.startswith("bot.")]
    assert "e-mail 1: 550 5.1.1 <…>: no such user … (no_mailbox)" in said
    assert "reader" not in " ".join(said)


async def test_whoever_has_a_dm_channel_is_told_there_of_the_bounce(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
) -> None:
    await owe_alert()
    await store.run(people.dm_opened, READER, 700)
    server.on_recipient = {ADDRESS: "550 5.1.1 no such user"}
    await deliver()
    [notice] = await store.read(outbox.due, now=NOON, limit=9)
    assert notice.target == f"user:{READER}"
    assert await notices(store) == []


@pytest.mark.parametrize(
    ("recipient", "text"),
    [
        ("554 5.7.1 relay access denied", None),
        ("550 relay not permitted", None),
        ("552 5.2.2 mailbox full", None),
        (None, "554 5.7.1 looks like spam"),
    ],
)
async def test_a_refusal_by_policy_holds_one_mail_and_ends_nothing(
    store: Store,
    server: MailServer,
    deliver: DeliverEmail,
    owe_alert: OweAlert,
    recipient: str | None,
    text: str | None,
) -> None:
    delivery_id = await owe_alert()
    server.on_recipient = {"*": recipient} if recipient else {}
    server.on_text = text
    await deliver()
    delivery = await get(store, delivery_id)
    assert (delivery.state, delivery.reason) == (
        DeliveryState.HELD,
        "the mail server refused it",
    )
    mailbox = await store.read(mailboxes.of, READER)
    assert mailbox is not None
    assert mailbox.stopped_at is None
    [told] = await notices(store)
    assert told.endswith("/inbox shows its papers.")
    server.on_recipient, server.on_text = {}, None
    await owe_alert(subject="alert:2026-03-04")
    await deliver()
    assert len(server.taken) == 1


async def test_a_text_that_names_a_missing_mailbox_is_a_bounce_too(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
) -> None:
    await owe_alert()
    server.on_text = "550 5.1.1 no such user"
    await deliver()
    mailbox = await store.read(mailboxes.of, READER)
    assert mailbox is not None
    assert mailbox.stopped_at == NOON


async def test_a_server_that_takes_nothing_from_us_loses_nothing_and_is_let_rest(
    store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert, clock: Clock
) -> None:
    delivery_id = await owe_alert()
    server.on_mail = "550 5.7.1 not your address"
    for _ in range(3):
        with pytest.raises(MailServerError, match="PAPERWIRE_EMAIL_FROM"):
            await deliver()
    assert server.connections == 1
    assert (await get(store, delivery_id)).state is DeliveryState.OWED
    server.on_mail = None
    clock.now += timedelta(minutes=20)
    await deliver()
    assert len(server.taken) == 1


class TestInDoubt:
    async def test_a_mail_whose_answer_was_lost_is_not_sent_again(
        self, store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
    ) -> None:
        delivery_id = await owe_alert()
        server.hangs_up = "DATA"
        await deliver()
        server.hangs_up = None
        await deliver()
        assert len(server.taken) == 1
        delivery = await get(store, delivery_id)
        assert (delivery.state, delivery.reason) == (DeliveryState.HELD, IN_DOUBT)
        [told] = await notices(store)
        assert told.startswith("An e-mail to you may be missing:")

    async def test_a_server_that_never_answers_the_text_leaves_it_in_doubt(
        self, store: Store, server: MailServer, owe_alert: OweAlert, clock: Clock
    ) -> None:
        delivery_id = await owe_alert()
        release = asyncio.Event()

        async def hang() -> None:
            await release.wait()

        server.while_taking = hang
        await DeliverEmail(store, server.relay(taking_timeout=0.05), FROM, clock)()
        release.set()
        assert (await get(store, delivery_id)).reason == IN_DOUBT

    @pytest.mark.parametrize("step", ["MAIL", "RCPT"])
    async def test_a_mail_that_was_cut_off_before_its_text_is_sent_again(
        self,
        store: Store,
        server: MailServer,
        deliver: DeliverEmail,
        owe_alert: OweAlert,
        clock: Clock,
        step: str,
    ) -> None:
        delivery_id = await owe_alert()
        server.hangs_up = step
        await deliver()
        assert (await get(store, delivery_id)).state is DeliveryState.OWED
        server.hangs_up = None
        clock.now += timedelta(minutes=1)
        await deliver()
        assert len(server.taken) == 1
        assert (await get(store, delivery_id)).state is DeliveryState.SENT

    async def test_a_process_that_died_while_the_server_took_a_mail_does_not_double_it(
        self, store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
    ) -> None:
        delivery_id = await owe_alert()
        run: list[asyncio.Task[None]] = []

        async def die() -> None:
            run[0].cancel()

        server.while_taking = die
        run.append(asyncio.create_task(deliver()))
        with pytest.raises(asyncio.CancelledError):
            await run[0]
        assert (await get(store, delivery_id)).state is DeliveryState.SENDING
        await deliver()
        assert len(server.taken) == 1
        assert (await get(store, delivery_id)).reason == IN_DOUBT

    async def test_a_process_that_died_before_the_text_loses_nothing(
        self, store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
    ) -> None:
        delivery_id = await owe_alert()
        await store.run(outbox.claim, delivery_id, now=NOON)
        await deliver()
        assert len(server.taken) == 1
        assert (await get(store, delivery_id)).state is DeliveryState.SENT


class TestServer:
    async def test_a_server_out_of_reach_is_named_and_nothing_is_claimed(
        self, store: Store, server: MailServer, owe_alert: OweAlert, clock: Clock
    ) -> None:
        delivery_id = await owe_alert()
        deliver = DeliverEmail(store, server.relay(port=9), FROM, clock)
        with pytest.raises(MailServerError, match=r"127\.0\.0\.1:9 cannot be reached"):
            await deliver()
        delivery = await get(store, delivery_id)
        assert (delivery.state, delivery.attempts) == (DeliveryState.OWED, 0)

    async def test_a_wrong_password_is_named_and_never_shown(
        self, store: Store, owe_alert: OweAlert, clock: Clock, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("DEBUG")
        await owe_alert()
        async with mail_server(password="right") as server:
            relay = server.relay(user="bot", password="wrong-secret")
            with pytest.raises(
                MailServerError, match="does not take PAPERWIRE_SMTP_USER"
            ) as caught:
                await DeliverEmail(store, relay, FROM, clock)()
            assert "wrong-secret" not in f"{caught.value!r} {relay!r} {caplog.text}"
            relay = server.relay(user="bot", password="right")
            await DeliverEmail(store, relay, FROM, clock)()
            assert len(server.taken) == 1

    async def test_a_server_without_tls_is_refused_where_tls_is_wanted(
        self, store: Store, server: MailServer, owe_alert: OweAlert, clock: Clock
    ) -> None:
        await owe_alert()
        relay = server.relay(security="starttls", user="bot", password="secret")
        with pytest.raises(MailServerError, match="does not do what the settings ask"):
            await DeliverEmail(store, relay, FROM, clock)()
        assert server.taken == []


class TestStale:
    async def test_what_is_too_late_is_held(
        self,
        store: Store,
        server: MailServer,
        deliver: DeliverEmail,
        clock: Clock,
    ) -> None:
        claim = await confirming.ask(store, READER, ADDRESS, keeps_dm=False, now=NOON)
        clock.now = claim.expires_at + timedelta(seconds=1)
        await deliver()
        assert server.taken == []
        assert (await get(store, 1)).reason == outbox.TOO_LATE

    async def test_the_papers_of_an_alert_that_is_too_late_join_the_next(
        self, store: Store, deliver: DeliverEmail, owe_alert: OweAlert, clock: Clock
    ) -> None:
        delivery_id = await owe_alert(expires_at=NOON)
        clock.now = NOON + timedelta(seconds=1)
        await deliver()
        assert (await get(store, delivery_id)).reason == outbox.TOO_LATE
        assert [m.paper_id for m in await store.read(people.waiting_matches, READER)] == [ONE]

    async def test_an_alert_to_an_ended_address_is_not_sent_and_its_papers_join_the_next(
        self, store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
    ) -> None:
        delivery_id = await owe_alert()
        await store.run(mailboxes.remove, READER)
        await deliver()
        assert server.taken == []
        assert (await get(store, delivery_id)).reason == "you ended e-mail"
        assert [m.paper_id for m in await store.read(people.waiting_matches, READER)] == [ONE]

    async def test_where_the_operator_ends_e_mail_the_next_direct_message_has_the_papers(
        self, store: Store, owe_alert: OweAlert
    ) -> None:
        delivery_id = await owe_alert()
        arrived = await owe_alert(OTHER, "other@example.com")
        await store.run(mailboxes.hand_over, arrived, now=NOON)
        assert await store.run(mailboxes.hold_all, because="the operator ended e-mail") == 2
        assert (await get(store, delivery_id)).state is DeliveryState.HELD
        assert [m.paper_id for m in await store.read(people.waiting_matches, READER)] == [ONE]
        assert await store.read(people.waiting_matches, OTHER) == []

    async def test_an_alert_that_may_have_arrived_is_not_told_again_after_the_end(
        self, store: Store, owe_alert: OweAlert
    ) -> None:
        await store.run(mailboxes.hand_over, await owe_alert(), now=NOON)
        await store.run(mailboxes.remove, READER)
        assert await store.read(people.waiting_matches, READER) == []


class TestAddresses:
    async def test_letters_beyond_ascii_go_to_servers_that_take_them(
        self, store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
    ) -> None:
        await owe_alert(address="δοκιμή@παράδειγμα.gr")
        await deliver()
        [taken] = server.taken
        assert taken.recipient == "δοκιμή@xn--hxajbheg2az3al.gr"
        assert "SMTPUTF8" in taken.options

    async def test_a_domain_beyond_ascii_is_sent_to_in_ascii(
        self, store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
    ) -> None:
        await owe_alert(address="reader@bücher.de")
        await deliver()
        [taken] = server.taken
        assert taken.recipient == "reader@xn--bcher-kva.de"
        assert taken.message["To"] == "reader@xn--bcher-kva.de"

    async def test_a_server_without_smtputf8_ends_it_with_the_reason(
        self, store: Store, owe_alert: OweAlert, clock: Clock
    ) -> None:
        await owe_alert(address="δοκιμή@παράδειγμα.gr")
        async with mail_server(utf8=False) as server:
            await DeliverEmail(store, server.relay(), FROM, clock)()
            assert server.taken == []
        [told] = await notices(store)
        assert "nobody can be reached" in told

    async def test_the_longest_address_arrives(
        self, store: Store, server: MailServer, deliver: DeliverEmail, owe_alert: OweAlert
    ) -> None:
        address = f"{'a' * 64}@{'.'.join(['d' * 61] * 3)}.org"
        assert len(address) == LONGEST
        await owe_alert(address=address)
        await deliver()
        assert [taken.recipient for taken in server.taken] == [address]
