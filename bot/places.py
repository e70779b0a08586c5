"""The channels that feeds post in: what the bot needs there, and feeds that go on by themselves."""

from __future__ import annotations

import logging

import discord
from discord.ext import commands

from bot import feeding
from bot.client import PaperBot, Services
from bot.errors import StoreError
from bot.models import Feed, Style
from bot.store import feeds

log = logging.getLogger(__name__)

Place = discord.TextChannel | discord.ForumChannel

NEEDED = {
    Style.DIGEST: ("view_channel", "send_messages", "embed_links", "read_message_history"),
    Style.CARDS: ("view_channel", "send_messages", "embed_links", "read_message_history"),
    Style.FORUM: (
        "view_channel",
        "send_messages",
        "send_messages_in_threads",
        "embed_links",
        "read_message_history",
    ),
}
"""What the bot needs in a feed's channel. History: to look for its own posts after a crash."""


def missing_permissions(channel: Place, style: Style) -> list[str]:
    """Return what the bot lacks in a channel for a feed of this style, by discord.py's names."""
    have = channel.permissions_for(channel.guild.me)
    return [name for name in NEEDED[style] if not getattr(have, name)]


class Places(commands.Cog):
    """Lets a feed that lost its channel go on when the channel or the permission is back.

    It looks when Discord tells of a change, never by a timer: each refused try
    counts towards a ban.
    """

    def __init__(self, services: Services) -> None:
        self.services = services

    @commands.Cog.listener()
    async def on_guild_channel_update(
        self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel
    ) -> None:
        await self._look(after.guild)

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        if before.permissions != after.permissions:
            await self._look(after.guild)

    @commands.Cog.listener()
    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        if after == after.guild.me:
            await self._look(after.guild)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._look(guild)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Look also at each start, for what changed while the bot was away."""
        await self._look(guild)

    @commands.Cog.listener()
    async def on_place_lost(self, guild: discord.Guild) -> None:
        """Look once more at a server that changed before its feeds were paused."""
        await self._resume_open(guild)

    async def _look(self, guild: discord.Guild) -> None:
        self.services.place_changes[guild.id] += 1
        await self._resume_open(guild)

    async def _resume_open(self, guild: discord.Guild) -> None:
        try:
            for feed in await self.services.store.read(feeds.of_guild, guild.id):
                if feed.paused_because and _is_open(guild, feed):
                    await self._resume(feed)
        except StoreError as error:
            log.warning("feeds of server %s could not be looked at: %s", guild.id, error)

    async def _resume(self, feed: Feed) -> None:
        if await self.services.store.run(feeding.resume_feed, feed, now=self.services.now()):
            log.info("feed %s goes on: its channel is open again", feed.id)
            self.services.wake("compose")
            self.services.wake("deliver")


def _is_open(guild: discord.Guild, feed: Feed) -> bool:
    channel = guild.get_channel(feed.channel_id)
    return isinstance(channel, Place) and not missing_permissions(channel, feed.style)


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Places(bot.services))
