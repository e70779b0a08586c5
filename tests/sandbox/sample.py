"""A small bot with one of everything that the sandbox must carry."""

from __future__ import annotations

import asyncio
from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

TITLES = ("A Gentle Introduction to Gradients", "Attention to Detail", "Graphs of Graphs")
THUMBNAIL = "https://images.invalid/gradients.png"


class SaveButton(ui.DynamicItem[ui.Button[Any]], template=r"save:(?P<paper>.+)"):
    """Answers in private, and remembers nothing."""

    def __init__(self, paper: str) -> None:
        super().__init__(ui.Button(label="Save", custom_id=f"save:{paper}"))
        self.paper = paper

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: Any, /
    ) -> SaveButton:
        return cls(match["paper"])

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Saved {self.paper}.", ephemeral=True)


class NoteButton(ui.DynamicItem[ui.Button[Any]], template=r"note:(?P<paper>.+)"):
    """Opens a form."""

    def __init__(self, paper: str) -> None:
        super().__init__(ui.Button(label="Note", custom_id=f"note:{paper}"))
        self.paper = paper

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction, item: ui.Item[Any], match: Any, /
    ) -> NoteButton:
        return cls(match["paper"])

    async def callback(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(NoteForm())


class NoteForm(ui.Modal, title="A note"):
    words = ui.TextInput[Any](label="Your words", custom_id="words")

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Noted: {self.words.value}", ephemeral=True)


def card(paper: str) -> ui.LayoutView:
    """Return a paper's card: text beside a remote thumbnail, and buttons."""
    view = ui.LayoutView(timeout=None)
    buttons = ui.ActionRow[Any](SaveButton(paper), NoteButton(paper))
    text = f"## {paper}\nA. Author, B. Writer\n▲ 42 votes · <t:1772539200:R>"
    section = ui.Section[Any](text, accessory=ui.Thumbnail(THUMBNAIL))
    view.add_item(ui.Container[Any](section, ui.Separator(), buttons))
    return view


papers = app_commands.Group(name="papers", description="Papers")


@papers.command()
@app_commands.describe(paper="A title")
async def show(interaction: discord.Interaction, paper: str) -> None:
    """Show a paper's card."""
    await interaction.response.defer()
    await interaction.followup.send(view=card(paper))


@show.autocomplete("paper")
async def titles(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [
        app_commands.Choice(name=title, value=title)
        for title in TITLES
        if typed.casefold() in title.casefold()
    ]


@papers.command()
@app_commands.describe(period="How far back")
@app_commands.choices(
    period=[app_commands.Choice(name=name, value=name) for name in ("day", "week")]
)
async def trending(interaction: discord.Interaction, period: str = "day") -> None:
    """Say what rises, in private, and correct it later."""
    await interaction.response.send_message("Looking.", ephemeral=True)
    await asyncio.sleep(0.2)
    await interaction.edit_original_response(content=f"Rising this {period}: {TITLES[1]}")


@app_commands.command()
async def remind(interaction: discord.Interaction) -> None:
    """Write to the person who asks."""
    await interaction.response.send_message("See your messages.", ephemeral=True)
    await interaction.user.send(view=card(TITLES[2]))


@app_commands.command()
async def silent(_: discord.Interaction) -> None:
    """Never answer."""


@app_commands.context_menu(name="Quote this")
async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
    """Say in private what a message says."""
    await interaction.response.send_message(f"It says: {message.content}", ephemeral=True)


@app_commands.context_menu(name="Note on this")
async def note_on(interaction: discord.Interaction, _: discord.Message) -> None:
    """Open a form."""
    await interaction.response.send_modal(NoteForm())


class SampleBot(commands.AutoShardedBot):
    def __init__(self) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            intents=discord.Intents(guilds=True, guild_messages=True, dm_messages=True),
            chunk_guilds_at_startup=False,
        )

    async def setup_hook(self) -> None:
        self.tree.add_command(papers)
        self.tree.add_command(remind)
        self.tree.add_command(silent)
        self.tree.add_command(quote)
        self.tree.add_command(note_on)
        self.add_dynamic_items(SaveButton, NoteButton)
        await self.tree.sync()
