"""Who may ask now, and what a question builds on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.asking import Scope
from bot.conversations import (
    FOLLOW_UP,
    LIMITS,
    Asked,
    Context,
    Conversations,
    Stopped,
    TooManyQuestions,
)
from bot.errors import UserError
from bot.store.store import Store
from tests.cogs.scripted import FIRST, Scripted, an_answer
from tests.conftest import NOON, Clock

ASKED = Asked("Why?", user_id=1, place_id=10)


@pytest.fixture
def scripted() -> Scripted:
    return Scripted(an_answer("One."))


@pytest.fixture
def conversations(store: Store, clock: Clock, scripted: Scripted) -> Conversations:
    return Conversations(store, lambda: scripted, clock)


async def ask(conversations: Conversations, asked: Asked) -> Context:
    context = await conversations.context(asked)
    answer = await conversations.finish(conversations.begin(asked, context))
    await conversations.remember(asked, context, answer, message_id=100)
    return context


async def test_a_follow_up_looks_where_the_conversation_looked(
    conversations: Conversations,
) -> None:
    await ask(conversations, replace(ASKED, scope=Scope.SAVED_HERE))
    followed = await ask(conversations, ASKED)
    assert followed.scope is Scope.SAVED_HERE
    elsewhere = await conversations.context(replace(ASKED, scope=Scope.LIBRARY))
    assert elsewhere == Context()


async def test_a_reply_goes_on_with_the_conversation_it_replies_to(
    conversations: Conversations, clock: Clock
) -> None:
    await ask(conversations, ASKED)
    stranger = replace(ASKED, user_id=2, place_id=11, replied_to=100, paper_ids=(FIRST,))
    assert [e.question for e in (await conversations.context(stranger)).earlier] == ["Why?"]
    assert (await conversations.context(replace(stranger, replied_to=101))).earlier == ()
    clock.now += FOLLOW_UP
    assert (await conversations.context(stranger)).earlier == ()


async def test_another_question_of_the_same_person_waits(
    conversations: Conversations, scripted: Scripted
) -> None:
    scripted.seconds = 1000
    task = conversations.begin(ASKED, Context())
    with pytest.raises(UserError, match="still being answered"):
        conversations.begin(replace(ASKED, place_id=11), Context())
    other = conversations.begin(replace(ASKED, user_id=2), Context())
    for running in (task, other):
        running.cancel()
    await asyncio.wait({task, other})
    scripted.seconds = 0
    await ask(conversations, ASKED)


async def test_stop_ends_a_question_and_nothing_else(
    conversations: Conversations, scripted: Scripted
) -> None:
    assert not conversations.stop(1)
    scripted.seconds = 1000
    task = conversations.begin(ASKED, Context())
    assert not conversations.stop(2)
    assert conversations.stop(1)
    with pytest.raises(Stopped):
        await conversations.finish(task)
    assert not conversations.stop(1)


async def test_whoever_shuts_down_cancels_the_question_too(
    conversations: Conversations, scripted: Scripted
) -> None:
    scripted.seconds = 1000
    task = conversations.begin(ASKED, Context())
    waiting = asyncio.ensure_future(conversations.finish(task))
    await asyncio.wait({waiting}, timeout=0)
    waiting.cancel()
    await asyncio.wait({waiting, task})
    assert (waiting.cancelled(), task.cancelled()) == (True, True)


async def test_turns_come_back_with_time(conversations: Conversations, clock: Clock) -> None:
    (a_minute, minute), (an_hour, hour) = LIMITS
    for n in range(an_hour):
        conversations.take_turn(1)
        if n % a_minute == a_minute - 1:
            clock.now += minute
    with pytest.raises(TooManyQuestions) as first:
        conversations.take_turn(1)
    with pytest.raises(TooManyQuestions) as second:
        conversations.take_turn(1)
    conversations.take_turn(2)
    assert (first.value.was_told, second.value.was_told) == (False, True)
    assert f"<t:{int((NOON + hour).timestamp())}:R>" in str(first.value)
    clock.now = NOON + hour
    conversations.take_turn(1)


async def test_what_is_over_is_forgotten(conversations: Conversations, clock: Clock) -> None:
    await ask(conversations, ASKED)
    clock.now += timedelta(minutes=29)
    await conversations.forget()
    assert (await conversations.context(ASKED)).earlier
    clock.now += timedelta(hours=1)
    await conversations.forget()
    clock.now = NOON
    assert (await conversations.context(ASKED)).earlier == ()


async def test_a_question_that_names_a_paper_is_not_held_to_that_of_its_place(
    conversations: Conversations, scripted: Scripted
) -> None:
    await ask(conversations, replace(ASKED, question="Is it like 2403.00001?", paper_ids=(FIRST,)))
    assert scripted.about == [()]


@pytest.mark.parametrize(
    ("question", "about"),
    [
        ("How does it compare to 2403.00001?", (FIRST,)),
        ("Is this better than arxiv.org/abs/2403.00001?", (FIRST,)),
        ("How does 2403.00002 compare to 2403.00001?", ()),
    ],
)
async def test_a_comparison_with_a_paper_is_also_about_that_of_its_place(
    conversations: Conversations, scripted: Scripted, question: str, about: tuple[str, ...]
) -> None:
    await ask(conversations, replace(ASKED, question=question, paper_ids=(FIRST,)))
    assert scripted.about == [about]


async def test_a_list_of_papers_is_looked_at_before_all_others(
    conversations: Conversations, scripted: Scripted
) -> None:
    many = tuple(f"2602.{n:05}" for n in range(1, 11))
    await ask(conversations, replace(ASKED, paper_ids=many))
    assert (scripted.about, scripted.papers_before) == ([()], [[many]])
