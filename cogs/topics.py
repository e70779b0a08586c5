"""``/topics``: what a person follows."""

from __future__ import annotations

import builtins
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot import following, ideas
from bot.categories import not_read
from bot.client import (
    PaperBot,
    PersistentButton,
    PersistentSelect,
    Services,
    say,
    services_of,
)
from bot.delivery.rules import DM_CLOSED
from bot.dm_channels import open_channel
from bot.errors import DeliveryError, UserError
from bot.models import Strictness, Topic
from bot.render import topics as render
from bot.render.cards import Page, words
from bot.render.text import plain, shorten
from bot.store import button_texts, people

log = logging.getLogger(__name__)

TopicText = app_commands.Range[str, 1, 200]
StrictnessName = Literal["strict", "normal", "broad"]
SYNTAX = 'Plain words, a "phrase", author:Name, cat:cs.CL, has:code, min:20, OR, -not'
HOW_FAR = "How far meaning may stretch beyond your words (normal if left out)"
PAUSE = timedelta(days=7)
"""What the button does."""


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


TopicOption = app_commands.Transform[int, TopicChoice]


class Topics(commands.GroupCog, group_name="topics", group_description="Papers for you alone"):
    """Follow topics; what is new on them comes as a direct message."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    @app_commands.command()
    @app_commands.describe(
        topic=SYNTAX,
        strictness=HOW_FAR,
        exclude="Words or phrases to leave out, with commas between them",
    )
    async def follow(
        self,
        interaction: discord.Interaction,
        topic: TopicText,
        strictness: StrictnessName = "normal",
        exclude: TopicText | None = None,
    ) -> None:
        """Try a topic on the last 14 days, then be told privately of new papers on it"""
        await self._try(interaction, topic, strictness, exclude)

    @app_commands.command()
    @app_commands.describe(
        topic=SYNTAX,
        strictness=HOW_FAR,
        exclude="Words or phrases to leave out, with commas between them",
    )
    async def preview(
        self,
        interaction: discord.Interaction,
        topic: TopicText,
        strictness: StrictnessName = "normal",
        exclude: TopicText | None = None,
    ) -> None:
        """Show what a topic would have sent in the last 14 days"""
        await self._try(interaction, topic, strictness, exclude)

    async def _try(
        self,
        interaction: discord.Interaction,
        topic: str,
        strictness: StrictnessName,
        exclude: str | None,
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        text = following.with_exclusions(topic, exclude or "")
        await say(interaction, await trial_page(interaction, text, Strictness(strictness)))

    @follow.autocomplete("topic")
    @preview.autocomplete("topic")
    async def _complete(
        self, interaction: discord.Interaction, current: str
    ) -> builtins.list[app_commands.Choice[str]]:
        found = await ideas.complete(self.services, interaction.user.id, current)
        return [app_commands.Choice(name=plain(topic) or "…", value=topic) for topic in found]

    @app_commands.command()
    async def list(self, interaction: discord.Interaction) -> None:
        """Show the topics you follow"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await say(interaction, await own_topics(self.services, interaction.user.id))

    @app_commands.command()
    @app_commands.describe(topic="Which of your topics")
    async def unfollow(self, interaction: discord.Interaction, topic: TopicOption) -> None:
        """End a topic"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await say(interaction, render.unfollowed(await end_topic(interaction, topic)))

    @app_commands.command()
    @app_commands.describe(topic="Which of your topics", days="How many days (7 if left out)")
    async def pause(
        self,
        interaction: discord.Interaction,
        topic: TopicOption,
        days: app_commands.Range[int, 1, 90] = PAUSE.days,
    ) -> None:
        """Let a topic rest for some days"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        until = self.services.now() + timedelta(days=days)
        await say(interaction, render.paused(await rest_topic(interaction, topic, until=until)))

    @app_commands.command()
    @app_commands.describe(topic="Which of your topics")
    async def resume(self, interaction: discord.Interaction, topic: TopicOption) -> None:
        """Let a paused topic go on"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = self.services.now()
        await say(interaction, render.resumed(await rest_topic(interaction, topic, until=now)))


async def trial_page(interaction: discord.Interaction, text: str, strictness: Strictness) -> Page:
    """Return what a topic would have sent.

    Raises:
        UserError: It makes no sense.
    """
    services = services_of(interaction)
    found = await following.tried(services, text, strictness)
    number = await services.store.run(button_texts.number_of, text)
    mine = await services.store.read(people.topics_of, interaction.user.id)
    follows = any(t.query == text and t.strictness is strictness for t in mine)
    note = not_read(found.query.categories, services.categories)
    return render.trial(found, text, number, follows=follows, note=note)


async def own_topics(services: Services, user_id: int, *, page: int = 0) -> Page:
    """Return a page of a person's topics; where there are none, what they may want."""
    store = services.store
    topics = await store.read(people.topics_of, user_id)
    person = await store.read(people.get, user_id)
    wanted = await ideas.ideas(services, user_id)
    numbered = [(text, await store.run(button_texts.number_of, text)) for text in wanted]
    if not topics or person is None:
        return render.nothing_followed(numbered)
    person = person.reached(by_email=services.by_email)
    counts = await store.read(people.match_counts, user_id)
    last = (len(topics) - 1) // render.MOST_LINES
    return render.topics(topics, person, counts, numbered, page=min(page, last), now=services.now())


async def rest_topic(interaction: discord.Interaction, topic_id: int, *, until: datetime) -> Topic:
    """Pause the user's topic until a moment; now ends a pause.

    Raises:
        UserError: It is not theirs.
    """
    store, user_id = services_of(interaction).store, interaction.user.id
    return known(await store.run(people.pause_topic, user_id, topic_id, until=until))


def known(topic: Topic | None) -> Topic:
    """Return a topic of the user's.

    Raises:
        UserError: There is none.
    """
    if topic is None:
        raise UserError("You do not follow that. /topics list shows what you follow.")
    return topic


async def end_topic(interaction: discord.Interaction, topic_id: int) -> Topic:
    services = services_of(interaction)
    return known(await services.store.run(people.unfollow, interaction.user.id, topic_id))


async def open_dm(interaction: discord.Interaction, first: Page) -> str | None:
    """Open the user's DM channel by their own command and try it with a first message.

    Returns:
        Why the message did not arrive; None if it did.
    """
    services, user = services_of(interaction), interaction.user
    try:
        channel = await open_channel(services, user)
        await channel.send(view=first)
    except discord.Forbidden as error:
        because = DM_CLOSED.get(error.code, "Discord does not let the bot send you direct messages")
        await services.store.run(people.dm_closed, user.id, now=services.now(), because=because)
        return because
    except (
        discord.DiscordException,
        DeliveryError,
    ) as error:  # it passes: the first alert opens the channel
        log.warning("no first direct message to %s: %s", user.id, error)
        return "Discord did not take a message just now"
    await services.store.run(people.dm_opened, user.id, channel.id)
    return None


class UnfollowButton(PersistentButton, template=r"unfollow:(?P<topic>\d+)"):
    """Ends a topic."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await say(
            interaction, render.unfollowed(await end_topic(interaction, int(self.parts["topic"])))
        )


class TopicsButton(PersistentButton, template=r"topics(?::(?P<page>\d+))?"):
    """Shows the presser's topics."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        page = int(self.parts["page"] or 0)
        await say(
            interaction, await own_topics(services_of(interaction), interaction.user.id, page=page)
        )


class PauseButton(PersistentButton, template=r"pause:(?P<topic>\d+)"):
    """Lets a topic rest for a week."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        until = services_of(interaction).now() + PAUSE
        topic = await rest_topic(interaction, int(self.parts["topic"]), until=until)
        await say(interaction, render.paused(topic))


class ResumeButton(PersistentButton, template=r"resume:(?P<topic>\d+)"):
    """Lets a paused topic go on."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        now = services_of(interaction).now()
        topic = await rest_topic(interaction, int(self.parts["topic"]), until=now)
        await say(interaction, render.resumed(topic))


class PreviewButton(PersistentButton, template=r"preview:(?P<topic>\d+)"):
    """Shows what one of the presser's topics would have sent."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        mine = await services_of(interaction).store.read(people.topics_of, interaction.user.id)
        wanted = int(self.parts["topic"])
        topic = known(next((topic for topic in mine if topic.id == wanted), None))
        await say(interaction, await trial_page(interaction, topic.query, topic.strictness))


_STRICTNESS = "|".join(Strictness)


class TryButton(
    PersistentButton,
    # What follows the last colon only tells two buttons of a message apart.
    template=rf"try:(?P<strictness>{_STRICTNESS}):(?P<text>\d+):(?P<turn>[-+=])",
):
    """Shows what a topic would have sent, tighter or wider, in place of the trial before."""

    async def press(self, interaction: discord.Interaction) -> None:
        is_turn = self.parts["turn"] != "="
        await interaction.response.defer(ephemeral=True, thinking=not is_turn)
        text = await typed(interaction, int(self.parts["text"]))
        page = await trial_page(interaction, text, Strictness(self.parts["strictness"]))
        if is_turn:
            await interaction.edit_original_response(view=page)
        else:
            await say(interaction, page)


class FollowButton(
    PersistentButton, template=rf"follow:(?P<strictness>{_STRICTNESS}):(?P<text>\d+)"
):
    """Follows the topic of a trial."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        services = services_of(interaction)
        number, how = int(self.parts["text"]), Strictness(self.parts["strictness"])
        text = await typed(interaction, number)
        followed = await following.follow(services, interaction.user.id, text, how)
        trial = await following.tried(services, text, how)
        await open_dm(interaction, render.welcome(followed, trial))
        person = await services.store.run(people.ensure, interaction.user.id, now=services.now())
        person = person.reached(by_email=services.by_email)
        await say(interaction, render.followed(followed, trial, person, number))


async def typed(interaction: discord.Interaction, number: int) -> str:
    """Return the topic whose text has a number.

    Raises:
        UserError: None has: it was long ago, or in another database.
    """
    text = await services_of(interaction).store.read(button_texts.text_of, number)
    if text is None:
        raise UserError("That topic is no longer known here. /topics follow takes it anew.")
    return text


class TopicSelect(PersistentSelect, template=r"choose:(?P<act>pause|unfollow)"):
    """Lets the chosen one of an alert's topics rest for a week, or ends it."""

    async def choose(self, interaction: discord.Interaction, values: Sequence[str]) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        topic_id = int(values[0])
        if self.parts["act"] == "unfollow":
            return await say(interaction, render.unfollowed(await end_topic(interaction, topic_id)))
        until = services_of(interaction).now() + PAUSE
        paused = await rest_topic(interaction, topic_id, until=until)
        return await say(interaction, render.paused(paused))


class TryDmButton(PersistentButton, template=r"dm:try"):
    """Sends a first message again, after the user opened their direct messages."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        why_not = await open_dm(interaction, words("Direct messages work. Alerts come here again."))
        if why_not:
            raise UserError(f"No message came through: {why_not}. Alerts wait in /inbox.")
        await say(interaction, "Direct messages work. Your alerts come there again.")


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Topics(bot.services))
    bot.add_dynamic_items(
        UnfollowButton,
        TopicsButton,
        PauseButton,
        ResumeButton,
        PreviewButton,
        TryButton,
        FollowButton,
        TopicSelect,
        TryDmButton,
    )
