"""``/topics`` and ``/inbox``: what a person follows, and what it brought."""

from __future__ import annotations

import logging
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot import following
from bot.client import PaperBot, PersistentButton, Services, say, services_of
from bot.delivery.rules import DM_CLOSED
from bot.dm_channels import open_channel
from bot.errors import DeliveryError, UserError
from bot.models import Strictness, Topic
from bot.render import topics as render
from bot.render.cards import MOST_LISTED, Page, words
from bot.render.text import plain, shorten
from bot.store import people
from bot.store.people import Person

log = logging.getLogger(__name__)

TopicText = app_commands.Range[str, 1, 200]
StrictnessName = Literal["strict", "normal", "broad"]
SYNTAX = 'Plain words, a "phrase", author:Name, cat:cs.CL, and -words to leave out'


class TopicChoice(app_commands.Transformer):
    """One of the user's own topics, by its number."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.integer

    async def transform(self, interaction: discord.Interaction, value: int, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        return value

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, interaction: discord.Interaction, value: int | str, /
    ) -> list[app_commands.Choice[int]]:
        topics = await services_of(interaction).store.read(people.topics_of, interaction.user.id)
        wanted = str(value).casefold()
        return [
            app_commands.Choice(name=shorten(plain(topic.query), 100) or "…", value=topic.id)
            for topic in topics
            if wanted in topic.query.casefold()
        ][:25]


class Topics(commands.GroupCog, group_name="topics", group_description="Papers for you alone"):
    """Follow topics; what is new on them comes as a direct message."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    @app_commands.command()
    @app_commands.describe(
        topic=SYNTAX,
        strictness="How far meaning may stretch beyond your words (normal if left out)",
    )
    async def follow(
        self,
        interaction: discord.Interaction,
        topic: TopicText,
        strictness: StrictnessName = "normal",
    ) -> None:
        """Tell me, privately, of new papers on a topic"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        how = Strictness(strictness)
        trial = await following.tried(self.services, topic, how)
        followed = await following.follow(self.services, interaction.user.id, topic, how)
        person = await open_dm(interaction, render.welcome(followed, trial))
        await say(interaction, render.followed(followed, trial, person))

    @app_commands.command()
    @app_commands.describe(
        topic=SYNTAX,
        strictness="How far meaning may stretch beyond your words (normal if left out)",
    )
    async def preview(
        self,
        interaction: discord.Interaction,
        topic: TopicText,
        strictness: StrictnessName = "normal",
    ) -> None:
        """Show what a topic would have sent in the last 14 days"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        trial = await following.tried(self.services, topic, Strictness(strictness))
        await say(interaction, render.trial(trial))

    @app_commands.command()
    async def list(self, interaction: discord.Interaction) -> None:
        """Show the topics you follow"""
        await say(interaction, await own_topics(self.services, interaction.user.id))

    @app_commands.command()
    @app_commands.describe(topic="Which of your topics")
    async def unfollow(
        self, interaction: discord.Interaction, topic: app_commands.Transform[int, TopicChoice]
    ) -> None:
        """End a topic"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await say(interaction, render.unfollowed(await end_topic(interaction, topic)))


class Inbox(commands.Cog):
    """Everything that topics brought, also what could not be sent."""

    def __init__(self, services: Services) -> None:
        self.services = services

    @app_commands.command()
    async def inbox(self, interaction: discord.Interaction) -> None:
        """Show everything your topics brought you"""
        await say(interaction, await inbox_page(interaction, first=0))


async def inbox_page(interaction: discord.Interaction, *, first: int) -> Page:
    found = await following.inbox(
        services_of(interaction), interaction.user.id, first=first, limit=MOST_LISTED
    )
    if not found.shown:
        raise UserError("Your topics have brought nothing yet. /topics follow adds one.")
    return render.inbox(found, first=first)


async def own_topics(services: Services, user_id: int) -> Page:
    """Return a person's topics.

    Raises:
        UserError: They follow none.
    """
    topics = await services.store.read(people.topics_of, user_id)
    person = await services.store.read(people.get, user_id)
    if not topics or person is None:
        raise UserError("You follow nothing yet. /topics follow adds a topic.")
    return render.topics(topics, person)


async def end_topic(interaction: discord.Interaction, topic_id: int) -> Topic:
    services = services_of(interaction)
    ended = await services.store.run(people.unfollow, interaction.user.id, topic_id)
    if ended is None:
        raise UserError("You do not follow that. /topics list shows what you follow.")
    return ended


async def open_dm(interaction: discord.Interaction, first: Page) -> Person:
    """Open the user's DM channel by their own command and try it with a first message."""
    services, user = services_of(interaction), interaction.user
    try:
        channel = await open_channel(services, user)
        await channel.send(view=first)
    except discord.Forbidden as error:
        because = DM_CLOSED.get(error.code, "Discord does not let the bot send you direct messages")
        await services.store.run(people.dm_closed, user.id, now=services.now(), because=because)
    except (
        discord.DiscordException,
        DeliveryError,
    ) as error:  # it passes: the first alert opens the channel
        log.warning("no first direct message to %s: %s", user.id, error)
    else:
        await services.store.run(people.dm_opened, user.id, channel.id)
    return await services.store.run(people.ensure, user.id, now=services.now())


class UnfollowButton(PersistentButton, template=r"unfollow:(?P<topic>\d+)"):
    """Ends a topic."""

    async def press(self, interaction: discord.Interaction) -> None:
        await say(
            interaction, render.unfollowed(await end_topic(interaction, int(self.parts["topic"])))
        )


class TopicsButton(PersistentButton, template=r"topics"):
    """Shows the presser's topics."""

    async def press(self, interaction: discord.Interaction) -> None:
        await say(interaction, await own_topics(services_of(interaction), interaction.user.id))


class InboxButton(PersistentButton, template=r"inbox:(?P<first>\d+)"):
    """Turns the inbox's page."""

    async def press(self, interaction: discord.Interaction) -> None:
        await say(interaction, await inbox_page(interaction, first=int(self.parts["first"])))


class TryDmButton(PersistentButton, template=r"dm:try"):
    """Sends a first message again, after the user opened their direct messages."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        person = await open_dm(interaction, words("Direct messages work. Alerts come here again."))
        if person.dm_closed_because:
            raise UserError(f"Still closed: {person.dm_closed_because}. Alerts wait in /inbox.")
        await say(interaction, "Direct messages work. Your alerts come there again.")


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Topics(bot.services))
    await bot.add_cog(Inbox(bot.services))
    bot.add_dynamic_items(UnfollowButton, TopicsButton, InboxButton, TryDmButton)
