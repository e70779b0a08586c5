"""Wakes the jobs. What is due is in the tables; this only says when to look."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.errors import PaperwireError

log = logging.getLogger(__name__)

Job = Callable[[], Awaitable[None]]

LAST_RUN_MAY_TAKE = timedelta(seconds=8)
"""How long leaving waits for runs under way; a supervisor kills after ten seconds."""


class JobRunner:
    """Runs jobs at intervals and on demand, one run of each at a time.

    The only user of APScheduler. Jobs are in memory; ``misfire_grace_time`` is
    None, since the default silently drops a run that is one second late. On
    leaving it pauses and waits for runs under way: APScheduler 3's own
    ``shutdown(wait=True)`` cancels coroutines.
    """

    def __init__(self) -> None:
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"default": AsyncIOExecutor()},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._runs: set[asyncio.Task[None]] = set()
        self._jobs: dict[str, Job] = {}
        self._busy: set[str] = set()
        self._again: set[str] = set()
        self._leaving = False

    async def __aenter__(self) -> Self:
        self._scheduler.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leaving = True
        self._scheduler.pause()
        if self._runs:
            _, late = await asyncio.wait(self._runs, timeout=LAST_RUN_MAY_TAKE.total_seconds())
            for run in late:
                log.warning("%s did not finish in time and is cancelled", run.get_name())
                run.cancel()
            if late:
                await asyncio.wait(late)
        self._scheduler.shutdown(wait=False)

    def every(self, interval: timedelta, name: str, job: Job, *, now: bool = True) -> None:
        """Run a job at an interval.

        Args:
            now: Whether the first run is at once, or after one interval.
        """
        self._jobs[name] = job
        begin = datetime.now(UTC) + (timedelta() if now else interval)
        trigger = IntervalTrigger(seconds=round(interval.total_seconds()))
        self._scheduler.add_job(self._start, trigger, [name], id=name, next_run_time=begin)

    def wake(self, name: str) -> None:
        """Run a job as soon as it is free; from the event loop's thread only."""
        if name in self._busy:
            self._again.add(name)
        else:
            self._begin(name)

    def next_run_at(self, name: str) -> datetime | None:
        """Return when a job runs next by its interval; None for an unknown one."""
        job = self._scheduler.get_job(name)
        return job.next_run_time if job else None

    async def _start(self, name: str) -> None:
        if name not in self._busy:
            self._begin(name)

    def _begin(self, name: str) -> None:
        if self._leaving:
            return
        self._busy.add(name)
        run = asyncio.create_task(self._run(name), name=f"job {name}")
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)

    async def _run(self, name: str) -> None:
        try:
            await self._jobs[name]()
        except PaperwireError as error:
            log.warning("%s: %s", name, error)
        except Exception:
            log.exception("%s met a bug", name)
        finally:
            self._busy.discard(name)
            if name in self._again:
                self._again.discard(name)
                self._begin(name)
