"""What happened to papers: noticed once, by whatever source, in the transaction that hears it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.models import DeliveryKind, EventKind, Paper
from bot.sources.arxiv_xml import parse_announcement
from bot.store import events, feeds, listings, outbox, papers, people, telling
from bot.store.papers import take_in
from bot.store.store import Store
from tests.builders import TODAY, a_feed, a_listing, a_paper, a_record, owed
from tests.conftest import NOON
from tests.sources.samples import an_item, an_rss_feed
from tests.store.test_papers import TITLE, by_title, written

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"
CODE = "https://github.com/a/b"
Told = list[tuple[str, EventKind, str]]


async def told(store: Store, since: Any = NOON) -> Told:
    found = await store.read(events.since, since)
    return [(event.paper_id, event.kind, event.detail) for event in found]


async def hears(store: Store, *said: Paper, hour: int, source: str = "arxiv") -> None:
    await store.run(take_in, source, said, said_at=NOON + hour * HOUR)


async def test_a_paper_that_is_new_has_no_events(store: Store) -> None:
    paper = a_paper(code_url=CODE, version=3, withdrawn=True)
    await hears(store, paper, paper, hour=1)
    assert await told(store) == []


async def test_code_that_appears_is_an_event_once(store: Store) -> None:
    await hears(store, a_paper(), hour=0, source="huggingface")
    for hour in (1, 2, 3):
        await hears(store, a_paper(code_url=CODE), hour=hour, source="huggingface")
    [event] = await store.read(events.since, NOON)
    assert (event.kind, event.detail, event.at) == (EventKind.CODE, CODE, NOON + HOUR)
    assert await store.read(events.since, NOON + HOUR) == []


@pytest.mark.parametrize("looked", [False, True])
async def test_code_in_a_source_s_first_words_is_news_only_after_a_look(
    looked: bool, store: Store
) -> None:
    """It may be as old as the paper: arXiv's announcements never tell of code."""
    await hears(store, a_paper(), hour=0)
    if looked:
        await store.run(events.note_found, ONE, {}, looked_at=NOON + HOUR)
    await hears(store, a_paper(code_url=CODE), hour=2, source="huggingface")
    assert await told(store) == ([(ONE, EventKind.CODE, CODE)] if looked else [])
    assert await told(store, NOON - HOUR) == [(ONE, EventKind.CODE, CODE)]


async def test_code_that_moves_is_no_event(store: Store) -> None:
    await hears(store, a_paper(code_url=CODE), hour=0)
    await hears(store, a_paper(code_url=CODE + "-2"), hour=1)
    assert await told(store) == []


async def test_each_new_version_and_a_withdrawal_are_events(store: Store) -> None:
    await hears(store, a_paper(version=1), hour=0)
    await hears(store, a_paper(version=2), hour=1)
    await hears(store, a_paper(version=3, withdrawn=True), hour=2)
    await hears(store, a_paper(version=2), hour=3)
    assert await told(store) == [
        (ONE, EventKind.VERSION, "v2"),
        (ONE, EventKind.VERSION, "v3"),
        (ONE, EventKind.WITHDRAWN, ""),
    ]


async def test_a_withdrawn_paper_that_is_replaced_is_back(store: Store) -> None:
    comment = "This paper has been withdrawn by the authors"
    await hears(store, a_paper(version=1, comment="9 pages"), hour=0)
    await hears(store, a_paper(version=2, withdrawn=True, comment=comment), hour=1)
    await hears(store, a_paper(version=3, title="Mended"), hour=2)
    await hears(store, a_paper(version=2, withdrawn=True, comment=comment), hour=3)
    [paper] = await store.read(papers.get_many, [ONE])
    assert (paper.withdrawn, paper.comment, paper.title) == (False, None, "Mended")
    assert [kind for _, kind, _ in await told(store)] == [
        EventKind.VERSION,
        EventKind.WITHDRAWN,
        EventKind.VERSION,
    ]


@pytest.mark.parametrize(
    ("hour", "version", "is_news"), [(1, 2, True), (-1, 2, False), (None, 2, False), (1, 1, False)]
)
async def test_the_first_version_number_is_news_only_if_the_version_is(
    hour: int | None, version: int, is_news: bool, store: Store
) -> None:
    await hears(store, a_paper(), hour=0, source="huggingface")
    updated_at = None if hour is None else NOON + hour * HOUR
    await hears(store, a_paper(version=version, updated_at=updated_at), hour=2)
    assert await told(store) == ([(ONE, EventKind.VERSION, "v2")] if is_news else [])


@pytest.mark.parametrize(("kind", "is_news"), [("cross", False), ("replace", True)])
async def test_a_cross_listing_of_an_old_version_is_no_news_of_it(
    kind: str, is_news: bool, store: Store
) -> None:
    known = a_paper("2401.00002")
    await store.run(take_in, "huggingface", [known], said_at=NOON)
    day = "Wed, 04 Mar 2026 00:00:00 -0500"
    announced = parse_announcement(an_rss_feed(an_item("2401.00002v3", kind, date=day)))
    for listing in announced.listings(seen_at=NOON + DAY):
        await store.run(listings.record, listing)
    assert await told(store) == ([(known.id, EventKind.VERSION, "v3")] if is_news else [])


async def test_events_follow_a_title_that_gets_its_arxiv_id(store: Store) -> None:
    await hears(store, by_title(), hour=0, source="page")
    await hears(store, by_title(code_url=CODE), hour=1, source="page")
    await hears(store, a_paper(title=TITLE), hour=2)
    assert await told(store) == [(ONE, EventKind.CODE, CODE)]


async def test_events_are_found_by_kind_and_paper(store: Store) -> None:
    await hears(store, a_paper(ONE, version=1), a_paper(TWO), hour=0)
    await hears(store, a_paper(ONE, version=2), a_paper(TWO, code_url=CODE), hour=1)
    by_kind = await store.read(events.since, NOON, kinds=[EventKind.CODE])
    assert [event.paper_id for event in by_kind] == [TWO]
    by_paper = await store.read(events.since, NOON, paper_ids=[ONE])
    assert [event.kind for event in by_paper] == [EventKind.VERSION]
    assert await store.read(events.since, NOON, paper_ids=[]) == []


class TestADailyListThatTakesAPaperLate:
    """Up to 14 days after arXiv had it."""

    async def listed(self, store: Store, *, days_known: int, days_seen_late: int = 0) -> Told:
        await hears(store, a_paper(ONE), hour=-24 * days_known)
        listing = a_listing(papers=[ONE, TWO], seen_at=NOON + days_seen_late * DAY)
        await store.run(listings.record, listing)
        return await told(store, NOON - DAY)

    async def test_is_an_event_for_papers_known_before(self, store: Store) -> None:
        expected = [(ONE, EventKind.LISTED, TODAY.isoformat())]
        assert await self.listed(store, days_known=9) == expected

    async def test_is_none_on_the_day_it_was_announced(self, store: Store) -> None:
        assert await self.listed(store, days_known=0) == []

    async def test_is_none_when_an_old_list_is_fetched_later(self, store: Store) -> None:
        assert await self.listed(store, days_known=9, days_seen_late=17) == []

    async def test_is_told_once_however_the_list_moves(self, store: Store) -> None:
        await self.listed(store, days_known=9)
        moved = a_listing(papers=[TWO, ONE], seen_at=NOON + HOUR)
        await store.run(listings.record, moved)
        assert len(await told(store, NOON - DAY)) == 1


async def test_an_old_file_s_events_are_dated_to_the_file(store: Store) -> None:
    await hears(store, a_paper(), hour=-24 * 400)
    await hears(store, a_paper(code_url=CODE), hour=-24 * 399)
    assert await told(store, NOON - DAY) == []
    assert len(await told(store, NOON - 999 * DAY)) == 1


async def test_what_the_first_look_finds_is_no_news(store: Store) -> None:
    await hears(store, a_paper(ONE), a_paper(TWO), hour=0)
    weights = {EventKind.WEIGHTS: "a/model"}
    assert await store.run(events.note_found, ONE, weights, looked_at=NOON + HOUR) == 0
    assert await store.run(events.note_found, TWO, {}, looked_at=NOON + HOUR) == 0
    assert await told(store) == []

    both = {**weights, EventKind.DEMO: "a/space"}
    assert await store.run(events.note_found, ONE, both, looked_at=NOON + 2 * HOUR) == 1
    assert await store.run(events.note_found, TWO, weights, looked_at=NOON + 3 * HOUR) == 1
    assert await told(store) == [
        (ONE, EventKind.DEMO, "a/space"),
        (TWO, EventKind.WEIGHTS, "a/model"),
    ]


async def test_what_has_appeared_does_not_appear_again_under_another_name(store: Store) -> None:
    await hears(store, a_paper(), hour=0)
    for hour, name in enumerate(["", "a/model", "more-liked/model"], 1):
        found = {EventKind.WEIGHTS: name} if name else {}
        await store.run(events.note_found, ONE, found, looked_at=NOON + hour * HOUR)
    assert await told(store) == [(ONE, EventKind.WEIGHTS, "a/model")]


async def worth_a_look(store: Store, *, limit: int = 9) -> list[str]:
    return await store.read(
        events.worth_a_look, posted_since=NOON - DAY, looked_before=NOON - HOUR, limit=limit
    )


async def test_saved_and_lately_posted_papers_are_worth_a_look(store: Store) -> None:
    title = by_title().id
    listed = a_listing(a_record(title, title=TITLE), a_record(ONE), a_record(TWO), a_record(THREE))
    await store.run(listings.record, listed)
    feed = await store.run(feeds.add, a_feed())
    await store.run(feeds.decide, feed.id, [(ONE, None)], now=NOON)
    await store.run(feeds.decide, feed.id, [(TWO, None)], now=NOON - 2 * DAY)
    await store.run(feeds.decide, feed.id, [(THREE, "no match")], now=NOON)
    assert await worth_a_look(store) == [ONE]

    for saved in (THREE, title):
        await store.run(people.save, 7, saved, now=NOON - 99 * DAY)
    assert await worth_a_look(store) == [ONE, THREE], "a title alone cannot be asked for"


async def test_what_people_were_told_of_lately_is_worth_a_look(store: Store) -> None:
    await store.run(listings.record, a_listing(papers=[ONE, TWO]))
    await store.run(people.ensure, 7, now=NOON)
    for paper_id, told_at in ((ONE, NOON), (TWO, NOON - 2 * DAY)):
        alert = owed("user:7", subject=paper_id, kind=DeliveryKind.ALERT)
        delivery_id = await store.run(outbox.enqueue, alert, now=told_at)
        assert delivery_id is not None
        await store.run(telling.carry, 7, [paper_id], (), delivery_id, now=told_at)
    assert await worth_a_look(store) == [ONE]


async def test_the_paper_not_looked_at_for_longest_comes_first(store: Store) -> None:
    await store.run(listings.record, a_listing(papers=[ONE, TWO, THREE]))
    for paper_id, hour in ((ONE, -3), (TWO, -5), (THREE, 0)):
        await store.run(people.save, 7, paper_id, now=NOON)
        await store.run(events.note_found, paper_id, {}, looked_at=NOON + hour * HOUR)
    assert await worth_a_look(store) == [TWO, ONE], "the third was looked at a moment ago"
    assert await worth_a_look(store, limit=1) == [TWO]


async def test_hearing_the_same_again_writes_no_event(store: Store) -> None:
    listing = a_listing(a_record(ONE, 5, version=1))
    await store.run(listings.record, listing)
    later = replace(a_listing(a_record(ONE, 5, version=2, code_url=CODE)), seen_at=NOON + HOUR)
    await store.run(listings.record, later)
    before = await store.run(written)
    await store.run(listings.record, later)
    assert await store.run(written) == before
