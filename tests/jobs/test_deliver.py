"""Deliveries, each on its own and each once."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.delivery.pacing import INVALID_WINDOW, InvalidRequests, Pace
from bot.delivery.rules import (
    DM_OPENS_REST,
    FORUM_SETTLES,
    NO_NEW_DMS,
    NONCE_IS_REMEMBERED,
)
from bot.errors import DeliveryError, DeliveryRefused, StoreError
from bot.feeds import Held
from bot.jobs.deliver import AT_ONCE, MOST_UNKEPT, Deliver
from bot.models import Delivery, DeliveryKind, DeliveryState, Feed
from bot.store import dm_rest, feeds, listings, outbox, people, refusals
from bot.store.outbox import Owed
from bot.store.store import READERS, Store
from tests.builders import a_feed, a_listing, owed
from tests.conftest import NOON, Clock
from tests.jobs.places import Places, die, lose_the_answer, nothing

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONE, TWO = "2403.00001", "2403.00002"
OWNER, READER = 7, 8

ANSWER_LOST = DeliveryError("Discord did not answer")
BUSY = DeliveryError("Discord asked the bot to wait", code=429)


def refused(code: int) -> DeliveryRefused:
    return DeliveryRefused(f"Discord refused it ({code})", code=code)


@pytest.fixture
def places(clock: Clock) -> Places:
    return Places(clock)


@pytest.fixture
def deliver(store: Store, places: Places, clock: Clock) -> Deliver:
    return Deliver(store, places, clock, pace=Pace(rate=1e6, burst=1_000))


@pytest.fixture
async def feed(store: Store) -> Feed:
    await store.run(listings.record, a_listing(papers=[ONE, TWO]))
    await store.run(people.ensure, OWNER, now=NOON)
    await store.run(people.dm_opened, OWNER, 700)
    return await store.run(feeds.add, a_feed(created_by=OWNER))


def a_digest(feed: Feed) -> Owed:
    return owed(
        subject="feed:1:2026-03-03",
        kind=DeliveryKind.DIGEST,
        payload={"papers": [ONE], "more": [TWO], "days": ["2026-03-03"]},
        expires_at=NOON + 20 * HOUR,
        feed_id=feed.id,
        guild_id=feed.guild_id,
    )


def a_post(feed: Feed) -> Owed:
    return owed(subject=ONE, kind=DeliveryKind.POST, payload={}, feed_id=feed.id)


def an_alert(subject: str = "a", user_id: int = READER) -> Owed:
    """Return a message to a person; its words do not matter here."""
    return owed(f"user:{user_id}", subject)


async def owe(store: Store, *messages: Owed) -> list[int]:
    ids = [await store.run(outbox.enqueue, message, now=NOON) for message in messages]
    return [id for id in ids if id is not None]


async def get(store: Store, delivery_id: int = 1) -> Delivery:
    delivery = await store.read(outbox.get, delivery_id)
    assert delivery is not None
    return delivery


async def states(store: Store) -> Counter[str]:
    """Return how many messages are in each state."""
    return Counter(delivery.state for delivery in await store.read(outbox.recent, limit=99))


def release(db: Database, *, now: datetime) -> None:
    """Owe again what the first channel kept back, whatever it was for."""
    reasons = [delivery.reason or "" for delivery in outbox.recent(db, limit=99)]
    outbox.release_target(db, "channel:100", because=reasons, now=now)


async def start_again(store: Store, places: Places) -> None:
    """Do what the next process does first."""
    places.before = places.after = nothing
    await store.run(outbox.recover)


async def feed_paper(store: Store, feed: Feed, paper_id: str = ONE) -> tuple[str, str | None]:
    return (await store.read(feeds.decided, feed.id, [paper_id]))[paper_id]


class TestOnce:
    async def test_a_message_goes_out_and_its_place_is_noted(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        await owe(store, owed())
        await deliver()
        await deliver()
        [message] = places.messages
        delivery = await get(store)
        assert delivery.state is DeliveryState.SENT
        assert (delivery.message_id, delivery.place_id) == (message.id, 100)
        assert (delivery.sent_at, message.nonce) == (NOON, delivery.nonce)

    async def test_the_intent_is_committed_before_the_call(
        self, store: Store, places: Places, deliver: Deliver, tmp_path: Path
    ) -> None:
        seen: list[tuple[str, str]] = []

        async def look(_: Delivery) -> None:
            async with Store(tmp_path / "paperwire.sqlite") as other:
                [delivery] = await other.read(outbox.recent, limit=9)
                seen.append((delivery.state, delivery.nonce))

        places.before = look
        await owe(store, owed())
        await deliver()
        assert seen == [("sending", places.messages[0].nonce)]

    async def test_what_is_not_due_yet_waits(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed(due_at=NOON + SECOND))
        await deliver()
        assert places.messages == []
        clock.now += SECOND
        await deliver()
        assert places.subjects == ["a"]

    async def test_what_was_due_is_due_still_when_the_clock_is_set_back(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await deliver()
        await owe(store, an_alert())
        later = replace(an_alert("later"), due_at=NOON + SECOND)
        await owe(store, later)
        clock.now -= HOUR
        await deliver()
        assert (await get(store, 1)).state is DeliveryState.SENT
        assert (await get(store, 2)).state is DeliveryState.OWED, "it was not due before"

    async def test_what_has_nothing_left_to_say_is_held(
        self, store: Store, places: Places, deliver: Deliver, feed: Feed
    ) -> None:
        await owe(store, a_digest(feed))
        await store.run(feeds.remove, feed.id)
        await store.run(release, now=NOON)
        await deliver()
        assert places.messages == []
        delivery = await get(store)
        assert (delivery.state, delivery.reason) == (
            DeliveryState.HELD,
            "what it was about is no longer wanted",
        )

    async def test_messages_to_one_place_go_one_after_the_other_in_order(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        under_way: list[str] = []

        async def come(delivery: Delivery) -> None:
            under_way.append(delivery.subject)
            assert under_way == [delivery.subject]
            await asyncio.sleep(0)

        async def go(delivery: Delivery) -> None:
            under_way.remove(delivery.subject)

        places.before, places.after = come, go
        await owe(store, *(owed(subject=subject) for subject in "cab"))
        await deliver()
        assert places.subjects == ["c", "a", "b"]


class TestAfterACrash:
    @pytest.mark.parametrize("later", [timedelta(0), NONCE_IS_REMEMBERED, HOUR])
    async def test_a_message_that_was_sent_is_not_sent_again(
        self, later: timedelta, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        places.after = die
        await deliver()
        await start_again(store, places)
        clock.now += later
        await deliver()
        assert places.subjects == ["a"]
        delivery = await get(store)
        assert delivery.message_id == places.messages[0].id
        assert delivery.uncertain_at is None

    @pytest.mark.parametrize("later", [timedelta(0), NONCE_IS_REMEMBERED, HOUR])
    async def test_a_message_that_was_not_sent_is(
        self, later: timedelta, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        places.before = die
        await deliver()
        await start_again(store, places)
        clock.now += later
        await deliver()
        assert places.subjects == ["a"]

    async def test_a_young_claim_is_sent_again_under_its_nonce_without_a_look(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        places.after = die
        await deliver()
        await start_again(store, places)
        clock.now += NONCE_IS_REMEMBERED - SECOND
        await deliver()
        assert places.asked == [("send", "a"), ("send", "a")]

    async def test_an_old_claim_is_looked_for_first(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        places.before = die
        await deliver()
        await start_again(store, places)
        clock.now += NONCE_IS_REMEMBERED
        await deliver()
        assert places.asked == [("send", "a"), ("look", "a"), ("send", "a")]

    @pytest.mark.parametrize("made", [True, False])
    async def test_a_forum_post_is_always_looked_for_once_it_can_be_told(
        self, made: bool, store: Store, places: Places, deliver: Deliver, clock: Clock, feed: Feed
    ) -> None:
        """It takes no nonce, and a request under way may still be carried out."""
        await owe(store, a_post(feed))
        places.before, places.after = (nothing, die) if made else (die, nothing)
        await deliver()
        await start_again(store, places)
        await deliver()
        assert places.asked == [("send", ONE)]

        clock.now += FORUM_SETTLES
        await deliver()
        assert places.subjects == [ONE]
        asked = [("send", ONE), ("look", ONE)]
        assert places.asked == (asked if made else [*asked, ("send", ONE)])

    async def test_a_clock_that_jumped_back_makes_us_look(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        places.after = die
        await deliver()
        await start_again(store, places)
        clock.now -= HOUR
        await store.run(outbox.postpone, 1, until=clock.now, reason="the clock")
        await deliver()
        assert ("look", "a") in places.asked
        assert places.subjects == ["a"]

    async def test_many_crashes_in_a_row_make_one_message(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        for _ in range(9):
            places.after = die
            await deliver()
            await start_again(store, places)
            clock.now += timedelta(seconds=50)
        await deliver()
        assert places.subjects == ["a"]


class TestALostAnswer:
    @pytest.mark.parametrize("later", [timedelta(seconds=10), HOUR])
    async def test_no_second_message_is_made(
        self, later: timedelta, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        places.after = lose_the_answer
        await deliver()
        delivery = await get(store)
        assert (delivery.state, delivery.uncertain_at) == (DeliveryState.OWED, NOON)

        places.after = nothing
        clock.now += later
        await deliver()
        assert places.subjects == ["a"]
        assert (await get(store)).state is DeliveryState.SENT

    async def test_an_answer_that_does_not_come_before_the_nonce_is_forgotten_is_lost(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        """A request that arrives when Discord has forgotten its nonce would make a second one."""
        await owe(store, owed())
        places.before = die
        await deliver()
        await start_again(store, places)
        places.hanging = {"channel:100": asyncio.Event()}
        clock.now += NONCE_IS_REMEMBERED - timedelta(milliseconds=1)
        await deliver()
        delivery = await get(store)
        assert (delivery.state, delivery.uncertain_at) == (DeliveryState.OWED, NOON)
        assert delivery.reason == "Discord did not answer in time"

    async def test_a_refusal_that_follows_does_not_hide_that_it_may_be_there(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        places.after = lose_the_answer
        await deliver()
        places.after, places.failing = nothing, {"channel:100": BUSY}
        clock.now += timedelta(seconds=30)
        await deliver()
        assert (await get(store)).uncertain_at == NOON

        places.failing = {}
        clock.now += HOUR
        await deliver()
        assert places.subjects == ["a"]

    async def test_a_place_that_cannot_be_looked_at_is_looked_at_later(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        places.after = lose_the_answer
        await deliver()
        places.after, places.failing = nothing, {"channel:100": ANSWER_LOST}
        clock.now += HOUR
        await deliver()
        places.failing = {}
        clock.now += HOUR
        await deliver()
        assert places.asked == [("send", "a"), ("look", "a"), ("look", "a")]
        assert places.subjects == ["a"]

    async def test_a_message_that_was_posted_and_deleted_is_not_posted_again(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        await owe(store, owed())
        places.failing = {"channel:100": refused(10008)}
        await deliver()
        delivery = await get(store)
        assert (delivery.state, delivery.message_id) == (DeliveryState.SENT, None)
        assert delivery.reason == "it was posted, and then deleted"


class TestNeverStale:
    async def test_a_digest_that_is_too_late_is_held_and_its_papers_are_free_again(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock, feed: Feed
    ) -> None:
        [delivery_id] = await owe(store, a_digest(feed))
        posted = [(ONE, None), (TWO, None)]
        await store.run(feeds.decide, feed.id, posted, now=NOON, delivery_id=delivery_id)
        clock.now += 20 * HOUR + SECOND
        await deliver()
        assert places.asked == []
        delivery = await get(store)
        assert (delivery.state, delivery.reason) == (DeliveryState.HELD, "too late to be news")
        assert await feed_paper(store, feed, ONE) == ("held", Held.LATE)
        assert await feed_paper(store, feed, TWO) == ("held", Held.LATE)

    async def test_one_that_may_be_there_is_looked_for_and_found(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock, feed: Feed
    ) -> None:
        [delivery_id] = await owe(store, a_digest(feed))
        await store.run(feeds.decide, feed.id, [(ONE, None)], now=NOON, delivery_id=delivery_id)
        places.after = die
        await deliver()
        await start_again(store, places)
        clock.now += 2 * DAY
        await deliver()
        assert (await get(store)).state is DeliveryState.SENT
        assert await feed_paper(store, feed) == ("post", None)

    async def test_one_that_is_not_there_is_held_after_the_look(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock, feed: Feed
    ) -> None:
        [delivery_id] = await owe(store, a_digest(feed))
        await store.run(feeds.decide, feed.id, [(ONE, None)], now=NOON, delivery_id=delivery_id)
        places.before = die
        await deliver()
        await start_again(store, places)
        clock.now += 2 * DAY
        await deliver()
        assert places.messages == []
        assert (await get(store)).state is DeliveryState.HELD
        assert await feed_paper(store, feed) == ("held", Held.LATE)

    async def test_what_a_lost_channel_kept_too_long_is_free_again_when_it_is_back(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock, feed: Feed
    ) -> None:
        [delivery_id] = await owe(store, a_digest(feed))
        await store.run(feeds.decide, feed.id, [(ONE, None)], now=NOON, delivery_id=delivery_id)
        places.failing = {"channel:100": refused(10003)}
        await deliver()
        places.failing = {}
        clock.now += 2 * DAY
        await store.run(release, now=clock.now)
        await deliver()
        assert {m.target for m in places.messages} == {f"user:{OWNER}"}
        assert await feed_paper(store, feed) == ("held", Held.LATE)


class TestOneTargetNeverDelaysAnother:
    @pytest.mark.parametrize(
        "error", [ANSWER_LOST, BUSY, refused(10003), refused(50013), ZeroDivisionError("a bug")]
    )
    async def test_when_it_fails(
        self,
        error: Exception,
        store: Store,
        places: Places,
        deliver: Deliver,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        messages = [owed(f"channel:{n % 2}", f"{n}") for n in range(8)]
        await owe(store, *messages)
        places.failing = {"channel:0": error}
        await deliver()
        assert places.subjects == ["1", "3", "5", "7"]
        bugs = [record for record in caplog.records if record.levelno >= logging.ERROR]
        assert bool(bugs) == isinstance(error, ZeroDivisionError)

    async def test_when_it_hangs(self, store: Store, places: Places, deliver: Deliver) -> None:
        """Also what is owed only while it hangs goes out."""
        deliver.look_again = timedelta(0)
        places.hanging = {"channel:0": asyncio.Event()}
        quick, later = asyncio.Event(), asyncio.Event()

        async def tell(delivery: Delivery) -> None:
            (quick if delivery.subject == "quick" else later).set()

        places.after = tell
        await owe(store, owed("channel:0", "slow"), owed("channel:1", "quick"))
        run = asyncio.create_task(deliver())
        await asyncio.wait_for(quick.wait(), 10)
        await owe(store, owed("channel:1", "owed later"))
        await asyncio.wait_for(later.wait(), 10)

        places.hanging["channel:0"].set()
        await run
        assert places.subjects == ["quick", "owed later", "slow"]

    async def test_when_it_ends_during_a_look_for_more(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        """What had to wait for it is not left for the next run."""
        deliver.look_again = timedelta(0)
        places.hanging = {"channel:0": asyncio.Event()}
        await owe(store, owed("channel:0", "first"), owed("channel:0", "second"))
        run = asyncio.create_task(deliver())
        await places.until_asked(1)

        go_on, met = threading.Event(), threading.Barrier(READERS + 1)

        def occupy(_: Database) -> None:
            met.wait(10)
            assert go_on.wait(10)

        reading = [asyncio.create_task(store.read(occupy)) for _ in range(READERS)]
        await asyncio.to_thread(met.wait, 10)
        places.hanging.pop("channel:0").set()
        await asyncio.wait(deliver.under_way.values())
        go_on.set()
        await asyncio.gather(run, *reading)
        assert places.subjects == ["first", "second"]

    async def test_a_failed_message_is_tried_again_after_a_growing_wait(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed())
        places.failing = {"channel:100": ANSWER_LOST}
        waits: list[timedelta] = []
        for _ in range(4):
            await deliver()
            waits.append((await get(store)).due_at - clock.now)
            clock.now = (await get(store)).due_at
        assert waits == [timedelta(seconds=s) for s in (10, 20, 40, 80)]
        places.failing = {}
        await deliver()
        assert places.subjects == ["a"]

    async def test_a_bug_is_tried_again_ever_more_seldom(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, owed(payload={}))  # a notice without words
        for _ in range(3):
            await deliver()
            clock.now = (await get(store)).due_at
        delivery = await get(store)
        assert delivery.attempts == 3
        assert delivery.reason == "something went wrong on our side"
        assert clock.now - NOON == timedelta(seconds=10 + 20 + 40)

    async def test_discord_s_own_wait_is_kept(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        await owe(store, owed())
        error = DeliveryError("Discord asked the bot to wait", code=429, retry_after=HOUR)
        places.failing = {"channel:100": error}
        await deliver()
        delivery = await get(store)
        assert (delivery.due_at, delivery.uncertain_at) == (NOON + HOUR, None)

    async def test_no_more_than_so_many_are_under_way(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        go_on = asyncio.Event()
        targets = [f"channel:{n}" for n in range(AT_ONCE + 5)]
        places.hanging = dict.fromkeys(targets, go_on)
        await owe(store, *(owed(target) for target in targets))
        run = asyncio.create_task(deliver())
        await places.until_asked(AT_ONCE)
        assert len(deliver.under_way) == AT_ONCE
        go_on.set()
        await run
        assert len(places.messages) == AT_ONCE + 5


class TestALostChannel:
    """Its feeds pause, keep their set-up, and whoever made them hears of it once."""

    @pytest.fixture(autouse=True)
    async def lost(self, store: Store, places: Places, deliver: Deliver, feed: Feed) -> None:
        self.other = await store.run(feeds.add, a_feed(topic="agents", created_by=OWNER))
        self.elsewhere = await store.run(feeds.add, a_feed(channel_id=200, created_by=OWNER))
        await owe(store, a_digest(feed), owed(subject="next", feed_id=feed.id))
        places.failing = {"channel:100": refused(50013)}
        await deliver()

    async def test_all_its_feeds_pause_with_the_reason(self, store: Store, feed: Feed) -> None:
        why = "the bot may not post in the channel"
        for id in (feed.id, self.other.id):
            paused = await store.read(feeds.get, id)
            assert paused is not None
            assert (paused.paused_at, paused.paused_because) == (NOON, why)
            assert (paused.channel_id, paused.hour) == (feed.channel_id, feed.hour)
        assert [f.id for f in await store.read(feeds.running)] == [self.elsewhere.id]

    async def test_nothing_more_is_tried_there(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        clock.now += DAY
        await deliver()
        subjects = [subject for _, subject in places.asked]
        assert [s for s in subjects if not s.startswith("paused")] == ["feed:1:2026-03-03"]
        assert await states(store) == {"held": 2, "sent": 2}

    async def test_its_maker_hears_of_each_feed_once(self, places: Places) -> None:
        told = [m for m in places.messages if m.target == f"user:{OWNER}"]
        assert [message.subject.split(":")[:2] for message in told] == [
            ["paused", "1"],
            ["paused", "2"],
        ]

    async def test_what_it_owes_goes_out_when_the_channel_is_back(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock, feed: Feed
    ) -> None:
        places.failing = {}
        clock.now += HOUR
        await store.run(feeds.resume, feed.id)
        await store.run(release, now=clock.now)
        await deliver()
        assert places.subjects[2:] == ["feed:1:2026-03-03", "next"]


class TestDirectMessages:
    @pytest.fixture(autouse=True)
    async def reader(self, store: Store) -> None:
        for user_id in (OWNER, READER):
            await store.run(people.ensure, user_id, now=NOON)

    @pytest.mark.parametrize("code", [50007, 50278, 10013])
    async def test_a_closed_one_is_not_tried_again(
        self, code: int, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, an_alert("a"), an_alert("b"), an_alert("c", user_id=9))
        places.failing = {f"user:{READER}": refused(code)}
        await deliver()
        clock.now += 9 * DAY
        await deliver()
        assert sorted(places.asked) == [("send", "a"), ("send", "c")]
        person = await store.read(people.get, READER)
        assert person is not None
        assert person.dm_closed_at == NOON
        held = await store.read(outbox.recent, limit=9, user_id=READER)
        assert {delivery.state for delivery in held} == {DeliveryState.HELD}
        assert {delivery.reason for delivery in held} == {person.dm_closed_because}

    async def test_nobody_is_told_by_a_message_they_do_not_take(
        self, store: Store, places: Places, deliver: Deliver, feed: Feed
    ) -> None:
        await store.run(people.dm_closed, OWNER, now=NOON, because="they said no")
        await owe(store, a_digest(feed))
        places.failing = {"channel:100": refused(10003)}
        await deliver()
        assert places.messages == []
        [notice] = await store.read(outbox.recent, limit=9, user_id=OWNER)
        assert (notice.state, notice.reason) == (DeliveryState.HELD, "they said no")

    async def test_nobody_s_channel_is_opened_to_tell_them_of_their_feed(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        """Only their own command opens one."""
        await store.run(listings.record, a_listing(papers=[ONE, TWO]))
        feed = await store.run(feeds.add, a_feed(created_by=99))
        await owe(store, a_digest(feed))
        places.failing = {"channel:100": refused(10003)}
        await deliver()
        assert places.messages == []
        [notice] = await store.read(outbox.recent, limit=9, user_id=99)
        assert notice.state is DeliveryState.HELD

    async def test_when_discord_wants_no_new_ones_the_known_ones_go_on(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await store.run(people.dm_opened, READER, 800)
        await owe(store, an_alert("new", user_id=9))
        places.failing = {"user:9": refused(40003)}
        await deliver()
        first = await get(store)
        assert (first.due_at, first.uncertain_at) == (NOON + DM_OPENS_REST, None)

        await owe(store, an_alert("new too", user_id=10), an_alert("known"))
        clock.now += HOUR
        await deliver()
        assert places.subjects == ["known"]
        assert ("send", "new too") not in places.asked

        places.failing = {}
        clock.now = NOON + DM_OPENS_REST
        await deliver()
        assert set(places.subjects) == {"known", "new", "new too"}

    async def test_a_restart_does_not_end_discord_s_wait_for_new_ones(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        await owe(store, an_alert("new", user_id=9))
        places.failing = {"user:9": refused(40003)}
        await deliver()

        places.failing = {}
        await owe(store, an_alert("new too", user_id=10))
        clock.now += HOUR
        await Deliver(store, places, clock)()
        assert places.messages == []
        assert (await get(store, 2)).reason == NO_NEW_DMS
        assert await store.read(dm_rest.resting_until, now=clock.now) == NOON + DM_OPENS_REST
        assert await store.read(dm_rest.resting_until, now=NOON + DM_OPENS_REST) is None


class TestARefusedBody:
    async def test_it_is_said_in_fewer_words_once(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        refusals = [refused(50035)]

        async def too_long(_: Delivery) -> None:
            if refusals:
                raise refusals.pop()

        places.before = too_long
        await owe(store, owed())
        await deliver()
        assert [(m.subject, m.shortened) for m in places.messages] == [("a", True)]
        assert (await get(store)).state is DeliveryState.SENT

    @pytest.mark.parametrize(("code", "tries"), [(50035, 2), (200000, 1), (240000, 1)])
    async def test_what_is_refused_for_good_is_held_and_the_moderator_told_once(
        self,
        code: int,
        tries: int,
        store: Store,
        places: Places,
        deliver: Deliver,
        clock: Clock,
        feed: Feed,
    ) -> None:
        await owe(store, a_digest(feed))
        places.failing = {"channel:100": refused(code)}
        await deliver()
        clock.now += HOUR
        await deliver()
        assert places.asked.count(("send", "feed:1:2026-03-03")) == tries
        assert (await get(store)).state is DeliveryState.HELD
        told = [(m.target, m.subject) for m in places.messages]
        assert told == [(f"user:{OWNER}", f"refused:1:{code}:{NOON.date()}")]
        assert await store.read(feeds.running) == [feed]

    async def test_a_day_of_blocked_cards_is_one_word_to_the_moderator(
        self, store: Store, places: Places, deliver: Deliver, feed: Feed
    ) -> None:
        cards = [replace(a_post(feed), subject=id_, kind=DeliveryKind.CARD) for id_ in (ONE, TWO)]
        await owe(store, *cards)
        places.failing = {"channel:100": refused(200000)}
        await deliver()
        assert await states(store) == {"held": 2, "sent": 1}
        assert [m.target for m in places.messages] == [f"user:{OWNER}"]

    async def test_a_refused_notice_is_no_reason_for_another(
        self, store: Store, places: Places, deliver: Deliver, feed: Feed
    ) -> None:
        await owe(store, owed(feed_id=feed.id))
        places.failing = {"channel:100": refused(200000)}
        await deliver()
        assert await store.read(outbox.counts) == {"held": 1}


class TestWhenTheDatabaseCannotBeWritten:
    """Nothing is sent that could not be noted before, and a note that failed is made good."""

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[Store]:
        async with Store(tmp_path / "paperwire.sqlite", busy_timeout_ms=0) as hasty:
            yield hasty

    @pytest.fixture
    def somebody(self, tmp_path: Path, store: Store) -> Iterator[sqlite3.Connection]:
        """Another program at the same file."""
        path = tmp_path / "paperwire.sqlite"
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            yield connection

    async def test_nothing_is_sent_and_the_run_ends_with_one_sentence(
        self, store: Store, places: Places, deliver: Deliver, somebody: sqlite3.Connection
    ) -> None:
        await owe(store, owed("channel:1", "a"), owed("channel:2", "b"))
        somebody.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="is locked by another process"):
            await deliver()
        assert places.asked == []

        somebody.execute("ROLLBACK")
        await deliver()
        assert sorted(places.subjects) == ["a", "b"]

    async def test_a_message_whose_outcome_could_not_be_noted_is_not_sent_twice(
        self,
        store: Store,
        places: Places,
        deliver: Deliver,
        clock: Clock,
        somebody: sqlite3.Connection,
    ) -> None:
        async def lock(_: Delivery) -> None:
            somebody.execute("BEGIN IMMEDIATE")

        places.after = lock
        await owe(store, owed())
        for _ in range(2):
            with pytest.raises(StoreError):
                await deliver()
        assert (await get(store)).state is DeliveryState.SENDING

        places.after = nothing
        somebody.execute("ROLLBACK")
        clock.now += HOUR
        await deliver()
        assert places.subjects == ["a"]
        assert (await get(store)).state is DeliveryState.SENT


class TestLeaving:
    async def test_a_cancelled_run_ends_what_is_under_way_and_starts_nothing(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        deliver.last_sends_may_take = timedelta(seconds=10)
        places.hanging = {"channel:1": asyncio.Event()}
        await owe(store, owed("channel:1", "a"), owed("channel:1", "b"))
        run = asyncio.create_task(deliver())
        await places.until_asked(1)
        run.cancel()
        asyncio.get_running_loop().call_soon(places.hanging["channel:1"].set)
        with pytest.raises(asyncio.CancelledError):
            await run
        assert places.subjects == ["a"]
        assert await states(store) == {"owed": 1, "sent": 1}

    async def test_a_send_that_hangs_is_cut_off_and_made_good_later(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        deliver.last_sends_may_take = timedelta(0)
        places.hanging = {"channel:1": asyncio.Event()}
        await owe(store, owed("channel:1", "a"))
        run = asyncio.create_task(deliver())
        await places.until_asked(1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        assert (await get(store)).state is DeliveryState.SENDING

        places.hanging = {}
        await deliver()
        assert places.subjects == ["a"]

    async def test_one_that_is_stopping_starts_nothing_new(
        self, store: Store, places: Places, deliver: Deliver
    ) -> None:
        async def stop(_: Delivery) -> None:
            deliver.stopping = True

        places.before = stop
        await owe(store, owed(subject="a"), owed(subject="b"))
        await deliver()
        assert places.subjects == ["a"]

    async def test_sending_rests_when_discord_refused_too_much(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        deliver.invalid = InvalidRequests(clock, most=1)
        deliver.invalid.note()
        await owe(store, owed())
        with pytest.raises(DeliveryError, match="sending rests for some minutes"):
            await deliver()
        assert places.asked == []
        clock.now += HOUR
        await deliver()
        assert places.subjects == ["a"]

    async def test_a_bot_that_starts_again_and_again_knows_what_discord_refused(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        for _ in range(2):
            refused = InvalidRequests(clock)
            refused.note()
            refused.note()
            await Deliver(store, places, clock, invalid=refused)()
        await owe(store, owed())
        third = Deliver(store, places, clock, invalid=InvalidRequests(clock, most=4))
        with pytest.raises(DeliveryError, match="sending rests for some minutes"):
            await third()
        assert places.asked == []
        clock.now += INVALID_WINDOW + timedelta(minutes=1)
        await third()
        assert places.subjects == ["a"]

    async def test_most_refusals_are_written_down_while_sends_are_under_way(
        self, store: Store, places: Places, deliver: Deliver, clock: Clock
    ) -> None:
        refused = deliver.invalid = InvalidRequests(clock)

        async def be_refused(_: Delivery) -> None:
            refused.note()

        places.before = be_refused
        hangs = places.hanging["channel:1"] = asyncio.Event()
        await owe(store, *(owed(f"channel:{n}") for n in range(2 * MOST_UNKEPT)))
        run = asyncio.create_task(deliver())
        async with asyncio.timeout(30):
            while sum((await store.read(refusals.last)).values()) < MOST_UNKEPT:
                pass
        assert not run.done()
        hangs.set()
        await run
        assert sum((await store.read(refusals.last)).values()) == 2 * MOST_UNKEPT
