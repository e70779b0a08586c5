"""Jobs run at intervals and on demand, one run of each at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import SourceError, StoreError
from bot.jobs.runner import TRIED_AGAIN_AFTER, JobRunner
from tests.conftest import Clock

SOON = timedelta(seconds=1)
NEVER = timedelta(days=999)


@dataclass
class Work:
    """A job that tells when a run begins and waits to be let go."""

    error: Exception | None = None
    begun: asyncio.Queue[int] = field(default_factory=asyncio.Queue[int])
    go_on: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    under_way: int = 0
    ended: int = 0

    async def __call__(self) -> None:
        self.under_way += 1
        assert self.under_way == 1, "one run at a time"
        self.begun.put_nowait(self.ended)
        try:
            await self.go_on.acquire()
        finally:
            self.under_way -= 1
        self.ended += 1
        if self.error:
            raise self.error

    async def until_begun(self) -> int:
        """Return how many runs had ended when the next one began."""
        return await asyncio.wait_for(self.begun.get(), 10)

    def free(self) -> None:
        """Let all runs end at once."""
        for _ in range(9):
            self.go_on.release()


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def runner(work: Work) -> AsyncIterator[JobRunner]:
    async with JobRunner() as runner:
        yield runner
        work.free()


async def test_a_job_runs_at_once_and_then_at_its_interval(runner: JobRunner, work: Work) -> None:
    work.free()
    runner.every(SOON, "work", work)
    assert [await work.until_begun() for _ in range(2)] == [0, 1]


async def test_a_job_may_wait_for_its_first_interval(runner: JobRunner, work: Work) -> None:
    runner.every(NEVER, "work", work, now=False)
    next_run_at = runner.next_run_at("work")
    assert next_run_at is not None
    assert next_run_at - datetime.now(UTC) > NEVER / 2
    assert work.begun.empty()
    assert runner.next_run_at("unknown") is None


async def test_a_job_that_is_woken_runs_now(runner: JobRunner, work: Work) -> None:
    runner.every(NEVER, "work", work, now=False)
    runner.wake("work")
    assert await work.until_begun() == 0


async def test_waking_a_busy_job_runs_it_once_more_after_that(
    runner: JobRunner, work: Work
) -> None:
    runner.every(NEVER, "work", work, now=False)
    runner.wake("work")
    await work.until_begun()
    for _ in range(3):
        runner.wake("work")
    work.go_on.release()
    assert await work.until_begun() == 1
    work.go_on.release()
    await asyncio.sleep(0)
    assert work.begun.empty()


async def test_an_interval_that_ends_while_the_job_is_busy_starts_no_second_run(
    runner: JobRunner, work: Work
) -> None:
    other = Work()
    other.free()
    runner.every(SOON, "work", work)
    await work.until_begun()
    runner.every(SOON, "other", other)
    for _ in range(2):
        await other.until_begun()
    assert work.begun.empty()


async def test_one_busy_job_does_not_hold_up_another(runner: JobRunner, work: Work) -> None:
    other = Work()
    other.free()
    runner.every(NEVER, "work", work)
    await work.until_begun()
    runner.every(NEVER, "other", other)
    assert await other.until_begun() == 0


@pytest.mark.parametrize(
    ("error", "level"),
    [(SourceError("503"), logging.WARNING), (ZeroDivisionError(), logging.ERROR)],
)
async def test_a_job_that_fails_runs_again(
    error: Exception,
    level: int,
    runner: JobRunner,
    work: Work,
    caplog: pytest.LogCaptureFixture,
) -> None:
    work.error = error
    work.free()
    runner.every(SOON, "work", work)
    assert [await work.until_begun() for _ in range(2)] == [0, 1]
    said = [record for record in caplog.records if record.name == "bot.jobs.runner"]
    assert {record.levelno for record in said} == {level}
    assert bool(said[0].exc_info) == (level == logging.ERROR)


class TestTrouble:
    """What an operator can mend is said once, and again when it is over."""

    LOCKED = StoreError("The database is locked by another process.")

    async def test_the_same_trouble_of_all_jobs_is_one_line(
        self, runner: JobRunner, work: Work, caplog: pytest.LogCaptureFixture
    ) -> None:
        other = Work(error=self.LOCKED)
        other.free()
        work.error = self.LOCKED
        work.free()
        runner.every(SOON, "work", work)
        runner.every(SOON, "other", other)
        for job in (work, work, other, other):
            await job.until_begun()
        assert [r.getMessage() for r in caplog.records if "locked" in r.getMessage()] == [
            f"work: {self.LOCKED}"
        ]
        assert runner.troubles() == [str(self.LOCKED)]

    async def test_it_is_gone_with_the_first_good_run(
        self, runner: JobRunner, work: Work, caplog: pytest.LogCaptureFixture
    ) -> None:
        work.error = self.LOCKED
        runner.every(SOON, "work", work)
        await work.until_begun()
        work.go_on.release()
        await work.until_begun()
        assert runner.troubles() == [str(self.LOCKED)]
        work.error = None
        work.go_on.release()
        await work.until_begun()
        assert runner.troubles() == []
        assert caplog.messages[-1] == "work: works again"

    async def test_a_job_with_trouble_does_not_wait_for_its_long_interval(
        self, runner: JobRunner, work: Work
    ) -> None:
        work.error = self.LOCKED
        runner.every(NEVER, "work", work)
        await work.until_begun()
        runner.wake("work")
        work.go_on.release()
        await work.until_begun()
        again = runner.next_run_at("work")
        assert again is not None
        assert again - datetime.now(UTC) <= TRIED_AGAIN_AFTER


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_set_holds_up_no_job(
    hours: int, work: Work, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    work.free()
    async with JobRunner(now=clock) as runner:
        runner.every(NEVER, "work", work)
        await work.until_begun()
        runner.look_at_clock()
        assert work.begun.empty()
        assert runner.troubles() == []
        clock.now += timedelta(hours=hours)
        runner.look_at_clock()
        assert await work.until_begun() == 1
        way = "back" if hours < 0 else "forward"
        [told] = runner.troubles()
        assert told.startswith(f"The computer's clock was set {way} by 3,600 s.")
    assert caplog.messages == [f"the clock was set by {hours * 3600:+} s; all jobs run now"]


class TestLeaving:
    async def test_the_run_under_way_is_waited_for(self, work: Work) -> None:
        async with JobRunner() as runner:
            runner.every(NEVER, "work", work)
            await work.until_begun()
            asyncio.get_running_loop().call_soon(work.free)
        assert work.ended == 1

    async def test_no_other_run_is_started(self, work: Work) -> None:
        """Neither by an interval nor by a job that wakes another as it ends."""
        other = Work()
        other.free()
        async with JobRunner() as runner:

            async def work_and_wake() -> None:
                await work()
                runner.wake("other")

            runner.every(SOON, "work", work_and_wake)
            runner.every(NEVER, "other", other, now=False)
            await work.until_begun()
            runner.wake("work")
            asyncio.get_running_loop().call_soon(work.free)
        runner.wake("other")
        assert work.ended == 1
        assert other.begun.empty()
        assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("job ")]

    async def test_a_run_that_does_not_end_is_cancelled(
        self, work: Work, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with JobRunner(last_run_may_take=timedelta(0)) as runner:
            runner.every(NEVER, "work", work)
            await work.until_begun()
        assert (work.ended, work.under_way) == (0, 0)
        assert "job work did not finish in time" in caplog.text
