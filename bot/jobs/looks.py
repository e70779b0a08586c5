"""Which of the sources' lists are worth a look at a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

from bot.daily_lists import look_name
from bot.feeds import JOINS_SEEN_WITHIN
from bot.jobs.refresh import Look
from bot.listing_days import ONE_DAY, complete_at, local_day, newest_closed_day
from bot.sources.arxiv import ArXiv
from bot.sources.http import Fetched, Validators
from bot.sources.huggingface import HuggingFace

DAYS_WATCHED = JOINS_SEEN_WITHIN.days
"""Daily lists whose votes still move, and which may take a paper late: so many up to the newest
that is complete."""
OLD_LISTS_EVERY = timedelta(hours=6)
"""Lists of the last week; trending over a week needs their votes."""
OLDER_LISTS_EVERY = timedelta(hours=24)
ANNOUNCEMENTS_EVERY = timedelta(hours=2)


@dataclass(frozen=True)
class Looks:
    """Hugging Face's newest daily lists and what trends there, and arXiv's announcements."""

    hugging_face: HuggingFace
    arxiv: ArXiv
    categories: Sequence[str]

    def __call__(self, now: datetime) -> Sequence[Look]:
        """Return the looks in the order in which they matter to a reader."""
        newest = newest_closed_day(now)
        trending = Look("huggingface", "trending", self._trending)
        days = [self._daily(day, newest) for day in watched_days(now)]
        announced = [
            Look("arxiv", category, partial(self._announced, category), every=ANNOUNCEMENTS_EVERY)
            for category in self.categories
        ]
        return [*days, trending, *announced]

    def _daily(self, day: date, newest: date) -> Look:
        is_old, is_older = day < newest, day <= newest - 7 * ONE_DAY
        every = OLDER_LISTS_EVERY if is_older else OLD_LISTS_EVERY if is_old else None
        fetch = partial(self._list, day)
        return Look("huggingface", look_name(day), fetch, every, complete_at(day))

    async def _list(self, day: date, validators: Validators) -> Fetched:
        return await self.hugging_face.daily(day, validators=validators)

    async def _trending(self, validators: Validators) -> Fetched:
        return await self.hugging_face.trending(validators=validators)

    async def _announced(self, category: str, validators: Validators) -> Fetched:
        return await self.arxiv.announced(category, validators=validators)


def watched_days(now: datetime) -> list[date]:
    """Return the days whose lists are looked at: the ones that fill now, then back over 16 days."""
    newest = newest_closed_day(now)
    today = local_day(now, "America/New_York") + ONE_DAY  # after closing, tomorrow's fills
    days = [today - n * ONE_DAY for n in range((today - newest).days + DAYS_WATCHED)]
    return [day for day in days if day > newest or day.weekday() < 5]
