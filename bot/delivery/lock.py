"""Lets one process at a time deliver from a database."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from bot.errors import StoreError
from bot.store.store import explain


@contextmanager
def only_deliverer(database: Path) -> Generator[None]:
    """Hold the right to deliver from a database until leaving.

    With one deliverer, a claim that was not finished can only be a dead
    process's. The lock is SQLite's own, on a file beside the database: it works
    wherever SQLite does, and the system drops it when the process dies.

    Raises:
        StoreError: Another process holds it, or the file cannot be made.
    """
    path = database.with_name(database.name + ".deliverer")
    with ExitStack() as leaving:
        try:
            connection = sqlite3.connect(path, timeout=0, isolation_level=None)
            leaving.enter_context(closing(connection))
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise StoreError(explain(path, str(error))) from error
            raise StoreError(
                f"Another Paperwire delivers from {database}; stop it first, or let it do the work."
            ) from error
        yield
