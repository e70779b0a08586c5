"""Who may ask now, and what a question builds on: the same for every place where people ask."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NoReturn, Protocol

from sqlite_utils import Database

from bot.answers.answer import Answer
from bot.answers.question import read_question
from bot.asking import MOST_NAMED, Exchange, Progress, Scope, compares_back
from bot.errors import UserError
from bot.paper_ids import find_arxiv_ids
from bot.render.text import count, moment
from bot.store import exchanges
from bot.store.exchanges import Said
from bot.store.store import Store

FOLLOW_UP = timedelta(minutes=30)
"""For how long the next question of a person in a place belongs to the last one."""
FOLLOW_UP_IN_THREAD = timedelta(days=30)
"""A thread is one conversation; what was said in one that fell silent is forgotten then."""
MOST_EARLIER = 5
"""Exchanges that a question builds on."""
LIMITS = ((6, timedelta(minutes=1)), (60, timedelta(hours=1)))
"""How many questions a person may ask within which span."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and where it was asked."""

    question: str
    user_id: int
    place_id: int
    """The channel, thread or direct messages."""
    guild_id: int | None = None
    in_thread: bool = False
    """Also in a forum's post."""
    private: bool = False
    """Whether only who asks sees the answer."""
    paper_ids: tuple[str, ...] = ()
    """The papers that the place or the person names; none for those of the conversation."""
    scope: Scope | None = None
    """Where to look; None for where the conversation looked, else among recent papers."""
    replied_to: int | None = None
    """The message that it is a reply to, if any."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a question builds on."""

    conversation: int | None = None
    """None where it begins one."""
    earlier: tuple[Exchange, ...] = ()
    """Oldest first."""
    scope: Scope = Scope.RECENT


class Answering(Protocol):
    """Whoever answers: :class:`bot.asking.Answers`."""

    async def answer(
        self,
        question: str,
        *,
        paper_ids: Sequence[str] = (),
        scope: Scope = Scope.RECENT,
        user_id: int | None = None,
        guild_id: int | None = None,
        earlier: Sequence[Exchange] = (),
        on_progress: Progress | None = None,
    ) -> Answer: ...


class Stopped(Exception):
    """The one who asked pressed Stop."""


class TooManyQuestions(UserError):
    """A person asks faster than they may; the text says when the next may come.

    Args:
        was_told: Whether they heard so since their last question that counted.
    """

    def __init__(self, message: str, *, was_told: bool) -> None:
        super().__init__(message)
        self.was_told = was_told


class Conversations:
    """Lets each person ask one question at a time, and remembers what was said.

    Args:
        answers: Asked for, since it may be replaced while the bot runs.
    """

    def __init__(
        self, store: Store, answers: Callable[[], Answering], now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._answers = answers
        self._now = now
        self._running: dict[int, asyncio.Task[Answer]] = {}
        self._stopped: set[asyncio.Task[Answer]] = set()
        self._turns: dict[int, deque[datetime]] = {}
        self._told: set[int] = set()

    async def context(self, asked: Asked) -> Context:
        """Return what a question builds on."""
        return await self._store.read(_context, asked, now=self._now())

    def begin(
        self, asked: Asked, context: Context, on_progress: Progress | None = None
    ) -> asyncio.Task[Answer]:
        """Begin to answer; the task is to be given to ``finish``.

        Raises:
            UserError: The person has a question under way.
            TooManyQuestions: They ask too fast.
        """
        if asked.user_id in self._running:
            raise UserError(
                "Your last question is still being answered. Wait for it, or press Stop there."
            )
        self.take_turn(asked.user_id)
        task = asyncio.ensure_future(self._answer(asked, context, on_progress))
        self._running[asked.user_id] = task
        task.add_done_callback(lambda _: self._running.pop(asked.user_id, None))
        return task

    async def finish(self, task: asyncio.Task[Answer]) -> Answer:
        """Return the answer once it is there. Cancelling this cancels the question.

        Raises:
            Stopped: The one who asked did not want to wait for it.
            UserError: As ``Answers.answer``.
        """
        try:
            return await task
        except asyncio.CancelledError:
            if task in self._stopped:
                raise Stopped from None
            raise
        finally:
            self._stopped.discard(task)

    def stop(self, user_id: int) -> bool:
        """Stop a person's question; False if none is under way."""
        task = self._running.get(user_id)
        if task is None:
            return False
        self._stopped.add(task)
        task.cancel()
        return True

    async def remember(
        self, asked: Asked, context: Context, answer: Answer, *, message_id: int | None
    ) -> None:
        """Note what was said, for the questions that follow."""
        now = self._now()
        exchange = Exchange.after(asked.question, answer)
        said = Said(
            user_id=asked.user_id,
            place_id=asked.place_id,
            question=asked.question,
            answer=exchange.answer,
            paper_ids=exchange.paper_ids or asked.paper_ids,
            scope=asked.scope or context.scope,
            asked_at=now,
            kept_until=now + (FOLLOW_UP_IN_THREAD if asked.in_thread else FOLLOW_UP),
            private=asked.private,
            message_id=message_id,
            conversation=context.conversation,
        )
        await self._store.run(exchanges.add, said)

    async def forget(self) -> None:
        """Remove what no follow-up may build on any more."""
        await self._store.run(exchanges.forget, now=self._now())
        quiet = [user for user, turns in self._turns.items() if self._is_over(turns[-1])]
        for user in quiet:
            del self._turns[user]
            self._told.discard(user)

    async def _answer(self, asked: Asked, context: Context, progress: Progress | None) -> Answer:
        named = asked.paper_ids
        says_which = bool(find_arxiv_ids(asked.question, limit=1))
        if says_which and not compares_back(read_question(asked.question)):
            named = ()
        earlier = context.earlier
        if len(named) > MOST_NAMED:  # a list's papers are looked at first, then all others
            earlier, named = (*earlier, Exchange("", "", named)), ()
        return await self._answers().answer(
            asked.question,
            paper_ids=named,
            scope=asked.scope or context.scope,
            user_id=asked.user_id,
            guild_id=asked.guild_id,
            earlier=earlier,
            on_progress=progress,
        )

    def take_turn(self, user_id: int) -> None:
        """Count a question.

        Raises:
            TooManyQuestions: It is one too many.
        """
        now = self._now()
        turns = self._turns.setdefault(user_id, deque(maxlen=LIMITS[-1][0]))
        for most, span in LIMITS:
            if len(turns) >= most and turns[-most] > now - span:
                self._refuse(user_id, count(most, "question"), turns[-most] + span)
        turns.append(now)
        self._told.discard(user_id)

    def _refuse(self, user_id: int, questions: str, until: datetime) -> NoReturn:
        was_told = user_id in self._told
        self._told.add(user_id)
        raise TooManyQuestions(
            f"You have asked {questions} in a short time. Ask again {moment(until)}.",
            was_told=was_told,
        )

    def _is_over(self, last: datetime) -> bool:
        return last <= self._now() - LIMITS[-1][1]


def _context(db: Database, asked: Asked, *, now: datetime) -> Context:
    last = _last(db, asked, now=now)
    if last is None or last.conversation is None:
        return Context()
    if asked.paper_ids and not set(asked.paper_ids) & set(last.paper_ids):
        return Context()  # about something else
    if asked.scope and asked.scope != last.scope:
        return Context()
    said = exchanges.of_conversation(
        db, last.conversation, private=asked.private, limit=MOST_EARLIER
    )
    earlier = tuple(Exchange(each.question, each.answer, each.paper_ids) for each in said)
    return Context(last.conversation, earlier, Scope(last.scope))


def _last(db: Database, asked: Asked, *, now: datetime) -> Said | None:
    if asked.replied_to is not None:
        said = exchanges.answered_by(db, asked.replied_to, user_id=asked.user_id, now=now)
        if said is not None and (asked.private or not said.private):
            return said
    return exchanges.latest(
        db,
        asked.place_id,
        user_id=asked.user_id,
        shared=asked.in_thread,
        private=asked.private,
        now=now,
    )
