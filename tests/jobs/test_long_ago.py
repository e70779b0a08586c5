"""What was posted and told more than a year ago is forgotten, and none of it comes again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot import following, posted
from bot.client import Services
from bot.feeds import Held
from bot.jobs.compose import Compose
from bot.jobs.forget import Forget
from bot.jobs.match import MatchNew
from bot.models import Delivery, DeliveryKind, DeliveryState, Strictness, Topic
from bot.paper_ids import title_only_id
from bot.search.engine import SearchEngine
from bot.store import dislikes, feeds, listings, outbox, people
from bot.store.outbox import Owed
from bot.store.retention import TOLD
from bot.store.store import Store
from bot.topics.reading import Reader
from tests.builders import a_feed, a_listing, a_match, a_record, owed
from tests.conftest import NOON, Clock

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PAPER, OTHER = "2403.00001", "2403.00002"
TITLE = "Robots fold laundry"
READER = 8
BEFORE = NOON - 30 * DAY
LONG = TOLD + 2 * DAY
CARRYING = ("delivery", "match", "told", "held_back")

Jobs = Callable[[], Awaitable[None]]


@pytest.fixture
def jobs(store: Store, clock: Clock, reader: Reader) -> Jobs:
    """Match and compose at ten, as people's hour has come, and take all that is owed for sent."""
    clock.now = NOON - 2 * HOUR
    match, compose = MatchNew(store, clock, reader), Compose(store, clock, reader)

    async def run() -> None:
        await match()
        await compose()
        await store.run(send_all, clock.now)

    return run


def send_all(db: Database, now: datetime) -> None:
    for delivery in outbox.due(db, now=now, limit=99):
        outbox.mark_sent(db, delivery.id, message_id=delivery.id, place_id=5, now=now)


@pytest.fixture
def forget(store: Store, clock: Clock) -> Forget:
    return Forget(store, clock)


async def follow(store: Store, topic: str) -> Topic:
    await store.run(people.ensure, READER, now=BEFORE)
    made = await store.run(people.follow, READER, topic, Strictness.NORMAL, now=BEFORE)
    assert made is not None
    return made


async def rise(store: Store, now: datetime, votes: int = 10, id: str = PAPER) -> None:
    """Let a paper be on the trending list, with words that it did not have before."""
    record = a_record(id, votes, title=TITLE, ai_summary=f"As of {now}.")
    shown = a_listing(record, name="trending", day=now.date(), seen_at=now)
    await store.run(listings.record, shown)


async def messages(store: Store) -> list[Delivery]:
    return (await store.read(outbox.recent, limit=99))[::-1]


async def carrying(store: Store) -> int:
    """Return how many rows say that anything was posted, found or told."""
    return await store.read(lambda db: sum(db.table(name).count for name in CARRYING))


class TestAPaperThatComesBack:
    @pytest.fixture(autouse=True)
    async def posted_and_told(self, store: Store, jobs: Jobs, clock: Clock) -> None:
        await store.run(feeds.add, a_feed(created_at=BEFORE))
        await follow(store, "robots")
        await rise(store, clock.now)
        await jobs()
        assert [m.kind for m in await messages(store)] == [DeliveryKind.DIGEST, DeliveryKind.ALERT]

    @pytest.mark.parametrize("days", [15, 95, 364, 365, 366, 371, 372, 373, 374, 400, 3_000])
    async def test_never_comes_twice(
        self, days: int, store: Store, jobs: Jobs, forget: Forget, clock: Clock
    ) -> None:
        clock.now += days * DAY
        await forget()
        before = await messages(store)
        await rise(store, clock.now, votes=999)
        await jobs()
        assert await messages(store) == before

    async def test_is_forgotten_and_held_as_old(
        self, store: Store, jobs: Jobs, forget: Forget, clock: Clock
    ) -> None:
        clock.now += TOLD - DAY
        await forget()
        assert await carrying(store) == 4
        clock.now += 3 * DAY
        await forget()
        assert await carrying(store) == 0
        await rise(store, clock.now)
        await jobs()
        assert await store.read(feeds.decided, 1, [PAPER]) == {PAPER: ("held", Held.OLD)}

    async def test_does_not_come_where_the_clock_is_set_back(
        self, store: Store, jobs: Jobs, forget: Forget, clock: Clock
    ) -> None:
        clock.now += LONG
        await forget()
        clock.now -= 3 * DAY
        await rise(store, clock.now)
        await jobs()
        assert await messages(store) == []

    async def test_brings_no_news_to_who_has_forgotten_it(
        self, store: Store, jobs: Jobs, forget: Forget, clock: Clock
    ) -> None:
        clock.now += LONG
        await forget()
        record = a_record(PAPER, 10, title=TITLE, code_url="https://github.com/a/b")
        shown = a_listing(record, name="trending", day=clock.now.date(), seen_at=clock.now)
        await store.run(listings.record, shown)
        await jobs()
        assert await messages(store) == []

    async def test_says_why_it_came_still(
        self, store: Store, forget: Forget, clock: Clock, tmp_path: Path
    ) -> None:
        await follow(store, "laundry")
        clock.now += LONG
        later = await follow_now(store, "robots OR laundry", clock.now)
        await forget()
        with closing(SearchEngine.open(tmp_path / "index")) as engine:
            why = await following.why(Services(store, engine, clock), READER, PAPER)
        assert [(each.query, each.matched_at) for each in why.matches] == [
            ("robots", None),
            ("laundry", None),
        ]
        assert why.matches[0].reason.startswith("“robots” in the title")
        assert later.query not in {each.query for each in why.matches}


async def follow_now(store: Store, topic: str, now: datetime) -> Topic:
    made = await store.run(people.follow, READER, topic, Strictness.NORMAL, now=now)
    assert made is not None
    return made


async def test_a_paper_that_is_new_to_lists_is_news_however_long_the_library_has_it(
    store: Store, jobs: Jobs, clock: Clock
) -> None:
    await store.run(feeds.add, a_feed(created_at=BEFORE))
    await follow(store, "robots")
    known = [a_record(PAPER, title=TITLE)]
    await store.run(listings.hear, "arxiv", known, seen_at=clock.now)
    clock.now += LONG
    await rise(store, clock.now)
    await jobs()
    assert len(await messages(store)) == 2


async def test_what_was_told_is_known_while_another_topic_s_match_waits(
    store: Store, jobs: Jobs, forget: Forget, clock: Clock
) -> None:
    await follow(store, "robots")
    other = await follow(store, "soup")
    await rise(store, clock.now)
    await jobs()
    late = clock.now + 300 * DAY
    await store.run(people.add_matches, [a_match(PAPER, topic_id=other.id, at=late)])
    clock.now += LONG
    await forget()
    await jobs()
    assert [m.kind for m in await messages(store)] == [DeliveryKind.ALERT], "that of long ago"
    clock.now = late + LONG
    await forget()
    assert await carrying(store) == 0


async def test_what_waits_for_an_open_door_waits_a_year(
    store: Store, jobs: Jobs, forget: Forget, clock: Clock
) -> None:
    await follow(store, "robots")
    await store.run(people.dm_closed, READER, now=clock.now, because="they said no")
    await rise(store, clock.now)
    await jobs()
    clock.now += TOLD - DAY
    await forget()
    assert len(await store.read(people.waiting_matches, READER)) == 1
    clock.now += 3 * DAY
    await forget()
    assert await store.read(people.latest_matches, READER) == []


async def test_what_was_held_back_for_being_unwanted_is_not_brought_later(
    store: Store, jobs: Jobs, forget: Forget, clock: Clock
) -> None:
    await follow(store, "robots")
    await rise(store, clock.now, id=OTHER)
    await store.run(dislikes.add, READER, OTHER, now=clock.now)
    await rise(store, clock.now)
    await jobs()
    assert await store.read(dislikes.held_back, READER) != {}
    for _ in range(2):
        clock.now += LONG
        await forget()
        await rise(store, clock.now)
        await jobs()
    assert await messages(store) == []
    assert await carrying(store) == 0


async def test_a_paper_wanted_for_its_votes_alone_is_forgotten_and_not_told_again(
    store: Store, jobs: Jobs, forget: Forget, clock: Clock
) -> None:
    await follow(store, "robots min:5")

    async def looked_up(votes: int) -> None:
        said = [a_record(PAPER, votes, title=TITLE)]
        await store.run(listings.hear, "huggingface", said, seen_at=clock.now)
        await jobs()

    await looked_up(10)
    assert len(await messages(store)) == 1
    clock.now += LONG
    await forget()
    assert await carrying(store) == 0
    await looked_up(20)
    await rise(store, clock.now, votes=30)
    await jobs()
    assert await messages(store) == []


async def test_a_paper_that_gets_its_id_later_is_as_old_as_under_its_title(
    store: Store, jobs: Jobs, forget: Forget, clock: Clock
) -> None:
    await follow(store, "robots")
    await rise(store, clock.now, id=title_only_id(TITLE))
    await jobs()
    assert len(await messages(store)) == 1
    clock.now += LONG
    await forget()
    record = a_record(PAPER, 10, title="Folding by robots")
    shown = a_listing(record, name="trending", day=clock.now.date(), seen_at=clock.now)
    await store.run(listings.record, shown)
    await jobs()
    assert len(await messages(store)) == 1, "another paper, for all that we know"
    clock.now += DAY
    await rise(store, clock.now)
    await jobs()
    assert await store.read(listings.seen_before, [PAPER], (NOON + DAY).date()) == {PAPER}


class TestMessagesOfFeeds:
    """Their buttons and threads work for ever."""

    async def send(self, store: Store, message: Owed, *, id: int, place: int, at: datetime) -> int:
        delivery_id = await store.run(outbox.enqueue, message, now=at)
        assert delivery_id is not None
        await store.run(outbox.mark_sent, delivery_id, message_id=id, place_id=place, now=at)
        return delivery_id

    async def about(self, store: Store, message_id: int) -> tuple[str, ...]:
        return await store.read(posted.papers_of, message_id, user_id=READER, now=NOON)

    async def old(self, store: Store, *ids: str) -> None:
        """Let papers be on a list, and be seen there, long ago."""
        await store.run(listings.record, a_listing(papers=ids, seen_at=NOON - LONG))
        await store.run(listings.note_matched, ids, now=NOON - LONG)

    async def test_a_digest_opens_its_rest(self, store: Store, forget: Forget) -> None:
        await self.old(store, "a", "b", "c")
        feed = await store.run(feeds.add, a_feed(created_at=NOON - 2 * LONG))
        carried = {"papers": ["a"], "more": ["c", "b"]}
        message = owed(kind=DeliveryKind.DIGEST, payload=carried, feed_id=feed.id)
        sent = await self.send(store, message, id=100, place=5, at=NOON - LONG)
        verdicts = [("a", None), ("b", None), ("c", None)]
        await store.run(feeds.decide, feed.id, verdicts, now=NOON - LONG, delivery_id=sent)
        assert await store.read(posted.rest_of, sent) == ["c", "b"]
        await forget()
        assert await store.read(outbox.get, sent) is None
        assert await store.read(posted.rest_of, sent) == ["c", "b"]
        assert await store.read(posted.rest_of, sent + 1) is None
        assert await self.about(store, 100) == ("a", "c", "b")

    @pytest.mark.parametrize(
        ("kind", "message_id"), [(DeliveryKind.CARD, 100), (DeliveryKind.POST, 200)]
    )
    async def test_a_card_and_a_forum_post_are_about_their_paper(
        self, kind: DeliveryKind, message_id: int, store: Store, forget: Forget
    ) -> None:
        await self.old(store, PAPER)
        message = owed(subject=PAPER, kind=kind, payload={})
        sent = await self.send(store, message, id=100, place=200, at=NOON - LONG)
        assert await self.about(store, message_id) == (PAPER,)
        await forget()
        assert await store.read(outbox.get, sent) is None
        assert await self.about(store, message_id) == (PAPER,)

    async def test_a_card_stays_while_its_paper_may_be_posted(
        self, store: Store, forget: Forget
    ) -> None:
        """The feed that posted it may be gone, and another be made in the same channel."""
        await store.run(listings.record, a_listing(papers=[PAPER], seen_at=NOON - LONG))
        await store.run(listings.note_matched, [PAPER], now=NOON - 100 * DAY)
        message = owed(subject=PAPER, kind=DeliveryKind.CARD, payload={})
        sent = await self.send(store, message, id=100, place=200, at=NOON - LONG)
        await forget()
        assert await store.read(outbox.get, sent) is not None

    async def test_one_that_was_deleted_at_once_leaves_nothing(
        self, store: Store, forget: Forget
    ) -> None:
        message = owed(kind=DeliveryKind.DIGEST, payload={"papers": ["a"], "more": []})
        made = await store.run(outbox.enqueue, message, now=NOON - LONG)
        assert made is not None
        await store.run(outbox.settle, made, DeliveryState.SENT, reason="deleted")
        await forget()
        assert await store.read(
            lambda db: (db.table("delivery").count, db.table("old_post").count)
        ) == (0, 0)
