"""Two recorded weeks of the real lists, as people would see them; every request is validated."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.client import Services
from bot.sources.saved import read_saved
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow, follow
from tests.conftest import Clock
from tests.discord_rules.world import World

pytestmark = pytest.mark.data

DAYS = ("2026-04-2?", "2026-04-30")
EVE = datetime(2026, 4, 30, 12, tzinfo=UTC)
MORNING = datetime(2026, 5, 1, 8, tzinfo=UTC)
"""The newest recorded list, of 30 April, is complete."""


@pytest.fixture
async def weeks(take_in: TakeIn, shared_data: Path, clock: Clock) -> int:
    """Take in all but the last recorded day; returns how many days."""
    clock.now = EVE
    folder = shared_data / "hf" / "daily_papers"
    files = sorted(file for day in DAYS for file in folder.glob(f"{day}.json.gz"))
    for file in files[:-1]:
        await take_in(*read_saved(file, now=clock.now))
    return len(files) - 1


async def test_the_last_recorded_day_is_posted_and_everything_on_it_opens(
    world: World, take_in: TakeIn, flow: Flow, clock: Clock, shared_data: Path, weeks: int
) -> None:
    assert weeks >= 7
    await world.slash(world.moderator, "feeds add", channel=world.channel)
    await world.slash(world.moderator, "feeds add", channel=world.forum, max_papers=5)
    await follow(world, world.reader, "language models", strictness="broad")
    last = shared_data / "hf" / "daily_papers" / "2026-04-30.json.gz"
    clock.now = MORNING
    await take_in(*read_saved(last, now=clock.now))
    await flow.after(hours=1)
    await flow.run()

    assert len(world.dms(world.reader)) == 2, "the first word, and the alert"
    (digest,) = world.messages()
    assert digest.text.startswith("## Papers of 30 April 2026\n")
    for number in "12345678":
        card = await world.press(world.reader, digest, number)
        assert card.button("Open").url
    assert len(world.forum.threads) == 5
    rest = await world.press(world.reader, digest, digest.buttons[-1].label)
    while any(button.label == "Next" for button in rest.buttons):
        rest = await world.press(world.reader, rest, "Next")
    first = await world.press(world.reader, digest, "1")
    assert len((await world.press(world.reader, first, "Similar")).buttons) == 8


async def test_the_lists_and_searches_of_real_papers_fit_their_messages(
    world: World, weeks: int, services: Services
) -> None:
    assert len(services.engine) > 20 * weeks
    asked: list[tuple[str, dict[str, Any]]] = [
        ("papers daily", {}),
        ("papers trending", {"period": "month"}),
        ("papers trending", {"topic": "diffusion models"}),
        ("papers search", {"query": "vision language model"}),
    ]
    for command, options in asked:
        listed = await world.slash(world.reader, command, **options)
        assert listed.button("8").custom_id
    choices = await world.autocomplete(world.reader, "papers show", paper="langage model")
    assert choices
    for _, paper in choices[:3]:
        assert (await world.slash(world.reader, "papers show", paper=paper)).button("Save")
