"""When each source was last asked, and whose turn it is: over restarts and between processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlite_utils import Database

from bot.errors import AlreadyLocked
from bot.store.lock import locked
from bot.store.rows import at, moment
from bot.store.store import Store

LOOK_AGAIN = 0.2
"""Seconds after which a process that waits for another's turn to end looks again."""


@dataclass
class PaceInStore:
    """Remembers in the database (``bot.sources.http.Pace``).

    Args:
        sleep: Waits for some seconds.
    """

    store: Store
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    @asynccontextmanager
    async def turn(self, source: str) -> AsyncGenerator[None]:
        """Hold the source's only connection; a bot and a backfill beside it take turns."""
        path = turn_file(self.store.path, source)
        with ExitStack() as leaving:
            while not _takes(leaving, path):
                await self.sleep(LOOK_AGAIN)
            yield

    async def last_asked_at(self, source: str) -> datetime | None:
        return await self.store.read(last_asked_at, source)

    async def note_asked(self, source: str, at: datetime) -> None:
        await self.store.run(note_asked, source, at)


def turn_file(database: Path, source: str) -> Path:
    """Return the file whose lock is the turn at a source."""
    return database.with_name(f"{database.name}.asks-{source}")


def _takes(leaving: ExitStack, path: Path) -> bool:
    try:
        leaving.enter_context(locked(path))
    except AlreadyLocked:
        return False
    return True


def last_asked_at(db: Database, source: str) -> datetime | None:
    """Return when a source was last asked; None before the first time."""
    rows = db.query("SELECT asked_at FROM source_request WHERE source = ?", [source])
    return next((at(row["asked_at"]) for row in rows), None)


def note_asked(db: Database, source: str, asked_at: datetime) -> None:
    db.execute(
        "INSERT OR REPLACE INTO source_request (source, asked_at) VALUES (?, ?)",
        [source, moment(asked_at)],
    )
