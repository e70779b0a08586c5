"""/library: a person's reading list."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from bot.client import PaperBot
from bot.store import people
from bot.store.store import Store
from tests.cogs.conftest import TakeIn
from tests.cogs.sample import TITLES, daily, paper_id
from tests.conftest import NOON
from tests.discord_rules.world import World


async def test_save_takes_a_title_and_says_when_it_is_there_already(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=3))
    saved = await world.slash(world.reader, "library save", paper=TITLES[1])
    assert (saved.text, saved.ephemeral) == (f"Saved: {TITLES[1]}.", True)
    again = await world.slash(world.reader, "library save", paper=paper_id(2))
    assert again.text == f"It is on your list: {TITLES[1]}."


async def test_what_save_offers_it_accepts(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=12))
    (choice,) = await world.autocomplete(world.reader, "library save", paper="rendering ra")
    assert choice == (TITLES[9], paper_id(10))
    saved = await world.slash(world.reader, "library save", paper=choice[1])
    assert saved.text == f"Saved: {TITLES[9]}."


async def test_an_unknown_paper_cannot_be_saved(world: World) -> None:
    answer = await world.slash(world.reader, "library save", paper="2401.00001")
    assert answer.text == "The library does not have arXiv 2401.00001 (yet)."
    assert answer.ephemeral


async def test_an_empty_list_says_how_to_fill_it(world: World) -> None:
    answer = await world.slash(world.reader, "library list")
    assert answer.text == "Your reading list is empty. The Save button on a paper fills it."


async def test_a_long_list_has_pages_that_work_after_a_restart(
    world: World, take_in: TakeIn, store: Store, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(count=20))
    for number in range(1, 21):
        now = NOON + timedelta(minutes=number)
        await store.run(people.save, world.reader.user.id, paper_id(number), now=now)
    first = await world.slash(world.reader, "library list")
    assert first.text.startswith("## 20 saved papers\n**1.** [Graph networks")
    await world.restart(make_bot)
    second = await world.press(world.reader, first, "Next")
    last = await world.press(world.reader, second, "Next")
    assert [b.label for b in last.buttons] == ["17", "18", "19", "20", "Previous"]
    assert TITLES[0] in last.text
    assert last.ephemeral


async def test_remove_offers_what_is_saved_by_title_and_id_and_takes_it_off(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=12))
    for number in (2, 10):
        await world.slash(world.reader, "library save", paper=paper_id(number))
    for typed in ("RAIN", "2602.0001"):
        choices = await world.autocomplete(world.reader, "library remove", paper=typed)
        assert choices == [(TITLES[9], paper_id(10))]
    removed = await world.slash(world.reader, "library remove", paper=paper_id(10))
    assert (removed.text, removed.ephemeral) == (f"Removed: {TITLES[9]}.", True)
    again = await world.slash(world.reader, "library remove", paper=paper_id(10))
    assert again.text == "That paper is not on your reading list."
