"""What people do to a guild, seen by a real bot in it."""

from __future__ import annotations

import io

import discord
import pytest

from tests.local_discord import LocalDiscord
from tests.local_discord.conftest import Place
from tests.local_discord.small_bot import SmallBot

SOON = 10.0


async def refusal(bot: SmallBot, channel: int) -> int:
    """Return the code with which a message to a channel is refused; 0 if it is not."""
    try:
        await bot.channel(channel).send("A digest.")
    except (discord.Forbidden, discord.NotFound) as error:
        return error.code
    return 0


async def test_a_permission_can_be_taken_and_given_back(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    channel = bot.get_channel(place.channel)
    assert isinstance(channel, discord.TextChannel)
    for change, code in ((server.world.deny, 50013), (server.world.allow, 0)):
        told = bot.wait_for("guild_channel_update", timeout=SOON)
        change(place.channel, "send_messages")
        await told
        assert channel.permissions_for(channel.guild.me).send_messages is (code == 0)
        assert await refusal(bot, place.channel) == code


async def test_a_channel_can_be_hidden_and_shown(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.world.hide(place.channel)
    assert await refusal(bot, place.channel) == 50001
    server.world.show(place.channel)
    assert await refusal(bot, place.channel) == 0


async def test_a_channel_can_be_deleted_and_another_made(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    gone = bot.wait_for("guild_channel_delete", timeout=SOON)
    server.world.delete_channel(place.channel)
    assert (await gone).id == place.channel
    assert await refusal(bot, place.channel) == 10003

    made = bot.wait_for("guild_channel_create", timeout=SOON)
    channel = server.world.add_channel(place.guild, "papers-again")
    assert (await made).id == channel


async def test_a_bot_that_was_thrown_out_finds_all_as_it_was(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.world.say(place.reader, place.channel, "Still here")
    left = bot.wait_for("guild_remove", timeout=SOON)
    server.world.remove_bot(place.guild)
    await left
    assert await refusal(bot, place.channel) == 50001

    joined = bot.wait_for("guild_join", timeout=SOON)
    server.world.invite_bot(place.guild)
    assert (await joined).id == place.guild
    assert await refusal(bot, place.channel) == 0
    assert [m["content"] for m in server.world.messages(place.channel)] == [
        "Still here",
        "A digest.",
    ]


async def test_an_outage_is_not_a_farewell(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    lost = bot.wait_for("guild_unavailable", timeout=SOON)
    server.world.outage(place.guild)
    await lost
    back = bot.wait_for("guild_available", timeout=SOON)
    server.world.end_outage(place.guild)
    await back
    assert not {"guild_remove", "guild_join"} & set(bot.seen)


async def test_a_forum_post_is_a_thread_with_its_first_message(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    forum = bot.get_channel(place.forum)
    assert isinstance(forum, discord.ForumChannel)
    plot = discord.File(io.BytesIO(b"\x89PNG"), "votes.png")
    made = await forum.create_thread(
        name="Dropout", content="A card.", file=plot, applied_tags=forum.available_tags
    )
    assert server.world.threads(place.forum) == [made.thread.id]
    message = server.ledger.messages[made.message.id]
    assert (message.channel_id, message.parent_id) == (made.thread.id, place.forum)
    assert (message.thread_name, message.text, message.nonce) == ("Dropout", "A card.", None)

    assert [thread.id for thread in await forum.guild.active_threads()] == [made.thread.id]
    server.world.archive(made.thread.id)
    assert await forum.guild.active_threads() == []


async def test_a_forum_takes_its_threads_with_it(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    forum = bot.get_channel(place.forum)
    assert isinstance(forum, discord.ForumChannel)
    made = await forum.create_thread(name="Dropout", content="A card.")
    server.world.delete_channel(place.forum)
    assert await refusal(bot, made.thread.id) == 10003


async def test_people_come_and_go(server: LocalDiscord, place: Place) -> None:
    server.world.leave(place.guild, place.reader)
    assert place.reader not in server.backend.guilds[place.guild].members
    server.world.join(place.guild, place.reader)
    assert place.reader in server.backend.guilds[place.guild].members


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_world_can_be_made_by_numbers(seed: int, server: LocalDiscord) -> None:
    server.world.populate(guilds=3, channels=2, forums=1, users=5, seed=seed)
    guilds = server.world.describe()["guilds"]
    assert [(len(g["channels"]), len(g["forums"])) for g in guilds] == [(2, 1)] * 3
    owners = 3
    assert sum(len(g["members"]) for g in guilds) == 5 + owners
