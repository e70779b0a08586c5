"""Puts messages on Discord, once each, and says in our words what went wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import aiohttp
import discord

from bot.client import PaperBot
from bot.delivery.sender import Sent
from bot.errors import DeliveryError, DeliveryRefused
from bot.models import Delivery, DeliveryKind
from bot.posts import Card, Post
from bot.render.messages import forum_title, mark, render, roles_to_ping

LOOK_BACK = timedelta(hours=2)
"""How long before the first try to begin looking: our clock may have been an hour off then."""
MOST_LOOKED_AT = 1_000
"""Messages in a place to look through before we say that we cannot tell."""


@dataclass
class DiscordSender:
    """Sends through the bot's own connection.

    Args:
        bot: Logged in; it need not be ready.
        on_dm_open: Told of each DM channel that was opened.
    """

    bot: PaperBot
    on_dm_open: Callable[[int, int], Awaitable[None]]

    async def send(self, delivery: Delivery, post: Post, *, shortened: bool = False) -> Sent:
        with self.bot.requests.background(), _errors():
            if delivery.kind is DeliveryKind.POST:
                return await self._post_in_forum(delivery, post, shortened=shortened)
            channel = await self._channel(delivery)
            message = await channel.send(
                view=render(delivery, post, shortened=shortened),
                nonce=delivery.nonce,
                allowed_mentions=_pings(post),
            )
            return Sent(message.id, message.channel.id)

    async def _post_in_forum(self, delivery: Delivery, post: Post, *, shortened: bool) -> Sent:
        assert isinstance(post, Card)
        forum = await self._forum(delivery)
        made = await forum.create_thread(
            name=forum_title(post),
            view=render(delivery, post, shortened=shortened),
            allowed_mentions=_pings(post),
            applied_tags=_tags(forum),
        )
        return Sent(made.message.id, made.thread.id)

    async def find(self, delivery: Delivery, post: Post) -> Sent | None:
        with self.bot.requests.background(), _errors():
            if delivery.kind is DeliveryKind.POST:
                return await self._find_in_forum(delivery, post)
            return await self._find_in_channel(delivery)

    async def _find_in_channel(self, delivery: Delivery) -> Sent | None:
        channel = await self._channel(delivery)
        seen, wanted = 0, mark(delivery)
        async for message in channel.history(
            limit=MOST_LOOKED_AT, after=self._since(delivery), oldest_first=True
        ):
            seen += 1
            if self._is_ours(message, wanted):
                return Sent(message.id, message.channel.id)
        if seen == MOST_LOOKED_AT:
            raise DeliveryRefused(
                "it may be in the channel, which is too busy to look through for it"
            )
        if seen == 0 and delivery.guild_id is not None:
            await self._check_that_history_can_be_read(delivery, delivery.guild_id)
        return None

    async def _check_that_history_can_be_read(self, delivery: Delivery, guild_id: int) -> None:
        """Refuse to take a channel for empty: without the permission Discord shows it so."""
        assert self.bot.user is not None
        guild = await self.bot.fetch_guild(guild_id, with_counts=False)
        me = await guild.fetch_member(self.bot.user.id)
        channel = await guild.fetch_channel(_number(delivery))
        if not channel.permissions_for(me).read_message_history:
            raise DeliveryRefused("Read Message History is missing", code=50013)

    async def _find_in_forum(self, delivery: Delivery, post: Post) -> Sent | None:
        assert isinstance(post, Card)
        forum, wanted, title = await self._forum(delivery), mark(delivery), forum_title(post)
        found = [thread async for thread in self._own_threads(forum, since=self._since(delivery))]
        # A moderator may have renamed ours, so the others are looked at as well.
        for thread in sorted(found, key=lambda thread: thread.name != title):
            async for message in thread.history(limit=1, oldest_first=True):
                if self._is_ours(message, wanted):
                    return Sent(message.id, thread.id)
        return None

    async def _own_threads(
        self, forum: discord.ForumChannel, *, since: datetime
    ) -> AsyncIterator[discord.Thread]:
        """Yield the posts that the bot made in a forum, the active ones first.

        Discord refuses the archived ones to whoever may not read the history.
        """
        for thread in await forum.guild.active_threads():
            if thread.parent_id == forum.id and self._is_recent(thread, since):
                yield thread
        async for thread in forum.archived_threads(limit=MOST_LOOKED_AT):
            if self._is_recent(thread, since):
                yield thread

    def _is_recent(self, thread: discord.Thread, since: datetime) -> bool:
        assert self.bot.user is not None
        made_at = discord.utils.snowflake_time(thread.id)
        return thread.owner_id == self.bot.user.id and made_at >= since

    def _since(self, delivery: Delivery) -> datetime:
        """Return from when on a message may be there."""
        assert delivery.uncertain_at is not None
        # A clock that was ahead when we tried, and is right now, must not hide the message.
        return min(delivery.uncertain_at, self.bot.services.now()) - LOOK_BACK

    def _is_ours(self, message: discord.Message, wanted: int) -> bool:
        assert self.bot.user is not None
        return message.author.id == self.bot.user.id and any(
            isinstance(component, discord.Container) and component.id == wanted
            for component in message.components
        )

    async def _channel(self, delivery: Delivery) -> discord.PartialMessageable:
        """Return a delivery's place, asking Discord only for a person's DM channel."""
        if delivery.user_id is None:
            return self.bot.get_partial_messageable(_number(delivery), guild_id=delivery.guild_id)
        if delivery.place_id is not None:
            return self.bot.get_partial_messageable(delivery.place_id)
        channel = await self.bot.create_dm(discord.Object(delivery.user_id))
        await self.on_dm_open(delivery.user_id, channel.id)
        return self.bot.get_partial_messageable(channel.id)

    async def _forum(self, delivery: Delivery) -> discord.ForumChannel:
        number = _number(delivery)
        # Right after the start nothing is known yet, and Discord is asked.
        forum = self.bot.get_channel(number) or await self.bot.fetch_channel(number)
        if not isinstance(forum, discord.ForumChannel):
            raise DeliveryRefused("the channel is not a forum")
        return forum


def _number(delivery: Delivery) -> int:
    return int(delivery.target.partition(":")[2])


@contextmanager
def _errors() -> Generator[None]:
    """Turn discord.py's and the network's errors into ours."""
    try:
        yield
    except discord.RateLimited as error:
        raise DeliveryError(
            "Discord asked the bot to wait",
            code=429,
            retry_after=timedelta(seconds=error.retry_after),
        ) from error
    except discord.HTTPException as error:
        raise _in_our_words(error) from error
    except (TimeoutError, aiohttp.ClientError, OSError) as error:
        raise DeliveryError("Discord did not answer") from error


def _in_our_words(error: discord.HTTPException) -> DeliveryError:
    """Return what a refusal by Discord means to the outbox.

    A 5xx has no code: the message may be there all the same. A 401, 403 or 404
    without a code of Discord's own is some gate's before it: that passes.
    """
    if error.status >= 500:
        return DeliveryError(f"Discord answered {error.status}")
    if error.status == 429:
        return DeliveryError("Discord asked the bot to wait", code=429)
    if not error.code and error.status in (401, 403, 404):
        return DeliveryError(f"Discord answered {error.status}", code=error.status)
    text = f"Discord refused it ({error.code or error.status})"
    return DeliveryRefused(text, code=error.code or error.status)


def _pings(post: Post) -> discord.AllowedMentions:
    roles = roles_to_ping(post)
    return discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)


def _tags(forum: discord.ForumChannel) -> list[discord.ForumTag]:
    """Return a tag where the forum wants one: its first that anybody may use."""
    free = [tag for tag in forum.available_tags if not tag.moderated]
    return free[:1] if forum.flags.require_tag else []
