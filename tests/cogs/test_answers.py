"""How the bot answers when something goes wrong, and how soon it answers at all."""

from __future__ import annotations

import logging
import re
from json import JSONDecodeError
from typing import Any

import discord
import pytest
from sqlite_utils import Database

from bot.store.store import Store
from tests.cogs.conftest import TakeIn
from tests.cogs.sample import daily, paper_id
from tests.conftest import another_writer
from tests.discord_rules.world import World

DEFERRED = 5
THIS_PAPER = {"paper": paper_id(1)}
SLOW: list[tuple[str, dict[str, Any]]] = [
    ("papers daily", {}),
    ("papers trending", {}),
    ("papers search", {"query": "attention"}),
    ("papers show", THIS_PAPER),
    ("papers similar", THIS_PAPER),
    ("library save", THIS_PAPER),
    ("library remove", THIS_PAPER),
    ("topics follow", {"topic": "attention"}),
    ("topics preview", {"topic": "attention"}),
    ("topics unfollow", {"topic": 1}),
    ("feeds preview", {"feed": 1}),
    ("feeds edit", {"feed": 1, "hour": 8}),
    ("feeds pause", {"feed": 1}),
    ("feeds resume", {"feed": 1}),
    ("feeds remove", {"feed": 1}),
]
"""Commands that search, or that write and may have to wait for another who writes."""


def first_answers(world: World) -> list[int]:
    """Return how each interaction was first answered."""
    return [
        request.json["type"]
        for request in world.env.http_requests
        if request.path.startswith("/interactions/") and request.json
    ]


async def test_what_may_take_long_is_acknowledged_first(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=3))
    await world.slash(world.moderator, "feeds add", channel=world.channel)
    for command, options in SLOW:
        await world.slash(world.moderator, command, **options)
    assert first_answers(world) == [DEFERRED] * (len(SLOW) + 1)


async def test_buttons_that_search_or_write_are_acknowledged_first(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=3))
    card = await world.slash(world.reader, "papers show", paper=paper_id(1))
    for label in ("Save", "Similar"):
        await world.press(world.reader, card, label)
    assert first_answers(world) == [DEFERRED] * 3


def break_authors(db: Database) -> None:
    db.execute("UPDATE paper SET authors = 'no JSON'")


async def test_a_bug_in_a_command_gives_a_number_and_no_traceback(
    world: World,
    take_in: TakeIn,
    store: Store,
    expected_bugs: list[type[BaseException]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await take_in(daily(count=3))
    await store.run(break_authors)
    answer = await world.slash(world.reader, "papers daily")
    expected_bugs.append(JSONDecodeError)
    said = re.fullmatch(r"Something went wrong on our side \(`(\d+)`\)\.", answer.text)
    assert said
    (record,) = [r for r in caplog.records if r.name == "bot.client"]
    assert record.getMessage() == f"interaction {said[1]} failed"
    assert record.exc_info


async def test_a_bug_behind_a_button_gives_a_number_too(
    world: World, take_in: TakeIn, store: Store
) -> None:
    await take_in(daily(count=3))
    listed = await world.slash(world.reader, "papers daily")
    await store.run(break_authors)
    for label in ("1", "2"):
        answer = await world.press(world.reader, listed, label)
        assert answer.text.startswith("Something went wrong on our side (`")
        assert answer.ephemeral


async def test_a_locked_database_is_said_in_a_sentence_and_loses_nothing(
    world: World, take_in: TakeIn, store: Store
) -> None:
    await take_in(daily(count=3))
    card = await world.slash(world.reader, "papers show", paper=paper_id(1))
    with another_writer(store):
        answer = await world.press(world.reader, card, "Save")
        assert answer.text == (
            "The bot cannot reach its database right now. Try again in a minute."
        )
    assert (await world.press(world.reader, card, "Save")).text.startswith("Saved.")


async def test_a_locked_database_does_not_hinder_reading(
    world: World, take_in: TakeIn, store: Store
) -> None:
    await take_in(daily(count=3))
    with another_writer(store):
        answer = await world.slash(world.reader, "papers daily")
    assert answer.text.startswith("## Daily papers of 2 March 2026")


async def test_an_interaction_that_ended_meanwhile_is_only_noted(
    world: World,
    take_in: TakeIn,
    expected_bugs: list[type[BaseException]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    await take_in(daily(count=3))
    world.env.inject_error(
        "POST", "/interactions/*/*/callback", status=404, code=10062, message="Unknown interaction"
    )
    answer = await world.slash(world.reader, "papers daily")
    expected_bugs.append(discord.NotFound)
    assert answer.messages == ()
    (record,) = [r for r in caplog.records if r.name == "bot.client"]
    assert record.levelno == logging.WARNING
