"""The sandbox as a whole: the bot in a simulated Discord, and the page to meet it on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Generic, Self, TypeVar

import discord
import simcord

from bot.errors import SettingsError
from bot.sandbox.front import HINTS, Hint, serving
from bot.sandbox.live import LiveEnv, PlaceKind
from bot.sandbox.world import World

BotT = TypeVar("BotT", bound=discord.Client)


class Sandbox(Generic[BotT]):
    """A local Discord with the bot in it. Enter it to open, leave it to close all of it.

    There is one server with a text channel and a forum, and one person, who
    owns the server and whose direct messages with the bot are the third room.

    Args:
        make_bot: Makes the bot, not yet logged in.
        host: Where to listen. There is no login: whoever reaches the page is the person.
        port: None for the first free one from 8080 on, 0 for any.
        timezone: An IANA name; what moments are shown in.
        hints: Commands worth typing first.
    """

    bot: BotT
    url: str
    """The one address that shows everything."""
    guild_id: int
    channel_id: int
    forum_id: int
    person_id: int
    """The server's owner, who types the commands and gets the alerts."""
    dm_id: int
    """The channel of their direct messages with the bot."""

    def __init__(
        self,
        make_bot: Callable[[], BotT],
        *,
        host: str = "127.0.0.1",
        port: int | None = None,
        timezone: str = "UTC",
        hints: tuple[Hint, ...] = HINTS,
    ) -> None:
        self._make_bot = make_bot
        self._host = host
        self._port = port
        self._timezone = timezone
        self._hints = hints
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Log the bot in and open the pages.

        Raises:
            SettingsError: The port is taken, or simcord lacks what its pages need.
        """
        async with AsyncExitStack() as stack:
            try:
                await self._open(stack)
            except simcord.SetupError as error:
                raise SettingsError(f"the sandbox could not start: {error}") from error
            self._opened = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    @property
    def rooms(self) -> dict[str, str]:
        """Where each channel, forum and DM is shown, by its name."""
        return {
            place.name: f"{self.url}/#{place.id}"
            for place in self._world.places()
            if place.kind is not PlaceKind.THREAD
        }

    async def _open(self, stack: AsyncExitStack) -> None:
        self.bot = self._make_bot()
        env = LiveEnv(self.bot)
        world = self._world = World(env, timezone=self._timezone)
        stack.push_async_callback(env.shutdown)
        stack.push_async_callback(self.bot.close)
        await env.start()
        await stack.enter_async_context(_published(env))
        for handle in (world.channel, world.dm):
            await world.room(handle.id)
        self.url = await stack.enter_async_context(
            serving(world, self._hints, self._host, self._port)
        )
        self.guild_id = world.guild.id
        self.channel_id = world.channel.id
        self.forum_id = world.forum.id
        self.person_id = world.person.id
        self.dm_id = world.dm.id


@asynccontextmanager
async def _published(env: LiveEnv) -> AsyncGenerator[None]:
    """Keep the rooms showing what there is."""
    task = asyncio.create_task(env.keep_published(), name="sandbox publisher")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
