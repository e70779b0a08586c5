"""People in the store: their hour, topics, matches and saved papers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.models import DeliveryKind, Frequency, Schedule, Strictness, Topic
from bot.store import listings, outbox, people, telling
from bot.store.store import Store
from tests.builders import a_listing, a_match, owed
from tests.conftest import NOON

HOUR = timedelta(hours=1)
ME, SOMEBODY = 7, 8
ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"


@pytest.fixture(autouse=True)
async def papers_and_people(store: Store) -> None:
    await store.run(listings.record, a_listing(papers=[ONE, TWO, THREE]))
    for user_id in (ME, SOMEBODY):
        await store.run(people.ensure, user_id, now=NOON)


async def follow(store: Store, query: str, user_id: int = ME) -> Topic:
    topic = await store.run(people.follow, user_id, query, Strictness.NORMAL, now=NOON)
    assert topic is not None
    return topic


async def an_alert(store: Store) -> int:
    message = owed(f"user:{ME}", kind=DeliveryKind.ALERT)
    delivery_id = await store.run(outbox.enqueue, message, now=NOON)
    assert delivery_id is not None
    return delivery_id


async def test_a_new_person_has_the_defaults_and_stays_themselves(store: Store) -> None:
    person = await store.run(people.ensure, ME, now=NOON + HOUR)
    assert (person.schedule, person.created_at) == (Schedule(), NOON)
    assert (person.dm_channel_id, person.dm_closed_at) == (None, None)
    assert await store.read(people.get, 99) is None


async def test_a_schedule_is_kept(store: Store) -> None:
    wanted = Schedule(Frequency.WEEKLY, 7, "Asia/Tokyo", frozenset((5, 6)), 3)
    await store.run(people.set_schedule, ME, wanted)
    person = await store.read(people.get, ME)
    assert person is not None
    assert person.schedule == wanted


async def test_closed_messages_are_noted_at_the_first_refusal_and_mended_by_opening(
    store: Store,
) -> None:
    await store.run(people.dm_opened, ME, 700)
    await store.run(people.dm_closed, ME, now=NOON, because="they said no")
    await store.run(people.dm_closed, ME, now=NOON + HOUR, because="again")
    person = await store.read(people.get, ME)
    assert person is not None
    assert (person.dm_closed_at, person.dm_closed_because) == (NOON, "they said no")

    await store.run(people.dm_opened, ME, 701)
    person = await store.read(people.get, ME)
    assert person is not None
    assert (person.dm_channel_id, person.dm_closed_at, person.dm_closed_because) == (
        701,
        None,
        None,
    )


async def test_the_same_words_are_followed_once(store: Store) -> None:
    topic = await follow(store, "agents")
    again = await store.run(people.follow, ME, "agents", Strictness.BROAD, now=NOON)
    assert again is None
    assert await store.read(people.topics_of, ME) == [topic]
    assert (await follow(store, "agents", SOMEBODY)).user_id == SOMEBODY


async def test_only_its_owner_can_end_a_topic(store: Store) -> None:
    topic = await follow(store, "agents")
    assert await store.run(people.unfollow, SOMEBODY, topic.id) is None
    assert await store.run(people.unfollow, ME, topic.id) == topic
    assert await store.read(people.all_topics) == []


async def test_those_are_known_for_whom_something_waits(store: Store) -> None:
    mine, _ = await follow(store, "agents"), await follow(store, "vision")
    await follow(store, "agents", SOMEBODY)
    await store.run(people.ensure, SOMEBODY + 1, now=NOON)
    await store.run(people.add_matches, [a_match(ONE, topic_id=mine.id)])
    with_news = {SOMEBODY, SOMEBODY + 1}

    async def waiting(also: set[int]) -> list[int]:
        found = await store.read(people.with_matches_waiting, also=also)
        return [person.user_id for person in found]

    assert await waiting(set()) == [ME]
    assert await waiting(with_news) == [ME, SOMEBODY], "the third follows nothing"
    await store.run(telling.carry, ME, [ONE], [], await an_alert(store), now=NOON)
    assert await waiting(set()) == []


async def test_a_match_is_noted_once(store: Store) -> None:
    topic = await follow(store, "agents")
    matches = [a_match(ONE, topic_id=topic.id), a_match(TWO, topic_id=topic.id)]
    assert await store.run(people.add_matches, matches) == 2
    assert await store.run(people.add_matches, matches) == 0
    assert await store.read(people.waiting_matches, ME) == matches
    assert await store.read(people.waiting_matches, SOMEBODY) == []


async def test_a_match_of_a_topic_that_is_gone_is_left_out(store: Store) -> None:
    topic = await follow(store, "agents")
    await store.run(people.unfollow, ME, topic.id)
    assert await store.run(people.add_matches, [a_match(ONE, topic_id=topic.id)]) == 0


async def test_unfollowing_forgets_what_the_topic_brought(store: Store) -> None:
    topic = await follow(store, "agents")
    await store.run(people.add_matches, [a_match(ONE, topic_id=topic.id)])
    await store.run(people.unfollow, ME, topic.id)
    assert await store.read(people.count_matched, ME) == 0


async def test_an_alert_carries_a_paper_for_all_its_topics(store: Store) -> None:
    first, second = await follow(store, "agents"), await follow(store, "vision")
    await store.run(
        people.add_matches,
        [a_match(ONE, topic_id=first.id), a_match(ONE, topic_id=second.id)],
    )
    alert = await an_alert(store)
    await store.run(telling.carry, ME, [ONE], (), alert, now=NOON)
    assert await store.read(people.waiting_matches, ME) == []
    carried = await store.read(people.matches_in, alert)
    assert [match.topic_id for match in carried] == [first.id, second.id]


async def test_nobody_is_told_of_a_paper_twice(store: Store) -> None:
    """A topic that is followed later may match a paper that an earlier alert brought."""
    first = await follow(store, "agents")
    await store.run(people.add_matches, [a_match(ONE, topic_id=first.id)])
    await store.run(telling.carry, ME, [ONE], (), await an_alert(store), now=NOON)

    second = await follow(store, "vision")
    matches = [a_match(ONE, topic_id=second.id), a_match(TWO, topic_id=second.id)]
    await store.run(people.add_matches, matches)
    assert [m.paper_id for m in await store.read(people.waiting_matches, ME)] == [TWO]


async def test_the_inbox_has_everything_latest_first(store: Store) -> None:
    topic = await follow(store, "agents")
    matches = [
        a_match(ONE, topic_id=topic.id),
        a_match(TWO, topic_id=topic.id, at=NOON + HOUR),
    ]
    await store.run(people.add_matches, matches)
    await store.run(telling.carry, ME, [ONE], (), await an_alert(store), now=NOON)
    assert await store.read(people.latest_matches, ME) == matches[::-1]
    assert await store.read(people.latest_matches, ME, first=1, limit=9) == matches[:1]
    assert await store.read(people.count_matched, ME) == 2
    assert await store.read(people.latest_matches, ME, since=NOON + HOUR) == matches[1:]


async def test_a_paper_of_several_topics_waits_and_is_shown_once(store: Store) -> None:
    first, second = await follow(store, "agents"), await follow(store, "vision")
    early, late = a_match(ONE, topic_id=first.id), a_match(ONE, topic_id=second.id, at=NOON + HOUR)
    await store.run(people.add_matches, [early, late])
    assert await store.read(people.waiting_matches, ME) == [early]
    assert await store.read(people.latest_matches, ME) == [late]
    assert await store.read(people.count_matched, ME) == 1


async def test_saving_is_pressed_on_and_off(store: Store) -> None:
    assert await store.run(people.toggle_saved, ME, ONE, now=NOON)
    assert await store.run(people.toggle_saved, ME, TWO, now=NOON + HOUR)
    assert not await store.run(people.save, ME, TWO, now=NOON + 2 * HOUR)
    assert await store.read(people.saved, ME) == [TWO, ONE]
    assert await store.read(people.saved, SOMEBODY) == []

    assert not await store.run(people.toggle_saved, ME, TWO, now=NOON)
    assert not await store.run(people.unsave, ME, TWO)
    assert await store.read(people.saved, ME) == [ONE]
