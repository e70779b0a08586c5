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

LAST_RUN_MAY_TAKE = timedelta(seconds=6)
"""A supervisor kills after ten seconds, and closing the rest takes some of them."""
CANCELLED_RUN_MAY_TAKE = timedelta(seconds=2)
"""How long leaving waits for a run that it has cancelled; deliveries end what they can."""
TRIED_AGAIN_AFTER = timedelta(minutes=1)
"""How long a job with trouble waits at the most, whatever its interval."""
CLOCK_IS_LOOKED_AT_EVERY = timedelta(seconds=30)
CLOCK_WAS_SET = timedelta(seconds=10)
"""How far the clock runs from itself without having been set."""
CLOCK_IS_TOLD_FOR = timedelta(days=1)
"""How long the operator is told that it was set."""


class JobRunner:
    """Runs jobs at intervals and on demand, one run of each at a time.

    The only user of APScheduler. Jobs are in memory; ``misfire_grace_time`` is
    None, since the default silently drops a run that is one second late. On
    leaving it pauses and waits for runs under way: APScheduler 3's own
    ``shutdown(wait=True)`` cancels coroutines.

    Args:
        last_run_may_take: How long leaving waits for runs under way.
        now: The clock that may be set while jobs run.
    """

    def __init__(
        self,
        *,
        last_run_may_take: timedelta = LAST_RUN_MAY_TAKE,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._last_run_may_take = last_run_may_take
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"default": AsyncIOExecutor()},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._runs: set[asyncio.Task[None]] = set()
        self._jobs: dict[str, Job] = {}
        self._busy: set[str] = set()
        self._again: set[str] = set()
        self._troubles: dict[str, str] = {}
        self._leaving = False
        self._now = now
        self._looks_at_clock: asyncio.TimerHandle | None = None
        self._clock_trouble = ""
        self._clock_trouble_until = float("-inf")

    async def __aenter__(self) -> Self:
        self._scheduler.start()
        self._remember_clock()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._leaving = True
        self._scheduler.pause()
        if self._looks_at_clock:
            self._looks_at_clock.cancel()
        if self._runs:
            _, late = await asyncio.wait(
                self._runs, timeout=self._last_run_may_take.total_seconds()
            )
            for run in late:
                log.warning("%s did not finish in time and is cancelled", run.get_name())
                run.cancel()
            if late:
                await asyncio.wait(late, timeout=CANCELLED_RUN_MAY_TAKE.total_seconds())
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
            self._note_good(name)
        except PaperwireError as error:
            self._note_trouble(name, str(error))
        except Exception:
            log.exception("%s met a bug", name)
        finally:
            self._busy.discard(name)
            if name in self._again:
                self._again.discard(name)
                self._begin(name)

    def look_at_clock(self) -> None:
        """Run all jobs now if the clock was set; done by itself twice a minute.

        APScheduler plans by the clock: set back by an hour, it would wait for an hour.
        """
        should_be = self._clock_was + timedelta(
            seconds=asyncio.get_running_loop().time() - self._loop_was
        )
        jump = self._now() - should_be
        if abs(jump) > CLOCK_WAS_SET:
            self._note_clock(jump)
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=datetime.now(UTC))
        self._remember_clock()

    def _note_clock(self, jump: timedelta) -> None:
        log.warning("the clock was set by %+.0f s; all jobs run now", jump.total_seconds())
        way = "back" if jump < timedelta() else "forward"
        self._clock_trouble = (
            f"The computer's clock was set {way} by {abs(jump).total_seconds():,.0f} s."
            " What is planned by the clock may come that much earlier or later, once."
        )
        told_for = CLOCK_IS_TOLD_FOR.total_seconds()
        self._clock_trouble_until = asyncio.get_running_loop().time() + told_for

    def _remember_clock(self) -> None:
        if self._looks_at_clock:
            self._looks_at_clock.cancel()
        loop = asyncio.get_running_loop()
        self._clock_was, self._loop_was = self._now(), loop.time()
        seconds = CLOCK_IS_LOOKED_AT_EVERY.total_seconds()
        self._looks_at_clock = loop.call_later(seconds, self.look_at_clock)

    def troubles(self) -> list[str]:
        """What keeps jobs from their work, each sentence once, for the operator."""
        is_told = asyncio.get_running_loop().time() < self._clock_trouble_until
        return sorted({*self._troubles.values(), *([self._clock_trouble] if is_told else [])})

    def _note_trouble(self, name: str, problem: str) -> None:
        """Remember and log what is wrong; all jobs may have the same trouble, again and again."""
        if problem not in self._troubles.values():
            log.warning("%s: %s", name, problem)
        self._troubles[name] = problem
        again = datetime.now(UTC) + TRIED_AGAIN_AFTER
        job = self._scheduler.get_job(name)
        if job and job.next_run_time and job.next_run_time > again:
            job.modify(next_run_time=again)

    def _note_good(self, name: str) -> None:
        problem = self._troubles.pop(name, None)
        if problem is not None and problem not in self._troubles.values():
            log.warning("%s: works again", name)
