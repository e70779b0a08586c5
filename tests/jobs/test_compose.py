"""What is owed to feeds and people is decided once, whenever and however often one looks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlite_utils import Database

from bot import alerting, feeding, posts
from bot.alerts import MOST_A_DAY
from bot.candidates import Backlog, chosen, gather, listed_now
from bot.errors import StoreError, UserError
from bot.feeds import Held
from bot.jobs.compose import Compose, room, settle
from bot.jobs.deliver import hold_stale
from bot.listing_days import complete_at
from bot.models import (
    Delivery,
    DeliveryKind,
    EventKind,
    Feed,
    Frequency,
    PaperEvent,
    Schedule,
    Strictness,
    Style,
    Topic,
)
from bot.store import dislikes, events, feeds, listings, outbox, people
from bot.store.people import Person
from bot.store.store import Store
from bot.topics.reading import Reader
from tests.builders import a_feed, a_listing, a_match, a_record, owed
from tests.conftest import NOON, Clock

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
MONDAY = date(2026, 3, 2)
"""The newest complete list at noon of Tuesday."""
ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"
BEFORE = NOON - 30 * DAY


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


async def test_a_list_that_closes_long_after_a_feed_s_hour_waits_for_the_next(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await made(store)
    await made(store, channel_id=101, topic="llamas")
    tuesday = MONDAY + DAY
    await store.run(listings.record, a_listing(papers=[ONE], day=tuesday))
    llamas = a_record(TWO, title="On Llamas")
    on_arxiv = a_listing(llamas, source="arxiv", name="cs.LG", day=tuesday + DAY)
    await store.run(listings.record, on_arxiv)
    clock.now = complete_at(tuesday)
    await compose()
    assert await deliveries(store) == []
    clock.now = NOON + 21 * HOUR
    await compose()
    assert [d.payload["papers"] for d in await deliveries(store)] == [[ONE], [TWO]]


async def test_a_list_that_closes_soon_after_a_feed_s_hour_is_posted_then(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await made(store, timezone="Asia/Tokyo")
    await listed(store, 10)
    for early in (timedelta(seconds=1), timedelta()):
        assert await deliveries(store) == []
        clock.now = complete_at(MONDAY) - early
        await compose()
    assert [d.payload["papers"] for d in await deliveries(store)] == [[ONE]]


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


GAP = {"days": 2, "papers": 3, "shown": 2}


@pytest.mark.parametrize("style", [Style.CARDS, Style.FORUM])
async def test_the_first_card_after_a_gap_says_what_it_makes_good(
    style: Style, store: Store, compose: Compose, clock: Clock
) -> None:
    await made(store, style=style, max_papers=2)
    await listed(store, 30, 20, day=MONDAY - 3 * DAY)
    await store.run(listings.record, a_listing(a_record(THREE, 10), day=MONDAY))
    await compose()
    assert [d.payload for d in await deliveries(store)] == [{"gap": GAP}, {}]
    clock.now += DAY
    await compose()
    assert [d.payload for d in await deliveries(store)][2:] == [{}], "the rest is no second gap"


async def test_cards_of_a_feed_that_was_there_at_its_last_hour_speak_of_no_gap(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await made(store, style=Style.CARDS, min_votes=5)
    friday = MONDAY - 3 * DAY
    clock.now -= DAY
    few = [a_record(paper_id, 1) for paper_id in (ONE, TWO)]
    await store.run(listings.record, a_listing(*few, day=friday, seen_at=clock.now))
    await compose()
    clock.now += DAY
    await listed(store, 30, 20, day=friday)  # over the bar only now
    await store.run(listings.record, a_listing(a_record(THREE, 10), day=MONDAY))
    await compose()
    assert [d.payload for d in await deliveries(store)] == [{}, {}, {}]


async def test_cards_say_what_the_time_without_their_channel_has_gathered(
    store: Store, compose: Compose, clock: Clock
) -> None:
    feed = await made(store, style=Style.CARDS, max_papers=2)
    clock.now -= DAY
    await store.run(feeds.pause, feed.id, now=clock.now, because="the bot cannot see the channel")
    await listed(store, 30, 20, day=MONDAY - 3 * DAY)
    await compose()
    clock.now += DAY
    await store.run(listings.record, a_listing(a_record(THREE, 10), day=MONDAY))
    await compose()
    await store.run(feeds.resume, feed.id)
    await compose()
    assert [d.payload for d in await deliveries(store)] == [{"gap": GAP}, {}]


async def test_the_day_of_cards_is_the_feed_s_own_and_midnight_brings_no_more(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await made(store, style=Style.CARDS, max_papers=1, hour=9, timezone="Asia/Tokyo")
    await listed(store, 30, 20, 10, day=MONDAY - 3 * DAY)
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
    tmp_path: Path, clock: Clock, reader: Reader, caplog: pytest.LogCaptureFixture
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


async def test_what_joins_a_list_late_is_news_when_it_does(
    store: Store, compose: Compose, clock: Clock
) -> None:
    feed = await made(store)
    for paper_id, day, seen_at in (
        (ONE, MONDAY - 11 * DAY, NOON - 10 * DAY),  # after the other's list had closed
        (TWO, MONDAY - 12 * DAY, NOON + HOUR),
    ):
        listing = a_listing(papers=[paper_id], day=day, seen_at=seen_at)
        await store.run(listings.record, listing)
    clock.now += 2 * HOUR
    await compose()
    assert await deliveries(store) == [], "its hour had gone by"
    clock.now += DAY
    await compose()
    assert [d.payload["papers"] for d in await deliveries(store)] == [[TWO]]
    assert (await verdicts(store, feed))[ONE] == ("held", Held.LATE)


async def test_what_joins_a_list_14_days_late_waits_for_a_feed_that_posts_once_a_week(
    store: Store, compose: Compose, clock: Clock
) -> None:
    day = MONDAY - 14 * DAY
    feed = await made(store, days=frozenset({0}))
    for paper_id, seen_at in ((ONE, NOON - 13 * DAY), (TWO, NOON + 18 * HOUR)):
        await store.run(listings.record, a_listing(papers=[paper_id], day=day, seen_at=seen_at))
    for _ in range(8):
        clock.now += DAY
        await compose()
    assert [d.payload["papers"] for d in await deliveries(store)] == [[TWO]]
    assert (await verdicts(store, feed))[ONE] == ("held", Held.LATE)


async def test_old_lists_that_are_read_after_an_outage_are_no_news(
    store: Store, compose: Compose
) -> None:
    feed = await made(store)
    for n, paper_id in enumerate((ONE, TWO)):
        day, seen_at = MONDAY - (12 + n) * DAY, NOON - HOUR + n * timedelta(minutes=10)
        await store.run(listings.record, a_listing(papers=[paper_id], day=day, seen_at=seen_at))
    await compose()
    assert await deliveries(store) == []
    assert await verdicts(store, feed) == dict.fromkeys([ONE, TWO], ("held", Held.LATE))


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


@pytest.mark.parametrize(("topic", "is_news"), [("", True), ("llamas", False)])
async def test_what_a_daily_list_takes_later_is_news_to_a_feed_that_reads_no_other(
    topic: str,
    is_news: bool,
    store: Store,
    compose: Compose,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """arXiv announces papers days before Hugging Face lists them."""
    llamas = a_record(ONE, title="On Llamas")
    on_arxiv = a_listing(llamas, a_record(TWO), source="arxiv", name="cs.LG", day=NOON.date())
    await store.run(listings.record, on_arxiv)
    await store.run(listings.record, a_listing(papers=[TWO], day=MONDAY))
    await store.run(feeding.add_feed, a_feed(topic=topic), most=5)
    trending = a_listing(papers=[TWO], name="trending", seen_at=NOON + HOUR)
    await store.run(listings.record, trending)
    taken = a_listing(llamas, day=MONDAY + DAY, seen_at=NOON + HOUR)
    await store.run(listings.record, taken)
    clock.now += DAY
    for _ in range(2):
        await compose()
        posted = [d.payload["papers"] for d in await deliveries(store)]
        assert posted == ([[ONE]] if is_news else [])
    assert not caplog.records


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


async def test_an_alert_takes_more_papers_than_a_statement_takes_values(store: Store) -> None:
    """One person's long absence once stopped everybody's alerts."""
    await listed(store, *range(60))
    ids = [f"2403.{n:05}" for n in range(1, 61)]
    await following(store, *ids)
    person = await store.run(people.ensure, 7, now=NOON)
    alert = await store.run(an_alert_by_short_statements, person)
    assert alert
    papers, more = alert.payload["papers"], alert.payload["more"]
    assert isinstance(papers, list)
    assert isinstance(more, list)
    assert sorted([*papers, *more]) == ids
    assert await store.read(people.waiting_matches, 7) == []


def an_alert_by_short_statements(db: Database, person: Person) -> Delivery | None:
    """Owe an alert over a connection whose statements take 40 values."""
    before = db.conn.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 40)
    try:
        waiting = alerting.gather(db, person, by_email=False, now=NOON)
        assert waiting
        assert alerting.owe(db, person, {}, by_email=False, now=NOON) == 1
    finally:
        db.conn.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)
    return next(iter(outbox.recent(db, limit=1)), None)


ROBOTS = "Robots fold laundry from one video"


async def told(store: Store, compose: Compose, *ids: str) -> Topic:
    """Let a reader be told of papers."""
    await listed(store, *range(40, 40 - len(ids), -1))
    topic = await following(store, *ids)
    await compose()
    return topic


async def test_a_paper_that_was_told_is_not_told_again_under_a_later_topic(
    store: Store, compose: Compose, clock: Clock
) -> None:
    topic = await told(store, compose, ONE)
    await store.run(people.unfollow, 7, topic.id)
    other = await store.run(people.follow, 7, "other", Strictness.NORMAL, now=BEFORE)
    assert other
    await store.run(people.add_matches, [a_match(ONE, topic_id=other.id, at=clock.now)])
    clock.now += DAY
    await compose()
    assert len(await deliveries(store, user_id=7)) == 1


NEWS_AT = NOON + HOUR


def news(kind: EventKind, detail: str = "", *, at: datetime = NEWS_AT) -> PaperEvent:
    return PaperEvent(ONE, kind, at, detail)


@pytest.mark.parametrize(
    ("event", "alerts"),
    [
        (news(EventKind.CODE, "https://github.com/a/b"), 2),
        (news(EventKind.VERSION, "v2"), 2),
        (news(EventKind.WITHDRAWN), 2),
        (news(EventKind.LISTED, "2026-03-03"), 1),
        (news(EventKind.VERSION, "v2", at=NOON - HOUR), 1),
    ],
)
async def test_news_of_a_told_paper_is_told_once(
    store: Store, compose: Compose, clock: Clock, event: PaperEvent, alerts: int
) -> None:
    await told(store, compose, ONE, TWO)
    await store.run(events.add, [event])
    for _ in range(3):
        clock.now += DAY
        await compose()
    sent = await deliveries(store, user_id=7)
    assert len(sent) == alerts
    if alerts > 1:
        assert sent[1].payload["papers"] == [ONE]
        alert = await store.read(posts.load, sent[1])
        assert isinstance(alert, posts.Alert)
        assert alert.in_words() == "News of 1 paper"
        assert (alert.groups[0][2][0].reason or "").startswith("News – ")


async def test_there_is_no_news_of_what_is_paused_ended_or_unwanted(
    store: Store, compose: Compose, clock: Clock
) -> None:
    topic = await told(store, compose, ONE)
    await store.run(events.add, [news(EventKind.CODE, "https://github.com/a/b")])
    clock.now += DAY
    await store.run(dislikes.add, 7, ONE, now=clock.now)
    await compose()
    await store.run(dislikes.remove, 7, ONE)
    await store.run(people.pause_topic, 7, topic.id, until=clock.now)
    await compose()
    await store.run(people.unfollow, 7, topic.id)
    await compose()
    assert len(await deliveries(store, user_id=7)) == 1


async def listed_titles(store: Store, *titles: str) -> None:
    records = [a_record(f"2403.{n:05}", 50 - n, title=t) for n, t in enumerate(titles, 1)]
    await store.run(listings.record, a_listing(*records, day=MONDAY))


async def test_what_is_much_like_something_unwanted_is_held_back_until_that_is_taken_back(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await listed_titles(store, f"{ROBOTS}, again", "Weather forecasts", ROBOTS)
    await following(store, ONE, TWO)
    await store.run(dislikes.add, 7, THREE, now=NOON)
    await compose()
    (alert,) = await deliveries(store, user_id=7)
    assert alert.payload == {"papers": [TWO], "more": [], "held": 1}
    assert await store.read(dislikes.held_back, 7) == {ONE: THREE}
    clock.now += DAY
    await compose()
    assert len(await deliveries(store, user_id=7)) == 1

    await store.run(dislikes.remove, 7, THREE)
    await compose()
    assert [d.payload["papers"] for d in await deliveries(store, user_id=7)] == [[TWO], [ONE]]


async def test_what_is_like_something_unwanted_comes_last_and_says_so(
    store: Store, compose: Compose
) -> None:
    await listed_titles(store, "Robots learn from video", "Weather forecasts", ROBOTS)
    await following(store, ONE, TWO)
    await store.run(dislikes.add, 7, THREE, now=NOON)
    await compose()
    (sent,) = await deliveries(store, user_id=7)
    assert sent.payload == {"papers": [TWO, ONE], "more": [], "lowered": {ONE: THREE}}
    alert = await store.read(posts.load, sent)
    assert isinstance(alert, posts.Alert)
    assert alert.groups[0][2][1].reason == f"low, being like “{ROBOTS}”; its title says so"


async def test_where_all_is_held_back_nothing_is_sent(store: Store, compose: Compose) -> None:
    await listed_titles(store, ROBOTS, ROBOTS + "!")
    await following(store, ONE)
    await store.run(dislikes.add, 7, TWO, now=NOON)
    await compose()
    assert await deliveries(store, user_id=7) == []
    assert await store.read(people.waiting_matches, 7) == []


async def test_an_alert_that_came_too_late_waits_for_the_next(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await told(store, compose, ONE)
    (late,) = await deliveries(store, user_id=7)
    clock.now += 4 * DAY
    await store.run(hold_stale, late, now=clock.now)
    await compose()
    assert [d.payload["papers"] for d in await deliveries(store, user_id=7)] == [[ONE], [ONE]]


async def test_instant_alerts_come_as_matches_do_until_the_day_has_had_enough(
    store: Store, compose: Compose, clock: Clock
) -> None:
    number = MOST_A_DAY + 3
    await listed(store, *range(number))
    topic = await following(store)
    await store.run(people.set_schedule, 7, Schedule(Frequency.INSTANT, timezone="Asia/Kolkata"))
    for n in range(1, number + 1):
        match = a_match(f"2403.{n:05}", topic_id=topic.id, at=clock.now)
        await store.run(people.add_matches, [match])
        await compose()
        await compose()
        clock.now += timedelta(minutes=1)
    sent = await deliveries(store, user_id=7)
    assert [len(ids_of(each)) for each in sent] == [1] * MOST_A_DAY
    clock.now = NOON + 6 * HOUR + timedelta(minutes=29)
    await compose()
    assert len(await deliveries(store, user_id=7)) == MOST_A_DAY
    clock.now += timedelta(minutes=1)  # midnight in Kolkata
    await compose()
    assert len(ids_of((await deliveries(store, user_id=7))[-1])) == 3


def ids_of(delivery: Delivery) -> list[str]:
    papers = delivery.payload["papers"]
    assert isinstance(papers, list)
    return [str(id_) for id_ in papers]


async def test_a_quiet_day_keeps_an_alert_for_the_next(
    store: Store, compose: Compose, clock: Clock
) -> None:
    await listed(store, 10)
    await following(store, ONE)
    await store.run(people.set_schedule, 7, Schedule(hour=9, quiet_days=frozenset((1,))))
    for hours in (0, 11, 20):
        clock.now = NOON + hours * HOUR
        await compose()
        assert await deliveries(store) == []
    clock.now = NOON + 21 * HOUR  # Wednesday, nine o'clock
    await compose()
    assert len(await deliveries(store)) == 1


@pytest.mark.parametrize(
    ("zone", "changes_on"),
    [
        ("Europe/Berlin", date(2026, 3, 29)),  # two o'clock does not exist
        ("Europe/Berlin", date(2026, 10, 25)),  # it comes twice
        ("America/St_Johns", date(2026, 3, 8)),
        ("America/St_Johns", date(2026, 11, 1)),
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("Australia/Lord_Howe", date(2026, 10, 4)),
    ],
)
async def test_each_day_has_one_alert_at_its_hour_whatever_the_clocks_do(
    store: Store, compose: Compose, clock: Clock, zone: str, changes_on: date
) -> None:
    await listed(store, 3, 2, 1)
    topic = await following(store)
    await store.run(people.set_schedule, 7, Schedule(hour=2, timezone=zone))
    for number, paper_id in enumerate((ONE, TWO, THREE)):
        day = changes_on + (number - 1) * DAY
        clock.now = datetime.combine(day, time(1, 30), ZoneInfo(zone)).astimezone(UTC)
        match = a_match(paper_id, topic_id=topic.id, at=clock.now)
        await store.run(people.add_matches, [match])
        await compose()
        assert len(await deliveries(store, user_id=7)) == number
        clock.now = datetime.combine(day, time(3), ZoneInfo(zone)).astimezone(UTC)
        for _ in range(2):
            await compose()
        assert len(await deliveries(store, user_id=7)) == number + 1
