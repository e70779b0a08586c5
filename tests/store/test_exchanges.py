from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.store import exchanges
from bot.store.exchanges import Said
from bot.store.store import Store
from tests.conftest import NOON

ME, OTHER, PLACE = 1, 2, 10
SAID = Said(
    user_id=ME,
    place_id=PLACE,
    question="Why?",
    answer="Because.",
    paper_ids=("2602.00001", "title-0123"),
    scope="recent",
    asked_at=NOON,
    kept_until=NOON + timedelta(minutes=30),
    message_id=100,
)


async def test_what_was_said_comes_back_whole(store: Store) -> None:
    conversation = await store.run(exchanges.add, SAID)
    found = await store.read(exchanges.answered_by, 100, user_id=OTHER, now=NOON)
    assert found == replace(SAID, conversation=conversation)


async def test_a_private_answer_is_known_to_its_asker_alone(store: Store) -> None:
    await store.run(exchanges.add, replace(SAID, private=True))
    for user, known in ((ME, True), (OTHER, False)):
        found = await store.read(exchanges.answered_by, 100, user_id=user, now=NOON)
        assert (found is not None) is known


@pytest.mark.parametrize(
    ("said", "user", "shared", "private", "builds_on_it"),
    [
        (SAID, ME, False, False, True),
        (SAID, OTHER, False, False, False),
        (SAID, OTHER, True, False, True),
        (replace(SAID, place_id=11), ME, True, True, False),
        (replace(SAID, private=True), ME, False, False, False),
        (replace(SAID, private=True), ME, False, True, True),
        (replace(SAID, private=True), OTHER, True, True, False),
        (replace(SAID, kept_until=NOON), ME, True, True, False),
    ],
)
async def test_latest(
    store: Store, said: Said, user: int, shared: bool, private: bool, builds_on_it: bool
) -> None:
    await store.run(exchanges.add, said)
    found = await store.read(
        exchanges.latest, PLACE, user_id=user, shared=shared, private=private, now=NOON
    )
    assert (found is not None) is builds_on_it


async def test_a_conversation_is_kept_as_a_whole_and_forgotten_as_a_whole(store: Store) -> None:
    conversation = await store.run(exchanges.add, SAID)
    later = NOON + timedelta(hours=1)
    await store.run(
        exchanges.add,
        replace(SAID, question="And?", conversation=conversation, kept_until=later),
    )
    await store.run(exchanges.add, replace(SAID, question="Else?"))
    assert await store.run(exchanges.forget, now=NOON + timedelta(minutes=30)) == 1
    kept = await store.read(exchanges.of_conversation, conversation, private=False, limit=5)
    assert [said.question for said in kept] == ["Why?", "And?"]
    assert await store.run(exchanges.forget, now=later) == 2


async def test_only_the_last_few_exchanges_are_built_on(store: Store) -> None:
    conversation = await store.run(exchanges.add, SAID)
    for n in range(4):
        more = replace(SAID, question=str(n), conversation=conversation, private=n == 2)
        await store.run(exchanges.add, more)
    for private, questions in ((True, ["2", "3"]), (False, ["1", "3"])):
        kept = await store.read(exchanges.of_conversation, conversation, private=private, limit=2)
        assert [said.question for said in kept] == questions
