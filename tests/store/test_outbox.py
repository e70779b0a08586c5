"""The outbox: each message once, in whatever order things go wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Delivery, DeliveryKind, DeliveryState
from bot.store import outbox, people
from bot.store.outbox import Owed, nonce
from bot.store.store import Store
from tests.builders import owed
from tests.conftest import NOON

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


async def enqueue(store: Store, *messages: Owed) -> list[int]:
    ids = [await store.run(outbox.enqueue, message, now=NOON) for message in messages]
    assert None not in ids
    return [id for id in ids if id is not None]


async def get(store: Store, delivery_id: int) -> Delivery:
    delivery = await store.read(outbox.get, delivery_id)
    assert delivery is not None
    return delivery


async def due_subjects(
    store: Store, *, limit: int = 99, but_for: tuple[str, ...] = ()
) -> list[str]:
    found = await store.read(outbox.due, now=NOON, limit=limit, but_for=but_for)
    return [delivery.subject for delivery in found]


@given(st.text(), st.sampled_from(DeliveryKind), st.text())
def test_a_nonce_fits_and_is_the_same_again(target: str, kind: DeliveryKind, subject: str) -> None:
    made = nonce(target, kind, subject)
    assert len(made) <= 25
    assert made.isascii()
    assert made.isalnum()
    assert made == nonce(target, kind, subject)


def test_nonces_differ_with_each_part_of_the_key() -> None:
    keys = [("a", "card", "b"), ("ab", "card", ""), ("a", "post", "b"), ("a", "card", "c")]
    assert len({nonce(*key) for key in keys}) == len(keys)


async def test_a_message_comes_back_as_it_was_owed(store: Store) -> None:
    message = owed(
        "channel:100",
        "feed:1:2026-03-03",
        kind=DeliveryKind.DIGEST,
        payload={"papers": ["2403.00001"], "title": "Zoë"},
        due_at=NOON + HOUR,
        expires_at=NOON + 20 * HOUR,
        guild_id=10,
        feed_id=1,
    )
    [delivery_id] = await enqueue(store, message)
    assert await get(store, delivery_id) == Delivery(
        id=delivery_id,
        target=message.target,
        kind=message.kind,
        subject=message.subject,
        payload=message.payload,
        state=DeliveryState.OWED,
        due_at=NOON + HOUR,
        created_at=NOON,
        expires_at=NOON + 20 * HOUR,
        guild_id=10,
        feed_id=1,
        nonce=nonce("channel:100", "digest", "feed:1:2026-03-03"),
    )
    assert await store.read(outbox.is_known, message.target, message.kind, message.subject)
    assert not await store.read(outbox.is_known, message.target, DeliveryKind.CARD, "a")


@pytest.mark.parametrize("state", DeliveryState)
async def test_the_same_message_is_owed_once_whatever_became_of_it(
    state: DeliveryState, store: Store
) -> None:
    [delivery_id] = await enqueue(store, owed())
    await store.run(outbox.settle, delivery_id, state, reason="so")
    assert await store.run(outbox.enqueue, owed(payload={"text": "again"}), now=NOON) is None
    assert (await get(store, delivery_id)).payload == {"text": "a"}


async def test_a_message_that_was_held_until_it_was_stale_may_be_owed_anew(store: Store) -> None:
    """A card that came too late: its paper may be chosen again while it is news."""
    [delivery_id] = await enqueue(store, owed(expires_at=NOON + HOUR))
    await store.run(outbox.settle, delivery_id, DeliveryState.HELD, reason=outbox.TOO_LATE)
    again = owed(due_at=NOON + 2 * HOUR, expires_at=NOON + 3 * HOUR)

    assert await store.run(outbox.enqueue, again, now=NOON + HOUR - SECOND) is None
    assert await store.run(outbox.enqueue, again, now=NOON + 2 * HOUR) == delivery_id
    delivery = await get(store, delivery_id)
    assert (delivery.state, delivery.reason) == (DeliveryState.OWED, None)
    assert (delivery.due_at, delivery.expires_at) == (again.due_at, again.expires_at)


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.SENDING])
async def test_a_stale_message_that_is_or_may_be_there_is_never_owed_anew(
    state: DeliveryState, store: Store
) -> None:
    [delivery_id] = await enqueue(store, owed(expires_at=NOON + HOUR))
    await store.run(outbox.settle, delivery_id, state, reason="so")
    assert await store.run(outbox.enqueue, owed(), now=NOON + 2 * HOUR) is None
    assert (await get(store, delivery_id)).state is state


class TestDue:
    async def test_what_is_owed_by_now_comes_longest_waiting_first(self, store: Store) -> None:
        await enqueue(
            store,
            owed("channel:1", "b", due_at=NOON),
            owed("channel:2", "a", due_at=NOON - HOUR),
            owed("channel:3", "later", due_at=NOON + SECOND),
        )
        assert await due_subjects(store) == ["a", "b"]
        assert await due_subjects(store, limit=1) == ["a"]
        assert await store.read(outbox.next_due_at) == (NOON - HOUR).isoformat()

    async def test_nothing_owed_is_due_never(self, store: Store) -> None:
        assert await due_subjects(store) == []
        assert await store.read(outbox.next_due_at) is None

    async def test_there_is_one_for_each_place_in_its_order(self, store: Store) -> None:
        messages = [owed("channel:1", subject) for subject in "abc"] + [owed("channel:2", "d")]
        ids = await enqueue(store, *messages)
        assert await due_subjects(store) == ["a", "d"]
        assert await due_subjects(store, but_for=("channel:1",)) == ["d"]
        await store.run(outbox.claim, ids[0], now=NOON)
        assert await due_subjects(store, but_for=("channel:2",)) == ["b"]

    async def test_a_second_s_fraction_does_not_change_the_order(self, store: Store) -> None:
        late = NOON - timedelta(milliseconds=500)
        await enqueue(store, owed(subject="b", due_at=NOON), owed(subject="a", due_at=late))
        assert await due_subjects(store) == ["a"]

    async def test_a_person_s_channel_is_named_even_if_it_was_opened_later(
        self, store: Store
    ) -> None:
        await enqueue(store, owed("user:7"))
        await store.run(people.ensure, 7, now=NOON)
        await store.run(people.dm_opened, 7, 700)
        [delivery] = await store.read(outbox.due, now=NOON, limit=9)
        assert delivery.place_id == 700


class TestClaim:
    async def test_only_the_first_claim_counts(self, store: Store) -> None:
        [delivery_id] = await enqueue(store, owed())
        assert await store.run_durably(outbox.claim, delivery_id, now=NOON)
        assert not await store.run_durably(outbox.claim, delivery_id, now=NOON + SECOND)
        delivery = await get(store, delivery_id)
        assert (delivery.state, delivery.claimed_at) == (DeliveryState.SENDING, NOON)
        assert delivery.attempts == 1

    @pytest.mark.parametrize("state", sorted(set(DeliveryState) - {DeliveryState.OWED}))
    async def test_what_is_not_owed_cannot_be_claimed(
        self, state: DeliveryState, store: Store
    ) -> None:
        [delivery_id] = await enqueue(store, owed())
        await store.run(outbox.settle, delivery_id, state, reason="so")
        assert not await store.run(outbox.claim, delivery_id, now=NOON)

    async def test_of_two_programs_one_wins_each_message(
        self, store: Store, tmp_path: Path
    ) -> None:
        ids = await enqueue(store, *(owed(subject=str(n)) for n in range(20)))
        async with Store(tmp_path / "paperwire.sqlite") as other:
            claims = [s.run(outbox.claim, id, now=NOON) for id in ids for s in (store, other)]
            won = await asyncio.gather(*claims)
        assert [sum(won[i : i + 2]) for i in range(0, 40, 2)] == [1] * 20

    async def test_another_program_sees_the_claim_before_anything_is_sent(
        self, store: Store, tmp_path: Path
    ) -> None:
        [delivery_id] = await enqueue(store, owed())
        await store.run_durably(outbox.claim, delivery_id, now=NOON)
        with closing(sqlite3.connect(tmp_path / "paperwire.sqlite")) as other:
            assert other.execute("SELECT state FROM delivery").fetchall() == [("sending",)]


class TestAfterACrash:
    async def test_claims_are_owed_again_at_once_and_uncertain_since_then(
        self, store: Store
    ) -> None:
        claimed, untouched = await enqueue(store, owed(subject="a"), owed("channel:2", "b"))
        await store.run(outbox.claim, claimed, now=NOON + SECOND)
        assert await store.run(outbox.recover) == 1
        assert await store.run(outbox.recover) == 0

        delivery = await get(store, claimed)
        assert delivery.state is DeliveryState.OWED
        assert delivery.uncertain_at == NOON + SECOND
        assert (await get(store, untouched)).uncertain_at is None
        assert await due_subjects(store) == ["a", "b"]

    async def test_the_first_uncertain_moment_is_kept_over_crashes(self, store: Store) -> None:
        [delivery_id] = await enqueue(store, owed())
        for n in range(3):
            await store.run(outbox.claim, delivery_id, now=NOON + n * HOUR)
            await store.run(outbox.recover)
        assert (await get(store, delivery_id)).uncertain_at == NOON

    async def test_having_looked_in_vain_ends_the_uncertainty(self, store: Store) -> None:
        [delivery_id] = await enqueue(store, owed())
        await store.run(outbox.claim, delivery_id, now=NOON)
        await store.run(outbox.recover)
        await store.run(outbox.is_absent, delivery_id)
        assert (await get(store, delivery_id)).uncertain_at is None


async def test_a_sent_message_is_known_by_its_place(store: Store) -> None:
    [delivery_id] = await enqueue(store, owed())
    await store.run(outbox.claim, delivery_id, now=NOON)
    await store.run(outbox.mark_sent, delivery_id, message_id=5, place_id=100, now=NOON + SECOND)
    delivery = await get(store, delivery_id)
    assert delivery.state is DeliveryState.SENT
    assert (delivery.message_id, delivery.place_id) == (5, 100)
    assert delivery.sent_at == NOON + SECOND
    assert await store.read(outbox.sent_within, HOUR, now=NOON + HOUR) == 1
    assert await store.read(outbox.sent_within, HOUR, now=NOON + 2 * HOUR) == 0


class TestPostpone:
    async def test_a_refused_message_is_owed_later_and_certainly_not_there(
        self, store: Store
    ) -> None:
        [delivery_id] = await enqueue(store, owed())
        await store.run(outbox.claim, delivery_id, now=NOON)
        await store.run(outbox.postpone, delivery_id, until=NOON + HOUR, reason="busy")
        delivery = await get(store, delivery_id)
        assert (delivery.state, delivery.due_at) == (DeliveryState.OWED, NOON + HOUR)
        assert (delivery.reason, delivery.uncertain_at) == ("busy", None)
        assert await due_subjects(store) == []

    async def test_a_lost_answer_leaves_it_uncertain_since_the_first_one(
        self, store: Store
    ) -> None:
        [delivery_id] = await enqueue(store, owed())
        for n in range(2):
            await store.run(outbox.claim, delivery_id, now=NOON + n * SECOND)
            await store.run(outbox.postpone, delivery_id, until=NOON, reason="lost", uncertain=True)
        assert (await get(store, delivery_id)).uncertain_at == NOON

    async def test_a_later_clear_refusal_does_not_make_it_certain(self, store: Store) -> None:
        [delivery_id] = await enqueue(store, owed())
        await store.run(outbox.claim, delivery_id, now=NOON)
        await store.run(outbox.postpone, delivery_id, until=NOON, reason="lost", uncertain=True)
        await store.run(outbox.claim, delivery_id, now=NOON + SECOND)
        await store.run(outbox.postpone, delivery_id, until=NOON, reason="busy")
        assert (await get(store, delivery_id)).uncertain_at == NOON


class TestHoldingAPlace:
    async def test_what_is_owed_to_it_waits_and_nothing_else(self, store: Store) -> None:
        ids = await enqueue(store, owed(subject="a"), owed(subject="b"), owed("channel:2", "c"))
        await store.run(outbox.claim, ids[0], now=NOON)
        assert await store.run(outbox.hold_target, "channel:100", reason="gone") == 1
        assert await due_subjects(store) == ["c"]
        assert (await get(store, ids[1])).reason == "gone"
        assert (await get(store, ids[0])).state is DeliveryState.SENDING

    async def test_all_of_it_is_owed_again_when_the_place_is_back(self, store: Store) -> None:
        ids = await enqueue(store, owed(subject="a"), owed(subject="b", expires_at=NOON + HOUR))
        await store.run(outbox.hold_target, "channel:100", reason="gone")
        later = NOON + 2 * HOUR
        assert (
            await store.run(outbox.release_target, "channel:100", because=["gone"], now=later) == 2
        )
        delivery = await get(store, ids[1])
        assert (delivery.state, delivery.due_at) == (DeliveryState.OWED, later)
        assert delivery.reason is None

    @pytest.mark.parametrize("reason", [outbox.TOO_LATE, "the server's AutoMod blocked it"])
    async def test_what_was_held_for_another_reason_stays_held(
        self, reason: str, store: Store
    ) -> None:
        [delivery_id] = await enqueue(store, owed())
        await store.run(outbox.settle, delivery_id, DeliveryState.HELD, reason=reason)
        released = await store.run(outbox.release_target, "channel:100", because=["gone"], now=NOON)
        assert released == 0


async def test_the_ledger_can_be_read(store: Store) -> None:
    ids = await enqueue(
        store,
        owed(subject="a", feed_id=1),
        owed(subject="b", feed_id=2),
        owed("user:7", subject="c"),
    )
    await store.run(outbox.settle, ids[0], DeliveryState.HELD, reason="late")
    assert await store.read(outbox.counts) == {"held": 1, "owed": 2}

    async def subjects(**kw: object) -> list[str]:
        found = await store.read(outbox.recent, limit=9, **kw)  # pyright: ignore[reportArgumentType]
        return [delivery.subject for delivery in found]

    assert await subjects() == ["c", "b", "a"]
    assert await subjects(state=DeliveryState.OWED) == ["c", "b"]
    assert await subjects(feed_id=2) == ["b"]
    assert await subjects(user_id=7) == ["c"]
