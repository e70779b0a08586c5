"""``/papers``: what is listed, what rises, what is asked for, and the buttons on papers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot import discover, finding, ideas, posted
from bot.client import PaperBot, PersistentButton, Services, say, services_of
from bot.errors import UserError
from bot.finding import Search, Sort, first_day
from bot.render.cards import MOST_LISTED, Page, card
from bot.render.papers import (
    LONGEST_CARRIED,
    SOURCES,
    daily_page,
    found_page,
    more_page,
    search_of,
    search_text,
    similar_page,
    trending_page,
)
from bot.render.text import plain, shorten
from bot.store import button_texts, people
from bot.topics.query import parse_topic
from bot.trending import Period

MOST_CHOICES = 25
LONGEST_CHOICE = 100
LONGEST_NAME = 80
SPANS = {
    "7d": "the last 7 days",
    "1m": "the last month",
    "3m": "the last 3 months",
    "1y": "the last year",
}
EVERYWHERE = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)
ANYBODY = app_commands.AppInstallationType(guild=True, user=True)
"""What only reads is also for people who bring the bot along to where nobody invited it."""
QueryText = app_commands.Range[str, 1, 200]


class Papers(commands.Cog):
    """Find and read papers."""

    papers = app_commands.Group(
        name="papers",
        description="Find and read papers",
        allowed_contexts=EVERYWHERE,
        allowed_installs=ANYBODY,
    )

    def __init__(self, services: Services) -> None:
        self.services = services

    @papers.command()
    @app_commands.describe(
        period="How far back to look (a week, unless you say otherwise)",
        topic="Only papers on this topic, in your own words",
    )
    async def trending(
        self,
        interaction: discord.Interaction,
        period: Literal["day", "week", "month"] = "week",
        topic: QueryText | None = None,
    ) -> None:
        """Show the papers that are gaining attention now"""
        if topic:
            parse_topic(topic)  # what makes no sense is said to this reader alone
        await interaction.response.defer()
        found = await discover.trending(self.services, Period(period), topic=topic or "")
        page = await rising(self.services, found, topic or "", page=0)
        await say(interaction, page, private=False)

    @papers.command()
    @app_commands.describe(
        date="The list's day as YYYY-MM-DD (the newest complete one if left out)"
    )
    async def daily(
        self, interaction: discord.Interaction, date: app_commands.Range[str, 10, 10] | None = None
    ) -> None:
        """Show the Hugging Face daily list"""
        day = parse_day(date) if date else None
        await interaction.response.defer()
        found = await discover.daily(self.services, day)
        await say(interaction, daily_page(found, page=0), private=False)

    @papers.command()
    @app_commands.describe(
        query="Words, a phrase in quotes, an arXiv id, a DOI, a link; author:, cat:, has:code, -not",
        since="Only papers since 2026-03-02, 2026-03 or 2026, or from the last 7d, 2w, 3m, 1y",
        author="Only papers by this person",
        source="Only papers that this source has shown",
        sort="Newest or most voted first: of the papers that have all the words",
    )
    @app_commands.choices(
        source=[app_commands.Choice(name=name, value=id_) for id_, name in SOURCES.items()],
        sort=[
            app_commands.Choice(name="best match", value=Sort.BEST.value),
            app_commands.Choice(name="newest", value=Sort.NEWEST.value),
            app_commands.Choice(name="most votes", value=Sort.VOTES.value),
        ],
    )
    async def search(
        self,
        interaction: discord.Interaction,
        query: QueryText,
        since: app_commands.Range[str, 1, 20] = "",
        author: app_commands.Range[str, 1, 80] = "",
        source: str = "",
        sort: str = Sort.BEST.value,
    ) -> None:
        """Search papers by words, meaning, id or link"""
        if since:
            first_day(since, now=self.services.now())  # nonsense is said to this reader alone
        await interaction.response.defer()
        wanted = Search(query, since, author, source, Sort(sort))
        await say(interaction, await hits(self.services, wanted, page=0), private=False)

    @papers.command()
    @app_commands.describe(paper="A title, an arXiv id, a DOI or a link")
    async def show(self, interaction: discord.Interaction, paper: QueryText) -> None:
        """Show a paper's card"""
        await interaction.response.defer()
        await say(interaction, card(await discover.find(self.services, paper)), private=False)

    @papers.command()
    @app_commands.describe(paper="A title, an arXiv id, a DOI or a link")
    async def similar(self, interaction: discord.Interaction, paper: QueryText) -> None:
        """Show the papers nearest in meaning"""
        await interaction.response.defer()
        await say(interaction, await near(self.services, paper), private=False)

    @search.autocomplete("since")
    async def _spans(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        typed = current.casefold()
        return [
            app_commands.Choice(name=name, value=value)
            for value, name in SPANS.items()
            if typed in name or typed in value
        ]

    @search.autocomplete("author")
    async def _authors(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return names(
            await finding.suggest_authors(self.services, current, limit=MOST_CHOICES), LONGEST_NAME
        )

    @trending.autocomplete("topic")
    async def _topics(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return names(await ideas.complete(self.services, interaction.user.id, current))

    @show.autocomplete("paper")
    @similar.autocomplete("paper")
    async def _suggest(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return choices(await discover.suggest(self.services, current, limit=MOST_CHOICES))


def choices(papers: Sequence[tuple[str, str]]) -> list[app_commands.Choice[str]]:
    """Return papers (id and title) as Discord offers them: 25, of 100 characters, at most."""
    return [
        app_commands.Choice(name=shorten(plain(title), LONGEST_CHOICE) or paper_id, value=paper_id)
        for paper_id, title in papers[:MOST_CHOICES]
    ]


def names(found: Sequence[str], most: int = LONGEST_CHOICE) -> list[app_commands.Choice[str]]:
    """Return names as Discord offers them; one that is too long to be sent back is left out."""
    return [
        app_commands.Choice(name=plain(name), value=name)
        for name in found[:MOST_CHOICES]
        if plain(name) and len(name) <= most
    ]


def parse_day(text: str) -> date:
    """Return a day.

    Raises:
        UserError: It is not ``YYYY-MM-DD``.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UserError("Give the day as YYYY-MM-DD, for example 2026-03-02.") from None


async def near(services: Services, paper: str) -> Page:
    """Return the papers nearest to one."""
    known, found = await discover.similar(services, paper, limit=MOST_LISTED)
    return similar_page(known.title, found)


async def hits(services: Services, wanted: Search, *, page: int) -> Page:
    """Return a page of what a search finds.

    Raises:
        UserError: It finds nothing, or ``since`` makes no sense.
    """
    found = await finding.search(services, wanted)
    if not found.shown:
        read = services.categories
        raise UserError(finding.nothing_found(wanted, now=services.now(), read=read))
    text, number = search_text(wanted), None
    if len(text) > LONGEST_CARRIED and len(found.shown) > MOST_LISTED:
        number = await services.store.run(button_texts.number_of, text)
    return found_page(found, page=page, number=number)


async def rising(services: Services, found: discover.Trending, topic: str, *, page: int) -> Page:
    """Return a page of what is trending."""
    number = None
    if len(topic) > LONGEST_CARRIED and len(found.shown) > MOST_LISTED:
        number = await services.store.run(button_texts.number_of, topic)
    return trending_page(found, topic, page=page, number=number)


class ShowButton(PersistentButton, template=r"show:(?P<paper>.+)"):
    """Opens a paper's card for the one who pressed."""

    async def press(self, interaction: discord.Interaction) -> None:
        shown = await discover.find(services_of(interaction), self.parts["paper"])
        await say(interaction, card(shown))


class HitButton(PersistentButton, template=r"hit:(?P<paper>[^:]+):(?P<query>(?s:.*))"):
    """Opens the card of a paper that a search found, with why, for the one who pressed."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        services = services_of(interaction)
        shown = await finding.found_by(services, self.parts["paper"], self.parts["query"])
        await say(interaction, card(shown))


class FoundButton(
    PersistentButton,
    template=r"found:(?P<page>\d+):(?:#(?P<number>\d+)|(?P<search>\w+:\w*:[^:]*:[^:]*:(?s:.*)))",
):
    """Turns the page of what a search found, for the one who pressed."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        services, text = services_of(interaction), self.parts["search"]
        if number := self.parts["number"]:
            text = await services.store.read(button_texts.text_of, int(number))
        if text is None:
            raise UserError("That search is from long ago. Search anew with /papers search.")
        page = await hits(services, search_of(text), page=int(self.parts["page"]))
        await say(interaction, page)


class SimilarButton(PersistentButton, template=r"similar:(?P<paper>.+)"):
    """Shows the nearest papers to the one who pressed."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        await say(interaction, await near(services_of(interaction), self.parts["paper"]))


class SaveButton(PersistentButton, template=r"save:(?P<paper>.+)"):
    """Puts a paper on the presser's reading list, or takes it off again."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        services = services_of(interaction)
        shown = await discover.find(services, self.parts["paper"])
        saved = await services.store.run(
            people.toggle_saved, interaction.user.id, shown.paper.id, now=services.now()
        )
        await say(
            interaction,
            "Saved. /library list shows your reading list; press Save again to take it off."
            if saved
            else "Taken off your reading list.",
        )


class MoreButton(PersistentButton, template=r"more:(?P<delivery>\d+):(?P<page>\d+)"):
    """Opens the rest of a digest for the one who pressed."""

    async def press(self, interaction: discord.Interaction) -> None:
        services = services_of(interaction)
        digest_id = int(self.parts["delivery"])
        rest = await services.store.read(posted.rest_of, digest_id)
        if rest is None:
            raise UserError("That digest is no longer known.")
        found = await discover.by_ids(services, rest)
        await say(interaction, more_page(found, digest_id, page=int(self.parts["page"])))


class DailyButton(PersistentButton, template=r"daily:(?P<day>[\d-]+):(?P<page>\d+)"):
    """Turns the page of a daily list, for the one who pressed."""

    async def press(self, interaction: discord.Interaction) -> None:
        day = date.fromisoformat(self.parts["day"])
        found = await discover.daily(services_of(interaction), day)
        await say(interaction, daily_page(found, page=int(self.parts["page"])))


class TrendingButton(
    PersistentButton,
    template=r"trending:(?P<period>\w+)(?:#(?P<number>\d+))?:(?P<page>\d+):(?P<topic>.*)",
):
    """Turns the page of what is trending, for the one who pressed."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        services, topic = services_of(interaction), self.parts["topic"]
        if number := self.parts["number"]:
            topic = await services.store.read(button_texts.text_of, int(number))
        if topic is None:
            raise UserError("That list is from long ago. Ask anew with /papers trending.")
        found = await discover.trending(services, Period(self.parts["period"]), topic=topic)
        page = await rising(services, found, topic, page=int(self.parts["page"]))
        await say(interaction, page)


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Papers(bot.services))
    bot.add_dynamic_items(
        ShowButton,
        HitButton,
        FoundButton,
        SimilarButton,
        SaveButton,
        MoreButton,
        DailyButton,
        TrendingButton,
    )
