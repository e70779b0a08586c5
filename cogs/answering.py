"""A question from any place on Discord, answered there: what a person sees of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

import discord

from bot import discover, posted
from bot.answers.answer import Answer
from bot.asking import Scope
from bot.client import Services, in_words
from bot.conversations import Asked, Context, Stopped, TooManyQuestions
from bot.errors import StoreError
from bot.render.answers import Titles, answer_page, draft_page, stopped_page
from bot.render.cards import Page, words
from cogs.contents import custom_ids_of

log = logging.getLogger(__name__)

SLOW = 1.5
"""Seconds after which an answer that is not there yet is announced, with its Stop button."""
EDIT_EVERY = 1.5
"""Seconds between two edits of one message; Discord takes some five in five seconds."""


class Spot(Protocol):
    """Where one answer appears. The same message is edited until the answer is whole."""

    number: int
    """To find a failure in the log by."""
    may_stay_empty: bool
    """Whether nothing shows that an answer is awaited."""

    async def show(self, page: Page) -> int:
        """Show this instead of what is there; returns the message's id.

        Raises:
            discord.HTTPException: Discord does not let the bot write there.
        """
        ...


class InteractionSpot:
    """The answer to a command, button or form that was deferred.

    It is edited and never followed up: a user-installed app may follow up five times only.
    """

    may_stay_empty = False

    def __init__(self, interaction: discord.Interaction) -> None:
        self._interaction = interaction
        self.number = interaction.id

    async def show(self, page: Page) -> int:
        return (await self._interaction.edit_original_response(view=page)).id


class ReplySpot:
    """A reply to a message, which pings nobody.

    Args:
        may_refer: Whether the bot may read the channel's history, as a reply needs.
    """

    may_stay_empty = True

    def __init__(self, message: discord.Message, *, may_refer: bool) -> None:
        self._message = message
        self._may_refer = may_refer
        self._sent: discord.Message | None = None
        self.number = message.id

    async def show(self, page: Page) -> int:
        if self._sent is not None:
            await self._sent.edit(view=page, allowed_mentions=discord.AllowedMentions.none())
        elif self._may_refer:
            # Who asked may have taken the question back meanwhile.
            reference = self._message.to_reference(fail_if_not_exists=False)
            self._sent = await self._message.channel.send(view=page, reference=reference)
        else:
            self._sent = await self._message.channel.send(view=page)
        return self._sent.id


async def answer_at(
    spot: Spot,
    services: Services,
    asked: Asked,
    *,
    show_question: bool = False,
    only_if_known: bool = False,
) -> None:
    """Answer a question in its place, or say there why not.

    Args:
        show_question: Whether the question is not to be seen there otherwise.
        only_if_known: Keep silent unless the papers say something: nobody called for the bot.
    """
    try:
        await _answer_at(spot, services, asked, show_question, only_if_known)
    except Stopped:
        await _show(spot, stopped_page(asked.scope or Scope.RECENT, asked.paper_ids))
    except TooManyQuestions as error:
        if not (only_if_known or (error.was_told and spot.may_stay_empty)):
            await _show(spot, words(str(error)))
    except discord.HTTPException as error:
        log.warning("question %s could not be answered: %s", spot.number, error)
    except Exception as error:  # noqa: BLE001  one question ends here, as a command does
        said = in_words(error, spot.number)
        if not only_if_known:
            await _show(spot, words(said))


async def _answer_at(
    spot: Spot, services: Services, asked: Asked, show_question: bool, only_if_known: bool
) -> None:
    context = await services.conversations.context(asked)
    drafts = Drafts(spot, services, asked.user_id)
    task = services.conversations.begin(asked, context, None if only_if_known else drafts.progress)
    answer = await drafts.until(task, silently=only_if_known)
    if only_if_known and answer.abstained:
        return
    page = answer_page(
        answer,
        await titles_for(services, answer),
        question=asked.question if show_question else None,
        about=asked.paper_ids,
        scope=asked.scope or context.scope,
    )
    message_id = await spot.show(page)
    await _remember(services, asked, context, answer, message_id)


async def _remember(
    services: Services, asked: Asked, context: Context, answer: Answer, message_id: int
) -> None:
    try:
        await services.conversations.remember(asked, context, answer, message_id=message_id)
    except StoreError as error:  # the answer is there all the same
        log.warning("an answer was not noted for what follows: %s", error)


async def remember_papers(services: Services, asked: Asked, *, message_id: int) -> None:
    """Let the next question be about papers that were shown without one."""
    shown = Answer("", abstained=False)
    await _remember(services, asked, Context(), shown, message_id)


async def _show(spot: Spot, page: Page) -> None:
    try:
        await spot.show(page)
    except discord.HTTPException as error:
        log.warning("question %s could not be answered: %s", spot.number, error)


async def titles_for(services: Services, answer: Answer) -> Titles:
    """Return the titles of the papers that an answer names."""
    ids = [claim.paper_id for claim in answer.claims]
    ids += [*answer.suspicious, *(each.paper_id for each in answer.read[:1])]
    shown = await discover.by_ids(services, list(dict.fromkeys(ids)))
    return {each.paper.id: each.paper.title for each in shown}


class Drafts:
    """Shows the answer so far, by editing one message and not too often."""

    def __init__(self, spot: Spot, services: Services, user_id: int) -> None:
        self._spot = spot
        self._services = services
        self._user_id = user_id
        self._shown_at: float | None = None
        self._editing = asyncio.Lock()

    async def progress(self, so_far: Answer) -> None:
        """Show what is known; left out where the last edit was a moment ago."""
        now = asyncio.get_running_loop().time()
        if self._shown_at is not None and now - self._shown_at < EDIT_EVERY:
            return
        self._shown_at = now
        await self._edit(so_far)

    async def until(self, task: asyncio.Task[Answer], *, silently: bool) -> Answer:
        """Return the answer; where that takes long, say that it is under way."""
        try:
            if not silently:
                await asyncio.wait({task}, timeout=SLOW)
                await self._say_slow(task)
            return await self._services.conversations.finish(task)
        finally:
            task.cancel()  # of no effect once it is done
            async with self._editing:  # the last edit must be the answer's
                pass

    async def _say_slow(self, task: asyncio.Task[Answer]) -> None:
        if not task.done() and self._shown_at is None:
            self._shown_at = asyncio.get_running_loop().time()
            await self._edit(None)

    async def _edit(self, so_far: Answer | None) -> None:
        async with self._editing:
            try:
                titles = await titles_for(self._services, so_far) if so_far else {}
                await self._spot.show(draft_page(so_far, titles, self._user_id))
            except (discord.HTTPException, StoreError) as error:
                log.info("the answer so far could not be shown: %s", error)


async def papers_of(services: Services, message: discord.Message, user_id: int) -> tuple[str, ...]:
    """Return the papers that a message of ours is about, by our tables or else its buttons."""
    return await papers_posted_as(services, message.id, user_id, custom_ids_of(message))


async def papers_posted_as(
    services: Services, message_id: int, user_id: int, custom_ids: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the papers of our message with that id, or of the forum post that it opened."""
    return await services.store.read(
        posted.papers_of, message_id, custom_ids, user_id=user_id, now=services.now()
    )


async def papers_of_thread(services: Services, channel: object, user_id: int) -> tuple[str, ...]:
    """Return the papers of the thread or forum post that a channel is; empty for any other."""
    if not isinstance(channel, discord.Thread):
        return ()
    return await papers_posted_as(services, channel.id, user_id)
