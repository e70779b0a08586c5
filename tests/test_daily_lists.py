"""Which daily lists the store has, and which of them are whole."""

from __future__ import annotations

from datetime import date, timedelta

from bot.daily_lists import is_whole, look_name, looked_at, newest_stored
from bot.listing_days import complete_at
from bot.models import SourceState
from bot.store import listings
from bot.store.store import Store
from tests.builders import a_listing
from tests.conftest import NOON

MONDAY, FRIDAY = date(2026, 3, 2), date(2026, 2, 27)
SECOND = timedelta(seconds=1)


async def test_a_list_from_a_file_is_whole_once_its_day_has_closed(store: Store) -> None:
    end = complete_at(MONDAY)
    assert await store.read(looked_at, MONDAY) is None
    assert not await store.read(is_whole, MONDAY, now=end - SECOND)
    assert await store.read(is_whole, MONDAY, now=end)


async def test_a_list_that_we_look_at_is_whole_once_we_looked_after_its_end(store: Store) -> None:
    end = complete_at(MONDAY)
    for at, whole in ((end - SECOND, False), (end, True)):
        state = SourceState("huggingface", look_name(MONDAY), tried_at=at, good_at=at)
        await store.run(listings.note_state, state)
        assert await store.read(is_whole, MONDAY, now=NOON) is whole


async def test_the_newest_list_up_to_a_day_is_known(store: Store) -> None:
    assert await store.read(newest_stored, until=MONDAY) is None
    for day in (FRIDAY, MONDAY + timedelta(days=1)):
        await store.run(listings.record, a_listing(papers=["2403.00001"], day=day))
    empty = a_listing(day=MONDAY)
    await store.run(listings.record, empty)
    assert await store.read(newest_stored, until=MONDAY) == FRIDAY
