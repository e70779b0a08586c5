"""What is old goes, and nothing that anybody may still need or that would come twice without."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlite_utils import Database

from bot.feeds import Held
from bot.jobs import forget as forgetting
from bot.jobs.forget import Forget
from bot.models import DeliveryKind, DeliveryState, Feed, Strictness
from bot.store import (
    feeds,
    listings,
    outbox,
    papers,
    people,
    retention,
    telling,
    title_places,
)
from bot.store.store import Store
from tests.builders import a_feed, a_listing, a_match, a_paper, a_record, owed
from tests.conftest import NOON, Clock

DAY = timedelta(days=1)
LONG_AGO = NOON - 100 * DAY
ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"
READER = 8


@pytest.fixture
def forget(store: Store, clock: Clock) -> Forget:
    return Forget(store, clock)


@pytest.fixture
async def feed(store: Store) -> Feed:
    """A feed, and three papers that were listed long ago."""
    day = LONG_AGO.date()
    await store.run(listings.record, a_listing(papers=[ONE, TWO, THREE], day=day, seen_at=LONG_AGO))
    return await store.run(feeds.add, a_feed(created_at=LONG_AGO - DAY))


async def count(store: Store, table: str) -> int:
    return await store.read(lambda db: db.table(table).count)


def owe(db: Database, state: DeliveryState, days_ago: float = 100, **kw: Any) -> int:
    """Make a message of some days ago that has come to a state."""
    delivery_id = outbox.enqueue(db, owed(**kw), now=NOON - days_ago * DAY)
    assert delivery_id is not None
    outbox.settle(db, delivery_id, state, reason="it is so")
    return delivery_id


class TestWhatAFeedDecided:
    async def test_what_it_held_back_goes_and_what_it_posted_stays(
        self, store: Store, feed: Feed, forget: Forget
    ) -> None:
        verdicts = [(ONE, None), (TWO, Held.NO_MATCH)]
        await store.run(feeds.decide, feed.id, verdicts, now=LONG_AGO)
        await store.run(feeds.decide, feed.id, [(THREE, Held.LATE)], now=NOON - 80 * DAY)
        await forget()
        decided = await store.read(feeds.decided, feed.id, [ONE, TWO, THREE])
        assert decided == {ONE: ("post", None), THREE: ("held", Held.LATE)}

    async def test_it_stays_while_the_paper_is_on_a_list(
        self, store: Store, feed: Feed, forget: Forget
    ) -> None:
        """Else a paper that was there before the feed would be news to it."""
        await store.run(feeds.decide, feed.id, [(ONE, Held.BASELINE)], now=LONG_AGO)
        await store.run(listings.record, a_listing(papers=[ONE], name="trending"))
        await forget()
        assert await store.read(feeds.decided, feed.id, [ONE]) == {ONE: ("held", Held.BASELINE)}


class TestMessages:
    @pytest.mark.parametrize(
        ("kind", "state", "days", "goes"),
        [
            (DeliveryKind.NOTICE, DeliveryState.SENT, 100, True),
            (DeliveryKind.NOTICE, DeliveryState.SENT, 80, False),
            (DeliveryKind.NOTICE, DeliveryState.HELD, 100, False),
            (DeliveryKind.NOTICE, DeliveryState.HELD, 400, True),
            (DeliveryKind.NOTICE, DeliveryState.OWED, 400, False),
            (DeliveryKind.CODE, DeliveryState.HELD, 100, True),
            (DeliveryKind.DIGEST, DeliveryState.HELD, 100, True),
            (DeliveryKind.CARD, DeliveryState.GAVE_UP, 100, True),
            (DeliveryKind.DIGEST, DeliveryState.SENT, 370, False),
            (DeliveryKind.DIGEST, DeliveryState.SENT, 380, True),
            (DeliveryKind.DIGEST, DeliveryState.OWED, 1000, False),
            (DeliveryKind.POST, DeliveryState.SENT, 1000, False),
            (DeliveryKind.ALERT, DeliveryState.SENT, 370, False),
            (DeliveryKind.ALERT, DeliveryState.SENT, 380, True),
            (DeliveryKind.ALERT, DeliveryState.HELD, 380, True),
        ],
    )
    async def test_those_go_that_nobody_can_press_or_look_up(
        self,
        kind: DeliveryKind,
        state: DeliveryState,
        days: float,
        goes: bool,
        store: Store,
        forget: Forget,
    ) -> None:
        delivery_id = await store.run(owe, state, days, kind=kind)
        await forget()
        assert (await store.read(outbox.get, delivery_id) is None) is goes

    async def test_one_that_carries_what_was_posted_or_told_stays(
        self, store: Store, feed: Feed, forget: Forget
    ) -> None:
        held = DeliveryState.HELD
        card = await store.run(owe, held, kind=DeliveryKind.CARD, subject=ONE)
        await store.run(feeds.decide, feed.id, [(ONE, None)], now=LONG_AGO, delivery_id=card)
        word = await store.run(owe, DeliveryState.SENT, target=f"user:{READER}")
        await store.run(follow_and_tell, word)
        await forget()
        assert await count(store, "delivery") == 2
        assert await count(store, "told") == 1


def follow_and_tell(db: Database, delivery_id: int) -> None:
    people.ensure(db, READER, now=LONG_AGO)
    topic = people.follow(db, READER, "agents", Strictness.NORMAL, now=LONG_AGO)
    assert topic is not None
    people.add_matches(db, [a_match(TWO, topic_id=topic.id)])
    telling.carry(db, READER, [TWO], [], delivery_id, now=LONG_AGO)


class TestSnapshots:
    async def looks(self, store: Store, votes: Sequence[int | None], days_ago: float) -> None:
        """Look at a paper each hour, for its votes."""
        for hour, number in enumerate(votes):
            seen_at = NOON - days_ago * DAY + timedelta(hours=hour)
            record = a_record(ONE, number) if number is not None else stars_only(hour)
            await store.run(listings.record, a_listing(record, seen_at=seen_at))

    async def votes(self, store: Store) -> list[int | None]:
        found = await store.read(listings.snapshots_of, [ONE])
        return [snapshot.upvotes for snapshot in found[ONE]]

    async def test_of_old_days_the_last_stays(self, store: Store, forget: Forget) -> None:
        await self.looks(store, [1, 2, 3], days_ago=40)
        await self.looks(store, [4, 5], days_ago=39)
        await self.looks(store, [6, 7], days_ago=20)
        await forget()
        assert await self.votes(store) == [3, 5, 6, 7]

    async def test_a_number_that_is_not_said_again_stays(
        self, store: Store, forget: Forget
    ) -> None:
        await self.looks(store, [1, 2, None], days_ago=40)
        await forget()
        assert await self.votes(store) == [2, None]

    async def test_days_that_grow_old_later_are_thinned_then(
        self, store: Store, forget: Forget, clock: Clock
    ) -> None:
        await self.looks(store, [1, 2], days_ago=40)
        await forget()
        await self.looks(store, [6, 7], days_ago=20)
        clock.now += 15 * DAY
        await forget()
        assert await self.votes(store) == [2, 7]


def stars_only(hour: int) -> Any:
    record = a_record(ONE)
    return type(record)(record.paper, stars=100 + hour)


async def test_changes_of_topics_that_are_gone_go_once_everybody_has_seen_them(
    store: Store, forget: Forget, clock: Clock
) -> None:
    await store.run(people.ensure, READER, now=NOON)
    for text in ("one", "two", "three"):
        await store.run(people.follow, READER, text, Strictness.NORMAL, now=NOON)
    topics = await store.read(people.topics_of, READER)
    for topic in topics[:2]:
        await store.run(people.unfollow, READER, topic.id)
    latest = await store.read(retention.latest_topic_change)
    await forget()
    assert await count(store, "topic_change") == 3, "somebody may not have looked since"
    clock.now += DAY
    await forget()
    assert await count(store, "topic_change") == 2
    assert await store.read(retention.latest_topic_change) == latest, "the next counts from it"


async def test_places_of_former_titles_go(store: Store, forget: Forget) -> None:
    for days, title in enumerate(("As it was", "As it is")):
        said_at = NOON + days * DAY
        await store.run(papers.take_in, "arxiv", [a_paper(title=title)], said_at=said_at)
        await store.run(lambda db: title_places.place(db, papers.latest_revision(db)))
    assert await count(store, "title_place") == 2
    await forget()
    assert await count(store, "title_place") == 1
    assert await store.read(title_places.having, {"as it is"}) == {"as it is": [ONE]}


async def test_it_is_done_once_a_day_and_told_in_one_line(
    store: Store, forget: Forget, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.jobs.forget")
    for subject in ("a", "b"):
        await store.run(owe, DeliveryState.SENT, subject=subject)
        await forget()
    assert await count(store, "delivery") == 1
    clock.now += DAY
    await forget()
    assert await count(store, "delivery") == 0
    assert caplog.messages == ["forget: let go 1 of delivery"] * 2


async def test_a_clock_that_was_set_back_does_not_stop_it(
    store: Store, forget: Forget, clock: Clock
) -> None:
    await forget()
    await store.run(owe, DeliveryState.SENT, 400)
    clock.now -= 200 * DAY
    await forget()
    assert await count(store, "delivery") == 0


async def test_much_goes_in_small_steps(
    store: Store, forget: Forget, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "FOUND_TOGETHER", 5)
    monkeypatch.setattr(forgetting, "DROPPED_TOGETHER", 2)
    for n in range(12):
        await store.run(owe, DeliveryState.SENT, subject=str(n))
    commits: list[str] = []
    await store.run(lambda db: db.conn.set_trace_callback(commits.append))
    await forget()
    await store.run(lambda db: db.conn.set_trace_callback(None))
    assert await count(store, "delivery") == 0
    writes = "\n".join(commits).split("COMMIT")
    assert sum("DELETE FROM delivery" in write for write in writes) == 7, "2, 2, 1; 2, 2, 1; 2"


async def test_what_is_wanted_again_meanwhile_stays(store: Store) -> None:
    rule = retention.MESSAGES
    delivery_id = await store.run(owe, DeliveryState.HELD, kind=DeliveryKind.CARD)
    keys = await store.read(rule.find, now=NOON, limit=9)
    assert keys == [(delivery_id,)]
    await store.run(outbox.postpone, delivery_id, until=NOON, reason="")
    assert await store.run(rule.drop, keys, now=NOON) == 0
