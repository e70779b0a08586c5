"""Gaps between requests, over restarts."""

from __future__ import annotations

from datetime import timedelta

from bot.store.pace import PaceInStore
from bot.store.store import Store
from tests.conftest import NOON


async def test_when_a_source_was_last_asked_is_kept_for_each(store: Store) -> None:
    pace = PaceInStore(store)
    assert await pace.last_asked_at("arxiv") is None
    await pace.note_asked("arxiv", NOON)
    await pace.note_asked("arxiv", NOON + timedelta(seconds=3))
    assert await PaceInStore(store).last_asked_at("arxiv") == NOON + timedelta(seconds=3)
    assert await pace.last_asked_at("huggingface") is None
