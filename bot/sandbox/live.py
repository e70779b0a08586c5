"""simcord's simulated Discord, made live: real time, several rooms, posts that arrive by themselves.

This is the one file that leans on simcord's private names, written against
version 3.2.1 exactly; ``bot.sandbox`` refuses any other. simcord is made for
tests: it owns the clock, waits until the bot has nothing left to do, shows one
channel and shows it anew only when asked. Here the bot runs as it would
anywhere else, beside the jobs of the same event loop.
"""

# pyright: reportPrivateUsage=false
from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import discord
import simcord
from simcord import _dpy_internals, preview
from simcord._clock import Clock
from simcord._runtime import _restore_loop
from simcord.backend.models import Channel, Interaction
from simcord.enums import AppCommandType, ChannelType
from simcord.preview import Preview
from simcord.results import to_discord_message
from simcord.types import HttpLogEntry

log = logging.getLogger(__name__)

PUBLISH_EVERY = 0.3
"""Seconds. A burst of posts is shown together; the page itself asks twice a second."""
LOOK_AT_CLOCK = 30.0
"""Seconds without news after which polls that are over are ended and shown so."""
ANSWER_WITHIN = 3.0
"""Seconds that an interaction may take; Discord's own limit."""
SETTLE = 0.02
"""Seconds for what the bot does right after its answer to be shown with it."""
FONTS = Path(preview.__file__).with_name("static") / "fonts"
"""What every page loads, 30 MB of it; simcord itself would send it anew each time."""
LOG_LENGTH = 200
"""Requests and events that are remembered; simcord would keep them all."""
MOST_PAGES = 8
"""Browser pages a room keeps in step; the one that was idle longest gives way."""
KEEP_PAGES = 7 * 24 * 3600.0
"""Seconds. A laptop may sleep over the weekend with the page open."""


_CHANGES_NOTHING = frozenset({"INTERACTION_CREATE", "TYPING_START"})


class PlaceKind(StrEnum):
    """What a person can look at."""

    CHANNEL = "channel"
    FORUM = "forum"
    THREAD = "thread"
    """Also a forum's post: then its parent is the forum."""
    DM = "dm"


_KINDS: Mapping[int, PlaceKind] = {
    ChannelType.TEXT: PlaceKind.CHANNEL,
    ChannelType.NEWS: PlaceKind.CHANNEL,
    ChannelType.FORUM: PlaceKind.FORUM,
    ChannelType.PUBLIC_THREAD: PlaceKind.THREAD,
    ChannelType.PRIVATE_THREAD: PlaceKind.THREAD,
    ChannelType.DM: PlaceKind.DM,
}


@dataclass(frozen=True, slots=True)
class Place:
    """A channel, forum, thread or DM, as it is now."""

    id: int
    kind: PlaceKind
    name: str
    parent_id: int | None
    """A thread's channel or forum."""
    topic: str
    tags: tuple[str, ...]
    """A forum post's, in the order they were put on."""
    messages: int
    """How many there are, the first one included."""
    last_message_id: int
    """0 while it is empty."""
    created_at: datetime


class RealClock(Clock):
    """The time that message ids and time limits go by."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RequestLog(deque[HttpLogEntry]):
    """The bot's last requests. Tells ``seen`` of each, just before it takes effect."""

    def __init__(self, seen: Callable[[HttpLogEntry], None]) -> None:
        super().__init__(maxlen=LOG_LENGTH)
        self._seen = seen

    def append(self, entry: HttpLogEntry, /) -> None:
        super().append(entry)
        self._seen(entry)


class LiveEnv(simcord.Env):
    """A simulated Discord around one bot that keeps the time and the tasks it has."""

    def __init__(self, bot: discord.Client) -> None:
        # A bot that counts its shards asks Discord for the number; simcord does not know it.
        shards = bot.shard_count or 1 if isinstance(bot, discord.AutoShardedClient) else None
        super().__init__(bot, check_errors=False, shard_count=shards)
        self.lock = asyncio.Lock()
        """Held while a person acts and while pages are renewed."""
        self.rooms: dict[int, Room] = {}
        """By channel id."""
        self._stale: set[int] = set()
        """Channels whose rooms show less than there is."""
        self._changed = asyncio.Event()
        self._requested = asyncio.Event()
        self._interaction: Interaction | None = None
        self.backend.clock = RealClock()
        self.backend.http_requests = RequestLog(self._on_request)  # type: ignore[assignment]
        self.backend.transcript = deque(maxlen=LOG_LENGTH)  # type: ignore[assignment]
        self.backend.subscribers.append(self._on_event)
        self._register_dispatch_observer(self._on_dispatch)

    async def start(self) -> None:
        """Log the bot in and return once it is ready."""
        await super().start()
        # From here on nothing is tracked and the clocks are real, so the loop gets its own back.
        _restore_loop(self)
        _dpy_internals.release_clocks(self)
        await self.bot.wait_until_ready()

    async def keep_published(self) -> None:
        """Show in every room what has changed, until cancelled."""
        while True:
            try:
                await asyncio.wait_for(self._changed.wait(), LOOK_AT_CLOCK)
            except TimeoutError:
                self._process_resource_deadlines()
            self._changed.clear()
            async with self.lock:
                self._renew_stale()
            await asyncio.sleep(PUBLISH_EVERY)

    def _renew_stale(self) -> None:
        stale, self._stale = self._stale, set()
        for room in self.rooms.values():
            if room.channel.id in stale:
                room.renew()

    def is_shown(self, channel_id: int) -> None:
        """Take note that the channel's room has just been renewed."""
        self._stale.discard(channel_id)

    def name_bot(self, name: str) -> None:
        """Call the bot's account this. Before the start, and before a server is made."""
        self.backend.bot_user.name = name

    def with_mentions(self, text: str) -> str:
        """Return a text as Discord's own app would send it: ``@Paperwire`` mentions the bot."""
        bot = self.backend.bot_user
        return re.sub(rf"(?<![\w`@])@{re.escape(bot.name)}\b", f"<@{bot.id}>", text)

    def add_tags(self, forum: simcord.ChannelHandle, names: Sequence[str]) -> None:
        """Offer these tags in a forum; a server's moderators do it by hand on Discord."""
        self.backend.channels[forum.id].available_tags = [
            {
                "id": str(self.backend.snowflake()),
                "name": name,
                "moderated": False,
                "emoji_id": None,
                "emoji_name": None,
            }
            for name in names
        ]

    def places(self) -> list[Place]:
        """Return everything that can be looked at, oldest first."""
        return [
            self._place(channel)
            for channel in self.backend.channels.values()
            if channel.type in _KINDS
        ]

    def _place(self, channel: Channel) -> Place:
        messages = self.backend.messages.get(channel.id, {})
        return Place(
            id=channel.id,
            kind=_KINDS[channel.type],
            name=channel.name or self.backend.bot_user.name,
            parent_id=channel.parent_id if channel.is_thread else None,
            topic=channel.topic or "",
            tags=self._tags(channel),
            messages=len(messages),
            last_message_id=max(messages, default=0),
            created_at=discord.utils.snowflake_time(channel.id),
        )

    def _tags(self, post: Channel) -> tuple[str, ...]:
        forum = self.backend.channels.get(post.parent_id or 0)
        offered = (
            {int(tag["id"]): str(tag["name"]) for tag in forum.available_tags} if forum else {}
        )
        return tuple(offered[tag] for tag in post.applied_tags if tag in offered)

    def channel(self, guild: simcord.GuildHandle, channel_id: int) -> simcord.ChannelHandle:
        """Return a channel or thread of the server. Raises ``KeyError`` if there is none."""
        return simcord.ChannelHandle(self, guild, self.backend.channels[channel_id])

    @contextmanager
    def _bot_scope(self) -> Generator[None]:
        """Answer interactions through simcord, without owning the tasks that come of it."""
        before = _dpy_internals.set_webhook_adapter(self._webhook_adapter)
        try:
            yield
        finally:
            _dpy_internals.reset_webhook_adapter(before)

    async def _settle_internal(self, **_limits: Any) -> None:
        """Wait for the answer to the interaction at hand, and for nothing else the bot does."""
        interaction, self._interaction = self._interaction, None
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWER_WITHIN):
                while interaction is not None and not interaction.responded:
                    self._requested.clear()
                    await self._requested.wait()
        await asyncio.sleep(SETTLE)

    def _capture_errors(self) -> None:
        """Leave the bot's errors to its own handlers."""

    def _on_dispatch(self, interaction: Interaction) -> None:
        self._interaction = interaction

    def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        if event in _CHANGES_NOTHING:
            return
        is_channel = event.startswith(("CHANNEL_", "THREAD_"))
        channel_id = payload.get("channel_id") or (payload.get("id") if is_channel else None)
        self._mark_stale(int(channel_id) if channel_id else None)

    def _on_request(self, request: HttpLogEntry) -> None:
        """Mark what a request changes without an event: answers, above all private ones."""
        self._requested.set()
        match request.path.strip("/").split("/"):
            case ["interactions", _, token, "callback"] | ["webhooks", _, token, *_]:
                is_suggestions = isinstance(request.json, dict) and request.json.get("type") == 8
                interaction_id = self.backend.interaction_tokens.get(token)
                if interaction_id is not None and not is_suggestions:
                    self._mark_stale(self.backend.interactions[interaction_id].channel_id)
            case ["applications", *_] if request.method != "GET":
                self._mark_stale(None)
            case _:
                pass

    def _mark_stale(self, channel_id: int | None) -> None:
        """Have the channel's room renewed soon; every room for None."""
        self._stale.update(self.rooms if channel_id is None else (channel_id,))
        self._changed.set()


class Room(Preview):
    """The page of one channel, thread or DM, as one person sees it. Enter it to serve it."""

    _MAX_PAGES = MOST_PAGES
    _PAGE_LEASE_SECONDS = KEEP_PAGES

    env: LiveEnv

    def __init__(
        self,
        env: LiveEnv,
        channel: simcord.ChannelHandle,
        person: simcord.MemberActor | simcord.UserHandle,
        *,
        timezone: str,
    ) -> None:
        super().__init__(
            env,
            channel,
            (person,),
            layout="channel",
            display="responsive",
            width=960,
            height=720,
            locale="en-US",
            timezone=timezone,
            presentation_time=None,
            assets=None,
            port=0,
        )

    async def __aenter__(self) -> Self:
        """Serve the room until the environment shuts down."""
        self.env._preview = None  # simcord would allow one at a time
        await super().__aenter__()
        assert self._python is not None
        # A page opens where this one stands: at the newest message, not at the one of now.
        self._python.target_id = self._python.window_end_id = None
        self.env.rooms[self.channel.id] = self
        return self

    def renew(self) -> None:
        """Publish what there is now to every open page."""
        self._advance_presentation_time()
        for page in self._open_pages():
            try:
                self._publish(page, reason="refresh")
            except Exception:
                log.exception("the sandbox page of channel %s was not renewed", self.channel.id)

    async def _action(self, context_id: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        """Act on the newest state: the page may not have seen a post that just arrived."""
        async with self.env.lock:
            self.env._preview = self
            page = self._get_page(context_id)
            revision = page.revision
            if isinstance(body.get("content"), str):
                body = {**body, "content": self.env.with_mentions(body["content"])}
            if body.get("sequence") == page.last_sequence + 1:
                body = {**body, "published_revision": revision}
            result = await super()._action(context_id, body)
            if page.revision > revision and self._open_pages() == [page]:
                self.env.is_shown(self.channel.id)
            return result

    def has_page(self, context_id: str) -> bool:
        return context_id in self._pages

    def menu(self) -> list[str]:
        """Return what the menu of a message offers the person, A to Z; nothing in DMs."""
        (person,) = self.viewers
        if not isinstance(person, simcord.MemberActor):
            return []
        commands = self.env.backend.visible_commands(
            user_id=person.id, channel_id=self.channel.id, type=AppCommandType.MESSAGE
        )
        return sorted(str(command["name"]) for command in commands)

    async def choose(self, context_id: str, name: str, message_id: int) -> None:
        """Choose from the menu of a message, as the person whose page it is.

        Raises:
            simcord.SetupError: There is no such page, message or command.
        """
        async with self.env.lock:
            self.env._preview = self
            page = self._get_page(context_id)
            person = page.viewer
            if not isinstance(person, simcord.MemberActor):
                raise simcord.SetupError("messages have no menu here")
            message = to_discord_message(self.env, self._target_message(page, message_id))
            result = await person.context_menu(self.channel, name, message)
            if result.modal is not None:
                page.modal = result
                page.modal_handle = f"m_{secrets.token_urlsafe(12)}"
            self._publish(page, reason="refresh")

    def _open_page(self, viewer_id: Any = None, target_id: Any = None) -> Any:
        pages = self._open_pages()
        if len(pages) >= self._MAX_PAGES:
            self._close_page(min(pages, key=lambda page: page.last_activity).id)
        return super()._open_page(viewer_id, target_id)

    def _open_pages(self) -> list[Any]:
        """Return the browsers' pages, without the one that simcord keeps for its own captures."""
        return [page for page in self._pages.values() if page is not self._python]
