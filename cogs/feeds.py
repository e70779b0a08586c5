"""``/feeds``: what a moderator sets up for a channel, and what became of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot import feeding
from bot.client import PaperBot, PersistentButton, Services, say, services_of
from bot.dm_channels import open_channel
from bot.errors import DeliveryError, UserError
from bot.feeding import Part
from bot.listing_days import next_at, offered_timezones, parse_timezone
from bot.models import Feed, Style
from bot.places import Place, missing_permissions
from bot.render import feeds as render
from bot.render.cards import MOST_LISTED, Page
from bot.render.text import plain, shorten
from bot.store import feeds as store
from bot.store import people
from bot.topics.query import parse_topic

log = logging.getLogger(__name__)

OPENS = "show:"
"""Begins the ``custom_id`` of a button that opens a paper's card."""
MOST_HISTORY = 20
"""Papers on a page of a feed's history; long titles leave room for fewer."""
MOST_FEEDS = 25
"""Feeds a server: as many as one list of choices holds."""
DAYS = {
    "every day": frozenset(range(7)),
    "weekdays": frozenset(range(5)),
    "Mondays": frozenset((0,)),
    "Fridays": frozenset((4,)),
    "weekends": frozenset((5, 6)),
}
DayChoice = app_commands.Choice[str]
DAY_CHOICES = [app_commands.Choice(name=name, value=name) for name in DAYS]
Hour = app_commands.Range[int, 0, 23]
Votes = app_commands.Range[int, 0, 10_000]
Number = app_commands.Range[int, 1, 25]
TopicText = app_commands.Range[str, 1, 200]
StyleName = Literal["digest", "cards", "forum"]


class FeedChoice(app_commands.Transformer):
    """A feed of this server, by its number."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.integer

    async def transform(self, interaction: discord.Interaction, value: int, /) -> Feed:  # pyright: ignore[reportIncompatibleMethodOverride]
        return await own_feed(interaction, value)

    async def autocomplete(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, interaction: discord.Interaction, value: int | str, /
    ) -> list[app_commands.Choice[int]]:
        services = services_of(interaction)
        feeds = await services.store.read(store.of_guild, interaction.guild_id or 0)
        choices = [
            app_commands.Choice(
                name=shorten(f"{feed.id}: {self._name(interaction, feed)}", 100), value=feed.id
            )
            for feed in feeds
        ]
        return [choice for choice in choices if str(value).lower() in choice.name.lower()][:25]

    def _name(self, interaction: discord.Interaction, feed: Feed) -> str:
        assert interaction.guild is not None
        channel = interaction.guild.get_channel(feed.channel_id)
        where = f"#{channel.name}" if channel else "a channel that is gone"
        return plain(f"{where}, {render.wish(feed)}")


async def own_feed(interaction: discord.Interaction, feed_id: int) -> Feed:
    """Return a feed of the server where the command was used.

    Raises:
        UserError: It has no such feed.
    """
    feed = await services_of(interaction).store.read(store.get, feed_id)
    if feed is None or feed.guild_id != interaction.guild_id:
        raise UserError(f"This server has no feed {feed_id}. /feeds list shows them all.")
    return feed


def place_of(interaction: discord.Interaction, feed: Feed) -> Place:
    """Return the channel of a feed of the server where the command was used.

    Raises:
        UserError: It is gone.
    """
    assert interaction.guild is not None
    channel = interaction.guild.get_channel(feed.channel_id)
    if not isinstance(channel, Place):
        raise UserError(f"Feed {feed.id}'s channel is gone. /feeds remove ends the feed.")
    return channel


FeedOption = app_commands.Transform[Feed, FeedChoice]


@app_commands.guild_only()
@app_commands.default_permissions(manage_guild=True)
class Feeds(commands.GroupCog, group_name="feeds", group_description="Papers for this server"):
    """Set up what is posted where."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self.services = services

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Only Manage Server, also where a server has opened the command to more people."""
        if interaction.permissions.manage_guild:
            return True
        raise app_commands.MissingPermissions(["manage_guild"])

    @app_commands.command()
    @app_commands.describe(
        channel="Where to post: a text channel or a forum",
        topic="Only papers on this topic, in your own words (everything if left out)",
        style="One digest a day, a card for each paper, or a forum post for each paper",
        hour="The hour to post at, 0 to 23 (9 if left out)",
        timezone="The zone of that hour, such as Europe/Berlin (UTC if left out)",
        days="On which days to post (every day if left out)",
        min_votes="Leave out papers with fewer votes",
        max_papers="Papers a day at the most (8 if left out)",
        role="A role to ping with each post (nobody if left out)",
    )
    @app_commands.choices(days=DAY_CHOICES)
    async def add(
        self,
        interaction: discord.Interaction,
        channel: Place,
        topic: TopicText | None = None,
        style: StyleName | None = None,
        hour: Hour = 9,
        timezone: str = "UTC",
        days: DayChoice | None = None,
        min_votes: Votes = 0,
        max_papers: Number = MOST_LISTED,
        role: discord.Role | None = None,
    ) -> None:
        """Post papers in a channel, every day at an hour"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        feed = Feed(
            id=0,
            guild_id=interaction.guild_id or 0,
            channel_id=channel.id,
            created_by=interaction.user.id,
            created_at=self.services.now(),
            topic=clean_topic(topic or ""),
            style=Style(style) if style else default_style(channel),
            hour=hour,
            timezone=parse_timezone(timezone).key,
            days=DAYS[days.value] if days else DAYS["every day"],
            min_votes=min_votes,
            max_papers=max_papers,
            role_id=role.id if role else None,
        )
        check_wish(feed, channel)
        check_permissions(channel, feed.style)
        check_role(channel, role)
        made = await self.services.store.run(feeding.add_feed, feed, most=MOST_FEEDS)
        first = next_at(made.hour, made.timezone, made.days, after=self.services.now())
        await say(interaction, render.made(made, first))
        await remember_dm(interaction)

    @app_commands.command()
    async def list(self, interaction: discord.Interaction) -> None:
        """Show this server's feeds and when each posts next"""
        feeds = await self.services.store.read(store.of_guild, interaction.guild_id or 0)
        if not feeds:
            raise UserError("This server has no feeds yet. /feeds add makes one.")
        await say(interaction, render.listed(feeds, now=self.services.now()))

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def preview(self, interaction: discord.Interaction, feed: FeedOption) -> None:
        """Show you alone what a feed would post now"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        found = await feeding.preview(
            self.services.store, feed, now=self.services.now(), reader=self.services.reader
        )
        if found is None:
            raise UserError(
                "Nothing on the newest lists fits this feed right now, so it would post nothing."
            )
        await say(interaction, render.preview(found))

    @app_commands.command()
    @app_commands.describe(
        feed="Which feed",
        topic="Only papers on this topic; a dash for everything",
        style="One digest a day, a card for each paper, or a forum post for each paper",
        hour="The hour to post at, 0 to 23",
        timezone="The zone of that hour, such as Europe/Berlin",
        days="On which days to post",
        min_votes="Leave out papers with fewer votes",
        max_papers="Papers a day at the most",
        role="A role to ping with each post",
        no_role="Ping nobody any more",
    )
    @app_commands.choices(days=DAY_CHOICES)
    async def edit(
        self,
        interaction: discord.Interaction,
        feed: FeedOption,
        topic: TopicText | None = None,
        style: StyleName | None = None,
        hour: Hour | None = None,
        timezone: str | None = None,
        days: DayChoice | None = None,
        min_votes: Votes | None = None,
        max_papers: Number | None = None,
        role: discord.Role | None = None,
        no_role: bool = False,
    ) -> None:
        """Change what a feed posts, how and when"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        if role and no_role:
            raise UserError("Name a role to ping or set no_role, not both.")
        changed = replace(
            feed,
            topic=feed.topic if topic is None else clean_topic(topic),
            style=Style(style) if style else feed.style,
            hour=feed.hour if hour is None else hour,
            timezone=parse_timezone(timezone).key if timezone else feed.timezone,
            days=DAYS[days.value] if days else feed.days,
            min_votes=feed.min_votes if min_votes is None else min_votes,
            max_papers=max_papers or feed.max_papers,
            role_id=role.id if role else None if no_role else feed.role_id,
        )
        check_wish(changed, None)
        if style or role:
            channel = place_of(interaction, feed)
            check_wish(changed, channel)
            check_permissions(channel, changed.style)
            check_role(channel, role)
        await self.services.store.run(feeding.edit_feed, changed)
        first = next_at(changed.hour, changed.timezone, changed.days, after=self.services.now())
        await say(interaction, render.changed(changed, first))

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def pause(self, interaction: discord.Interaction, feed: FeedOption) -> None:
        """Stop a feed for a while; its set-up is kept"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        if not await self.services.store.run(store.pause, feed.id, now=self.services.now()):
            raise UserError(f"Feed {feed.id} is paused already.")
        await say(interaction, f"Feed {feed.id} is paused. /feeds resume lets it go on.")

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def resume(self, interaction: discord.Interaction, feed: FeedOption) -> None:
        """Let a paused feed go on"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        check_permissions(place_of(interaction, feed), feed.style)
        if not await self.services.store.run(feeding.resume_feed, feed, now=self.services.now()):
            raise UserError(f"Feed {feed.id} is not paused.")
        self.services.wake("compose")
        await say(interaction, f"Feed {feed.id} goes on.")

    @app_commands.command()
    @app_commands.describe(feed="Which feed")
    async def remove(self, interaction: discord.Interaction, feed: FeedOption) -> None:
        """End a feed; its earlier posts stay"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.services.store.run(store.remove, feed.id)
        await say(interaction, f"Feed {feed.id} in <#{feed.channel_id}> is removed.")

    @app_commands.command()
    @app_commands.describe(feed="Which feed", only="Only papers that were sent, owed or held back")
    async def history(
        self,
        interaction: discord.Interaction,
        feed: FeedOption,
        only: Literal["sent", "owed", "held"] | None = None,
    ) -> None:
        """Show each paper: sent, owed, or held back and why"""
        await interaction.response.defer(ephemeral=True, thinking=True)
        await say(interaction, await history_page(interaction, feed, Part(only or "all"), first=0))

    @add.autocomplete("timezone")
    @edit.autocomplete("timezone")
    async def _zones(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=zone, value=zone) for zone in offered_timezones(current)]


def clean_topic(topic: str) -> str:
    """Return a topic as typed, on one line; a dash alone stands for no topic."""
    words = " ".join(topic.split())
    return "" if words in ("-", "–", "—") else words


def default_style(channel: Place) -> Style:
    return Style.FORUM if isinstance(channel, discord.ForumChannel) else Style.DIGEST


def check_wish(feed: Feed, channel: Place | None) -> None:
    """Refuse what cannot work.

    Raises:
        UserError: The style does not fit the channel, a number is too large, or the topic
            makes no sense.
    """
    if feed.topic:
        parse_topic(feed.topic)
    if feed.style is Style.DIGEST and feed.max_papers > MOST_LISTED:
        raise UserError(
            f"A digest shows {MOST_LISTED} papers at the most; its last button opens the rest."
        )
    is_forum = isinstance(channel, discord.ForumChannel)
    if channel is not None and is_forum != (feed.style is Style.FORUM):
        raise UserError(
            "A forum takes the style forum."
            if is_forum
            else "The style forum needs a forum channel."
        )


def check_permissions(channel: Place, style: Style) -> None:
    """Refuse a channel where the bot lacks a permission, naming each that is missing.

    Raises:
        UserError: Something is missing.
    """
    if missing := missing_permissions(channel, style):
        names = ", ".join(render.permission(name) for name in missing)
        raise UserError(
            f"The bot lacks {names} in {channel.mention}. Allow that there, then try again."
        )


def check_role(channel: Place, role: discord.Role | None) -> None:
    """Refuse a role that the bot cannot ping, or that is everybody.

    Raises:
        UserError: Another role is wanted, or a permission.
    """
    if role is None:
        return
    if role.is_default():
        raise UserError("A feed cannot ping everyone. Name another role, or none.")
    if not (role.mentionable or channel.permissions_for(channel.guild.me).mention_everyone):
        raise UserError(
            f"The bot may not ping {role.mention}. Allow anyone to mention that role, or give the"
            f" bot {render.permission('mention_everyone')} in {channel.mention}; then try again."
        )


async def remember_dm(interaction: discord.Interaction) -> None:
    """Open a moderator's DM channel by their own command, so that a notice finds it later.

    It stays silent; where it cannot be opened, a notice will try again.
    """
    services, user = services_of(interaction), interaction.user
    person = await services.store.run(people.ensure, user.id, now=services.now())
    if person.dm_channel_id is not None or person.dm_closed_at is not None:
        return
    try:
        channel = await open_channel(services, user)
    except (discord.DiscordException, DeliveryError) as error:
        log.info("no DM channel with %s: %s", user.id, error)
    else:
        await services.store.run(people.dm_opened, user.id, channel.id)


async def history_page(
    interaction: discord.Interaction, feed: Feed, part: Part, *, first: int
) -> Page:
    """Return a page of a feed's history.

    Raises:
        UserError: There is nothing on it.
    """
    services = services_of(interaction)
    found = await services.store.read(
        feeding.history, feed, limit=MOST_HISTORY, first=first, part=part
    )
    if not found.counts:
        raise UserError(f"Nothing was decided for feed {feed.id} yet.")
    if not found.lines:
        what = "" if part is Part.ALL else f" that is {part}"
        raise UserError(f"Feed {feed.id} has no{' more' if first else ''} paper{what}.")
    return render.history(found)


class HistoryButton(
    PersistentButton, template=r"history:(?P<feed>\d+):(?P<part>all|sent|owed|held):(?P<first>\d+)"
):
    """Shows what became of a feed's earlier papers."""

    async def press(self, interaction: discord.Interaction) -> None:
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        await interaction.response.defer(ephemeral=True, thinking=True)
        feed = await own_feed(interaction, int(self.parts["feed"]))
        part, first = Part(self.parts["part"]), int(self.parts["first"])
        await say(interaction, await history_page(interaction, feed, part, first=first))


class PostNowButton(PersistentButton, template=r"post:(?P<feed>\d+)"):
    """Posts what a preview shows, as today's; the papers are those of the preview's own buttons."""

    async def press(self, interaction: discord.Interaction) -> None:
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        await interaction.response.defer(ephemeral=True, thinking=True)
        services = services_of(interaction)
        feed = await own_feed(interaction, int(self.parts["feed"]))
        ids = previewed(interaction.message)
        await feeding.post_now(
            services.store, feed, ids, now=services.now(), reader=services.reader
        )
        services.wake("deliver")
        await say(interaction, f"It goes out to <#{feed.channel_id}> within seconds.")


def previewed(message: discord.Message | None) -> list[str]:
    """Return the papers that a message has buttons for, in order."""
    assert message is not None
    buttons = discord.ui.LayoutView.from_message(message, timeout=None).walk_children()
    ids = [button.custom_id or "" for button in buttons if isinstance(button, discord.ui.Button)]
    return [id_.removeprefix(OPENS) for id_ in ids if id_.startswith(OPENS)]


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Feeds(bot.services))
    bot.add_dynamic_items(HistoryButton, PostNowButton)
