"""``/inbox`` and ``/catchup``: what a person's topics brought, and the buttons on alerts."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import following
from bot.client import PaperBot, PersistentButton, Services, say, services_of
from bot.errors import UserError
from bot.render import alerts as render
from bot.render import topics as render_topics
from bot.render.cards import MOST_LISTED, Page
from bot.since import OFFERED, parse_since
from bot.store import dislikes


class Inbox(commands.Cog):
    """Everything that topics brought, also what could not be sent."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @app_commands.command()
    async def inbox(self, interaction: discord.Interaction) -> None:
        """Show everything your topics brought you"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await say(interaction, await inbox_page(interaction, first=0))

    @app_commands.command()
    @app_commands.describe(
        since="3d, 2w, yesterday, or a day such as 2026-03-01 (a week if left out)"
    )
    async def catchup(
        self, interaction: discord.Interaction, since: app_commands.Range[str, 1, 40] = "7d"
    ) -> None:
        """Show what you missed on your topics, the best first, in ten lines"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        begins = parse_since(since, now=self.services.now())
        user_id = interaction.user.id
        found, total = await following.catch_up(self.services, user_id, since=begins)
        if not found:
            raise UserError(
                "Your topics have found nothing in that time. /topics list shows what you follow."
            )
        await say(interaction, render.catchup(found, total, begins))

    @catchup.autocomplete("since")
    async def _since(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        wanted = current.strip().casefold()
        return [
            app_commands.Choice(name=name, value=value)
            for name, value in OFFERED.items()
            if wanted in name or wanted in value
        ]


async def inbox_page(interaction: discord.Interaction, *, first: int) -> Page:
    """Return a page of the user's inbox.

    Raises:
        UserError: It is empty.
    """
    found = await following.inbox(
        services_of(interaction), interaction.user.id, first=first, limit=MOST_LISTED
    )
    if not found.shown:
        raise UserError("Your topics have brought nothing yet. /topics follow adds one.")
    return render_topics.inbox(found, first=first)


class InboxButton(PersistentButton, template=r"inbox:(?P<first>\d+)"):
    """Turns the inbox's page."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await say(interaction, await inbox_page(interaction, first=int(self.parts["first"])))


class AboutButton(PersistentButton, template=r"about:(?P<paper>.+)"):
    """Opens a paper of an alert with all that can be done."""

    async def press(self, interaction: discord.Interaction) -> None:
        await say(interaction, render.about(await reasons(interaction, self.parts["paper"])))


class WhyButton(PersistentButton, template=r"why:(?P<paper>.+)"):
    """Says why a paper came."""

    async def press(self, interaction: discord.Interaction) -> None:
        await say(interaction, render.why(await reasons(interaction, self.parts["paper"])))


async def reasons(interaction: discord.Interaction, paper_id: str) -> following.Why:
    """Return why a paper came to the user.

    Raises:
        UserError: It is no longer there.
    """
    return await following.why(services_of(interaction), interaction.user.id, paper_id)


class LessButton(PersistentButton, template=r"less:(?P<paper>.+)"):
    """Brings fewer papers like one."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        services, user_id = services_of(interaction), interaction.user.id
        paper = (await reasons(interaction, self.parts["paper"])).shown.paper
        await services.store.run(dislikes.add, user_id, paper.id, now=services.now())
        await say(interaction, render.less(paper))


class LessUndoButton(PersistentButton, template=r"less-undo:(?P<paper>.+)"):
    """Takes that back."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        services = services_of(interaction)
        paper = (await reasons(interaction, self.parts["paper"])).shown.paper
        if not await services.store.run(dislikes.remove, interaction.user.id, paper.id):
            raise UserError("That was taken back already.")
        services.wake("compose")
        await say(interaction, render.less_undone(paper))


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Inbox(bot.services))
    bot.add_dynamic_items(InboxButton, AboutButton, WhyButton, LessButton, LessUndoButton)
