"""The ledger: each paper and feed, and every other message."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.feeds import Held
from bot.models import DeliveryKind, DeliveryState, Feed
from bot.store import feeds, ledger, listings, outbox
from bot.store.store import Store
from tests.builders import a_feed, a_listing, owed
from tests.conftest import NOON

HOUR = timedelta(hours=1)
ONE, TWO, THREE, FOUR = "2403.00001", "2403.00002", "2403.00003", "2403.00004"


@pytest.fixture
async def feed(store: Store) -> Feed:
    """A feed that has sent a digest of two papers and holds two more."""
    await store.run(listings.record, a_listing(papers=[ONE, TWO, THREE, FOUR]))
    feed = await store.run(feeds.add, a_feed())
    held = [(THREE, Held.BELOW_BAR), (FOUR, Held.BASELINE)]
    await store.run(feeds.decide, feed.id, held, now=NOON)
    message = owed("channel:100", kind=DeliveryKind.DIGEST, feed_id=feed.id, guild_id=5)
    id_ = await store.run(outbox.enqueue, message, now=NOON)
    assert id_ is not None
    await store.run(feeds.decide, feed.id, [(ONE, None), (TWO, None)], now=NOON, delivery_id=id_)
    await store.run(outbox.mark_sent, id_, message_id=9, place_id=100, now=NOON + HOUR)
    return feed


async def test_every_paper_of_a_feed_has_a_line(store: Store, feed: Feed) -> None:
    lines = await store.read(ledger.of_feed, feed.id, limit=9)
    assert [(line.paper_id, line.state, line.reason) for line in lines] == [
        (ONE, DeliveryState.SENT, None),
        (TWO, DeliveryState.SENT, None),
        (THREE, DeliveryState.HELD, "below the bar"),
        (FOUR, DeliveryState.HELD, "baseline"),
    ]
    assert {line.delivery.url for line in lines if line.delivery} == {
        "https://discord.com/channels/5/100/9"
    }
    assert [line.at for line in lines] == [NOON + HOUR] * 2 + [NOON] * 2


async def test_lines_come_in_pages_and_by_state(store: Store, feed: Feed) -> None:
    page = await store.read(ledger.of_feed, feed.id, limit=2, first=1)
    assert [line.paper_id for line in page] == [TWO, THREE]
    held = await store.read(ledger.of_feed, feed.id, limit=9, states=[DeliveryState.HELD])
    assert [line.paper_id for line in held] == [THREE, FOUR]


async def test_a_feed_s_papers_are_counted_by_state_and_reason(store: Store, feed: Feed) -> None:
    other = await store.run(feeds.add, a_feed(topic="agents"))
    await store.run(feeds.decide, other.id, [(ONE, Held.DUPLICATE)], now=NOON)
    assert await store.read(ledger.counts, feed.id) == {
        (DeliveryState.SENT, None): 2,
        (DeliveryState.HELD, "below the bar"): 1,
        (DeliveryState.HELD, "baseline"): 1,
    }


async def test_messages_that_carry_no_feed_s_paper_are_lines_of_their_own(
    store: Store, feed: Feed
) -> None:
    await store.run(outbox.enqueue, owed("user:8", "words"), now=NOON + 2 * HOUR)
    newest, *rest = await store.read(ledger.lines, limit=9)
    assert (newest.state, newest.paper_id, newest.feed_id) == (DeliveryState.OWED, None, None)
    assert newest.delivery is not None
    assert (newest.delivery.target, newest.delivery.url) == ("user:8", None)
    assert [line.paper_id for line in rest] == [ONE, TWO, THREE, FOUR]


async def test_a_message_that_is_held_holds_its_papers_with_its_own_reason(
    store: Store, feed: Feed
) -> None:
    await store.run(outbox.settle, 1, DeliveryState.HELD, reason="the channel is gone")
    first, *_ = await store.read(ledger.of_feed, feed.id, limit=9)
    assert (first.state, first.reason) == (DeliveryState.HELD, "the channel is gone")
