"""Once a day, lets go what nobody needs any more (``bot.store.retention``)."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from bot.store import retention
from bot.store.retention import LastRun, Rule
from bot.store.store import Store

T = TypeVar("T")

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)
FOUND_TOGETHER = 10_000
DROPPED_TOGETHER = 500
"""Rows in one write; whoever else wants to write waits for some milliseconds."""


@dataclass
class Forget:
    """Let go what is old, in steps: other work goes on between them.

    Cut off at any moment, the next call goes on from there.
    """

    store: Store
    now: Callable[[], datetime]

    async def __call__(self) -> None:
        """Do it if the last time was a day ago or more.

        Raises:
            StoreError: The database cannot be used; what was let go before stays so.
        """
        now, last = self.now(), await self.store.read(retention.last_run)
        if last and timedelta() <= now - last.at < EVERY:
            return
        last = last or LastRun(now, 0, "")
        topics_seen = await self.store.read(retention.latest_topic_change)
        counts: Counter[str] = Counter()
        for rule in retention.RULES:
            counts[rule.table] += await self._rule(rule, now)
        counts["topic_change"] = await self._gone_topics(last.topics)
        counts["snapshot"], thinned_until = await self._snapshots(last.snapshots, now)
        await self.store.run(retention.note_run, LastRun(now, topics_seen, thinned_until))
        if any(counts.values()):
            told = ", ".join(f"{count} of {table}" for table, count in counts.items() if count)
            log.info("forget: let go %s", told)

    async def _rule(self, rule: Rule, now: datetime) -> int:
        return await self._all(
            lambda: self.store.read(rule.find, now=now, limit=FOUND_TOGETHER),
            lambda keys: self.store.run(rule.drop, keys, now=now),
        )

    async def _gone_topics(self, until: int) -> int:
        return await self._all(
            lambda: self.store.read(retention.find_gone_topics, until, limit=FOUND_TOGETHER),
            lambda ids: self.store.run(retention.drop_gone_topics, ids),
        )

    async def _snapshots(self, day: str, now: datetime) -> tuple[int, str]:
        """Thin the days from one on; return how many snapshots went, and the day to go on from."""
        count = 0
        while found := await self.store.read(retention.next_day, day, now=now):
            count += await self._thin(found)
            day = retention.day_after(found)
        return count, day

    async def _thin(self, day: str) -> int:
        return await self._all(
            lambda: self.store.read(retention.find_snapshots, day, limit=FOUND_TOGETHER),
            lambda keys: self.store.run(retention.drop_snapshots, keys),
        )

    async def _all(
        self, find: Callable[[], Awaitable[list[T]]], drop: Callable[[list[T]], Awaitable[int]]
    ) -> int:
        """Find and drop until nothing is found; return how many went."""
        count = 0
        while found := await find():
            before = count
            for start in range(0, len(found), DROPPED_TOGETHER):
                count += await drop(found[start : start + DROPPED_TOGETHER])
            if count == before:
                break  # all that was found is wanted again
        return count
