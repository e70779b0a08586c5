"""What every room's tests share: the recorded answers and a clock that is ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.search.embed import WordLlama
from bot.store.store import Store
from bot.topics.reading import Reader

ROOT = Path(__file__).resolve().parents[1]
SHARED_DATA = Path(os.environ.get("PAPERWIRE_SHARED_DATA", ROOT.parent / "shared" / "data"))
IN_CI = bool(os.environ.get("CI"))

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
"""A Tuesday, without daylight saving anywhere in Europe or the United States."""


@dataclass
class Clock:
    """The moment it is, until a test says otherwise."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def another_writer(store: Store) -> Generator[None]:
    """Hold the database's write lock, as another process would."""
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with Store(tmp_path / "paperwire.sqlite") as store:
        yield store


@pytest.fixture(scope="session")
def embedder() -> WordLlama:
    return WordLlama.load()


@pytest.fixture
def reader(embedder: WordLlama) -> Reader:
    return Reader(embedder)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The recorded answers. Absent: skipped with a message, but a failure in CI."""
    if not SHARED_DATA.is_dir():
        missing = "the recorded answers are missing: set PAPERWIRE_SHARED_DATA to their folder"
        if IN_CI:
            pytest.fail(missing)
        pytest.skip(missing)
    return SHARED_DATA
