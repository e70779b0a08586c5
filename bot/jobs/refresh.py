"""Looks at the sources: each list on its own; one that fails waits, the others go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.errors import SourceError, SourceUnreachable
from bot.jobs.asking import failing, wants_peace
from bot.models import SourceState
from bot.sources.http import Fetched, Validators
from bot.sources.huggingface import unknown_fields_of
from bot.sources.starter import starter_listing
from bot.store import listings, papers
from bot.store.listings import Recorded
from bot.store.store import Store

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

    async def __call__(self) -> None:
        await self.all()

    async def all(self) -> bool:
        """Look at every list whose turn it is; whether any source answered."""
        by_source: dict[str, list[Look]] = {}
        for look in self.looks(self.now()):
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
            state = states.get(look.name, SourceState(source, look.name))
            if self._is_fresh(look, state):
                continue
            try:
                outcomes.append(await self.look(look, state))
            except SourceError as error:
                await self._note_failure(state, error)
                outcomes.append(None)
                if error.retry_after or isinstance(error, SourceUnreachable):
                    break
                if outcomes[-MOST_FAILURES:] == [None] * MOST_FAILURES:
                    break
        return outcomes

    def _is_fresh(self, look: Look, state: SourceState) -> bool:
        """Whether we have looked so lately that it is too early to look again."""
        return bool(look.every and state.good_at and self.now() < state.good_at + look.every)

    async def look(self, look: Look, state: SourceState) -> Recorded:
        """Look at one list and take in what it shows.

        Raises:
            SourceError: It could not be read; nothing was taken in.
        """
        further = tuple(Validators(*page) for page in state.further)
        fetched = await look.fetch(Validators(state.etag, state.last_modified, further))
        good = SourceState(
            look.source,
            look.name,
            tried_at=self.now(),
            good_at=self.now(),
            etag=fetched.validators.etag,
            last_modified=fetched.validators.last_modified,
            further=tuple((p.etag, p.last_modified) for p in fetched.validators.further),
        )
        return await self.store.run(_record, fetched, good)

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


def _record(db: Database, fetched: Fetched, state: SourceState) -> Recorded:
    recorded = Recorded()
    for listing in fetched.listings:
        recorded += listings.record(db, listing)
        for refusal in listing.refusals[:MOST_REFUSALS_LOGGED]:
            log.warning(
                "%s %s, %s: %s", listing.source, listing.name, refusal.where, refusal.reason
            )
        if unknown := unknown_fields_of(listing.records):
            log.info("%s %s has fields that are new: %s", state.source, state.name, list(unknown))
    listings.note_state(db, state)
    return recorded
