"""Asks a source and notes how it went: one line in ``/status``, whatever happened."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
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


def wants_peace(state: SourceState, *, now: datetime) -> bool:
    """Whether the source asked us to stay away for longer than until now."""
    return state.retry_at is not None and now < state.retry_at


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
    state = await store.read(listings.source_state, source, name)
    if wants_peace(state, now=now()):
        return False
    try:
        await ask()
    except SourceError as error:
        log.warning("%s %s: %s", source, name, error)
        await store.run(listings.note_state, failing(state, error, now=now()))
        return False
    await store.run(listings.note_state, SourceState(source, name, tried_at=now(), good_at=now()))
    return True
