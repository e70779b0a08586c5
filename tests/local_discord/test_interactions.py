"""People use commands, buttons and modals of a real bot at the local Discord."""

from __future__ import annotations

import pytest

from tests.local_discord import Answer, Impossible, LocalDiscord, NoAnswer
from tests.local_discord.conftest import Place
from tests.local_discord.small_bot import SmallBot


async def trending(server: LocalDiscord, place: Place) -> Answer:
    answer = await server.slash(place.reader, place.channel, "papers trending", {"count": 2})
    return await answer.finished()


async def test_a_slash_command_is_answered_after_thinking(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    answer = await server.slash(place.reader, place.channel, "papers trending", {"count": 2})
    assert answer.kind == "deferred"
    assert 0 < answer.milliseconds < 3000

    await answer.finished()
    assert answer.text.startswith("Attention Is All You Need\nDeep Residual Learning")
    (followup,) = await answer.followed_up()
    assert followup["content"] == "And many more."


async def test_what_is_chosen_by_id_is_resolved_and_people_have_a_language(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.world.locales[place.reader] = "de"
    role = server.backend.create_role(place.guild, "club").id
    chosen = {"where": place.channel, "reader": place.reader, "role": role}
    options = {"title": "Dropout", **chosen}
    answer = await server.slash(place.reader, place.channel, "papers show", options)
    assert answer.text == "Dropout | papers | reader | club | de"


async def test_a_command_works_in_a_direct_message(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    dm = server.world.dm_of(place.reader)
    answer = await server.slash(place.reader, dm, "papers show", {"title": "Dropout"})
    assert answer.text == "Dropout | en-US"


async def test_typing_into_an_option_brings_choices(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    answer = await server.autocomplete(place.reader, place.channel, "papers show", "title", "deep")
    assert [choice["value"] for choice in answer.choices] == ["Deep Residual Learning"]


async def test_a_button_is_answered_to_one_person(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    message = (await trending(server, place)).message
    assert message is not None
    answer = await server.press(place.reader, int(message["id"]), "save")
    assert answer.ephemeral
    assert answer.text == "Saved."


async def test_a_choice_changes_the_message_that_it_was_made_in(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    message = (await trending(server, place)).message
    assert message is not None
    answer = await server.select(place.reader, int(message["id"]), "less", ["speech"])
    assert (answer.kind, answer.text) == ("update", "Less speech.")
    with pytest.raises(Impossible):
        await server.select(place.reader, int(message["id"]), "less", ["biology"])


async def test_a_modal_is_opened_filled_in_and_submitted(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    message = (await trending(server, place)).message
    assert message is not None
    opened = await server.press(place.reader, int(message["id"]), "note")
    assert opened.modal["title"] == "Note"
    answer = await server.submit(opened, {"words": "read again"})
    assert answer.text == "Noted: read again"


async def test_a_message_menu_works_on_what_a_person_wrote(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    said = server.world.say(place.reader, place.channel, "three short words")
    answer = await server.menu(place.reader, said, "Count words")
    assert answer.text == "3 words"


async def test_silence_is_told_as_no_answer(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.interactions.answer_within = 0.05
    with pytest.raises(NoAnswer):
        await server.slash(place.reader, place.channel, "papers silent")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("unknown", {}),
        ("papers trending", {}),
        ("papers trending", {"count": 1, "colour": "red"}),
    ],
)
async def test_what_discord_would_not_let_a_person_do_is_impossible(
    name: str, options: dict[str, object], server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    with pytest.raises(Impossible):
        await server.slash(place.reader, place.channel, name, options)


async def test_a_button_that_is_not_there_cannot_be_pressed(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    message = (await trending(server, place)).message
    assert message is not None
    with pytest.raises(Impossible):
        await server.press(place.reader, int(message["id"]), "buy")
