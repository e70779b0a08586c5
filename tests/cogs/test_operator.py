"""/help and /status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import discord
import pytest

from bot.client import PaperBot
from bot.models import SourceState
from bot.search.engine import SearchEngine
from bot.store import dm_rest, feeds, listings
from bot.store.store import Store
from tests.builders import a_feed
from tests.cogs.conftest import TakeIn
from tests.cogs.sample import TUESDAY, daily
from tests.conftest import NOON
from tests.discord_rules.world import World


async def test_help_names_what_a_reader_can_do(world: World) -> None:
    answer = await world.slash(world.reader, "help")
    assert answer.ephemeral
    assert answer.text.startswith("## What Paperwire can do here\n`/papers trending` Show the")
    assert "/feeds" not in answer.text


async def test_help_names_everything_to_a_moderator(world: World) -> None:
    text = (await world.slash(world.moderator, "help")).text
    for command in ("/feeds add", "/feeds history", "/topics follow", "/library remove", "/status"):
        assert f"`{command}` " in text


async def test_help_in_direct_messages_leaves_out_what_needs_a_server(world: World) -> None:
    text = (await world.slash(world.moderator, "help", where=world.dm(world.moderator))).text
    assert "`/inbox` " in text
    assert "/feeds" not in text


async def test_every_command_in_help_exists_and_every_command_is_there(world: World) -> None:
    text = (await world.slash(world.moderator, "help")).text
    named = {line.split("`")[1] for line in text.splitlines() if line.startswith("`")}
    bot = world.env.bot
    assert isinstance(bot, PaperBot)
    exist = {
        f"/{command.qualified_name}"
        for command in bot.tree.walk_commands()
        if isinstance(command, discord.app_commands.Command)
    }
    assert named == exist


def at(*moment: int) -> str:
    """Return a UTC moment as Discord shows it, in each reader's own zone."""
    return f"<t:{int(datetime(*moment, tzinfo=UTC).timestamp())}:f>"  # pyright: ignore[reportArgumentType]


async def test_status_of_a_new_bot_says_that_nothing_was_asked_yet(world: World) -> None:
    answer = await world.slash(world.reader, "status")
    assert answer.text == (
        "## Status\n0 papers, 0 of them searchable.\n### Sources\nNone was asked yet.\n"
        # Half an hour after 21:30 and at 20:00 in New York, in each reader's own zone.
        f"-# The next daily list is complete {at(2026, 3, 4, 3)};"
        f" arXiv announces papers next {at(2026, 3, 4, 1)}.\n"
        "### Messages\n0 sent in 24 hours, 0 owed, 0 held. 0 feeds, 0 people with topics."
    )
    assert answer.ephemeral


async def test_status_names_what_is_good_and_what_is_broken(
    world: World, take_in: TakeIn, store: Store
) -> None:
    await take_in(daily(count=3))
    hour = timedelta(hours=1)
    good = SourceState("huggingface", "trending", NOON, NOON)
    failing = SourceState(
        "arxiv", "cs.LG", NOON, NOON - hour, "arXiv answered 503 **busy**.", NOON + hour
    )
    for state in (good, failing):
        await store.run(listings.note_state, state)
    made = await store.run(feeds.add, a_feed())
    await store.run(feeds.pause, made.id, now=NOON, because="the channel is gone")
    text = (await world.slash(world.reader, "status")).text
    noon = int(NOON.timestamp())
    assert "3 papers, 3 of them searchable." in text
    assert "Newest daily list: 2 March 2026, 3 papers." in text
    assert f"huggingface trending: good <t:{noon}:R>\n" in text
    assert (
        f"arxiv cs.LG: good <t:{noon - 3600}:R>, now failing: arXiv answered 503"
        rf" \*\*busy\*\*, again <t:{noon + 3600}:R>"
    ) in text
    assert text.endswith("Feed 1 is paused: the channel is gone.")


async def test_status_says_that_the_newest_list_is_still_filling(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=2), daily(count=1, day=TUESDAY))
    text = (await world.slash(world.reader, "status")).text
    assert "Newest daily list: 3 March 2026, 1 paper, still filling." in text


async def test_status_stays_within_one_message_whatever_fails(world: World, store: Store) -> None:
    for number in range(60):
        state = SourceState("arxiv", f"cs.{number}", NOON, None, "*" * 400)
        await store.run(listings.note_state, state)
    assert len((await world.slash(world.reader, "status")).text) < 4_000


async def test_status_has_one_line_for_a_trouble_that_many_lists_share(
    world: World, store: Store
) -> None:
    trouble = "Hugging Face has trouble of its own (status 500)."
    for n, name in enumerate(("daily 2026-03-01", "daily 2026-03-02", "trending")):
        good_at = NOON - timedelta(hours=n) if n else None
        await store.run(
            listings.note_state, SourceState("huggingface", name, NOON, good_at, trouble)
        )
    await store.run(listings.note_state, SourceState("arxiv", "cs.CL", NOON, NOON))
    text = (await world.slash(world.reader, "status")).text
    hour_ago = int(NOON.timestamp()) - 3600
    assert text.count("now failing") == 1
    assert f"huggingface daily 2026-03-01 and 2 more: good <t:{hour_ago}:R>, now failing" in text
    assert text.count(": good") == 2


async def test_status_has_one_line_for_a_source_with_several_troubles_the_latest_first(
    world: World, store: Store
) -> None:
    hour = timedelta(hours=1)
    for hours, name, trouble in (
        (2, "daily 2026-03-01", "Hugging Face answered 404."),
        (0, "daily 2026-03-02", "Hugging Face could not be reached."),
        (1, "trending", "Hugging Face wants us to wait."),
        (3, "watched papers", "Hugging Face answered 418."),
        (4, "week", "Hugging Face answered 419."),
    ):
        until = NOON + hour if name == "trending" else None
        state = SourceState("huggingface", name, NOON - hours * hour, None, trouble, until)
        await store.run(listings.note_state, state)
    text = (await world.slash(world.reader, "status")).text
    assert text.count("now failing") == 1
    in_an_hour = int(NOON.timestamp()) + 3600
    assert (
        "huggingface daily 2026-03-02 and 4 more: never good yet, now failing:"
        " Hugging Face could not be reached; trending: Hugging Face wants us to wait;"
        " daily 2026-03-01: Hugging Face answered 404; 2 more,"
        f" again <t:{in_an_hour}:R>"
    ) in text


async def test_status_forgets_what_is_not_asked_for_any_more(world: World, store: Store) -> None:
    week_ago = NOON - timedelta(days=7)
    for name, tried_at in (("daily 2026-02-10", week_ago), ("trending", NOON)):
        state = SourceState("huggingface", name, tried_at, None, "no sense")
        await store.run(listings.note_state, state)
    text = (await world.slash(world.reader, "status")).text
    assert "trending" in text
    assert "daily 2026-02-10" not in text


async def test_status_shows_the_two_newest_daily_lists_and_those_that_fail(
    world: World, store: Store
) -> None:
    for day in range(1, 7):
        error = "no answer" if day == 2 else None
        state = SourceState("huggingface", f"daily 2026-02-0{day}", NOON, NOON, error)
        await store.run(listings.note_state, state)
    text = (await world.slash(world.reader, "status")).text
    shown = [day for day in range(1, 7) if f"daily 2026-02-0{day}" in text]
    assert shown == [2, 5, 6]


async def test_status_says_until_when_discord_wants_no_new_dms(world: World, store: Store) -> None:
    await store.run(dm_rest.rest, until=NOON + timedelta(hours=6))
    text = (await world.slash(world.reader, "status")).text
    assert f"goes on <t:{int((NOON + timedelta(hours=6)).timestamp())}:R>." in text


async def test_status_says_how_many_papers_another_model_has_still_to_read(
    world: World, take_in: TakeIn, engine: SearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await take_in(daily(count=3))
    assert "by words alone" not in (await world.slash(world.reader, "status")).text
    monkeypatch.setattr(type(engine.embedder), "is_quick", False)
    await take_in(daily(count=5))
    text = (await world.slash(world.reader, "status")).text
    assert (
        "5 papers, 5 of them searchable.\n"
        "2 of these are found by words alone until l2\\_supercat\\_256 has read them." in text
    )
