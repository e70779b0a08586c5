"""What is owed to feeds and people is decided once, whenever and however often one looks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bot import feeding
from bot.candidates import Backlog, chosen, gather, listed_now
from bot.errors import StoreError, UserError
from bot.feeds import Held
from bot.jobs.compose import Compose, room, settle
from bot.models import Delivery, DeliveryKind, Feed, Strictness, Style, Topic
from bot.store import feeds, listings, outbox, people
from bot.store.store import Store
from bot.topics.reading import Reader
from tests.builders import a_feed, a_listing, a_match, a_record, owed
from tests.conftest import NOON, Clock
from tests.topics.samples import WordBag

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = date(2026, 3, 2)
"""The newest complete list at noon of Tuesday."""
ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"
BEFORE = NOON - 30 * DAY


@pytest.fixture
def reader() -> Reader:
    return Reader(WordBag())


@pytest.fixture
def compose(store: Store, clock: Clock, reader: Reader) -> Compose:
    return Compose(store, clock, reader)


async def made(store: Store, **wish: Any) -> Feed:
    """Return a feed from long ago."""
    return await store.run(feeds.add, a_feed(created_at=BEFORE, **wish))


async def listed(store: Store, *votes: int, day: date = MONDAY) -> None:
    """List papers with these votes."""
    records = [a_record(f"2403.{n:05}", votes_) for n, votes_ in enumerate(votes, 1)]
    await store.run(listings.record, a_listing(*records, day=day))


async def deliveries(store: Store, **which: Any) -> list[Delivery]:
    return (await store.read(outbox.recent, limit=100, **which))[::-1]


async def verdicts(store: Store, feed: Feed) -> dict[str, tuple[str, str | None]]:
    ids = [f"2403.{n:05}" for n in range(1, 30)]
    return await store.read(feeds.decided, feed.id, ids)


async def test_a_digest_is_owed_at_its_hour_with_all_that_it_needs(
    store: Store, compose: Compose
) -> None:
    feed = await made(store, max_papers=2)
    await listed(store, 10, 30, 20)
    await compose()
    (delivery,) = await deliveries(store)
    assert (delivery.target, delivery.subject) == ("channel:100", f"feed:{feed.id}:2026-03-03")
    assert delivery.payload == {
        "papers": [TWO, THREE],
        "more": [ONE],
        "days": ["2026-03-02"],
        "starter": False,
    }
    assert delivery.due_at == NOON - 3 * HOUR
    assert delivery.expires_at == NOON + 20 * HOUR
    assert await verdicts(store, feed) == dict.fromkeys([ONE, TWO, THREE], ("post", None))


async def test_looking_twice_changes_nothing(store: Store, compose: Compose, clock: Clock) -> None:
    await made(store)
    await listed(store, 10)
    await compose()
    before = await deliveries(store)
    clock.now += HOUR
    await listed(store, 10, 90)
    await compose()
    assert await deliveries(store) == before


async def test_a_day_with_nothing_owes_nothing_and_a_late_list_is_still_taken(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await made(store)
    await compose()
    assert await deliveries(store) == []
    await listed(store, 10)
    clock.now += 2 * HOUR
    await compose()
    assert len(await deliveries(store)) == 1


async def test_a_feed_waits_for_its_hour_and_day(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await made(store, hour=13, timezone="Europe/Berlin")  # noon in UTC
    await made(store, channel_id=101, hour=13)
    await made(store, channel_id=102, days=frozenset((2,)))
    await listed(store, 10)
    clock.now = NOON - timedelta(seconds=1)
    await compose()
    assert await deliveries(store) == []
    clock.now = NOON
    await compose()
    assert [d.target for d in await deliveries(store)] == ["channel:100"]
    clock.now = NOON + HOUR
    await compose()
    clock.now = NOON + 22 * HOUR
    await compose()
    assert [d.target for d in await deliveries(store)] == [
        "channel:100",
        "channel:101",
        "channel:102",
    ]


async def test_a_digest_that_is_most_of_a_day_late_waits_for_the_next(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await made(store)
    await listed(store, 10)
    clock.now = NOON - 3 * HOUR + 20 * HOUR
    await compose()
    assert await deliveries(store) == []
    clock.now = NOON - 3 * HOUR + DAY
    await compose()
    assert [d.subject for d in await deliveries(store)] == ["feed:1:2026-03-04"]


async def test_cards_leave_room_for_what_comes_later_that_day(
    store: Store, compose: Compose, clock: Clock
) -> None:
    feed = await made(store, style=Style.CARDS, max_papers=2)
    await listed(store, 10)
    await compose()
    clock.now += HOUR
    await listed(store, 10, 30, 20)
    await compose()
    assert [d.subject for d in await deliveries(store)] == [ONE, TWO]
    assert (await verdicts(store, feed))[THREE] == ("held", Held.RATE)
    assert await store.read(room, feed, clock.now) == 0


async def test_the_day_of_cards_is_the_feed_s_own_and_midnight_brings_no_more(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await made(store, style=Style.CARDS, max_papers=1, hour=9, timezone="Asia/Tokyo")
    await listed(store, 30, 20, 10)
    for hours, owed_by_then in ((0, 1), (3.5, 1), (11.5, 1), (12.5, 2)):
        clock.now = NOON + timedelta(hours=hours)
        await compose()
        assert len(await deliveries(store)) == owed_by_then


async def test_what_a_feed_without_its_channel_cannot_post_is_held_and_posted_later(
    store: Store, compose: Compose, clock: Clock
) -> None:
    feed = await made(store, min_votes=5)
    await store.run(feeds.pause, feed.id, now=NOON - DAY, because="the bot cannot see the channel")
    await listed(store, 10, 1)
    for _ in range(2):
        await compose()
        assert await deliveries(store) == []
        assert await verdicts(store, feed) == {
            ONE: ("held", Held.PERMISSION),
            TWO: ("held", Held.BELOW_BAR),
        }
        clock.now += HOUR

    await store.run(feeds.resume, feed.id)
    await compose()
    [digest] = await deliveries(store)
    assert digest.payload["papers"] == [ONE]


async def test_a_paused_feed_owes_nothing(store: Store, compose: Compose) -> None:
    feed = await made(store)
    await listed(store, 10)
    await store.run(feeds.pause, feed.id, now=NOON)
    await compose()
    assert await deliveries(store) == []


def break_days(db: Database, feed_id: int) -> None:
    db.execute("UPDATE feed SET timezone = 'Mars/Olympus' WHERE id = ?", [feed_id])


async def test_one_feed_with_a_bug_holds_up_no_other(
    store: Store, compose: Compose, caplog: pytest.LogCaptureFixture
) -> None:
    broken = await made(store)
    await made(store, channel_id=101)
    await listed(store, 10)
    await store.run(break_days, broken.id)
    await compose()
    assert [d.target for d in await deliveries(store)] == ["channel:101"]
    assert f"feed {broken.id} met a bug" in caplog.text


async def test_a_database_that_is_locked_is_no_bug_of_a_feed(
    tmp_path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, reader: Reader
) -> None:
    path = tmp_path / "locked.sqlite"
    async with Store(path, busy_timeout_ms=20) as store:
        await made(store)
        await listed(store, 10)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="is locked by another process"):
                await Compose(store, clock, reader)()
        assert not caplog.records
        await Compose(store, clock, reader)()
        assert len(await deliveries(store)) == 1


async def test_a_held_and_stale_digest_s_papers_join_the_next(
    store: Store, compose: Compose, clock: Clock
) -> None:
    feed = await made(store)
    await listed(store, 10)
    await compose()
    (late,) = await deliveries(store)
    await store.run(feeds.withdraw, late.id, Held.LATE, now=NOON + 21 * HOUR)
    clock.now = NOON + DAY
    await compose()
    assert [d.payload["papers"] for d in await deliveries(store)] == [[ONE], [ONE]]
    assert await verdicts(store, feed) == {ONE: ("post", None)}


async def test_what_was_listed_more_than_a_week_ago_is_held_as_late(
    store: Store, compose: Compose
) -> None:
    feed = await made(store)
    await listed(store, 10, day=MONDAY - 7 * DAY)
    await compose()
    assert await deliveries(store) == []
    assert await verdicts(store, feed) == {ONE: ("held", Held.LATE)}


async def test_an_imported_list_needs_no_look_of_ours(store: Store) -> None:
    await listed(store, 10)
    assert set(await store.read(listed_now, now=NOON, of_all_sources=False)) == {ONE}
    before_its_end = NOON - 10 * HOUR
    assert await store.read(listed_now, now=before_its_end, of_all_sources=False) == {}


@pytest.mark.parametrize(
    ("backlog", "ids"),
    [
        (Backlog.LEFT_OUT, [THREE]),
        (Backlog.TAKEN_IN, [TWO, THREE]),
        (Backlog.ALL_TAKEN_IN, [ONE, TWO, THREE]),
    ],
)
async def test_how_much_of_the_past_counts(store: Store, backlog: Backlog, ids: list[str]) -> None:
    feed = await made(store)
    await listed(store, 3, 2, 1)
    await store.run(feeds.decide, feed.id, [(ONE, None), (TWO, Held.BASELINE)], now=NOON)
    found = await store.read(gather, feed, now=NOON, backlog=backlog)
    assert sorted(paper.id for paper in found.papers) == ids


async def test_a_new_feed_takes_nothing_that_it_could_post_already_whatever_it_is_changed_to(
    store: Store,
) -> None:
    await listed(store, 10)
    arxiv = a_listing(papers=[TWO], source="arxiv", name="cs.LG", day=NOON.date())
    await store.run(listings.record, arxiv)
    feed = await store.run(feeding.add_feed, a_feed(), most=5)
    assert set(await verdicts(store, feed)) == {ONE, TWO}


async def test_a_server_s_feeds_are_limited_and_no_two_the_same(store: Store) -> None:
    await store.run(feeding.add_feed, a_feed(topic="agents"), most=2)
    with pytest.raises(UserError, match="posts the same there already"):
        await store.run(feeding.add_feed, a_feed(topic="Agents"), most=2)
    await store.run(feeding.add_feed, a_feed(topic="robots"), most=2)
    with pytest.raises(UserError, match="A server can have 2 feeds"):
        await store.run(feeding.add_feed, a_feed(topic="rain"), most=2)


async def test_posting_now_what_the_channel_got_from_a_feed_that_is_gone_is_refused(
    store: Store,
    reader: Reader,
) -> None:
    card = owed("channel:100", ONE, kind=DeliveryKind.CARD)
    await store.run(outbox.enqueue, card, now=NOON)
    await listed(store, 10)
    feed = await made(store, style=Style.CARDS)
    with pytest.raises(UserError, match="has changed"):
        await feeding.post_now(store, feed, [ONE], now=NOON, reader=reader)


async def test_posting_now_leaves_the_backlog_that_it_does_not_post_as_it_was(
    store: Store,
    reader: Reader,
) -> None:
    await listed(store, 10, 1)
    feed = await store.run(feeding.add_feed, a_feed(min_votes=5), most=9)
    await feeding.post_now(store, feed, [ONE], now=NOON, reader=reader)
    assert await verdicts(store, feed) == {ONE: ("post", None), TWO: ("held", Held.BASELINE)}


async def test_a_choice_is_dropped_where_the_feed_was_changed_while_it_was_made(
    store: Store,
    reader: Reader,
) -> None:
    feed = await made(store)
    await listed(store, 10)
    choice = await chosen(store, feed, room=8, now=NOON, reader=reader)
    await store.run(feeds.pause, feed.id, now=NOON)
    assert await store.run(settle, feed, choice, NOON, now=NOON) == 0
    assert await verdicts(store, feed) == {}


async def test_a_choice_is_dropped_where_another_feed_posted_its_paper_meanwhile(
    store: Store,
    reader: Reader,
) -> None:
    feed, other = await made(store), await made(store, topic="cat:cs.LG")
    await listed(store, 10)
    choice = await chosen(store, feed, room=8, now=NOON, reader=reader)
    await store.run(feeds.decide, other.id, [(ONE, None)], now=NOON)
    assert await store.run(settle, feed, choice, NOON, now=NOON) == 0
    assert await deliveries(store) == []


async def test_settling_a_choice_twice_owes_it_once(store: Store, reader: Reader) -> None:
    feed = await made(store, style=Style.FORUM)
    await listed(store, 3, 2, 1)
    choice = await chosen(store, feed, room=8, now=NOON, reader=reader)
    assert await store.run(settle, feed, choice, NOON, now=NOON) == 3
    assert await store.run(settle, feed, choice, NOON, now=NOON) == 0


# People


async def following(store: Store, *ids: str, at: datetime = NOON - 4 * HOUR) -> Topic:
    """Let a reader's topic have matched some papers at a moment."""
    await store.run(people.ensure, 7, now=BEFORE)
    topic = await store.run(people.follow, 7, "agents", Strictness.NORMAL, now=BEFORE)
    assert topic
    await store.run(people.add_matches, [a_match(id_, topic_id=topic.id, at=at) for id_ in ids])
    return topic


async def test_an_alert_gathers_what_waits_the_best_first(store: Store, compose: Compose) -> None:
    await listed(store, 10, 30)
    await following(store, ONE, TWO)
    await compose()
    await compose()
    (alert,) = await deliveries(store, user_id=7)
    assert (alert.target, alert.subject) == ("user:7", "alert:2026-03-03")
    assert alert.payload == {"papers": [TWO, ONE], "more": []}
    assert await store.read(people.waiting_matches, 7) == []


@pytest.mark.parametrize(
    ("matched", "now", "alerts"),
    [
        (NOON - 4 * HOUR, NOON - 3 * HOUR, 1),
        (NOON - 2 * HOUR, NOON - HOUR, 1),
        (NOON, NOON, 0),
        (NOON, NOON + 21 * HOUR, 1),
    ],
)
async def test_what_comes_long_after_the_person_s_hour_waits_for_the_next(
    store: Store, compose: Compose, clock: Clock, matched: datetime, now: datetime, alerts: int
) -> None:
    await listed(store, 10)
    await following(store, ONE, at=matched)
    clock.now = now
    await compose()
    assert len(await deliveries(store, user_id=7)) == alerts


async def test_a_person_gets_one_alert_a_day(store: Store, compose: Compose, clock: Clock) -> None:
    await listed(store, 10, 30)
    topic = await following(store, ONE)
    await compose()
    late = a_match(TWO, topic_id=topic.id, at=NOON - 3 * HOUR)
    await store.run(people.add_matches, [late])
    clock.now += HOUR
    await compose()
    assert len(await deliveries(store)) == 1
    clock.now += 21 * HOUR
    await compose()
    assert [d.payload["papers"] for d in await deliveries(store)] == [[ONE], [TWO]]


async def test_a_closed_dm_is_owed_nothing_and_keeps_its_matches(
    store: Store, compose: Compose
) -> None:
    await listed(store, 10)
    await following(store, ONE)
    await store.run(people.dm_closed, 7, now=NOON, because="closed")
    await compose()
    assert await deliveries(store) == []
    assert len(await store.read(people.waiting_matches, 7)) == 1
