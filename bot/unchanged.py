"""When sources last showed nothing new: in memory, since it is no news that is worth a write."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from bot.models import SourceState

Which = tuple[str, str]
"""A source and the name of its list."""


class Unchanged:
    """Remembers until the process ends; one that starts anew asks once more, and that is all."""

    def __init__(self) -> None:
        self._seen_at: dict[Which, datetime] = {}

    def note(self, source: str, name: str, at: datetime) -> None:
        """Note that a list, looked at now, is as the store knows it."""
        self._seen_at[source, name] = at

    def keep(self, lists: Collection[Which]) -> None:
        """Forget all but some lists."""
        self._seen_at = {which: at for which, at in self._seen_at.items() if which in lists}

    def complete(self, state: SourceState) -> SourceState:
        """Return a stored state with what happened since it was stored."""
        at = self._seen_at.get((state.source, state.name))
        if at is None or (state.tried_at is not None and at <= state.tried_at):
            return state
        return replace(state, tried_at=at, good_at=at)
