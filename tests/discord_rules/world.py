"""A small Discord with a server in it, and people who use the real bot there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import discord
import simcord
from simcord import actors, interactions
from simcord.backend import serializers
from simcord.backend.models import AllowedMentions
from simcord.enums import AppCommandType, InteractionType

from tests.discord_rules.openapi import OpenApi
from tests.discord_rules.requests import Uploads
from tests.discord_rules.seen import Hand, Message, Seen, see, see_answer

MakeBot = Callable[[], discord.Client]


@dataclass(frozen=True, slots=True)
class World:
    """A server, two people in it, and what they can do with the bot.

    A person's act returns when the bot has done all that follows from it. So
    no queue may wait for ever inside the bot, and no ``asyncio.timeout`` may
    expire there: both end in ``TimeoutError`` after five seconds. Start the
    engine outside of the bot, before the world. Inside the bot's commands
    ``discord.utils.utcnow()`` is simcord's clock, which only
    ``env.advance_time`` moves; test code is outside of it, unless it enters
    ``env.time_context()``, which also is what makes it able to answer an
    interaction itself.
    """

    env: simcord.Env
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    """A text channel: where people act unless ``where`` says otherwise."""
    forum: simcord.ChannelHandle
    """Its posts are ``forum.threads``."""
    moderator: simcord.MemberActor
    """Has Manage Server."""
    reader: simcord.MemberActor
    """Has no more than everyone."""

    async def slash(
        self,
        person: simcord.MemberActor,
        command: str,
        /,
        *,
        where: simcord.ChannelHandle | None = None,
        **options: Any,
    ) -> Seen:
        """Use a slash command. Channels, roles and people are given as simcord's handles."""
        place = where or self.channel
        hand = self._hand(person, place.id)
        if isinstance(hand, simcord.UserHandle):
            return see_answer(hand, await hand.slash(command, **options))
        return see_answer(hand, await hand.slash(place, command, **options))

    async def autocomplete(
        self,
        person: simcord.MemberActor,
        command: str,
        /,
        *,
        where: simcord.ChannelHandle | None = None,
        **options: Any,
    ) -> list[tuple[str, Any]]:
        """Type into the last of the options; returns each choice's name and value."""
        place = where or self.channel
        hand = self._hand(person, place.id)
        option, typed = options.popitem()
        if isinstance(hand, simcord.UserHandle):
            choices = await hand.autocomplete(command, option, typed, **options)
        else:
            choices = await hand.autocomplete(place, command, option, typed, **options)
        return [(choice["name"], choice["value"]) for choice in choices]

    async def menu(self, person: simcord.MemberActor, name: str, message: Message | Seen) -> Seen:
        """Use a command of a message's context menu."""
        target = message.message if isinstance(message, Seen) else message
        if self._hand(person, _channel_id(target)) is person.user:
            return await self._menu_in_dm(person.user, name, target.id)
        stored = self.env.backend.get_channel(_channel_id(target))
        channel = simcord.ChannelHandle(self.env, self.guild, stored)
        return see_answer(person, await person.context_menu(channel, name, target))

    async def _menu_in_dm(self, user: simcord.UserHandle, name: str, message_id: int) -> Seen:
        """Do as ``MemberActor.context_menu``, which simcord lacks in direct messages."""
        channel, kind = user.dm_channel, AppCommandType.MESSAGE
        stored = self.env.backend.get_message(channel.id, message_id)
        root = actors._resolve_visible_command(  # pyright: ignore[reportPrivateUsage]
            user, channel.id, name, kind
        )
        shown = dict(serializers.message_payload(self.env.backend, stored))
        data = {
            "id": root["id"],
            "name": name,
            "type": kind,
            "target_id": str(message_id),
            "resolved": {"messages": {str(message_id): shown}},
        }
        done = await actors._dispatch_actor_interaction(  # pyright: ignore[reportPrivateUsage]
            user, InteractionType.APPLICATION_COMMAND, channel, data
        )
        return see_answer(user, done)

    @contextmanager
    def brought_along(self, person: simcord.MemberActor) -> Generator[None]:
        """Let interactions say that this person, and no server, has installed the bot.

        simcord never says who did.
        """
        plain = interactions.base_payload

        def base_payload(*args: Any, **kwargs: Any) -> Any:
            record, payload = plain(*args, **kwargs)
            payload["authorizing_integration_owners"] = {"1": str(person.user.id)}
            return record, payload

        interactions.base_payload = base_payload
        try:
            yield
        finally:
            interactions.base_payload = plain

    def start_thread(
        self, person: simcord.MemberActor, message: Message | Seen, name: str
    ) -> simcord.ChannelHandle:
        """Start a thread from a message of a text channel."""
        target = message.message if isinstance(message, Seen) else message
        thread = self.env.backend.create_thread(
            _channel_id(target), name, person.user.id, message_id=target.id
        )
        return simcord.ChannelHandle(self.env, self.guild, thread)

    async def press(
        self, person: simcord.MemberActor, message: Message | Seen, label_or_custom_id: str
    ) -> Seen:
        """Press a button. Where the bot edits the button's message, that is the answer."""
        seen = message if isinstance(message, Seen) else see([message])
        custom_id = seen.button(label_or_custom_id).custom_id
        assert custom_id, f"{label_or_custom_id!r} is a link, of which the bot hears nothing"
        holder = seen.holder(custom_id)
        hand = self._hand(person, _channel_id(holder))
        return see_answer(hand, await hand.click(holder, custom_id=custom_id))

    async def choose(
        self, person: simcord.MemberActor, message: Message | Seen, select: str, values: list[Any]
    ) -> Seen:
        """Choose in the select with that custom_id: values, or handles of channels and the like."""
        seen = message if isinstance(message, Seen) else see([message])
        holder = seen.holder(select)
        hand = self._hand(person, _channel_id(holder))
        return see_answer(hand, await hand.select(holder, values, custom_id=select))

    async def submit(self, opened: Seen, values: dict[str, Any]) -> Seen:
        """Send off the modal that ``opened`` shows; ``values`` are by label or custom_id."""
        assert opened.modal, f"no modal was opened, but: {opened.text!r}"
        assert opened.hand
        assert opened.result
        by_id = {opened.modal.fields.get(name, name): value for name, value in values.items()}
        return see_answer(opened.hand, await opened.hand.submit_modal(opened.result, by_id))

    async def say(
        self,
        person: simcord.MemberActor,
        text: str,
        *,
        where: simcord.ChannelHandle | None = None,
        reply_to: Message | Seen | None = None,
        ping: bool = True,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> discord.Message:
        """Write a message. What the bot wrote after it is in :meth:`messages`.

        Args:
            ping: Whether a reply pings whom it answers; Discord's switch beside the text.
            files: Names and contents.
        """
        place = where or self.channel
        hand = self._hand(person, place.id)
        target = reply_to.message if isinstance(reply_to, Seen) else reply_to
        if isinstance(hand, simcord.UserHandle):
            more = self._reply(place, target)
            if files:
                more["attachments"] = self.env.backend.store_attachments(place.id, files)
            return await hand.send_dm(text, **more)
        if ping:
            return await hand.send(place, text, reply_to=target, attachments=files)
        quiet = AllowedMentions(replied_user=False)
        stored = self.env.backend.create_message(
            place.id, person.user.id, text, allowed_mentions=quiet, **self._reply(place, target)
        )
        await self.env.settle()
        return next(m for m in place.history() if m.id == stored.id)

    def _reply(self, place: simcord.ChannelHandle, target: Message | None) -> dict[str, Any]:
        if target is None:
            return {}
        reference = {"channel_id": str(place.id), "message_id": str(target.id)}
        return {"reference": self.env.backend.normalize_message_reference(place.id, reference)}

    def messages(self, channel: simcord.ChannelHandle | None = None) -> list[Seen]:
        """Return what everyone can see in a channel or thread, oldest first."""
        return [see([message]) for message in (channel or self.channel).history()]

    def dm(self, person: simcord.MemberActor) -> simcord.ChannelHandle:
        """Return the place of a person's direct messages with the bot, for ``where``."""
        return person.user.dm_channel

    def dms(self, person: simcord.MemberActor) -> list[Seen]:
        """Return a person's direct messages with the bot, oldest first."""
        return self.messages(self.dm(person))

    async def restart(self, make_bot: MakeBot) -> None:
        """Stop the bot and start a new one, as after an update."""
        await self.env.restart_bot(make_bot())

    def _hand(self, person: simcord.MemberActor, channel_id: int) -> Hand:
        return person.user if channel_id == person.user.dm_channel.id else person


@asynccontextmanager
async def open_world(
    make_bot: MakeBot,
    openapi: OpenApi | None,
    *,
    pings: Collection[str] = (),
    **options: Any,
) -> AsyncGenerator[World]:
    """Start the bot in a small world, and hold all that it asked of Discord against the rules.

    Args:
        make_bot: Makes the bot; nothing in it runs before.
        openapi: Discord's document, or None to do without.
        pings: What the bot's messages may ping by ``allowed_mentions.parse``.
        options: For ``simcord.Env``: ``settle_timeout``, ``check_errors``, ``approved_intents``.

    Raises:
        AssertionError: On leaving, with all complaints; not where the test failed by itself.
        ExceptionGroup: On leaving, with what the bot raised and the test did not look at.
    """
    bot = make_bot()
    if isinstance(bot, discord.AutoShardedClient) and not bot.shard_count:
        options.setdefault("shard_count", 1)
    async with _running(bot, **options) as env:
        uploads = Uploads(env.http_requests)
        env.backend.cdn = uploads
        yield _furnish(env)
    said = uploads.judge_all(openapi, pings)
    if said:
        raise AssertionError("Discord would refuse this:\n" + "\n".join(said))


@asynccontextmanager
async def _running(bot: discord.Client, **options: Any) -> AsyncGenerator[simcord.Env]:
    """Do as ``simcord.run``, which cannot be entered in an async fixture.

    It sets a context variable on entering and resets it on leaving, and pytest
    does these in two contexts. simcord's own fixture does as this does.
    """
    env = simcord.Env(bot, **options)
    await env.start()
    try:
        yield env
    finally:
        await env.shutdown()
    if env.check_errors:
        env._raise_errors_since(env._errors_acknowledged)  # pyright: ignore[reportPrivateUsage]


def _furnish(env: simcord.Env) -> World:
    guild = env.create_guild("Reading group")
    moderators = guild.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))
    return World(
        env=env,
        guild=guild,
        channel=guild.create_text_channel("papers"),
        forum=guild.create_forum_channel("paper-talk"),
        moderator=guild.add_member(env.create_user("moderator"), roles=[moderators]),
        reader=guild.add_member(env.create_user("reader")),
    )


def _channel_id(message: Message) -> int:
    return (
        message.channel_id if isinstance(message, simcord.ResponseMessage) else message.channel.id
    )
