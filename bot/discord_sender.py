"""Puts messages on Discord, once each, and says in our words what went wrong."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import aiohttp
import discord

from bot.client import PaperBot
from bot.delivery.pacing import InvalidRequests
from bot.delivery.sender import Sent
from bot.errors import DeliveryError, DeliveryRefused
from bot.models import Delivery, DeliveryKind
from bot.posts import Card, Post
from bot.render.messages import forum_title, mark, render, roles_to_ping

log = logging.getLogger(__name__)

LOOK_BACK = timedelta(minutes=5)
"""How long before the first try to begin looking: clocks differ."""
MOST_LOOKED_AT = 500
"""Messages in a place to look through; a busier place than that is not ours."""


@dataclass
class DiscordSender:
    """Sends through the bot's own connection.

    Args:
        bot: Logged in; it need not be ready.
        invalid: Counts what Discord refused.
        on_dm_open: Told of each DM channel that was opened.
    """

    bot: PaperBot
    invalid: InvalidRequests
    on_dm_open: Callable[[int, int], Awaitable[None]]

    async def send(self, delivery: Delivery, post: Post, *, shortened: bool = False) -> Sent:
        with self._errors():
            channel = await self._channel(delivery)
            if isinstance(channel, discord.ForumChannel):
                return await self._post_in_forum(channel, delivery, post, shortened=shortened)
            message = await channel.send(
                view=render(delivery, post, shortened=shortened),
                nonce=delivery.nonce,
                allowed_mentions=_pings(post),
            )
            return Sent(message.id, message.channel.id)

    async def _post_in_forum(
        self, forum: discord.ForumChannel, delivery: Delivery, post: Post, *, shortened: bool
    ) -> Sent:
        assert isinstance(post, Card)
        made = await forum.create_thread(
            name=forum_title(post),
            view=render(delivery, post, shortened=shortened),
            allowed_mentions=_pings(post),
            applied_tags=_tags(forum),
        )
        return Sent(made.message.id, made.thread.id)

    async def find(self, delivery: Delivery, post: Post) -> Sent | None:
        with self._errors():
            channel = await self._channel(delivery)
            wanted = mark(delivery)
            if isinstance(channel, discord.ForumChannel):
                return await self._find_in_forum(channel, delivery, post, wanted)
            return await self._find_in(channel, delivery, wanted)

    async def _find_in(
        self, channel: discord.abc.Messageable, delivery: Delivery, wanted: int
    ) -> Sent | None:
        assert delivery.uncertain_at is not None
        async for message in channel.history(
            limit=MOST_LOOKED_AT, after=delivery.uncertain_at - LOOK_BACK, oldest_first=True
        ):
            if self._is_ours(message, wanted):
                return Sent(message.id, message.channel.id)
        return None

    async def _find_in_forum(
        self, forum: discord.ForumChannel, delivery: Delivery, post: Post, wanted: int
    ) -> Sent | None:
        assert isinstance(post, Card)
        title = forum_title(post)
        assert delivery.uncertain_at is not None
        since = delivery.uncertain_at - LOOK_BACK
        async for thread in self._threads(forum):
            if thread.created_at and thread.created_at < since:
                continue
            if thread.name == title and await self._starts_with_ours(thread, wanted):
                return Sent(thread.id, thread.id)  # a forum post and its first message share an id
        return None

    async def _threads(self, forum: discord.ForumChannel) -> AsyncIterator[discord.Thread]:
        """Yield a forum's posts, the active ones first."""
        for thread in await forum.guild.active_threads():
            if thread.parent_id == forum.id:
                yield thread
        async for thread in forum.archived_threads(limit=MOST_LOOKED_AT):
            yield thread

    async def _starts_with_ours(self, thread: discord.Thread, wanted: int) -> bool:
        try:
            return self._is_ours(await thread.fetch_message(thread.id), wanted)
        except discord.NotFound:
            return False  # the first message was deleted; the post is not what we look for

    def _is_ours(self, message: discord.Message, wanted: int) -> bool:
        assert self.bot.user is not None
        return message.author.id == self.bot.user.id and any(
            isinstance(component, discord.Container) and component.id == wanted
            for component in message.components
        )

    async def _channel(self, delivery: Delivery) -> discord.abc.Messageable | discord.ForumChannel:
        kind, _, number = delivery.target.partition(":")
        if kind == "user":
            return await self._dm(delivery, int(number))
        channel = self.bot.get_channel(int(number)) or await self.bot.fetch_channel(int(number))
        wants_forum = delivery.kind is DeliveryKind.POST
        if wants_forum != isinstance(channel, discord.ForumChannel):
            raise DeliveryRefused("the channel is of another kind than the feed's style needs")
        if not isinstance(channel, discord.abc.Messageable | discord.ForumChannel):
            raise DeliveryRefused("no messages can be posted in a channel of this kind")
        return channel

    async def _dm(self, delivery: Delivery, user_id: int) -> discord.abc.Messageable:
        if delivery.place_id is not None:
            return self.bot.get_partial_messageable(delivery.place_id)
        channel = await self.bot.create_dm(discord.Object(user_id))
        await self.on_dm_open(user_id, channel.id)
        return channel

    @contextmanager
    def _errors(self) -> Generator[None]:
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
            if error.status in (401, 403, 429):
                self.invalid.note()
            raise _in_our_words(error) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise DeliveryError("Discord did not answer") from error


def _in_our_words(error: discord.HTTPException) -> DeliveryError:
    """Return what a refusal by Discord means to the outbox.

    A 5xx has no code: the message may be there all the same.
    """
    if error.status >= 500:
        return DeliveryError(f"Discord answered {error.status}")
    if error.status == 429:
        return DeliveryError("Discord asked the bot to wait", code=429)
    text = f"Discord refused it ({error.code or error.status})"
    return DeliveryRefused(text, code=error.code or error.status)


def _pings(post: Post) -> discord.AllowedMentions:
    roles = roles_to_ping(post)
    return discord.AllowedMentions(everyone=False, users=False, roles=roles, replied_user=False)


def _tags(forum: discord.ForumChannel) -> list[discord.ForumTag]:
    """Return a tag where the forum wants one: its first that anybody may use."""
    free = [tag for tag in forum.available_tags if not tag.moderated]
    return free[:1] if forum.flags.require_tag else []
