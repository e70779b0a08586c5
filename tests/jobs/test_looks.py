"""Which lists are worth a look, and how often."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.daily_lists import look_name
from bot.jobs.looks import (
    ANNOUNCEMENTS_EVERY,
    OLD_LISTS_EVERY,
    OLDER_LISTS_EVERY,
    Looks,
    watched_days,
)
from bot.listing_days import ONE_DAY, closes_at, complete_at
from bot.sources.arxiv import ArXiv
from bot.sources.http import Web
from bot.sources.huggingface import HuggingFace
from tests.conftest import NOON

TUESDAY = date(2026, 3, 3)


@pytest.fixture
async def looks() -> AsyncIterator[Looks]:
    """Looks at hosts that nobody asks here."""
    async with Web(frozenset()) as web:
        arxiv = ArXiv(web, "https://arxiv.invalid", "https://rss.arxiv.invalid")
        yield Looks(HuggingFace(web, "https://hf.invalid"), arxiv, ("cs.CL", "cs.LG"))


async def test_the_newest_lists_come_first_then_what_trends_then_arxiv(looks: Looks) -> None:
    names = [(look.source, look.name) for look in looks(NOON)]
    days = [name for _, name in names if name.startswith("daily")]
    assert days[0] == look_name(TUESDAY + timedelta(days=1))
    assert names[len(days) :] == [
        ("huggingface", "trending"),
        ("arxiv", "cs.CL"),
        ("arxiv", "cs.LG"),
    ]


async def test_lists_that_still_move_are_looked_at_each_time_and_old_ones_now_and_then(
    looks: Looks,
) -> None:
    every = {look.name: look.every for look in looks(NOON)}
    assert every[look_name(TUESDAY)] is None
    assert every[look_name(date(2026, 3, 2))] is None, "the newest complete one"
    assert every[look_name(date(2026, 2, 27))] == OLD_LISTS_EVERY
    assert every[look_name(date(2026, 2, 24))] == OLD_LISTS_EVERY
    assert every[look_name(date(2026, 2, 23))] == OLDER_LISTS_EVERY
    closings = {look.name: look.complete_at for look in looks(NOON)}
    assert closings[look_name(TUESDAY)] == complete_at(TUESDAY)
    assert closings["trending"] is closings["cs.CL"] is None
    assert every["trending"] is None
    assert every["cs.CL"] == ANNOUNCEMENTS_EVERY


@pytest.mark.parametrize(
    ("now", "newest", "oldest"),
    [
        (NOON, date(2026, 3, 4), date(2026, 2, 16)),
        # Monday, an hour after Friday's list was complete: nothing of the weekend.
        (datetime(2026, 3, 7, 4, tzinfo=UTC), date(2026, 3, 7), date(2026, 2, 19)),
        (datetime(2026, 3, 9, 12, tzinfo=UTC), date(2026, 3, 10), date(2026, 2, 19)),
    ],
)
def test_more_than_two_weeks_are_watched_without_the_weekends_that_are_over(
    now: datetime, newest: date, oldest: date
) -> None:
    days = watched_days(now)
    assert (days[0], days[-1]) == (newest, oldest)
    assert days == sorted(days, reverse=True)
    assert all(day.weekday() < 5 for day in days if day <= date(2026, 3, 6))


def test_what_joins_a_list_in_the_last_hour_of_its_14th_day_is_seen_by_a_look_of_the_next_day() -> (
    None
):
    for day in (date(2026, 2, 16) + n * ONE_DAY for n in range(5)):
        joined = closes_at(day + 14 * ONE_DAY)
        assert day in watched_days(joined + OLDER_LISTS_EVERY)
