"""New papers meet the topics that people follow, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.jobs.match import BATCH, VOTES_LOOK_BACK, MatchNew
from bot.models import Match, Record, Strictness, Topic
from bot.store import listings, people
from bot.store.store import Store
from bot.topics.reading import Reader
from tests.builders import a_listing, a_record
from tests.conftest import NOON, Clock

READER = 7
HOUR = timedelta(hours=1)


@pytest.fixture
def match(store: Store, clock: Clock, reader: Reader) -> MatchNew:
    return MatchNew(store, clock, reader)


async def follow(
    store: Store,
    query: str,
    *,
    user_id: int = READER,
    strictness: Strictness = Strictness.NORMAL,
) -> Topic:
    """Follow a topic an hour before noon."""
    await store.run(people.ensure, user_id, now=NOON)
    topic = await store.run(people.follow, user_id, query, strictness, now=NOON - HOUR)
    assert topic
    return topic


async def listed(store: Store, *records: Record, **kw: object) -> None:
    await store.run(listings.record, a_listing(*records, **kw))  # pyright: ignore[reportArgumentType]


async def matches(store: Store, user_id: int = READER) -> list[Match]:
    return await store.read(people.waiting_matches, user_id)


async def test_a_new_paper_is_matched_with_the_reason(store: Store, match: MatchNew) -> None:
    topic = await follow(store, "folding robots")
    await listed(
        store, a_record("2403.00001", title="Robots folding laundry"), a_record("2403.00002")
    )
    await match()
    (found,) = await matches(store)
    assert (found.topic_id, found.paper_id, found.matched_at) == (topic.id, "2403.00001", NOON)
    assert found.reason == "“folding” and “robots” in the title; close in meaning to your topic"


async def test_a_paper_is_matched_once(store: Store, match: MatchNew, clock: Clock) -> None:
    await follow(store, "robots")
    await listed(store, a_record(title="Robots folding laundry"))
    await match()
    clock.now += HOUR
    await match()
    assert [found.matched_at for found in await matches(store)] == [NOON]


async def test_a_paper_that_joins_an_old_list_at_the_last_moment_is_matched(
    store: Store, match: MatchNew
) -> None:
    await follow(store, "robots")
    last_moment = (NOON - timedelta(days=16)).date()
    joined = a_listing(a_record(title="Robots folding laundry"), day=last_moment)
    await store.run(listings.record, joined)
    await match()
    assert len(await matches(store)) == 1


async def test_a_topic_does_not_look_back(store: Store, match: MatchNew, clock: Clock) -> None:
    await listed(store, a_record(title="Robots folding laundry"), seen_at=NOON - 2 * HOUR)
    await follow(store, "robots")
    await match()
    assert await matches(store) == []

    changed = a_record(title="Robots folding laundry", abstract="Robots, robots, robots.")
    await listed(store, changed, seen_at=NOON)
    await match()
    assert await matches(store) == [], "a new abstract does not make it news"


async def test_a_paper_is_looked_at_again_when_its_text_changes(
    store: Store, match: MatchNew
) -> None:
    await follow(store, "laundry")
    await listed(store, a_record(title="Robots at home"))
    await match()
    assert await matches(store) == []
    await listed(store, a_record(title="Robots at home", abstract="They fold laundry."))
    await match()
    assert len(await matches(store)) == 1


async def test_a_topic_that_asks_for_votes_waits_for_them(
    store: Store, match: MatchNew, clock: Clock
) -> None:
    await follow(store, "robots min:20")
    for votes, found in ((3, 0), (19, 0), (20, 1), (40, 1)):
        await listed(store, a_record(title="Robots at home", upvotes=votes), seen_at=clock.now)
        await match()
        assert len(await matches(store)) == found
        clock.now += HOUR


async def test_votes_for_a_paper_from_before_the_topic_are_no_news(
    store: Store, match: MatchNew, clock: Clock
) -> None:
    await listed(store, a_record(title="Robots", upvotes=3), seen_at=NOON - 2 * HOUR)
    await follow(store, "robots min:20")
    await listed(store, a_record(title="Robots", upvotes=50), seen_at=NOON)
    await match()
    assert await matches(store) == []


async def test_numbers_from_long_ago_are_not_gone_through_again(
    store: Store, match: MatchNew, clock: Clock
) -> None:
    await listed(store, a_record(title="Robots at home", upvotes=50))
    await match()
    await follow(store, "robots min:20")
    clock.now += VOTES_LOOK_BACK + HOUR
    await match()
    assert await matches(store) == []


async def test_a_day_with_more_papers_than_fit_a_batch_is_matched_whole(
    store: Store, match: MatchNew
) -> None:
    await follow(store, "robots")
    number = BATCH + 1
    await listed(
        store, *(a_record(f"2403.{n:05}", title=f"Robots {n}") for n in range(1, number + 1))
    )
    await match()
    assert len(await matches(store)) == number


async def test_words_that_are_no_longer_understood_stop_no_other_topic(
    store: Store, match: MatchNew, caplog: pytest.LogCaptureFixture
) -> None:
    broken = await follow(store, '"half a phrase')
    await follow(store, "robots")
    await listed(store, a_record(title="Robots folding laundry"))
    await match()
    assert len(await matches(store)) == 1
    assert f"topic {broken.id} is not understood" in caplog.text


async def test_papers_of_lists_that_are_weeks_old_are_no_news(
    store: Store, match: MatchNew
) -> None:
    await follow(store, "robots")
    old = (NOON - timedelta(days=17)).date()
    await listed(store, a_record(title="Robots folding laundry"), day=old)
    await match()
    assert await matches(store) == []


async def test_each_person_gets_their_own_matches(store: Store, match: MatchNew) -> None:
    await follow(store, "robots")
    await follow(store, "laundry -robots", user_id=8)
    await listed(store, a_record(title="Robots folding laundry"))
    await match()
    assert len(await matches(store)) == 1
    assert await matches(store, 8) == []


@pytest.mark.parametrize(
    ("topic", "strictness", "because"),
    [
        ("robotic manipulation of clothes", Strictness.STRICT, None),
        ("robotic manipulation of clothes", Strictness.NORMAL, None),
        ("robotic manipulation of clothes", Strictness.BROAD, "near your topic in meaning"),
        ("language model decoding speed", Strictness.STRICT, None),
        ("language model decoding speed", Strictness.NORMAL, "close in meaning to your topic"),
    ],
)
async def test_meaning_stands_in_for_words_as_far_as_the_person_lets_it(
    store: Store, match: MatchNew, topic: str, strictness: Strictness, because: str | None
) -> None:
    await follow(store, topic, strictness=strictness)
    speed = a_record(
        "2403.00001",
        title="Draft tokens make large models answer sooner",
        abstract="A small model guesses several tokens ahead and the large language model verifies"
        " them at once, which speeds up decoding without a loss.",
    )
    laundry = a_record(
        "2403.00002",
        title="Robots fold laundry from one video",
        abstract="We study robots that fold laundry from one video. It works better than before.",
    )
    await listed(store, speed, laundry)
    await match()
    reasons = [found.reason for found in await matches(store)]
    assert [reason.split("; ")[-1] for reason in reasons] == ([because] if because else [])


async def test_topics_are_kept_and_only_what_changed_is_taken_in(
    store: Store, match: MatchNew
) -> None:
    kept, ended = await follow(store, "robots"), await follow(store, "laundry")
    assert await match.topics.catch_up(store) == 2
    assert await match.topics.catch_up(store) == 0
    await store.run(people.unfollow, READER, ended.id)
    new = await follow(store, "kitchens min:5", user_id=8)
    assert await match.topics.catch_up(store) == 2
    assert (len(match.topics), match.topics.least_votes) == (2, 5)
    await listed(store, a_record(title="Robots fold laundry in kitchens", upvotes=7))
    await match()
    found = [*await matches(store), *await matches(store, 8)]
    assert [each.topic_id for each in found] == [kept.id, new.id]
    await store.run(people.unfollow, 8, new.id)
    assert await match.topics.catch_up(store) == 1
    assert (len(match.topics), match.topics.least_votes) == (1, None)


async def test_a_topic_that_ends_while_it_is_matched_has_no_matches(
    store: Store, match: MatchNew
) -> None:
    topic = await follow(store, "robots")
    await match.topics.catch_up(store)
    await store.run(people.unfollow, READER, topic.id)
    await listed(store, a_record(title="Robots at home"))
    await match()
    assert await matches(store) == []


async def test_listed_papers_are_read_ahead_for_trials(
    store: Store, match: MatchNew, reader: Reader
) -> None:
    await listed(store, a_record("2403.00001"), a_record("2403.00002"))
    await match()
    assert "2403.00001" in reader
    assert len(reader) == 2
