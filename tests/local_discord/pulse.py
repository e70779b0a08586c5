"""Waiting until something has happened, without looking at a clock again and again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Pulse:
    """Wakes whoever waits, each time that anything has happened."""

    def __init__(self) -> None:
        self._sleepers: set[asyncio.Event] = set()

    def beat(self) -> None:
        """Something happened: everybody who waits looks again."""
        for sleeper in self._sleepers:
            sleeper.set()

    async def until(self, happened: Callable[[], T], seconds: float = 10.0) -> T:
        """Return what ``happened`` returns, as soon as that is true.

        Raises:
            TimeoutError: It did not become true within ``seconds``.
        """
        sleeper = asyncio.Event()
        self._sleepers.add(sleeper)
        try:
            async with asyncio.timeout(seconds):
                while not (found := happened()):
                    sleeper.clear()
                    await sleeper.wait()
        finally:
            self._sleepers.discard(sleeper)
        return found
