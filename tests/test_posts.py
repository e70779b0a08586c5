"""What a message says, gathered from the store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import posts
from bot.models import DeliveryKind, EventKind, Feed, PaperEvent, Record, Strictness
from bot.paper_ids import title_only_id
from bot.posts import Alert, Card, Digest, Gap, Notice, Shown, load, show
from bot.store import feeds, listings, outbox, papers, people, telling
from bot.store.store import Store
from tests.builders import TODAY, a_delivery, a_feed, a_listing, a_match, a_paper, a_record, owed
from tests.conftest import NOON

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"
ME = 7


@pytest.fixture(autouse=True)
async def listed(store: Store) -> None:
    await store.run(listings.record, a_listing(a_record(ONE, 5), a_record(TWO), a_record(THREE)))


@pytest.fixture
async def feed(store: Store) -> Feed:
    return await store.run(feeds.add, a_feed(role_id=55))


def ids(shown: tuple[Shown, ...]) -> list[str]:
    return [one.paper.id for one in shown]


async def test_papers_come_in_the_order_asked_with_their_reasons(store: Store) -> None:
    shown = await store.read(show, [TWO, "2403.09999", ONE], {TWO: "its title"})
    assert shown == [Shown(a_paper(TWO), reason="its title"), Shown(a_paper(ONE), votes=5)]


async def test_each_number_is_the_last_that_was_said_of_it(store: Store) -> None:
    said = [Record(a_paper(ONE), 6, stars=9), Record(a_paper(ONE), 7, comments=2)]
    for hour, record in enumerate(said, 1):
        await store.run(listings.record, a_listing(record, seen_at=NOON + hour * HOUR))
    [shown] = await store.read(show, [ONE])
    assert (shown.votes, shown.comments, shown.stars) == (7, 2, 9)


@pytest.mark.parametrize(
    ("kind", "detail", "expected"),
    [
        (EventKind.WEIGHTS, "lab/model", "there are weights now (lab/model)"),
        (EventKind.DEMO, "lab/space", "there is a demo now (lab/space)"),
        (EventKind.CODE, "https://github.com/a/b", "there is code now"),
        (EventKind.VERSION, "v2", "version v2 is out"),
        (EventKind.WITHDRAWN, "", "its authors withdrew it"),
    ],
)
def test_news_names_what_no_button_opens(kind: EventKind, detail: str, expected: str) -> None:
    assert posts.news_in_words(PaperEvent(ONE, kind, NOON, detail)) == expected


class TestADigest:
    async def test_it_has_its_papers_and_days(self, store: Store, feed: Feed) -> None:
        payload: dict[str, object] = {
            "papers": [TWO, ONE],
            "more": [THREE],
            "days": ["2026-03-02", "2026-03-03"],
            "starter": False,
        }
        delivery = a_delivery(id=9, kind=DeliveryKind.DIGEST, feed_id=feed.id, payload=payload)
        digest = await store.read(load, delivery)
        assert isinstance(digest, Digest)
        assert (ids(digest.shown), digest.more) == ([TWO, ONE], 1)
        assert digest.days == (TODAY - DAY, TODAY)
        assert (digest.feed, digest.delivery_id, digest.starter) == (feed, 9, False)

    @pytest.mark.parametrize("papers", [[], ["2403.09999"]])
    async def test_without_papers_there_is_nothing_to_say(
        self, papers: list[str], store: Store, feed: Feed
    ) -> None:
        payload: dict[str, object] = {"papers": papers}
        delivery = a_delivery(kind=DeliveryKind.DIGEST, feed_id=feed.id, payload=payload)
        assert await store.read(load, delivery) is None

    async def test_without_its_feed_there_is_nobody_to_say_it_to(self, store: Store) -> None:
        payload: dict[str, object] = {"papers": [ONE]}
        delivery = a_delivery(kind=DeliveryKind.DIGEST, feed_id=99, payload=payload)
        assert await store.read(load, delivery) is None


class TestACard:
    @pytest.mark.parametrize("kind", [DeliveryKind.CARD, DeliveryKind.POST])
    async def test_it_shows_its_paper(self, kind: DeliveryKind, store: Store, feed: Feed) -> None:
        delivery = a_delivery(subject=ONE, kind=kind, feed_id=feed.id, payload={})
        card = await store.read(load, delivery)
        assert card == Card(Shown(a_paper(ONE), votes=5), 55, in_forum=kind is DeliveryKind.POST)

    async def test_the_first_after_a_gap_knows_what_it_begins(
        self, store: Store, feed: Feed
    ) -> None:
        payload: dict[str, object] = {"gap": {"days": 3, "papers": 12, "shown": 8}}
        kind = DeliveryKind.CARD
        delivery = a_delivery(subject=ONE, kind=kind, feed_id=feed.id, payload=payload)
        card = await store.read(load, delivery)
        assert isinstance(card, Card)
        assert card.gap == Gap(days=3, papers=12, shown=8)

    async def test_a_paper_that_got_its_arxiv_id_meanwhile_is_found(
        self, store: Store, feed: Feed
    ) -> None:
        by_title = a_paper(title_only_id("A Title Known Before"), "A Title Known Before")
        await store.run(papers.take_in, "page", [by_title], said_at=NOON)
        same = a_paper("2403.00009", "A Title Known Before")
        await store.run(papers.take_in, "arxiv", [same], said_at=NOON)
        delivery = a_delivery(
            subject=by_title.id, kind=DeliveryKind.CARD, feed_id=feed.id, payload={}
        )
        card = await store.read(load, delivery)
        assert isinstance(card, Card)
        assert card.shown.paper == same

    async def test_one_that_is_unknown_is_not_shown(self, store: Store, feed: Feed) -> None:
        delivery = a_delivery(
            subject="2403.09999", kind=DeliveryKind.CARD, feed_id=feed.id, payload={}
        )
        assert await store.read(load, delivery) is None


class TestAnAlert:
    async def sent(self, store: Store, *topics: tuple[str, list[str]]) -> posts.Post | None:
        """Return what an alert on these topics and their papers says."""
        await store.run(people.ensure, ME, now=NOON)
        for query, matched in topics:
            topic = await store.run(people.follow, ME, query, Strictness.NORMAL, now=NOON)
            assert topic is not None
            await store.run(people.add_matches, [a_match(id, topic_id=topic.id) for id in matched])
        payload: dict[str, object] = {"papers": [THREE, TWO, ONE], "more": ["2403.09999"]}
        alert = owed(f"user:{ME}", kind=DeliveryKind.ALERT, payload=payload)
        delivery_id = await store.run(outbox.enqueue, alert, now=NOON)
        assert delivery_id is not None
        await store.run(telling.carry, ME, [ONE, TWO, THREE], (), delivery_id, now=NOON)
        delivery = await store.read(outbox.get, delivery_id)
        assert delivery is not None
        return await store.read(load, delivery)

    async def test_its_papers_stand_under_the_first_topic_that_wants_them(
        self, store: Store
    ) -> None:
        alert = await self.sent(store, ("agents", [ONE, TWO]), ("vision", [TWO, THREE]))
        assert isinstance(alert, Alert)
        assert [(query, ids(group)) for query, _, group in alert.groups] == [
            ("vision", [THREE]),
            ("agents", [TWO, ONE]),
        ]
        assert {one.reason for _, _, group in alert.groups for one in group} == {
            "its title says so"
        }
        assert alert.more == 1

    async def test_a_topic_that_was_unfollowed_meanwhile_is_left_out(self, store: Store) -> None:
        await self.sent(store, ("agents", [ONE]), ("vision", [TWO]))
        [agents, _] = await store.read(people.topics_of, ME)
        await store.run(people.unfollow, ME, agents.id)
        [delivery] = await store.read(outbox.recent, limit=1)
        alert = await store.read(load, delivery)
        assert isinstance(alert, Alert)
        assert [query for query, _, _ in alert.groups] == ["vision"]

    async def test_without_a_topic_there_is_nothing_to_say(self, store: Store) -> None:
        assert await self.sent(store) is None


async def test_a_notice_is_its_words(store: Store) -> None:
    assert await store.read(load, a_delivery(payload={"text": "Hello."})) == Notice("Hello.")
