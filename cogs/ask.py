"""``/ask``, the Ask buttons and their form, and what is asked of any message by its menu."""

from __future__ import annotations

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot import discover, posted
from bot.asking import MOST_NAMED, Scope
from bot.client import (
    PaperBot,
    PersistentButton,
    PersistentForm,
    explain,
    say,
    services_of,
    submitted,
)
from bot.conversations import Asked
from bot.errors import UserError
from bot.paper_ids import arxiv_id
from bot.render.answers import found_in_message, stopped_page
from cogs.answering import (
    InteractionSpot,
    answer_at,
    papers_of,
    papers_of_thread,
    papers_posted_as,
)
from cogs.contents import texts_of, without_marks
from cogs.papers import ANYBODY, EVERYWHERE, MOST_CHOICES, QueryText, choices

LONGEST_QUESTION = 500
LONGEST_CUSTOM_ID = 100
FORM = "question:"
"""Begins a form's ``custom_id``; what it is about follows, as on the button that opened it."""
FIELD = "question"
QuestionText = app_commands.Range[str, 1, LONGEST_QUESTION]
SCOPES = [
    app_commands.Choice(name="recent papers", value=Scope.RECENT.name),
    app_commands.Choice(name="what was posted on this server", value=Scope.SAVED_HERE.name),
    app_commands.Choice(name="my library", value=Scope.LIBRARY.name),
]


class Ask(commands.Cog):
    """Questions about papers, answered with what the papers say."""

    def __init__(self, bot: PaperBot) -> None:
        self.bot = bot
        self.services = bot.services
        self._menus = [
            _menu("Ask about this", self.ask_about),
            _menu("Papers in this message", self.papers_in),
        ]

    async def cog_load(self) -> None:
        for menu in self._menus:
            self.bot.tree.add_command(menu)

    async def cog_unload(self) -> None:
        for menu in self._menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.describe(
        question="What you want to know, in your own words",
        paper="The paper that you ask about: a title, an arXiv id, a DOI or a link",
        scope="Where to look if you name no paper (among recent ones if left out)",
        private="Whether only you see the answer",
    )
    @app_commands.choices(scope=SCOPES)
    async def ask(
        self,
        interaction: discord.Interaction,
        question: QuestionText,
        paper: QueryText | None = None,
        scope: app_commands.Choice[str] | None = None,
        private: bool | None = None,
    ) -> None:
        """Ask what papers say, and see the sentences that say it"""
        where = Scope[scope.value] if scope else None
        if private is None:  # a library is its owner's, and a server may not have invited the bot
            private = where is Scope.LIBRARY or is_guest(interaction)
        await interaction.response.defer(ephemeral=private, thinking=True)
        about = (await self._paper(paper),) if paper else ()
        if not about and where is None:
            about = await papers_of_thread(self.services, interaction.channel, interaction.user.id)
        asked = _asked(interaction, question, about, private=private, scope=where)
        await answer_at(InteractionSpot(interaction), self.services, asked, show_question=True)

    @ask.autocomplete("paper")
    async def _suggest(
        self, interaction: discord.Interaction, current: str
    ) -> list[app_commands.Choice[str]]:
        return choices(await discover.suggest(self.services, current, limit=MOST_CHOICES))

    async def _paper(self, text: str) -> str:
        """Return the paper that is meant, which for an arXiv id need not be in the library."""
        return arxiv_id(text) or (await discover.find(self.services, text)).paper.id

    async def ask_about(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Open the form for a question about the papers of a message."""
        about: tuple[str, ...] = ()
        if message.author == self.bot.user:
            about = await papers_of(self.services, message, interaction.user.id)
        ours = bool(about)
        about = about or await self.services.store.read(posted.papers_named, texts_of(message))
        if not about:
            raise UserError("No paper is named in this message. /ask asks about any paper.")
        # A digest has more papers than a form can carry; its message leads to them.
        many = ours and len(about) > MOST_NAMED
        what = f"post:{message.id}" if many else _fitting(about)
        await interaction.response.send_modal(QuestionForm(what))

    async def papers_in(self, interaction: discord.Interaction, message: discord.Message) -> None:
        """Show the papers of a message to the one who asked."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        ids: tuple[str, ...] = ()
        if message.author == self.bot.user:
            ids = await papers_of(self.services, message, interaction.user.id)
        ids = ids or await self.services.store.read(posted.papers_named, texts_of(message))
        if not ids:
            raise UserError("No paper is named in this message: no arXiv id, DOI or link to one.")
        known = await discover.by_ids(self.services, ids)
        there = {shown.paper.id for shown in known}
        unknown = [id_ for id_ in ids if id_ not in there and arxiv_id(id_)]
        await say(interaction, found_in_message(known, unknown))

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Answer the form, wherever it was opened and whoever ran the bot then."""
        form = submitted(interaction)
        if form is None or not form[0].startswith(FORM):
            return
        try:
            await self._answer_form(interaction, form[0].removeprefix(FORM), form[1][FIELD])
        except Exception as error:  # noqa: BLE001  one form ends here, as a command does
            await explain(interaction, error)

    async def _answer_form(
        self, interaction: discord.Interaction, what: str, question: str
    ) -> None:
        source = interaction.message
        private = is_guest(interaction) or bool(source and source.flags.ephemeral)
        await interaction.response.defer(ephemeral=private, thinking=True)
        kind, _, rest = what.partition(":")
        about: tuple[str, ...] = ()
        if kind == "ask":
            about = tuple(rest.split(","))
        elif kind == "post":
            about = await papers_posted_as(self.services, int(rest), interaction.user.id)
        asked = _asked(
            interaction,
            question,
            about,
            private=private,
            scope=Scope[rest.upper()] if kind == "again" else None,
            replied_to=source.id if source else None,
        )
        await answer_at(InteractionSpot(interaction), self.services, asked, show_question=True)


def _menu(name: str, callback: object) -> app_commands.ContextMenu:
    return app_commands.ContextMenu(
        name=name,
        callback=callback,  # pyright: ignore[reportArgumentType]
        allowed_contexts=EVERYWHERE,
        allowed_installs=ANYBODY,
    )


def is_guest(interaction: discord.Interaction) -> bool:
    """Whether the user brought the bot to a server that did not invite it."""
    by_user = interaction.is_user_integration() and not interaction.is_guild_integration()
    return by_user and interaction.guild_id is not None


def _asked(
    interaction: discord.Interaction,
    question: str,
    about: tuple[str, ...],
    *,
    private: bool,
    scope: Scope | None,
    replied_to: int | None = None,
) -> Asked:
    return Asked(
        question=" ".join(without_marks(question).split()),
        user_id=interaction.user.id,
        place_id=interaction.channel_id or 0,
        guild_id=interaction.guild_id,
        in_thread=isinstance(interaction.channel, discord.Thread),
        private=private or interaction.context.dm_channel,
        paper_ids=about,
        scope=scope,
        replied_to=replied_to,
    )


def _fitting(paper_ids: tuple[str, ...]) -> str:
    """Return what a form about papers carries: as many of them as its ``custom_id`` has room for."""
    room = LONGEST_CUSTOM_ID - len(FORM)
    texts = ["ask:" + ",".join(paper_ids[:n]) for n in range(len(paper_ids), 0, -1)]
    return next((text for text in texts if len(text) <= room), "")


class QuestionForm(PersistentForm):
    """Where a question is typed.

    Args:
        what: ``ask:`` and papers with commas between them, ``post:`` and a message of ours,
            or ``again:`` and a scope.
    """

    def __init__(self, what: str) -> None:
        super().__init__(title="Ask what the papers say", custom_id=FORM + what)
        field: ui.TextInput[QuestionForm] = ui.TextInput(
            custom_id=FIELD,
            style=discord.TextStyle.paragraph,
            max_length=LONGEST_QUESTION,
            placeholder="How much better is it, and on which data?",
        )
        self.add_item(ui.Label(text="Question", component=field))


class AskButton(PersistentButton, template=r"ask:(?P<paper>.+)"):
    """Opens the form for a question about a paper."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(QuestionForm(f"ask:{self.parts['paper']}"))


class AgainButton(PersistentButton, template=r"again:(?P<scope>recent|saved_here|library)"):
    """Opens the form for the next question of a conversation."""

    async def press(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_modal(QuestionForm(f"again:{self.parts['scope']}"))


class StopButton(PersistentButton, template=r"stop:(?P<user>\d+)"):
    """Stops an answer that is under way."""

    async def press(self, interaction: discord.Interaction) -> None:
        if interaction.user.id != int(self.parts["user"]):
            raise UserError("Only the person who asked can stop it.")
        if services_of(interaction).conversations.stop(interaction.user.id):
            await interaction.response.defer()  # what is under way edits its message itself
        else:  # a restart came in between
            await interaction.response.edit_message(view=stopped_page())


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Ask(bot))
    bot.add_dynamic_items(AskButton, AgainButton, StopButton)
