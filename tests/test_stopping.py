"""SIGTERM ends the bot, whatever keeps it."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest

from bot.app import heeding_cancellation
from tests.conftest import ROOT


async def test_work_that_misses_its_cancellation_keeps_nobody() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def deaf() -> None:
        try:
            begun.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await ended.wait()

    waiting = asyncio.create_task(heeding_cancellation(deaf()))
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    ended.set()


async def test_what_the_work_raises_comes_through() -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await heeding_cancellation(broken())


BUSY = """
import asyncio, threading
from datetime import timedelta
from bot.app import stop_on_signals

async def main():
    stop_on_signals(within=timedelta(seconds=0.2))
    print("ready", flush=True)
    await asyncio.to_thread(threading.Event().wait)

asyncio.run(main())
"""


async def test_a_thread_that_does_not_end_is_not_waited_for() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BUSY, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    process.terminate()
    _, err = await process.communicate()
    assert process.returncode == 1
    assert b"the next one recovers the rest" in err
