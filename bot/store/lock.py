"""Locks between processes: SQLite's own, on a file beside the database."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from bot.errors import AlreadyLocked, StoreError
from bot.store.store import explain


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold a lock until leaving.

    It works wherever SQLite does, and the system drops it when the process dies.

    Args:
        path: The lock's own file; made where it is not there, and left there.

    Raises:
        AlreadyLocked: Another process holds it, or another part of this one.
        StoreError: The file cannot be made.
    """
    with ExitStack() as leaving:
        try:
            connection = sqlite3.connect(path, timeout=0, isolation_level=None)
            leaving.enter_context(closing(connection))
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise StoreError(explain(path, str(error))) from error
            raise AlreadyLocked(f"{path} is held by another Paperwire.") from error
        yield
