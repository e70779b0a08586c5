"""Our discord.py bot: what cogs may ask for, and where command errors end."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self, cast

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.asking import Answers
from bot.conversations import Conversations
from bot.discord_requests import DiscordRequests
from bot.errors import NoSuchPaper, PaperwireError, StoreError, UserError
from bot.models import DeliveryState
from bot.render.cards import words
from bot.render.text import escape, shorten
from bot.search.embed import quick_embedder
from bot.search.engine import SearchEngine
from bot.store import outbox
from bot.store.store import Store
from bot.topics.reading import Reader
from bot.unchanged import Unchanged

log = logging.getLogger(__name__)

# The bot has no voice; discord.py would warn at each start that it cannot speak.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

LONGEST_RATE_LIMIT = 30.0
"""Seconds, the least discord.py takes; a longer limit postpones the delivery instead."""
TOO_LATE = frozenset((10062, 40060))
"""Discord's codes for an interaction that has ended, and for one that was answered already."""
MOST_TITLE = 200
"""Characters of a title in an answer."""


@dataclass
class Services:
    """What commands and buttons work with."""

    store: Store
    engine: SearchEngine
    now: Callable[[], datetime]
    wake: Callable[[str], None] = field(default=lambda name: None)
    """Runs a job soon: ``compose``, ``deliver``, ``email``."""
    next_run_at: Callable[[str], datetime | None] = field(default=lambda name: None)
    troubles: Callable[[], Sequence[str]] = field(default=tuple)
    """What keeps jobs from their work now, in sentences for the operator."""
    place_changes: Counter[int] = field(default_factory=Counter[int])
    """How often each server's channels and permissions have changed, by its id."""
    by_email: bool = False
    """Whether the operator has set up e-mail."""
    unchanged: Unchanged = field(default_factory=Unchanged)
    """When sources were last seen to show nothing new."""
    categories: Sequence[str] = ()
    """The arXiv categories that are read; none where nothing says which."""
    answers: Answers = field(init=False)
    """Answers questions."""
    reader: Reader = field(init=False)
    """Keeps listed papers ready for topics."""
    conversations: Conversations = field(init=False)
    """Who may ask, and what was said before."""

    def __post_init__(self) -> None:
        self.answers = Answers(self.store, self.engine, self.now)
        self.reader = Reader(quick_embedder(self.engine.embedder))
        self.conversations = Conversations(self.store, lambda: self.answers, self.now)


class PaperBot(commands.AutoShardedBot):
    """The bot. Jobs are not its business: they run outside and reach Discord through a sender.

    Args:
        services: What cogs work with.
        extensions: The cogs' modules; none for a bot that only sends.
        message_content: Whether to ask Discord for the text of messages that are not to the
            bot, a privileged intent. What is sent to the bot itself arrives without it.
    """

    def __init__(
        self, services: Services, extensions: Sequence[str], *, message_content: bool = False
    ) -> None:
        self.requests = DiscordRequests(services.now)
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(
                guilds=True, guild_messages=True, dm_messages=True, message_content=message_content
            ),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=LONGEST_RATE_LIMIT,
            http_trace=self.requests.trace(),
        )
        self.services = services
        self._cog_modules = tuple(extensions)
        self.tree.error(self._on_app_command_error)

    async def setup_hook(self) -> None:
        if not self._cog_modules:
            return  # syncing nothing would take all commands away from the bot that has them
        for module in (*self._cog_modules, "bot.places"):
            await self.load_extension(module)
        await self.tree.sync()

    def look_again_at(self, guild_id: int) -> None:
        """Let a server's feeds go on that are paused and need not be."""
        if guild := self.get_guild(guild_id):
            self.dispatch("place_lost", guild)

    async def on_message(self, message: discord.Message, /) -> None:
        """Do nothing: there are no prefix commands."""

    async def on_app_command_completion(
        self, interaction: discord.Interaction, command: app_commands.Command[Any, ..., Any]
    ) -> None:
        """Tell the user what could not be sent to them, below the answer to their command."""
        try:
            await _tell_what_was_held(interaction)
        except (StoreError, discord.HTTPException) as error:
            log.warning("%s could not be told of messages: %s", interaction.user.id, error)

    async def _on_app_command_error(
        self, interaction: discord.Interaction, error: app_commands.AppCommandError
    ) -> None:
        match error:
            case app_commands.CommandInvokeError():
                await explain(interaction, error.original)
            case app_commands.TransformerError(__cause__=PaperwireError() as cause):
                await explain(interaction, cause)
            case _:
                await explain(interaction, error)


async def _tell_what_was_held(interaction: discord.Interaction) -> None:
    services = services_of(interaction)
    for notice in await services.store.read(outbox.held_notices, interaction.user.id):
        await say(interaction, str(notice.payload["text"]))
        reason = "told under a command"
        await services.store.run(outbox.settle, notice.id, DeliveryState.SENT, reason=reason)


def services_of(interaction: discord.Interaction) -> Services:
    return cast(PaperBot, interaction.client).services


async def explain(interaction: discord.Interaction, error: Exception) -> None:
    """Tell the user what went wrong: their part in full, ours as a number to quote."""
    if interaction.type is discord.InteractionType.autocomplete:
        log.error("autocomplete %s failed", interaction.id, exc_info=error)
        return
    if isinstance(error, discord.HTTPException) and error.code in TOO_LATE:
        log.warning("interaction %s could not be answered: %s", interaction.id, error)
        return
    try:
        await say(interaction, in_words(error, interaction.id))
    except discord.HTTPException as late:
        log.warning("interaction %s could not be answered: %s", interaction.id, late)


def in_words(error: Exception, number: int) -> str:
    """Return what to tell the user; what is ours is logged, with a number to find it by."""
    match error:
        case NoSuchPaper(near=str(title)):
            return f"{error.message} Did you mean “{escape(shorten(title, MOST_TITLE))}”?"
        case UserError():
            return str(error)
        case app_commands.MissingPermissions():
            return "This is for people with the Manage Server permission."
        case app_commands.NoPrivateMessage():
            return "This works on a server only."
        case app_commands.CheckFailure():
            return "You may not do this here."
        case app_commands.TransformerError():
            return "One of the options makes no sense to Discord; pick it from the list."
        case StoreError():
            log.error("interaction %s: %s", number, error)
            return "The bot cannot reach its database right now. Try again in a minute."
        case _:
            log.error("interaction %s failed", number, exc_info=error)
            return f"Something went wrong on our side (`{number}`)."


async def say(
    interaction: discord.Interaction, reply: str | ui.LayoutView, *, private: bool = True
) -> None:
    """Answer an interaction, whether or not it was answered or deferred before.

    Args:
        private: Whether only the one who asked sees it. A deferred answer is
            as private as its ``defer`` was.
    """
    view = words(reply) if isinstance(reply, str) else reply
    if interaction.response.is_done():
        await interaction.followup.send(view=view, ephemeral=private)
    else:
        await interaction.response.send_message(view=view, ephemeral=private)


class PersistentButton(ui.DynamicItem[ui.Button[Any]], template=r"never:"):
    """A button whose press is found by its ``custom_id`` alone, also after a restart.

    What ``press`` raises goes to ``explain``, as a command's errors do;
    discord.py would only log it.
    """

    parts: dict[str, str]
    """The named groups of the template."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: Any, /
    ) -> Self:
        assert isinstance(item, ui.Button)
        button = cls(item)
        button.parts = match.groupdict()
        return button

    async def callback(self, interaction: discord.Interaction) -> None:
        try:
            await self.press(interaction)
        except Exception as error:  # noqa: BLE001  one press ends here, as a command does
            await explain(interaction, error)

    @abstractmethod
    async def press(self, interaction: discord.Interaction) -> None:
        """Answer the press."""


class PersistentForm(ui.Modal):
    """A form whose submission is found by its ``custom_id`` alone, also after a restart.

    It is stopped from the start, so that discord.py keeps no hold of it; whoever
    listens for interactions finds it by its ``custom_id``.
    """

    def __init__(self, *, title: str, custom_id: str) -> None:
        super().__init__(title=title, custom_id=custom_id, timeout=None)
        self.stop()


def submitted(interaction: discord.Interaction) -> tuple[str, dict[str, str]] | None:
    """Return a submitted form's ``custom_id`` and its values by theirs; None for anything else."""
    if interaction.type is not discord.InteractionType.modal_submit:
        return None
    data = cast(dict[str, Any], interaction.data)
    controls = [row.get("component") or row for row in data["components"]]
    values = {c["custom_id"]: str(c["value"]) for c in controls if "value" in c}
    return str(data["custom_id"]), values


class PersistentSelect(ui.DynamicItem[ui.Select[Any]], template=r"never-chosen:"):
    """A select whose choice is found by its ``custom_id`` alone, as a ``PersistentButton``'s is."""

    parts: dict[str, str]
    """The named groups of the template."""

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: Any, /
    ) -> Self:
        assert isinstance(item, ui.Select)
        select = cls(item)
        select.parts = match.groupdict()
        return select

    async def callback(self, interaction: discord.Interaction) -> None:
        try:
            await self.choose(interaction, list(self.item.values))
        except Exception as error:  # noqa: BLE001  one choice ends here, as a command does
            await explain(interaction, error)

    @abstractmethod
    async def choose(self, interaction: discord.Interaction, values: Sequence[str]) -> None:
        """Answer the choice."""
