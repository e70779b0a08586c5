"""Fetches what was before us: past daily lists, and arXiv's catalogue set by set.

Each list and each page is a transaction together with the note of where we are, so that a
backfill can be stopped at any time and goes on there.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TypeVar

from sqlite_utils import Database

from bot.daily_lists import looked_at
from bot.errors import SourceError, SourceUnreachable, UserError
from bot.jobs.asking import failing
from bot.listing_days import ONE_DAY, SATURDAY, closes_at, complete_at, newest_closed_day
from bot.models import Listing, Record, SourceState
from bot.sources.arxiv import ArXiv, oai_set
from bot.sources.arxiv_xml import Harvest
from bot.sources.http import NAMES
from bot.sources.huggingface import HuggingFace
from bot.store import backfill, listings
from bot.store.backfill import Position
from bot.store.listings import DAILY, Recorded
from bot.store.store import Store

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_LIST = date(2023, 5, 4)
"""The first day of which Hugging Face has a daily list."""
FIRST_PAPER = date(1991, 8, 14)
"""The first day of arXiv."""
BETWEEN_LISTS = timedelta(seconds=1)
"""Hugging Face grants 500 requests in five minutes, which the running bot wants a part of."""
LONGEST_WAIT = timedelta(minutes=15)
"""A source that asks for more patience is left alone until the next backfill."""
MOST_WAITS = 5
BACKFILL = "backfill"
"""What a source is asked for, as ``/status`` names it."""
MOST_FAILURES = 3
"""Lists that may fail in a row, as one alone may be broken for ever and is left out; also how often
a set is begun again since arXiv has forgotten where we were."""


def check_since(since: date, source: str | None, *, now: datetime) -> None:
    """Refuse a day from which a source has nothing.

    Args:
        source: ``huggingface`` or ``arxiv``; None for both.

    Raises:
        UserError: The day is before the source began, or lies ahead.
    """
    if since > now.date():
        raise UserError(f"{since} lies ahead; name a day up to {now.date()}.")
    if source != "arxiv" and since < FIRST_LIST:
        hint = "" if source else ", or add --source arxiv"
        raise UserError(
            f"Hugging Face has daily lists since {FIRST_LIST}; name that day or a later one{hint}."
        )
    if since < FIRST_PAPER:
        raise UserError(f"arXiv began on {FIRST_PAPER}; name that day or a later one.")


@dataclass
class Backfill:
    """Fetches the past from each source, politely.

    Args:
        sleep: Waits for some seconds.
        tell: Is told in words where it stands.
        show: Is handed each daily list once it is taken in.
    """

    store: Store
    hugging_face: HuggingFace
    arxiv: ArXiv
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    tell: Callable[[str], None]
    show: Callable[[Listing], None] | None = None
    recorded: Recorded = field(default_factory=Recorded)
    left_out: list[str] = field(default_factory=list[str])
    """The lists that could not be read and were passed over, and why."""

    async def daily_lists(self, since: date) -> None:
        """Take in Hugging Face's lists of the weekdays that the store lacks, newest first.

        Raises:
            SourceError: Hugging Face cannot be read; what came before is kept.
        """
        await self._check_peace("huggingface")
        failures = 0
        days = await self.store.read(missing_lists, since, now=self.now())
        for done, day in enumerate(days):
            self.tell(f"Hugging Face {day}: {done:,} of {len(days):,} lists, {self._papers}")
            try:
                await self._patiently("huggingface", partial(self._list, day))
                failures = 0
            except SourceUnreachable:
                raise
            except SourceError as error:
                failures += 1
                if error.retry_after or failures == MOST_FAILURES:
                    raise
                self.left_out.append(f"{day}: {error}")
            await self.sleep(BETWEEN_LISTS.total_seconds())

    async def _list(self, day: date) -> None:
        fetched = await self.hugging_face.daily(day)
        for listing in fetched.listings:
            self.recorded += await self.store.run(listings.record, listing)
            if self.show:
                self.show(listing)

    async def catalogue(self, categories: Iterable[str], since: date) -> None:
        """Take in the papers of arXiv's catalogue of which a version appeared since a day.

        Raises:
            SourceError: arXiv cannot be read; what came before is kept.
        """
        await self._check_peace("arxiv")
        for name in dict.fromkeys(oai_set(category) for category in categories):
            void = 0
            while (position := await self._position(name, since)).leg:
                while position.leg:
                    before, position = position, await self._page(position)
                    void += before.token is not None and position == _without_token(before)
                    if void == MOST_FAILURES:
                        raise SourceError("arXiv forgets its catalogue's pages again and again.")

    async def _position(self, name: str, since: date) -> Position:
        kept = await self.store.read(backfill.position, name)
        return backfill.setting_out(kept, since, now=self.now())

    async def _page(self, position: Position) -> Position:
        """Take in the next page of a leg; return the position after it."""
        try:
            page = await self._patiently("arxiv", partial(self._fetch_page, position))
        except SourceError as error:
            if position.token is None or "badResumptionToken" not in str(error):
                raise
            return _without_token(position)
        after = backfill.after_page(position, page.token, now=self.now())
        self.recorded += await self.store.run(
            _take_page, page, _since(position), after, now=self.now()
        )
        self.tell(f"arXiv {position.name}: {_how_far(page)}{self._papers}")
        return after

    async def _fetch_page(self, position: Position) -> Harvest:
        assert position.leg is not None
        pages = self.arxiv.harvest(
            position.leg.since, position.leg.until, subject=position.name, token=position.token
        )
        async with aclosing(pages):
            return await anext(pages)

    async def _check_peace(self, source: str) -> None:
        """Refuse to ask a source that has asked a running bot, or the last backfill, to wait.

        Raises:
            SourceError: It has.
        """
        states = (await self.store.read(listings.states_of, source)).values()
        until = max((state.retry_at for state in states if state.retry_at), default=self.now())
        if until > self.now():
            wait = until - self.now()
            raise SourceError(
                f"{NAMES[source]} asked us to wait until {until:%Y-%m-%d %H:%M} UTC.",
                retry_after=wait,
            )

    async def _patiently(self, source: str, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask, waiting as long as the source wants us to; a running bot waits with us."""
        for _ in range(MOST_WAITS):
            try:
                return await ask()
            except SourceError as error:
                if error.retry_after is None:
                    raise
                state = SourceState(source, BACKFILL)
                await self.store.run(listings.note_state, failing(state, error, now=self.now()))
                if error.retry_after > LONGEST_WAIT:
                    raise
                self.tell(str(error))
                await self.sleep(error.retry_after.total_seconds())
                await self.store.run(listings.note_state, replace(state, tried_at=self.now()))
        return await ask()

    @property
    def _papers(self) -> str:
        r = self.recorded
        return f"{r.new + r.updated + r.unchanged:,} papers"


def _without_token(position: Position) -> Position:
    """Return the beginning of a position's leg."""
    return replace(position, token=None, token_at=None)


def missing_lists(db: Database, since: date, *, now: datetime) -> list[date]:
    """Return the weekdays whose daily list the store has not or not whole, newest first."""
    changed = listings.changes_of_days(db, "huggingface", DAILY, since=since)
    newest = newest_closed_day(now)
    days = (newest - n * ONE_DAY for n in range((newest - since).days + 1))
    return [
        day for day in days if day.weekday() < SATURDAY and not _is_whole(db, day, changed.get(day))
    ]


def _is_whole(db: Database, day: date, changed_at: datetime | None) -> bool:
    """Whether a day's list is here and was seen after it closed, in a file or by a look."""
    if changed_at is None:
        return False
    if changed_at >= closes_at(day):
        return True
    looked = looked_at(db, day)
    return looked is not None and looked >= complete_at(day)


def _how_far(page: Harvest) -> str:
    """Return how much of a leg was read, where arXiv says so; most of it can be older papers."""
    if not page.total:
        return ""
    if page.before is None:
        return f"some {page.total:,} records to read, "
    read = page.before + len(page.records) + len(page.refusals)
    return f"{read:,} of some {page.total:,} records, "


def appeared_since(record: Record, since: date) -> bool:
    """Whether a version of a paper appeared on a day or later; also where no date is known.

    arXiv's catalogue tells of every administrative change to papers of any age.
    """
    moment = record.paper.updated_at or record.paper.published_at
    return moment is None or moment.date() >= since


def _since(position: Position) -> date:
    assert position.leg is not None
    return position.leg.since


def _take_page(
    db: Database, page: Harvest, since: date, after: Position, *, now: datetime
) -> Recorded:
    wanted = [record for record in page.records if appeared_since(record, since)]
    took = listings.hear(db, "arxiv", wanted, seen_at=now)
    backfill.note(db, after)
    for refusal in page.refusals:
        log.warning("arxiv %s, %s: %s", after.name, refusal.where, refusal.reason)
    return Recorded(took.new, took.updated, took.unchanged, len(page.refusals))
