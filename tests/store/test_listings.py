"""Listings, their entries and the snapshots that they leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.listing_days import closes_at
from bot.models import Refusal, Snapshot, SourceState
from bot.store import listings
from bot.store.listings import Recorded, record
from bot.store.store import Store
from tests.builders import TODAY, a_listing, a_record
from tests.conftest import NOON
from tests.store.test_papers import written

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"


async def entry_ids(store: Store) -> list[str]:
    entries = await store.read(listings.entries, "huggingface", "daily", TODAY)
    return [entry.paper_id for entry in entries]


async def test_a_listing_keeps_its_own_order(store: Store) -> None:
    recorded = await store.run(record, a_listing(papers=[TWO, ONE, THREE]))
    assert recorded == Recorded(new=3)
    entries = await store.read(listings.entries, "huggingface", "daily", TODAY)
    assert [(e.paper_id, e.rank) for e in entries] == [(TWO, 1), (ONE, 2), (THREE, 3)]
    assert {e.seen_at for e in entries} == {NOON}


async def test_recording_the_same_listing_twice_writes_nothing(store: Store) -> None:
    listing = a_listing(a_record(ONE, 5), a_record(TWO, 3), a_record(ONE, 5))
    await store.run(record, listing)
    before = await store.run(written)

    assert await store.run(record, listing) == Recorded(unchanged=3)
    assert await store.run(record, replace(listing, seen_at=NOON + HOUR)) == Recorded(unchanged=3)
    assert await store.run(written) == before


async def test_a_paper_that_is_listed_twice_stands_where_it_came_first(store: Store) -> None:
    await store.run(record, a_listing(papers=[ONE, TWO, ONE]))
    assert await entry_ids(store) == [ONE, TWO]


async def test_refusals_are_counted(store: Store) -> None:
    listing = replace(a_listing(papers=[ONE]), refusals=(Refusal("record 2", "no title"),))
    total = await store.run(record, listing) + Recorded(updated=1)
    assert total == Recorded(new=1, updated=1, refused=1)


async def test_a_list_that_fills_keeps_who_came_when(store: Store) -> None:
    await store.run(record, a_listing(papers=[ONE]))
    await store.run(record, a_listing(papers=[TWO, ONE], seen_at=NOON + HOUR))
    entries = await store.read(listings.entries, "huggingface", "daily", TODAY)
    assert [(e.paper_id, e.seen_at) for e in entries] == [(TWO, NOON + HOUR), (ONE, NOON)]


async def test_a_snapshot_is_taken_only_when_the_numbers_change(store: Store) -> None:
    for hour, upvotes in enumerate([5, 5, 8, 8, 5]):
        listing = a_listing(a_record(ONE, upvotes), seen_at=NOON + hour * HOUR)
        await store.run(record, listing)
    found = await store.read(listings.snapshots_of, [ONE, TWO])
    taken = [(s.taken_at, s.upvotes) for s in found[ONE]]
    assert taken == [(NOON, 5), (NOON + 2 * HOUR, 8), (NOON + 4 * HOUR, 5)]
    assert TWO not in found


async def test_no_numbers_are_no_snapshot(store: Store) -> None:
    await store.run(record, a_listing(papers=[ONE]))
    assert await store.read(listings.snapshots_of, [ONE]) == {}


async def test_each_source_has_its_own_snapshots(store: Store) -> None:
    await store.run(record, a_listing(a_record(ONE, 5)))
    await store.run(record, a_listing(a_record(ONE, 5), source="page", seen_at=NOON + HOUR))
    found = await store.read(listings.snapshots_of, [ONE])
    assert [(s.source, s.upvotes) for s in found[ONE]] == [("huggingface", 5), ("page", 5)]


async def test_an_old_file_adds_its_snapshot_before_the_later_ones(store: Store) -> None:
    await store.run(record, a_listing(a_record(ONE, 9)))
    await store.run(record, a_listing(a_record(ONE, 2), day=TODAY - DAY, seen_at=NOON - DAY))
    found = await store.read(listings.snapshots_of, [ONE])
    assert [s.upvotes for s in found[ONE]] == [2, 9]
    since = await store.read(listings.snapshots_of, [ONE], since=NOON)
    assert [s.upvotes for s in since[ONE]] == [9]


async def test_the_latest_snapshot_until_a_moment_is_found(store: Store) -> None:
    for hour, upvotes in enumerate([1, 2, 3]):
        await store.run(record, a_listing(a_record(ONE, upvotes), seen_at=NOON + hour * HOUR))
    latest = await store.read(
        listings.latest_snapshots, "huggingface", [ONE], until=NOON + 1.5 * HOUR
    )
    assert latest == {ONE: Snapshot(ONE, "huggingface", NOON + HOUR, upvotes=2)}


async def test_listings_since_a_day_come_in_order(store: Store) -> None:
    for days in (2, 1, 0):
        listing = a_listing(papers=[ONE], day=TODAY - days * DAY, seen_at=NOON - days * DAY)
        await store.run(record, listing)
    entries = await store.read(listings.entries_since, TODAY - DAY)
    assert [e.day for e in entries] == [TODAY - DAY, TODAY]


async def test_when_a_daily_list_first_showed_a_paper_is_known(store: Store) -> None:
    """A list that came from a file, or that was there before us, has shown them by its close."""
    old = TODAY - 9 * DAY
    for listing in (
        a_listing(papers=[ONE], day=old, seen_at=NOON),
        a_listing(papers=[ONE, TWO], seen_at=NOON),
        a_listing(papers=[ONE, TWO], seen_at=NOON + HOUR),
        a_listing(papers=[THREE], name="trending", seen_at=NOON),
    ):
        await store.run(record, listing)
    found = await store.read(listings.listed_at, [ONE, TWO, THREE])
    assert found == {ONE: closes_at(old), TWO: NOON}


async def test_the_days_of_a_list_are_counted(store: Store) -> None:
    await store.run(record, a_listing(papers=[ONE, TWO], day=TODAY - DAY))
    await store.run(record, a_listing(papers=[ONE]))
    await store.run(record, a_listing(papers=[THREE], name="trending"))
    found = await store.read(listings.days, "huggingface", "daily", limit=9)
    assert found == [(TODAY, 1), (TODAY - DAY, 2)]


async def test_a_source_that_was_never_asked_has_no_state(store: Store) -> None:
    assert await store.read(listings.source_state, "arxiv", "cs.CL") == SourceState(
        "arxiv", "cs.CL"
    )


async def test_how_a_source_does_is_remembered(store: Store) -> None:
    state = SourceState(
        "arxiv", "cs.CL", tried_at=NOON, good_at=NOON - DAY, error="503", retry_at=NOON + HOUR
    )
    await store.run(listings.note_state, replace(state, error=None, etag='"1"'))
    await store.run(listings.note_state, state)
    assert await store.read(listings.source_states) == [state]


async def test_a_file_is_imported_at_its_first_moment_for_ever(store: Store) -> None:
    assert await store.run(listings.first_import, "digest", now=NOON) == NOON
    assert await store.run(listings.first_import, "digest", now=NOON + DAY) == NOON


async def test_the_papers_noticed_in_a_stretch_of_time_are_found(store: Store) -> None:
    assert await store.read(listings.last_taken_at) is None
    await store.run(record, a_listing(a_record(ONE, 1), a_record(TWO), seen_at=NOON - DAY))
    await store.run(record, a_listing(a_record(THREE, 1)))
    assert await store.read(listings.last_taken_at) == NOON
    assert await store.read(listings.noticed_between, NOON - HOUR, NOON) == [THREE]
    assert await store.read(listings.noticed_between, NOON - DAY, NOON) == [ONE, THREE]


async def test_a_source_s_newest_day_is_found(store: Store) -> None:
    await store.run(record, a_listing(papers=[ONE], day=TODAY - DAY))
    await store.run(record, a_listing(papers=[TWO]))
    await store.run(record, a_listing(papers=[THREE], source="page"))
    assert [e.paper_id for e in await store.read(listings.latest_entries, "huggingface")] == [TWO]
    assert await store.read(listings.latest_entries, "arxiv") == []


async def test_a_listed_paper_is_matched_once_and_again_when_its_text_changes(
    store: Store,
) -> None:
    await store.run(record, a_listing(a_record(ONE, 5), a_record(TWO)))
    unmatched = await store.read(listings.unmatched, since=TODAY, limit=9)
    assert [(paper.id, votes) for paper, votes in unmatched] == [(ONE, 5), (TWO, 0)]

    await store.run(listings.note_matched, [ONE, TWO], now=NOON)
    await store.run(record, a_listing(a_record(ONE, 9), seen_at=NOON + HOUR))
    assert await store.read(listings.unmatched, since=TODAY, limit=9) == []

    await store.run(record, a_listing(a_record(ONE, 9, abstract="Now with an abstract.")))
    unmatched = await store.read(listings.unmatched, since=TODAY, limit=9)
    assert [(paper.id, votes) for paper, votes in unmatched] == [(ONE, 9)]


async def test_what_was_listed_long_ago_is_matched_with_nothing(store: Store) -> None:
    await store.run(record, a_listing(papers=[ONE], day=TODAY - DAY))
    assert await store.read(listings.unmatched, since=TODAY, limit=9) == []


async def test_what_was_seen_before_the_list_moved_moves_nothing_back(store: Store) -> None:
    earlier = a_listing(papers=[ONE, TWO])
    later = a_listing(papers=[TWO, THREE, ONE], seen_at=NOON + HOUR)
    for listing in (earlier, later):
        await store.run(record, listing)
    before = await store.run(written)
    for listing in (earlier, later):
        await store.run(record, listing)
    assert await entry_ids(store) == [TWO, THREE, ONE]
    assert await store.run(written) == before


async def test_a_paper_that_leaves_a_list_is_shown_no_more_and_may_come_back(store: Store) -> None:
    async def look(*papers: str, hours: int, whole: bool = True) -> list[str]:
        listing = a_listing(papers=papers, seen_at=NOON + hours * HOUR)
        await store.run(record, replace(listing, whole=whole))
        return await entry_ids(store)

    assert await look(ONE, TWO, THREE, hours=0) == [ONE, TWO, THREE]
    assert await look(ONE, THREE, hours=1, whole=False) == [ONE, TWO, THREE]
    assert await look(ONE, THREE, hours=2) == [ONE, THREE]
    news = await store.read(listings.unmatched, since=TODAY, limit=9)
    assert [paper.id for paper, _ in news] == [ONE, THREE]
    assert [e.paper_id for e in await store.read(listings.entries_since, TODAY)] == [ONE, THREE]
    assert await store.read(listings.days, "huggingface", "daily", limit=9) == [(TODAY, 2)]

    before = await store.run(written)
    assert await look(ONE, THREE, hours=3) == [ONE, THREE]
    assert await store.run(written) == before
    assert await look(ONE, TWO, THREE, hours=4) == [ONE, TWO, THREE]
    entries = await store.read(listings.entries, "huggingface", "daily", TODAY)
    assert {entry.seen_at for entry in entries} == {NOON}


async def test_a_list_that_is_suddenly_half_filled_loses_nobody(store: Store) -> None:
    await store.run(record, replace(a_listing(papers=[ONE, TWO, THREE]), whole=True))
    for papers in ([TWO], []):
        half = a_listing(papers=papers, seen_at=NOON + HOUR)
        await store.run(record, replace(half, whole=True))
        assert sorted(await entry_ids(store)) == [ONE, TWO, THREE]


async def test_an_old_look_at_a_list_takes_nobody_off_it(store: Store) -> None:
    await store.run(record, replace(a_listing(papers=[ONE, TWO, THREE]), whole=True))
    await store.run(record, replace(a_listing(papers=[ONE, TWO], seen_at=NOON - HOUR), whole=True))
    assert await entry_ids(store) == [ONE, TWO, THREE]


async def test_a_replaced_paper_is_no_news_but_a_cross_listed_one_is(store: Store) -> None:
    for name, paper in (
        ("cs.CL replace", ONE),
        ("cs.CL replace-cross", TWO),
        ("cs.CL cross", THREE),
    ):
        await store.run(record, a_listing(papers=[paper], source="arxiv", name=name))
    assert [e.paper_id for e in await store.read(listings.entries_since, TODAY)] == [THREE]
    news = await store.read(listings.unmatched, since=TODAY, limit=9)
    assert [paper.id for paper, _ in news] == [THREE]

    await store.run(record, a_listing(papers=[ONE]))
    news = await store.read(listings.unmatched, since=TODAY, limit=9)
    assert [paper.id for paper, _ in news] == [ONE, THREE]


async def test_papers_that_are_heard_of_outside_of_a_list_stand_in_none(store: Store) -> None:
    took = await store.run(listings.hear, "huggingface", [a_record(ONE, 5)], seen_at=NOON)
    assert took.ids == (ONE,)
    assert list(await store.read(listings.snapshots_of, [ONE])) == [ONE]
    assert await store.read(listings.entries_since, TODAY - DAY) == []


async def test_the_last_change_of_each_day_s_list_is_known(store: Store) -> None:
    await store.run(record, a_listing(papers=[ONE], day=TODAY - DAY, seen_at=NOON - DAY))
    await store.run(record, a_listing(papers=[ONE]))
    await store.run(record, a_listing(papers=[ONE, TWO], seen_at=NOON + HOUR))
    changed = await store.read(listings.changes_of_days, "huggingface", "daily", since=TODAY)
    assert changed == {TODAY: NOON + HOUR}
