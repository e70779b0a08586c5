"""Gaps between requests, over restarts."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import StoreError
from bot.sources.http import Web
from bot.store.lock import locked
from bot.store.pace import PaceInFiles, turn_file
from bot.store.store import Store
from tests.conftest import NOON, Clock
from tests.jobs.web import a_source
from tests.sources.conftest import Source, Waits, json_answer


async def test_when_a_source_was_last_asked_is_kept_for_each(store: Store) -> None:
    pace = PaceInFiles(store)
    assert await pace.last_asked_at("arxiv") is None
    await pace.note_asked("arxiv", NOON)
    await pace.note_asked("arxiv", NOON + timedelta(seconds=3))
    assert await PaceInFiles(store).last_asked_at("arxiv") == NOON + timedelta(seconds=3)
    assert await pace.last_asked_at("huggingface") is None


async def test_the_moment_is_kept_beside_the_database_and_costs_it_no_write(store: Store) -> None:
    pace = PaceInFiles(store)
    with closing(sqlite3.connect(store.path)) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        async with pace.turn("arxiv"):
            await pace.note_asked("arxiv", NOON)
        assert other.execute("PRAGMA data_version").fetchone() == before
    assert await pace.last_asked_at("arxiv") == NOON


async def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    pace = PaceInFiles(Store(tmp_path / "gone" / "paperwire.sqlite"))
    with pytest.raises(StoreError, match="could not be used: No such file or directory"):
        await pace.note_asked("arxiv", NOON)


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    async with a_source() as source:
        yield source


async def test_a_bot_and_a_backfill_beside_it_ask_in_turn_and_keep_the_gap(
    tmp_path: Path, source: Source, clock: Clock
) -> None:
    """Each has its own connection to the database, as two processes have."""
    asked_at: list[datetime] = []
    open_now = most_at_once = 0

    async def answer(_request: web.Request) -> web.StreamResponse:
        nonlocal open_now, most_at_once
        open_now += 1
        most_at_once = max(most_at_once, open_now)
        asked_at.append(clock.now)
        await asyncio.sleep(0)
        clock.now += timedelta(seconds=1)
        open_now -= 1
        return json_answer("[]")

    source.will(answer)
    waits = Waits(clock)
    async with AsyncExitStack() as opened:
        webs: list[Web] = []
        for _ in range(2):
            store = await opened.enter_async_context(Store(tmp_path / "paperwire.sqlite"))
            asking = Web({"127.0.0.1"}, now=clock, sleep=waits, pace=PaceInFiles(store))
            webs.append(await opened.enter_async_context(asking))
        await asyncio.gather(
            *(asking.get(source.url, source="arxiv") for asking in webs for _ in range(3))
        )
    assert most_at_once == 1
    # A second for the answer and three of rest.
    assert asked_at == [NOON + n * timedelta(seconds=4) for n in range(6)]


async def test_who_waits_for_a_turn_gets_it_when_the_other_is_done(store: Store) -> None:
    waited = 0

    async def sleep(_seconds: float) -> None:
        nonlocal waited
        waited += 1
        if waited == 3:
            other.__exit__(None, None, None)

    other = locked(turn_file(store.path, "arxiv"))
    other.__enter__()
    pace = PaceInFiles(store, sleep)
    async with pace.turn("huggingface"):
        assert waited == 0
    async with pace.turn("arxiv"):
        assert waited == 3


async def test_who_has_much_to_ask_lets_others_have_their_turn(store: Store) -> None:
    """The bot's look at today's announcements must not wait for a backfill's end."""
    order: list[str] = []

    async def asks(name: str, times: int) -> None:
        pace = PaceInFiles(store)
        for _ in range(times):
            async with pace.turn("arxiv"):
                order.append(name)
                await asyncio.sleep(0)

    await asyncio.gather(asks("backfill", 4), asks("bot", 2))
    assert order[:4] == ["backfill", "bot"] * 2
