"""``/status`` and ``/help``."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot import status
from bot.client import PaperBot, Services, say
from bot.render.cards import words
from bot.render.status import status_page

ASKING = (
    "Mention me, reply to my posts or write to me to ask about papers. The menu of any message has"
    " “Ask about this” and “Papers in this message”."
)


class Operator(commands.Cog):
    """How the bot does, and what it can do."""

    def __init__(self, services: Services, bot: PaperBot) -> None:
        self.services = services
        self.bot = bot

    @app_commands.command()
    async def status(self, interaction: discord.Interaction) -> None:
        """Show how the bot does: sources, what is owed, what is broken"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        seen = await self.services.store.read(
            status.take, now=self.services.now(), unchanged=self.services.unchanged
        )
        next_run = self.services.next_run_at("refresh")
        wording = self.services.answers.wording
        page = status_page(
            seen,
            next_run,
            indexed=len(self.services.engine),
            unread=self.services.engine.pending,
            reader=self.services.engine.embedder.model.rpartition("/")[2],
            troubles=self._troubles(),
            model=await wording.state() if wording else None,
        )
        await say(interaction, page)

    def _troubles(self) -> list[str]:
        """Return what keeps jobs from their work, without the machine's own paths."""
        path = f" {self.services.store.path}"
        return [trouble.replace(path, "") for trouble in self.services.troubles()]

    @app_commands.command()
    async def help(self, interaction: discord.Interaction) -> None:
        """Show what the bot can do here, for you"""
        on_server = interaction.guild_id is not None
        may_manage = interaction.permissions.manage_guild
        lines = ["## What Paperwire can do here"]
        lines += [
            f"`/{command.qualified_name}` {command.description}"
            for command in self.bot.tree.walk_commands()
            if isinstance(command, app_commands.Command)
            and allowed(command, on_server=on_server, may_manage=may_manage)
        ]
        lines.append(ASKING)
        await say(interaction, words("\n".join(lines)))


def allowed(
    command: app_commands.Command[commands.Cog, ..., None], *, on_server: bool, may_manage: bool
) -> bool:
    """Whether a person can use a command in the place they ask from."""
    root = command.root_parent or command
    needs = root.default_permissions
    if root.guild_only and not on_server:
        return False
    return needs is None or not needs.manage_guild or may_manage


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Operator(bot.services, bot))
