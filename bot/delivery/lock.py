"""Lets one process at a time deliver from a database."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bot.errors import AlreadyLocked, StoreError
from bot.store.lock import locked


@contextmanager
def only_deliverer(database: Path) -> Generator[None]:
    """Hold the right to deliver from a database until leaving.

    With one deliverer, a claim that was not finished can only be a dead process's.

    Raises:
        StoreError: Another process holds it, or the lock's file cannot be made.
    """
    with ExitStack() as leaving:
        try:
            leaving.enter_context(locked(database.with_name(database.name + ".deliverer")))
        except AlreadyLocked as error:
            raise StoreError(
                f"Another Paperwire delivers from {database}; stop it first, or let it do the work."
            ) from error
        yield
