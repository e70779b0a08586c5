"""A small bot that does a bit of everything, so that the rules meet real requests."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands, ui
from discord.ext import commands

TITLES = ["Attention sinks", "Attention in space", "Sparse autoencoders"]

if TYPE_CHECKING:
    Interaction = discord.Interaction[Any]
else:
    Interaction = discord.Interaction


class SaveButton(ui.DynamicItem[ui.Button[Any]], template=r"save:(?P<paper>\d+)"):
    """Works for ever: all that it needs is in its custom_id."""

    def __init__(self, paper: int) -> None:
        super().__init__(ui.Button(label="Save", custom_id=f"save:{paper}"))
        self.paper = paper

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: Any, /
    ) -> SaveButton:
        return cls(int(match["paper"]))

    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.defer()
        await interaction.followup.send(f"Saved {TITLES[self.paper]}.", ephemeral=True)


class AskModal(ui.Modal, title="Ask about a paper"):
    question: ui.Label[Any] = ui.Label(
        text="Your question", component=ui.TextInput(custom_id="question", max_length=300)
    )

    async def on_submit(self, interaction: Interaction) -> None:
        assert isinstance(self.question.component, ui.TextInput)
        await interaction.response.defer(thinking=True)
        await interaction.followup.send(f"You asked: {self.question.component.value}")


class AskButton(ui.DynamicItem[ui.Button[Any]], template="ask"):
    def __init__(self) -> None:
        super().__init__(ui.Button(label="Ask", custom_id="ask"))

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: Any, /
    ) -> AskButton:
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        await interaction.response.send_modal(AskModal())


class SortSelect(ui.DynamicItem[ui.Select[Any]], template="sort"):
    def __init__(self) -> None:
        options = [discord.SelectOption(label=word, value=word) for word in ("new", "top")]
        super().__init__(ui.Select(custom_id="sort", placeholder="Sort by", options=options))

    @classmethod
    async def from_custom_id(
        cls, interaction: Interaction, item: ui.Item[Any], match: Any, /
    ) -> SortSelect:
        return cls()

    async def callback(self, interaction: Interaction) -> None:
        chosen = (interaction.data or {}).get("values", [])
        view = ui.LayoutView()
        view.add_item(ui.TextDisplay(f"Sorted by {chosen[0]}"))
        await interaction.response.edit_message(view=view)


def card(paper: int) -> ui.LayoutView:
    view = ui.LayoutView(timeout=None)
    container: ui.Container[Any] = ui.Container(accent_color=0x3366CC)
    thumbnail: ui.Thumbnail[Any] = ui.Thumbnail("https://example.org/thumbnail.png")
    container.add_item(ui.Section(f"## {TITLES[paper]}", "▲ 12", accessory=thumbnail))
    container.add_item(ui.Separator())
    link: ui.Button[Any] = ui.Button(label="Open", url="https://example.org/paper")
    container.add_item(ui.ActionRow(SaveButton(paper), AskButton(), link))
    row: ui.ActionRow[Any] = ui.ActionRow()
    container.add_item(row.add_item(SortSelect()))
    view.add_item(container)
    return view


class Papers(commands.GroupCog, group_name="papers"):
    """Papers."""

    @app_commands.command()
    @app_commands.describe(paper="A title")
    async def show(self, interaction: Interaction, paper: str) -> None:
        """Show a paper's card."""
        await interaction.response.send_message(view=card(TITLES.index(paper)))

    @show.autocomplete("paper")
    async def titles(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = [title for title in TITLES if typed.lower() in title.lower()]
        return [app_commands.Choice(name=title, value=title) for title in found]

    @app_commands.command()
    async def export(self, interaction: Interaction) -> None:
        """Export all papers as a file."""
        await interaction.response.defer(ephemeral=True)
        text = "\n".join(TITLES).encode()
        await interaction.followup.send(
            "All papers", file=discord.File(io.BytesIO(text), "all.txt")
        )

    @app_commands.command()
    async def remind(self, interaction: Interaction) -> None:
        """Send me a direct message."""
        embed = discord.Embed(title=TITLES[0]).add_field(name="Votes", value="12")
        embed.set_footer(text="On your topic")
        await interaction.user.send("A new paper", embed=embed)
        await interaction.response.send_message("Sent.", ephemeral=True)

    @app_commands.command()
    async def vote(self, interaction: Interaction) -> None:
        """Vote on the paper of the week, in a thread."""
        await interaction.response.send_message("A vote begins.")
        poll = discord.Poll("Which one?", duration=timedelta(hours=24))
        for title in TITLES:
            poll.add_answer(text=title)
        message = await (await interaction.original_response()).fetch()
        thread = await message.create_thread(name="Paper of the week")
        await thread.send(poll=poll)


@app_commands.command()
@app_commands.default_permissions(manage_guild=True)
@app_commands.describe(forum="Where to talk", hour="When to post")
async def post(
    interaction: Interaction,
    forum: discord.ForumChannel,
    hour: app_commands.Range[int, 0, 23] = 9,
) -> None:
    """Post a paper to a forum."""
    tag = await forum.create_tag(name="language")
    created = await forum.create_thread(name=TITLES[2], view=card(2), applied_tags=[tag])
    await created.thread.send(f"First words, at {hour}")
    await interaction.response.send_message(created.thread.mention, ephemeral=True)


@app_commands.context_menu(name="Papers in this message")
async def papers_in_message(interaction: Interaction, message: discord.Message) -> None:
    await interaction.response.send_message(f"Looked at: {message.content}", ephemeral=True)


class SampleBot(commands.AutoShardedBot):
    def __init__(self) -> None:
        super().__init__(
            commands.when_mentioned,
            intents=discord.Intents.default(),
            allowed_mentions=discord.AllowedMentions.none(),
            help_command=None,
        )

    async def setup_hook(self) -> None:
        self.add_dynamic_items(SaveButton, AskButton, SortSelect)
        await self.add_cog(Papers())
        self.tree.add_command(papers_in_message)
        self.tree.add_command(post)
        await self.tree.sync()

    async def on_message(self, message: discord.Message, /) -> None:
        if (self.user in message.mentions or not message.guild) and not message.author.bot:
            reply = await message.reply("I am looking.")
            await reply.edit(content="Here it is.")
