"""Feeds in the store and what was decided of each paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.feeds import Held
from bot.models import DeliveryKind, DeliveryState, Feed, Style
from bot.store import feeds, ledger, listings, outbox
from bot.store.store import Store
from tests.builders import a_feed, a_listing, owed
from tests.conftest import NOON
from tests.store.test_papers import written

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"


@pytest.fixture
async def feed(store: Store) -> Feed:
    await store.run(listings.record, a_listing(papers=[ONE, TWO, THREE]))
    return await store.run(feeds.add, a_feed())


async def an_owed_digest(store: Store, feed: Feed) -> int:
    message = owed(f"channel:{feed.channel_id}", kind=DeliveryKind.DIGEST, feed_id=feed.id)
    delivery_id = await store.run(outbox.enqueue, message, now=NOON)
    assert delivery_id is not None
    return delivery_id


async def test_a_feed_comes_back_as_it_was_wished(store: Store) -> None:
    wish = a_feed(
        topic="kv cache",
        style=Style.FORUM,
        hour=23,
        timezone="Asia/Kolkata",
        days=frozenset((0, 4)),
        min_votes=3,
        max_papers=5,
        role_id=55,
    )
    made = await store.run(feeds.add, wish)
    assert made == replace(wish, id=made.id)
    assert await store.read(feeds.get, made.id) == made
    assert await store.read(feeds.get, made.id + 1) is None


async def test_a_removed_feed_s_number_is_never_given_again(store: Store) -> None:
    first = await store.run(feeds.add, a_feed())
    assert await store.run(feeds.remove, first.id)
    assert not await store.run(feeds.remove, first.id)
    second = await store.run(feeds.add, a_feed())
    assert second.id > first.id


async def test_feeds_are_found_by_server_and_channel_oldest_first(store: Store) -> None:
    wishes = [a_feed(), a_feed(channel_id=200), a_feed(guild_id=20, channel_id=300)]
    made = [await store.run(feeds.add, wish) for wish in wishes]
    assert await store.read(feeds.of_guild, 10) == made[:2]
    assert await store.read(feeds.of_channel, 200) == [made[1]]
    assert await store.read(feeds.running) == made


async def test_editing_changes_the_wish_and_nothing_else(store: Store, feed: Feed) -> None:
    changed = replace(feed, hour=7, days=frozenset((1,)), topic="agents", channel_id=999)
    await store.run(feeds.edit, changed)
    assert await store.read(feeds.get, feed.id) == replace(changed, channel_id=feed.channel_id)


async def test_a_paused_feed_keeps_its_set_up_and_says_why(store: Store, feed: Feed) -> None:
    assert await store.run(feeds.pause, feed.id, now=NOON, because="the channel is gone")
    assert not await store.run(feeds.pause, feed.id, now=NOON + DAY, because="another reason")
    paused = replace(feed, paused_at=NOON, paused_because="the channel is gone")
    assert await store.read(feeds.get, feed.id) == paused
    assert await store.read(feeds.running) == []

    assert await store.run(feeds.resume, feed.id)
    assert not await store.run(feeds.resume, feed.id)
    assert await store.read(feeds.running) == [feed]


async def test_removing_a_feed_holds_what_it_owes(store: Store, feed: Feed) -> None:
    delivery_id = await an_owed_digest(store, feed)
    await store.run(feeds.decide, feed.id, [(ONE, None)], now=NOON, delivery_id=delivery_id)
    await store.run(feeds.remove, feed.id)
    delivery = await store.read(outbox.get, delivery_id)
    assert delivery is not None
    assert (delivery.state, delivery.reason) == (DeliveryState.HELD, "the feed was removed")


async def test_a_verdict_is_kept_with_its_reason(store: Store, feed: Feed) -> None:
    verdicts = [(ONE, Held.BELOW_BAR), (TWO, None)]
    await store.run(feeds.decide, feed.id, verdicts, now=NOON)
    assert await store.read(feeds.decided, feed.id, [ONE, TWO, THREE]) == {
        ONE: ("held", "below the bar"),
        TWO: ("post", None),
    }


async def test_what_was_posted_stays_posted(store: Store, feed: Feed) -> None:
    delivery_id = await an_owed_digest(store, feed)
    await store.run(feeds.decide, feed.id, [(ONE, None)], now=NOON, delivery_id=delivery_id)
    await store.run(feeds.decide, feed.id, [(ONE, Held.LATE)], now=NOON + HOUR)
    await store.run(feeds.decide, feed.id, [(ONE, None)], now=NOON + HOUR)
    [line] = await store.read(ledger.of_feed, feed.id, limit=9)
    assert (line.state, line.at) == (DeliveryState.OWED, NOON)
    assert line.delivery is not None
    assert line.delivery.id == delivery_id


async def test_what_was_held_may_be_posted_later(store: Store, feed: Feed) -> None:
    await store.run(feeds.decide, feed.id, [(ONE, Held.BELOW_BAR)], now=NOON)
    await store.run(feeds.decide, feed.id, [(ONE, None)], now=NOON + HOUR)
    [line] = await store.read(ledger.of_feed, feed.id, limit=9)
    assert (line.state, line.reason) == (DeliveryState.SENT, None)
    assert line.at == NOON + HOUR


async def test_the_same_verdict_again_writes_nothing(store: Store, feed: Feed) -> None:
    verdicts = [(ONE, Held.BELOW_BAR), (TWO, None)]
    await store.run(feeds.decide, feed.id, verdicts, now=NOON)
    before = await store.run(written)
    await store.run(feeds.decide, feed.id, verdicts, now=NOON + HOUR)
    assert await store.run(written) == before


async def test_papers_posted_since_a_moment_are_counted(store: Store, feed: Feed) -> None:
    for hour, paper_id in enumerate([ONE, TWO, THREE]):
        await store.run(feeds.decide, feed.id, [(paper_id, None)], now=NOON + hour * HOUR)
    assert await store.read(feeds.posted_since, feed.id, NOON + HOUR) == 2


async def test_what_another_feed_posted_in_the_channel_is_known(store: Store, feed: Feed) -> None:
    other = await store.run(feeds.add, a_feed(topic="agents"))
    elsewhere = await store.run(feeds.add, a_feed(channel_id=200))
    await store.run(feeds.decide, other.id, [(ONE, None), (TWO, Held.NO_MATCH)], now=NOON)
    await store.run(feeds.decide, elsewhere.id, [(THREE, None)], now=NOON)
    here = await store.read(feeds.posted_in_channel, 100, [ONE, TWO, THREE])
    assert here == {ONE}


async def test_a_delivery_that_will_not_go_out_gives_its_papers_free(
    store: Store, feed: Feed
) -> None:
    delivery_id = await an_owed_digest(store, feed)
    posted = [(ONE, None), (TWO, None)]
    await store.run(feeds.decide, feed.id, posted, now=NOON, delivery_id=delivery_id)
    await store.run(feeds.decide, feed.id, [(THREE, None)], now=NOON)

    assert await store.run(feeds.withdraw, delivery_id, Held.LATE, now=NOON + DAY) == 2
    assert await store.read(feeds.decided, feed.id, [ONE, TWO, THREE]) == {
        ONE: ("held", "late"),
        TWO: ("held", "late"),
        THREE: ("post", None),
    }
