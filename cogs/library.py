"""``/library``: a person's reading list."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import discover
from bot.client import PaperBot, PersistentButton, Services, say, services_of
from bot.errors import UserError
from bot.render.cards import MOST_LISTED, Page
from bot.render.papers import library_page
from bot.render.text import excerpt
from bot.store import people
from cogs.papers import choices

MOST_SHOWN = 1_000


class Library(commands.GroupCog, group_name="library", group_description="Your reading list"):
    """Saved papers, for their owner alone."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    @app_commands.command()
    @app_commands.describe(paper="A title, an arXiv id, a DOI or a link")
    async def save(
        self, interaction: discord.Interaction, paper: app_commands.Range[str, 1, 200]
    ) -> None:
        """Put a paper on your reading list"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        shown = await discover.find(self.services, paper)
        new = await self.services.store.run(
            people.save, interaction.user.id, shown.paper.id, now=self.services.now()
        )
        title = excerpt(shown.paper.title, 200)
        await say(interaction, f"Saved: {title}." if new else f"It is on your list: {title}.")

    @app_commands.command()
    async def list(self, interaction: discord.Interaction) -> None:
        """Show your reading list, the latest first"""
        await say(interaction, await own_list(interaction, page=0))

    @app_commands.command()
    @app_commands.describe(paper="Which of your saved papers")
    async def remove(
        self, interaction: discord.Interaction, paper: app_commands.Range[str, 1, 200]
    ) -> None:
        """Take a paper off your reading list"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        shown = await discover.find(self.services, paper)
        if not await self.services.store.run(people.unsave, interaction.user.id, shown.paper.id):
            raise UserError("That paper is not on your reading list.")
        await say(interaction, f"Removed: {excerpt(shown.paper.title, 200)}.")

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
        wanted = current.strip().casefold()
        return choices(
            [
                (s.paper.id, s.paper.title)
                for s in shown
                if wanted in s.paper.title.casefold() or s.paper.id.startswith(wanted)
            ]
        )


async def own_list(interaction: discord.Interaction, *, page: int) -> Page:
    """Return a page of the user's reading list.

    Raises:
        UserError: It is empty.
    """
    services = services_of(interaction)
    ids = await services.store.read(people.saved, interaction.user.id, limit=MOST_SHOWN)
    if not ids:
        raise UserError("Your reading list is empty. The Save button on a paper fills it.")
    first = page * MOST_LISTED
    shown = await discover.by_ids(services, ids[first : first + MOST_LISTED])
    return library_page(shown, len(ids), page=page)


class LibraryButton(PersistentButton, template=r"library:(?P<page>\d+)"):
    """Turns the page of the presser's own reading list."""

    async def press(self, interaction: discord.Interaction) -> None:
        await say(interaction, await own_list(interaction, page=int(self.parts["page"])))


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Library(bot.services))
    bot.add_dynamic_items(LibraryButton)
