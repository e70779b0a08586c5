"""``/library``: a person's reading list."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import discover
from bot.client import PaperBot, Services, say
from bot.errors import UserError
from bot.render.cards import MOST_LISTED, listed
from bot.render.text import count, escape, shorten
from bot.store import people
from cogs.papers import choices

MOST_SHOWN = 1_000


class Library(commands.GroupCog, group_name="library", group_description="Your reading list"):
    """Saved papers, for their owner alone."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    @app_commands.command()
    @app_commands.describe(paper="A title, an arXiv id or a link")
    async def save(
        self, interaction: discord.Interaction, paper: app_commands.Range[str, 1, 200]
    ) -> None:
        """Put a paper on your reading list"""
        shown = await discover.find(self.services, paper)
        new = await self.services.store.run(
            people.save, interaction.user.id, shown.paper.id, now=self.services.now()
        )
        title = escape(shorten(shown.paper.title, 200))
        await say(interaction, f"Saved: {title}." if new else f"It is on your list: {title}.")

    @app_commands.command()
    async def list(self, interaction: discord.Interaction) -> None:
        """Show your reading list, the latest first"""
        ids = await self.services.store.read(people.saved, interaction.user.id, limit=MOST_SHOWN)
        if not ids:
            raise UserError("Your reading list is empty. The Save button on a paper fills it.")
        shown = await discover.by_ids(self.services, ids[:MOST_LISTED])
        left = len(ids) - len(shown)
        note = f"And {count(left, 'older one')}." if left else ""
        await say(interaction, listed(f"## {count(len(ids), 'saved paper')}", shown, note=note))

    @app_commands.command()
    @app_commands.describe(paper="Which of your saved papers")
    async def remove(
        self, interaction: discord.Interaction, paper: app_commands.Range[str, 1, 200]
    ) -> None:
        """Take a paper off your reading list"""
        shown = await discover.find(self.services, paper)
        if not await self.services.store.run(people.unsave, interaction.user.id, shown.paper.id):
            raise UserError("That paper is not on your reading list.")
        await say(interaction, f"Removed: {escape(shorten(shown.paper.title, 200))}.")

    @save.autocomplete("paper")
    async def _any(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return choices(await discover.suggest(self.services, current, limit=25))

    @remove.autocomplete("paper")
    async def _saved(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        ids = await self.services.store.read(people.saved, interaction.user.id, limit=MOST_SHOWN)
        shown = await discover.by_ids(self.services, ids)
        wanted = current.casefold()
        return choices(
            [(s.paper.id, s.paper.title) for s in shown if wanted in s.paper.title.casefold()]
        )


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Library(bot.services))
