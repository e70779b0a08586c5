"""Looks at the sources: each list on its own; one that fails waits, the others go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.errors import PaperwireError, SourceError, SourceUnreachable
from bot.jobs.asking import failing, wants_peace
from bot.models import SourceState
from bot.sources.http import FRESH, Fetched, Validators
from bot.sources.huggingface import unknown_fields_of
from bot.sources.starter import starter_listing
from bot.store import listings, papers
from bot.store.listings import Recorded
from bot.store.store import Store
from bot.unchanged import Unchanged

log = logging.getLogger(__name__)

MOST_REFUSALS_LOGGED = 5
MOST_FAILURES = 3
"""Lists of a source that may fail in a row: then it has trouble itself, and a server that never
answers takes three minutes for each."""


@dataclass(frozen=True, slots=True)
class Look:
    """One list to look at."""

    source: str
    name: str
    fetch: Callable[[Validators], Awaitable[Fetched]]
    every: timedelta | None = None
    """Looked at no more often than this; None for at each run."""
    complete_at: datetime | None = None
    """From when on the list takes no more papers; None for one that never closes."""

    def closes_between(self, then: datetime | None, now: datetime) -> bool:
        """Whether the list has closed since a look at it, if there was one."""
        if self.complete_at is None or now < self.complete_at:
            return False
        return then is None or then < self.complete_at


Looks = Callable[[datetime], Sequence[Look]]
"""Says which lists are worth a look at a moment."""


@dataclass
class Refresh:
    """Take in what the sources show now.

    A store that is empty after all sources failed gets the starter library,
    so that a newcomer without a network has papers to try the bot with.
    """

    store: Store
    looks: Looks
    now: Callable[[], datetime]
    starter_is_news: bool = False
    """Whether the starter library counts as today's list; on Discord it must not."""
    unchanged: Unchanged = field(default_factory=Unchanged)

    async def __call__(self) -> None:
        await self.all()

    async def all(self) -> bool:
        """Look at every list whose turn it is; whether any source answered."""
        by_source: dict[str, list[Look]] = {}
        looks = self.looks(self.now())
        self.unchanged.keep({(look.source, look.name) for look in looks})
        for look in looks:
            by_source.setdefault(look.source, []).append(look)
        outcomes = await asyncio.gather(*(self._look_at(*one) for one in by_source.items()))
        recorded = [one for outcome in outcomes for one in outcome]
        good = [one for one in recorded if one is not None]
        if recorded:
            log.info("refresh: %d of %d lists read; %s", len(good), len(recorded), sum_up(good))
        if await self.store.read(papers.count) == 0:
            await self.start_library(reached=bool(good))
        return bool(good) or not recorded

    async def _look_at(self, source: str, looks: Sequence[Look]) -> list[Recorded | None]:
        """Look at the lists of one source, one after the other; None for each that failed.

        Where nobody answers, we are asked to wait or several have failed in a row, the others
        would fare no better.
        """
        outcomes: list[Recorded | None] = []
        states = await self.store.read(listings.states_of, source)
        if wants_peace(states.values(), now=self.now()):
            return outcomes
        for look in looks:
            state = self.unchanged.complete(states.get(look.name, SourceState(source, look.name)))
            if self._is_fresh(look, state):
                continue
            try:
                outcomes.append(await self._look_or_bug(look, state))
            except SourceError as error:
                await self._note_failure(state, error)
                outcomes.append(None)
                if error.retry_after or isinstance(error, SourceUnreachable):
                    break
                if outcomes[-MOST_FAILURES:] == [None] * MOST_FAILURES:
                    break
        return outcomes

    async def _look_or_bug(self, look: Look, state: SourceState) -> Recorded:
        """Look at one list; a bug that an answer meets is the list's trouble, not the others'."""
        try:
            return await self.look(look, state)
        except PaperwireError:
            raise
        except Exception as error:
            log.exception("%s %s met a bug", look.source, look.name)
            raise SourceError("Its answer met a bug of Paperwire; the log has it.") from error

    def _is_fresh(self, look: Look, state: SourceState) -> bool:
        """Whether we have looked so lately that it is too early to look again."""
        return bool(look.every and state.good_at and self.now() < state.good_at + look.every)

    async def look(self, look: Look, state: SourceState) -> Recorded:
        """Look at one list and take in what it shows; an unchanged one costs no write.

        A list that has closed since the last look is read whole, whatever we know of it: from
        then on the store counts it as complete.

        Raises:
            SourceError: It could not be read; nothing was taken in.
        """
        now = self.now()
        has_closed = look.closes_between(state.good_at, now)
        fetched = await look.fetch(FRESH if has_closed else _validators(state))
        good = _good(look, fetched.validators, now=now)
        is_news = has_closed or state.good_at is None or _differs(state, good)
        if not fetched.listings and not is_news:
            self.unchanged.note(look.source, look.name, now)
            return Recorded()
        recorded, wrote = await self.store.run(_record, fetched, good, is_news)
        if not wrote:
            self.unchanged.note(look.source, look.name, now)
        return recorded

    async def _note_failure(self, state: SourceState, error: SourceError) -> None:
        log.warning("%s %s: %s", state.source, state.name, error)
        await self.store.run(listings.note_state, failing(state, error, now=self.now()))

    async def start_library(self, *, reached: bool) -> None:
        """Take in the starter library that ships with the program."""
        listing = starter_listing(now=self.now())
        if self.starter_is_news:
            listing = replace(listing, day=self.now().date())
        await self.store.run(listings.record, listing)
        why = "the sources showed nothing" if reached else "no source could be reached"
        log.warning("%s: starting with the starter library of %d papers", why, len(listing.records))


def sum_up(recorded: Sequence[Recorded]) -> str:
    """Return what some lists came to, in words."""
    total = sum(recorded, Recorded())
    return (
        f"papers: {total.new} new, {total.updated} updated, {total.unchanged} unchanged,"
        f" {total.refused} refused"
    )


def _validators(state: SourceState) -> Validators:
    further = tuple(Validators(*page) for page in state.further)
    return Validators(state.etag, state.last_modified, further)


def _good(look: Look, validators: Validators, *, now: datetime) -> SourceState:
    return SourceState(
        look.source,
        look.name,
        tried_at=now,
        good_at=now,
        etag=validators.etag,
        last_modified=validators.last_modified,
        further=tuple((page.etag, page.last_modified) for page in validators.further),
    )


def _differs(before: SourceState, after: SourceState) -> bool:
    """Whether two states differ in more than their moments."""
    return replace(before, tried_at=after.tried_at, good_at=after.good_at) != after


def _record(
    db: Database, fetched: Fetched, state: SourceState, is_news: bool
) -> tuple[Recorded, bool]:
    """Take in lists; how the source does is noted if that, or anything on them, is new.

    Returns:
        What recording came to, and whether anything was written.
    """
    changes = db.conn.total_changes
    recorded = Recorded()
    for listing in fetched.listings:
        recorded += listings.record(db, listing)
        for refusal in listing.refusals[:MOST_REFUSALS_LOGGED]:
            log.warning(
                "%s %s, %s: %s", listing.source, listing.name, refusal.where, refusal.reason
            )
        if unknown := unknown_fields_of(listing.records):
            log.info("%s %s has fields that are new: %s", state.source, state.name, list(unknown))
    wrote = is_news or db.conn.total_changes != changes
    if wrote:
        listings.note_state(db, state)
    return recorded, wrote
