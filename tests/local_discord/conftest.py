"""The local Discord, with a guild in it, and a small bot to send there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest

from tests.local_discord import LocalDiscord, addressed_to
from tests.local_discord.small_bot import SmallBot


@dataclass(frozen=True)
class Place:
    """One guild with a channel, a forum and a reader."""

    guild: int
    channel: int
    forum: int
    reader: int


@dataclass(frozen=True)
class Api:
    """REST without discord.py: nothing waits, nothing is tried again."""

    session: aiohttp.ClientSession
    server: LocalDiscord

    async def call(
        self, method: str, path: str, *, token: str | None = None, **kwargs: object
    ) -> tuple[int, dict[str, str], object]:
        """Return status, headers and JSON body (or text)."""
        headers = {"Authorization": f"Bot {token or self.server.token}"}
        url = self.server.api_url + path
        async with self.session.request(method, url, headers=headers, **kwargs) as response:  # pyright: ignore[reportArgumentType]
            is_json = response.headers.get("Content-Type") == "application/json"
            body = await (response.json() if is_json else response.text())
            return response.status, dict(response.headers), body

    async def send(
        self, channel: int, content: str = "A digest.", nonce: str | None = None
    ) -> tuple[int, dict[str, str], object]:
        body: dict[str, object] = {"content": content}
        if nonce is not None:
            body |= {"nonce": nonce, "enforce_nonce": True}
        return await self.call("POST", f"/channels/{channel}/messages", json=body)


@pytest.fixture
async def server() -> AsyncGenerator[LocalDiscord]:
    async with LocalDiscord() as server:
        yield server


@pytest.fixture
def place(server: LocalDiscord) -> Place:
    world = server.world
    guild = world.add_guild()
    return Place(
        guild,
        world.add_channel(guild),
        world.add_forum(guild, tags=["new"]),
        world.add_user(guilds=[guild]),
    )


@pytest.fixture
async def api(server: LocalDiscord) -> AsyncGenerator[Api]:
    async with aiohttp.ClientSession() as session:
        yield Api(session, server)


@asynccontextmanager
async def at_work(bot: SmallBot, server: LocalDiscord) -> AsyncGenerator[SmallBot]:
    """Run a bot in this process, from ready until the end of the block."""
    with addressed_to(server):
        async with bot:
            running = asyncio.create_task(bot.start(server.token))
            ready = asyncio.create_task(bot.wait_for("ready"))
            await asyncio.wait({running, ready}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
            assert not running.done(), running.exception()
            yield bot
        await running


@pytest.fixture
async def bot(server: LocalDiscord, place: Place) -> AsyncGenerator[SmallBot]:
    async with at_work(SmallBot(), server) as bot:
        yield bot
