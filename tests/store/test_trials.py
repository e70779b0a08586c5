"""What the sandbox leaves behind, and does not."""

from __future__ import annotations

from bot.models import DeliveryKind, Strictness
from bot.store import feeds, listings, outbox, papers, people, telling, trials
from bot.store.store import Store
from tests.builders import a_feed, a_listing, a_match, owed
from tests.conftest import NOON

ONE = "2403.00001"
VISITOR, MEMBER = 7, 8
SANDBOX, SERVER = 10, 20


async def wish(store: Store, guild_id: int, user_id: int) -> None:
    """Leave everything that a server and a person can."""
    feed = await store.run(feeds.add, a_feed(guild_id=guild_id, channel_id=guild_id * 10))
    digest = owed(f"channel:{guild_id * 10}", guild_id=guild_id, feed_id=feed.id)
    delivery_id = await store.run(outbox.enqueue, digest, now=NOON)
    await store.run(feeds.decide, feed.id, [(ONE, None)], now=NOON, delivery_id=delivery_id)
    await store.run(people.ensure, user_id, now=NOON)
    topic = await store.run(people.follow, user_id, "agents", Strictness.NORMAL, now=NOON)
    assert topic is not None
    await store.run(people.add_matches, [a_match(ONE, topic_id=topic.id)])
    alert = owed(f"user:{user_id}", kind=DeliveryKind.ALERT)
    alert_id = await store.run(outbox.enqueue, alert, now=NOON)
    assert alert_id is not None
    await store.run(telling.carry, user_id, [ONE], (), alert_id, now=NOON)
    await store.run(people.save, user_id, ONE, now=NOON)


async def test_only_the_sandbox_s_own_wishes_go_and_the_papers_stay(store: Store) -> None:
    await store.run(listings.record, a_listing(papers=[ONE]))
    await wish(store, SANDBOX, VISITOR)
    await wish(store, SERVER, MEMBER)
    await store.run(trials.begin, guild_id=SANDBOX, user_id=VISITOR)

    await store.run(trials.forget)

    assert await store.read(papers.count) == 1
    assert await store.read(people.get, VISITOR) is None
    assert await store.read(people.saved, VISITOR) == []
    assert [feed.guild_id for feed in await store.read(feeds.running)] == [SERVER]
    left = await store.read(outbox.recent, limit=9)
    assert [delivery.target for delivery in left] == [f"user:{MEMBER}", "channel:200"]
    assert await store.read(people.count_matched, MEMBER) == 1


async def test_without_a_sandbox_there_is_nothing_to_forget(store: Store) -> None:
    await store.run(listings.record, a_listing(papers=[ONE]))
    await wish(store, SERVER, MEMBER)
    await store.run(trials.forget)
    assert await store.read(outbox.counts) == {"owed": 2}
