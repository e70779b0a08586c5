"""The sample bot, used as people would use it, keeps every rule; a careless one does not."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
import simcord

from tests.discord_rules.fixtures import OpenWorld
from tests.discord_rules.sample_bot import TITLES, SampleBot
from tests.discord_rules.world import World


@pytest.fixture
async def world(discord_world: OpenWorld) -> AsyncGenerator[World]:
    async with discord_world(SampleBot) as world:
        yield world


async def test_a_command_shows_a_card_with_its_text_and_buttons(world: World) -> None:
    card = await world.slash(world.reader, "papers show", paper=TITLES[0])
    assert card.text.splitlines() == [f"## {TITLES[0]}", "▲ 12"]
    assert [(b.label, b.custom_id) for b in card.buttons] == [
        ("Save", "save:0"),
        ("Ask", "ask"),
        ("Open", None),
    ]
    assert not card.ephemeral


async def test_autocomplete_offers_names_and_values(world: World) -> None:
    choices = await world.autocomplete(world.reader, "papers show", paper="atten")
    assert choices == [(TITLES[0], TITLES[0]), (TITLES[1], TITLES[1])]


async def test_a_button_works_by_label_and_by_custom_id_and_after_a_restart(world: World) -> None:
    card = await world.slash(world.reader, "papers show", paper=TITLES[1])
    assert (await world.press(world.reader, card, "Save")).text == f"Saved {TITLES[1]}."
    await world.restart(SampleBot)
    saved = await world.press(world.moderator, card.message, "save:1")
    assert (saved.text, saved.ephemeral) == (f"Saved {TITLES[1]}.", True)


async def test_a_modal_is_opened_and_sent_off_by_its_labels(world: World) -> None:
    card = await world.slash(world.reader, "papers show", paper=TITLES[0])
    opened = await world.press(world.reader, card, "Ask")
    assert opened.modal is not None
    assert opened.modal.fields == {"Your question": "question"}
    answer = await world.submit(opened, {"Your question": "Why?"})
    assert answer.text == "You asked: Why?"


async def test_a_choice_edits_the_message(world: World) -> None:
    card = await world.slash(world.reader, "papers show", paper=TITLES[0])
    assert card.selects[0].options == (("new", "new"), ("top", "top"))
    assert (await world.choose(world.reader, card, "sort", ["top"])).text == "Sorted by top"
    assert [message.text for message in world.messages()] == ["Sorted by top"]


async def test_a_context_menu_is_used_on_a_message(world: World) -> None:
    message = await world.say(world.reader, "See 2405.15738")
    answer = await world.menu(world.reader, "Papers in this message", message)
    assert (answer.text, answer.ephemeral) == ("Looked at: See 2405.15738", True)


async def test_a_mention_is_answered_in_the_channel(world: World) -> None:
    assert world.env.bot.user is not None
    await world.say(world.reader, f"{world.env.bot.user.mention} what is new?")
    assert world.messages()[-1].text == "Here it is."


async def test_direct_messages_are_seen_and_used(world: World) -> None:
    assert (await world.slash(world.reader, "papers remind")).text == "Sent."
    (reminder,) = world.dms(world.reader)
    assert reminder.text.splitlines() == ["A new paper", TITLES[0], "Votes: 12", "On your topic"]
    assert world.dms(world.moderator) == []
    there = world.dm(world.reader)
    await world.say(world.reader, "What is new?", where=there)
    assert world.dms(world.reader)[-1].text == "Here it is."
    choices = await world.autocomplete(world.reader, "papers show", where=there, paper="spar")
    assert choices == [(TITLES[2], TITLES[2])]
    card = await world.slash(world.reader, "papers show", where=there, paper=TITLES[0])
    assert (await world.press(world.reader, card, "Save")).text == f"Saved {TITLES[0]}."
    opened = await world.press(world.reader, card, "ask")
    assert (await world.submit(opened, {"question": "Why?"})).text == "You asked: Why?"


async def test_a_file_is_seen_by_its_name(world: World) -> None:
    answer = await world.slash(world.reader, "papers export")
    assert (answer.text, answer.files, answer.ephemeral) == ("All papers", ("all.txt",), True)


async def test_a_forum_post_is_a_thread_of_the_forum(world: World) -> None:
    await world.slash(world.moderator, "post", forum=world.forum)
    (post,) = world.forum.threads
    assert post.name == TITLES[2]
    assert [message.text for message in world.messages(post)][1:] == ["First words, at 9"]


async def test_a_poll_goes_to_a_thread(world: World) -> None:
    await world.slash(world.reader, "papers vote")
    (thread,) = world.channel.threads
    assert thread.name == "Paper of the week"


async def test_someone_without_the_right_cannot_use_a_moderators_command(world: World) -> None:
    with pytest.raises(simcord.SetupError, match="not visible to this user"):
        await world.slash(world.reader, "post", forum=world.forum)


async def test_what_is_not_there_cannot_be_pressed_chosen_or_sent_off(world: World) -> None:
    card = await world.slash(world.reader, "papers show", paper=TITLES[0])
    with pytest.raises(AssertionError, match="0 buttons named 'Delete'"):
        await world.press(world.reader, card, "Delete")
    with pytest.raises(AssertionError, match="is a link"):
        await world.press(world.reader, card, "Open")
    with pytest.raises(AssertionError, match="nothing has the custom_id 'order'"):
        await world.choose(world.reader, card, "order", ["top"])
    with pytest.raises(AssertionError, match="no modal was opened"):
        await world.submit(card, {})
