"""The sandbox around the sample bot, and two ways to visit it: as a script and in a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Browser, async_playwright, expect

from bot.sandbox import Sandbox
from tests.conftest import IN_CI
from tests.sandbox.sample import SampleBot
from tests.sandbox.visitor import EnterRoom, Visitor

SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

# Milliseconds. A machine that runs other tests beside takes longer than the usual five seconds.
expect.set_options(timeout=15_000)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox[SampleBot]]:
    async with Sandbox(SampleBot, port=0) as sandbox:
        yield sandbox


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as http:
        yield http


@pytest.fixture
def enter(sandbox: Sandbox[SampleBot], http: aiohttp.ClientSession) -> EnterRoom:
    async def enter(room_id: int) -> Visitor:
        visitor = Visitor(http, sandbox.url, room_id)
        await visitor.enter()
        return visitor

    return enter


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium. Absent: skipped with a message, but a failure in CI."""
    path = shutil.which("chromium")
    if path is None:
        missing = "there is no chromium on the path: install it (apt-get install chromium)"
        if IN_CI:
            pytest.fail(missing)
        pytest.skip(missing)
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(executable_path=path, args=SWITCHES) as browser,
    ):
        yield browser


@pytest.fixture
def screenshots(tmp_path: Path) -> Path:
    """Where pictures go to be looked at: PAPERWIRE_SCREENSHOTS, or a folder of the test's own."""
    folder = Path(os.environ.get("PAPERWIRE_SCREENSHOTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
