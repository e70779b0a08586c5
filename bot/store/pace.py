"""When each source was last asked, and whose turn it is: over restarts and between processes.

Both are kept by files beside the database, so that asking costs it no write: one whose lock is the
turn, and an empty one whose time of change is when the source was last asked.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import disk
from bot.errors import AlreadyLocked, StoreError
from bot.store.lock import locked
from bot.store.store import Store, explain

LOOK_AGAIN = 0.2
"""Seconds after which a process that waits for another's turn to end looks again."""
STEP_BACK = 2 * LOOK_AGAIN
"""Seconds that a process leaves to others after its turn; less than any gap, so it costs nothing.
Without it a long backfill took the next turn at once, and the bot beside it got none for hours."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass
class PaceInFiles:
    """Remembers beside the database (``bot.sources.http.Pace``).

    Every method raises ``StoreError`` where the folder may not be written.

    Args:
        sleep: Waits for some seconds.
    """

    store: Store
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _left_at: dict[str, float] = field(default_factory=dict[str, float], init=False, repr=False)
    """When our last turn at each source ended, by the event loop's clock."""

    @asynccontextmanager
    async def turn(self, source: str) -> AsyncGenerator[None]:
        """Hold the source's only connection; a bot and a backfill beside it take turns."""
        path, clock = turn_file(self.store.path, source), asyncio.get_running_loop().time
        if (left_at := self._left_at.get(source)) and (rest := left_at + STEP_BACK - clock()) > 0:
            await self.sleep(rest)
        try:
            with ExitStack() as leaving:
                while not _takes(leaving, path):
                    await self.sleep(LOOK_AGAIN)
                yield
        finally:
            self._left_at[source] = clock()

    async def last_asked_at(self, source: str) -> datetime | None:
        try:
            nanoseconds = asked_file(self.store.path, source).stat().st_mtime_ns
        except FileNotFoundError:
            return None
        return _EPOCH + nanoseconds // 1_000 * _MICROSECOND

    async def note_asked(self, source: str, at: datetime) -> None:
        path = asked_file(self.store.path, source)
        nanoseconds = (at - _EPOCH) // _MICROSECOND * 1_000
        try:
            path.touch()
            os.utime(path, ns=(nanoseconds, nanoseconds))
        except OSError as error:
            sentence = disk.sentence(error) or explain(path, error.strerror or "")
            raise StoreError(sentence) from error


def turn_file(database: Path, source: str) -> Path:
    """Return the file whose lock is the turn at a source."""
    return database.with_name(f"{database.name}.asks-{source}")


def asked_file(database: Path, source: str) -> Path:
    """Return the file whose time of change is when a source was last asked."""
    return database.with_name(f"{database.name}.asked-{source}")


def _takes(leaving: ExitStack, path: Path) -> bool:
    try:
        leaving.enter_context(locked(path))
    except AlreadyLocked:
        return False
    return True
