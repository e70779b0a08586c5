"""Asks a source and notes how it went: one line in ``/status``, whatever happened."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime

from bot.errors import SourceError
from bot.models import SourceState
from bot.store import listings
from bot.store.store import Store

log = logging.getLogger(__name__)


def failing(state: SourceState, error: SourceError, *, now: datetime) -> SourceState:
    """Return the state of a list that could not be read; what it knew of better days stays."""
    retry_at = now + error.retry_after if error.retry_after else None
    return replace(state, tried_at=now, error=str(error), retry_at=retry_at)


def wants_peace(states: Iterable[SourceState], *, now: datetime) -> bool:
    """Whether a source asked us to stay away for longer than until now.

    Args:
        states: Of all that it is asked for: its patience is one.
    """
    return any(state.retry_at is not None and now < state.retry_at for state in states)


async def asked(
    store: Store,
    source: str,
    name: str,
    ask: Callable[[], Awaitable[None]],
    *,
    now: Callable[[], datetime],
) -> bool:
    """Ask a source for one kind of thing, unless it wants peace; whether it answered well.

    Args:
        name: What is asked for, as ``/status`` names it.
    """
    states = await store.read(listings.states_of, source)
    if wants_peace(states.values(), now=now()):
        return False
    try:
        await ask()
    except SourceError as error:
        log.warning("%s %s: %s", source, name, error)
        state = states.get(name, SourceState(source, name))
        await store.run(listings.note_state, failing(state, error, now=now()))
        return False
    await store.run(listings.note_state, SourceState(source, name, tried_at=now(), good_at=now()))
    return True
