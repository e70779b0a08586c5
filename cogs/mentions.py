"""Messages that are questions: mentions of the bot, replies to it, direct messages, paper threads."""

from __future__ import annotations

import logging
import re

import discord
from discord.ext import commands

from bot import discover, posted
from bot.asking import MOST_NAMED
from bot.client import PaperBot, Services
from bot.conversations import Asked, TooManyQuestions
from bot.errors import StoreError
from bot.paper_ids import arxiv_id
from bot.render.answers import found_in_message, how_to
from bot.render.cards import Page
from cogs.answering import (
    ReplySpot,
    answer_at,
    papers_of,
    papers_of_thread,
    remember_papers,
)
from cogs.contents import texts_of, without_marks

log = logging.getLogger(__name__)

_CODE = re.compile(r"```.*?(?:```|\Z)|``.*?``|`[^`\n]*`", re.DOTALL)
_QUOTED = re.compile(r"^\s{0,3}>(?:>>)?\s.*$", re.MULTILINE)
_ASKS = re.compile(r"\?(?=\s|$|[)\"'”])")
_LINK = re.compile(r"https?://\S+")


class Mentions(commands.Cog):
    """Answers what is written to the bot, where it was written."""

    def __init__(self, bot: PaperBot) -> None:
        self.bot = bot
        self.services: Services = bot.services

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        if not is_from_a_person(message):
            return
        if self._is_to_us(message):
            await self._answer(message)
        elif self._may_be_asked(message):
            await self._answer_if_known(message)

    @property
    def _own_id(self) -> int:
        assert self.bot.user is not None
        return self.bot.user.id

    def _is_to_us(self, message: discord.Message) -> bool:
        if message.guild is None:
            return True
        if message.mention_everyone:
            return False
        pinged = any(user.id == self._own_id for user in message.mentions)
        if self._replied_to(message) is not None:
            # Without the ping Discord keeps the text back, and an empty one says nothing.
            return pinged or bool(message.content)
        return pinged and is_mentioned(message.content, self._own_id)

    def _replied_to(self, message: discord.Message) -> discord.Message | None:
        """Return the message of ours that this is a reply to."""
        original = message.reference.resolved if message.reference else None
        if isinstance(original, discord.Message) and original.author.id == self._own_id:
            return original
        return None

    def _may_be_asked(self, message: discord.Message) -> bool:
        """Whether a message in a thread, to nobody in particular, asks something."""
        return (
            self.bot.intents.message_content
            and isinstance(message.channel, discord.Thread)
            and not message.reference
            and not message.mentions
            and not message.mention_everyone
            and bool(_ASKS.search(_LINK.sub("", _CODE.sub("", message.content))))
        )

    async def _answer(self, message: discord.Message) -> None:
        spot = _spot(message)
        if spot is None:
            return
        question = question_in(message.content)
        texts = [question, *texts_of(message)[bool(message.content) :]]
        named = await self._papers_named(texts)
        if not has_words(question) or is_greeting(question):
            await self._say_without_question(spot, message, named)
            return
        await _type(message.channel)
        about = named[:MOST_NAMED] or await self._papers_around(message)
        await answer_at(spot, self.services, self._asked(message, question, about))

    async def _answer_if_known(self, message: discord.Message) -> None:
        about = await self._of_thread(message)
        spot = _spot(message) if about else None
        if spot is not None:
            asked = self._asked(message, question_in(message.content), about)
            await answer_at(spot, self.services, asked, only_if_known=True)

    async def _say_without_question(
        self, spot: ReplySpot, message: discord.Message, named: tuple[str, ...]
    ) -> None:
        """Show the papers that were named without a word, else say how to ask."""
        try:
            self.services.conversations.take_turn(message.author.id)
        except TooManyQuestions:
            return
        try:
            shown = await spot.show(await self._shown(named) if named else how_to())
        except discord.HTTPException as error:
            log.warning("message %s could not be answered: %s", message.id, error)
            return
        if named:
            asked = self._asked(message, " ".join(named), named)
            await remember_papers(self.services, asked, message_id=shown)

    async def _shown(self, ids: tuple[str, ...]) -> Page:
        known = await discover.by_ids(self.services, ids)
        there = {shown.paper.id for shown in known}
        return found_in_message(known, [id_ for id_ in ids if id_ not in there])

    async def _papers_named(self, texts: list[str]) -> tuple[str, ...]:
        try:
            return await self.services.store.read(posted.papers_named, texts)
        except StoreError as error:
            log.error("a message could not be read for papers: %s", error)
            return ()

    async def _papers_around(self, message: discord.Message) -> tuple[str, ...]:
        """Return the papers of the message that this is a reply to, else of the thread it is in."""
        original = message.reference.resolved if message.reference else None
        if isinstance(original, discord.Message):
            user_id = message.author.id
            if original.author.id == self._own_id:
                found = await papers_of(self.services, original, user_id)
            else:
                found = (await self._papers_named(texts_of(original)))[:MOST_NAMED]
            if found:
                return found
        return await self._of_thread(message)

    async def _of_thread(self, message: discord.Message) -> tuple[str, ...]:
        return await papers_of_thread(self.services, message.channel, message.author.id)

    def _asked(self, message: discord.Message, question: str, about: tuple[str, ...]) -> Asked:
        replied_to = self._replied_to(message)
        return Asked(
            question=question,
            user_id=message.author.id,
            place_id=message.channel.id,
            guild_id=message.guild.id if message.guild else None,
            in_thread=isinstance(message.channel, discord.Thread),
            private=message.guild is None,
            paper_ids=about,
            replied_to=replied_to.id if replied_to else None,
        )


def is_from_a_person(message: discord.Message) -> bool:
    """Whether a person wrote a message: not a bot, a webhook or Discord itself."""
    written = message.type in (discord.MessageType.default, discord.MessageType.reply)
    return written and not message.author.bot and message.webhook_id is None


def is_mentioned(text: str, user_id: int) -> bool:
    """Whether a text mentions somebody, other than in code or in words that it quotes."""
    said = _QUOTED.sub("", _CODE.sub("", text))
    return re.search(rf"<@!?{user_id}>", said) is not None


def question_in(text: str) -> str:
    """Return what a text asks: without mentions and custom emoji, and without quoted lines."""
    return " ".join(without_marks(_QUOTED.sub("", text)).split())


def has_words(question: str) -> bool:
    """Whether there is anything in it but papers' ids and links, punctuation and emoji."""
    return any(
        re.search(r"[^\W_]", word) and not arxiv_id(word)
        for word in without_marks(question).split()
    )


_GREETING = re.compile(
    r"\W*(?:(?:hello|hi|hey|good (?:morning|afternoon|evening|day)|thanks|thank you|help|start|test"
    r"|ping|bot|there|paperwire)\b\W*)+",
    re.IGNORECASE,
)


def is_greeting(question: str) -> bool:
    """Whether somebody is only being polite, or tries whether anybody is there."""
    return _GREETING.fullmatch(question) is not None


def _spot(message: discord.Message) -> ReplySpot | None:
    """Return where to answer; None where the bot may not."""
    if message.guild is None:
        return ReplySpot(message, may_refer=True)
    channel = message.channel
    have = channel.permissions_for(message.guild.me)
    in_thread = isinstance(channel, discord.Thread)
    may = have.send_messages_in_threads if in_thread else have.send_messages
    locked = isinstance(channel, discord.Thread) and channel.locked and not have.manage_threads
    if not have.view_channel or not may or locked:
        log.info("message %s is not answered: the bot may not write in its channel", message.id)
        return None
    return ReplySpot(message, may_refer=have.read_message_history)


async def _type(channel: discord.abc.Messageable) -> None:
    try:
        await channel.typing()
    except discord.HTTPException as error:
        log.info("the typing indicator could not be shown: %s", error)


async def setup(bot: PaperBot) -> None:
    await bot.add_cog(Mentions(bot))
