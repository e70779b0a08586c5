"""The one SQLite file: one thread that writes, a few that read, one transaction a call."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlite_utils import Database

from bot import disk
from bot.errors import StoreError
from bot.store import schema

P = ParamSpec("P")
T = TypeVar("T")

BUSY_TIMEOUT_MS = 5_000
READERS = 3
WRITER_CACHE_KIB = 32_000
CHECKPOINT_PAGES = 4_000
"""Of 4 KiB."""
LARGE = 200_000_000
"""Bytes. Half a minute was measured for the slowest change of 2.7 GB, a million papers."""

log = logging.getLogger(__name__)


class Store:
    """Calls plain functions ``fn(db, …)`` on the database, off the event loop.

    Open it with ``async with``. ``run`` writes and ``read`` only reads; each
    call is one transaction, whole or not at all, also when its caller is
    cancelled.

    Args:
        path: The database file; made on first use, with its folder.
        busy_timeout_ms: How long to wait for another process that writes.
        large: Bytes from which on it is said that changing the tables takes a while.
    """

    def __init__(
        self, path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS, large: int = LARGE
    ) -> None:
        self.path = path
        self._large = large
        self._busy_timeout_ms = busy_timeout_ms
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []

    async def __aenter__(self) -> Self:
        try:
            await asyncio.get_running_loop().run_in_executor(self._writer, self._open_writer)
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._close()

    async def run(
        self, fn: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call ``fn(db, *args, **kwargs)`` in a write transaction and return its result.

        Raises:
            StoreError: The database is locked, full, read-only or broken.
                Nothing was written; trying again helps once that is mended.
        """

        def call() -> T:
            with self._errors(), _immediate(self._db):
                return fn(self._db, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._writer, call)

    async def run_durably(
        self, fn: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do as ``run``, and return only when the disk has it: it also survives a power cut."""

        def call() -> T:
            with self._errors():
                self._db.execute("PRAGMA synchronous = FULL")
                try:
                    with _immediate(self._db):
                        return fn(self._db, *args, **kwargs)
                finally:
                    self._db.execute("PRAGMA synchronous = NORMAL")

        return await asyncio.get_running_loop().run_in_executor(self._writer, call)

    async def read(
        self, fn: Callable[Concatenate[Database, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Call ``fn(db, *args, **kwargs)`` on one unchanging view of the database.

        Raises:
            StoreError: The database is broken or out of reach.
        """

        def call() -> T:
            with self._errors():
                db = self._reader()
                with db.atomic():
                    return fn(db, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._readers, call)

    def _open_writer(self) -> None:
        with self._errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._connect()
            schema.check(self._db, self.path)
            self._db.execute("PRAGMA journal_mode = WAL").fetchall()
            # Dates, and titles as they are placed, fall anywhere in their indexes: room for those
            # pages and writing them back less often keep taking papers in fast in a large database.
            self._db.execute(f"PRAGMA cache_size = {-WRITER_CACHE_KIB}")
            self._db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}").fetchall()
            self._say_what_takes_long()
            with _immediate(self._db):  # two programs may start on a new file together
                schema.migrations.apply(self._db)
                schema.identify(self._db)

    def _say_what_takes_long(self) -> None:
        """Say beforehand, to commands that are quiet too, that a large database is being changed."""
        size = self.path.stat().st_size
        if size >= self._large and schema.migrations.pending(self._db):
            log.warning(
                "bringing the database %s (%d MB) up to this version of Paperwire; that can take"
                " a minute",
                self.path,
                size // 1_000_000,
            )

    def _reader(self) -> Database:
        if not hasattr(self._local, "db"):
            self._local.db = self._connect()
            self._local.db.execute("PRAGMA query_only = ON")
        return self._local.db

    def _connect(self) -> Database:
        # check_same_thread: closing happens on the thread of the event loop.
        connection = sqlite3.connect(
            self.path, timeout=self._busy_timeout_ms / 1000, check_same_thread=False
        )
        self._opened.append(connection)
        # In WAL mode NORMAL survives a killed process. Claims, which must also
        # survive a power cut, ask for FULL themselves (see outbox.claim).
        for pragma in ("foreign_keys = ON", "synchronous = NORMAL", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        return Database(connection)

    async def _close(self) -> None:
        loop = asyncio.get_running_loop()
        for pool in (self._readers, self._writer):
            await loop.run_in_executor(None, pool.shutdown)
        for connection in self._opened:
            connection.close()

    @contextmanager
    def _errors(self) -> Generator[None]:
        """Turn what SQLite and the disk say into a sentence for the operator."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(explain(self.path, str(error))) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise  # ours: a bug
            raise StoreError(explain(self.path, str(error))) from error
        except OSError as error:
            raise StoreError(
                f"The database {self.path} cannot be made: {error.strerror}."
            ) from error


_REMEDIES = (
    ("locked", "is locked by another process; stop that process, or wait and try again"),
    ("busy", "is locked by another process; stop that process, or wait and try again"),
    ("readonly", "is read-only; give this user the right to write it and its folder"),
    ("unable to open", "cannot be opened; check that its folder exists and may be written"),
    ("not a database", "is not a database; name another file with --database"),
    ("malformed", "is damaged; restore it from a backup"),
)


def explain(path: Path, problem: str) -> str:
    """Return one sentence on what is wrong with the database and what to do."""
    # The search index says the same of its disk: the log and /status say it once.
    if "disk is full" in problem:
        return disk.FULL
    # SQLite gives one answer for every error of the disk.
    if "disk I/O" in problem:
        return disk.trouble(path.parent) or disk.FAILING
    for sign, remedy in _REMEDIES:
        if sign in problem:
            return f"The database {path} {remedy}."
    return f"The database {path} could not be used: {problem}."


@contextmanager
def _immediate(db: Database) -> Generator[None]:
    """Hold the write lock from the start.

    A plain ``BEGIN`` that reads first and writes later fails at once, without
    waiting, when another process wrote in between:
    https://www.sqlite.org/lang_transaction.html
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:
            db.execute("ROLLBACK")
        raise
