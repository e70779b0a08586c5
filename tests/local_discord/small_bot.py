"""A small bot, as unmodified discord.py as it gets, for the local Discord's own tests.

As a process of its own it sends one message to a channel with a nonce, says so on
its standard output, and stays.
"""

from __future__ import annotations

import asyncio
import os
import sys

import aiohttp
import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

PAPERS = ["Attention Is All You Need", "Deep Residual Learning", "Denoising Diffusion"]


class Note(discord.ui.Modal, title="Note"):
    words: discord.ui.Label[Note] = discord.ui.Label(
        text="Your note", component=discord.ui.TextInput(custom_id="words")
    )

    async def on_submit(self, interaction: discord.Interaction) -> None:
        assert isinstance(self.words.component, discord.ui.TextInput)
        await interaction.response.send_message(f"Noted: {self.words.component.value}")


class Card(discord.ui.View):
    """Buttons that work for ever."""

    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Save", custom_id="save")
    async def save(self, interaction: discord.Interaction, button: discord.ui.Button[Card]) -> None:
        await interaction.response.send_message("Saved.", ephemeral=True)

    @discord.ui.button(label="Note", custom_id="note")
    async def note(self, interaction: discord.Interaction, button: discord.ui.Button[Card]) -> None:
        await interaction.response.send_modal(Note(custom_id="note"))

    @discord.ui.select(
        custom_id="less",
        options=[discord.SelectOption(label=word) for word in ("vision", "speech")],
    )
    async def less(self, interaction: discord.Interaction, select: discord.ui.Select[Card]) -> None:
        await interaction.response.edit_message(content=f"Less {select.values[0]}.", view=None)


papers = app_commands.Group(name="papers", description="Papers")


@papers.command()
async def trending(interaction: discord.Interaction, count: app_commands.Range[int, 1, 3]) -> None:
    """What rises now."""
    await interaction.response.defer()
    await interaction.edit_original_response(content="\n".join(PAPERS[:count]), view=Card())
    await interaction.followup.send("And many more.", ephemeral=True)


@papers.command()
async def show(
    interaction: discord.Interaction,
    title: str,
    where: discord.TextChannel | None = None,
    reader: discord.Member | None = None,
    role: discord.Role | None = None,
) -> None:
    """One paper."""
    named = [f"{each.name}" for each in (where, reader, role) if each]
    await interaction.response.send_message(" | ".join([title, *named, str(interaction.locale)]))


@show.autocomplete("title")
async def titles(interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    found = [title for title in PAPERS if typed.lower() in title.lower()]
    return [app_commands.Choice(name=title, value=title) for title in found]


@papers.command()
async def silent(interaction: discord.Interaction) -> None:
    """Never answers."""


@app_commands.context_menu(name="Count words")
async def count_words(interaction: discord.Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"{len(message.content.split())} words")


class SmallBot(discord.AutoShardedClient):
    """Remembers the names of the events it saw."""

    def __init__(
        self, *, intents: discord.Intents | None = None, shard_count: int | None = None
    ) -> None:
        # The default waits two seconds for more guilds after the last one.
        super().__init__(
            intents=intents or discord.Intents.default(),
            shard_count=shard_count,
            guild_ready_timeout=0.05,
            max_ratelimit_timeout=60,
        )
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(papers)
        self.tree.add_command(count_words)
        self.seen: list[str] = []

    async def setup_hook(self) -> None:
        self.add_view(Card())
        await self.tree.sync()

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Identify at once; discord.py would wait five seconds before a second time."""

    def dispatch(self, event: str, /, *args: object, **kwargs: object) -> None:
        self.seen.append(event)
        super().dispatch(event, *args, **kwargs)

    def channel(self, channel_id: int) -> discord.PartialMessageable:
        return self.get_partial_messageable(channel_id)


class OneMessage(SmallBot):
    """Sends one message when it is ready."""

    def __init__(self, channel_id: int, nonce: str) -> None:
        super().__init__()
        self.channel_id = channel_id
        self.nonce = nonce

    async def on_ready(self) -> None:
        try:
            message = await self.channel(self.channel_id).send("A digest.", nonce=self.nonce)
        except aiohttp.ClientError as error:
            say(f"lost: {type(error).__name__}")
        else:
            say(f"sent: {message.id}")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def main(channel_id: str, nonce: str) -> None:
    api = os.environ["PAPERWIRE_DISCORD_API_URL"]
    Route.BASE = api
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(api).with_scheme("ws").with_path("/")
    async with OneMessage(int(channel_id), nonce) as bot:
        await bot.start(os.environ["PAPERWIRE_TOKEN"])


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
