"""The gateway: sessions come, break, resume and begin anew."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncGenerator

import aiohttp
import discord
import pytest
from aiohttp import WSMsgType

from tests.local_discord import LocalDiscord, addressed_to
from tests.local_discord.conftest import Api, Place, at_work
from tests.local_discord.gateway import KEPT_EVENTS
from tests.local_discord.small_bot import SmallBot

SOON = 10.0
Socket = aiohttp.ClientWebSocketResponse


@pytest.fixture
async def socket(server: LocalDiscord, api: Api) -> AsyncGenerator[Socket]:
    """A connection that speaks plain text, past its HELLO."""
    async with api.session.ws_connect(server.gateway_url) as socket:
        assert (await socket.receive_json())["op"] == 10
        yield socket


async def identify(socket: Socket, server: LocalDiscord, **more: object) -> None:
    intents = discord.Intents.default().value
    await socket.send_json({"op": 2, "d": {"token": server.token, "intents": intents, **more}})


async def test_a_stream_is_compressed_for_those_who_ask(server: LocalDiscord, api: Api) -> None:
    url = f"{server.gateway_url}?compress=zlib-stream"
    inflate = zlib.decompressobj()
    async with api.session.ws_connect(url) as socket:
        assert json.loads(inflate.decompress(await socket.receive_bytes()))["op"] == 10
        await socket.send_json({"op": 1, "d": None})
        assert json.loads(inflate.decompress(await socket.receive_bytes()))["op"] == 11


async def test_a_bot_that_is_ready_knows_its_guilds(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    assert [guild.id for guild in bot.guilds] == [place.guild]
    assert isinstance(bot.get_channel(place.forum), discord.ForumChannel)
    assert "guild_join" not in bot.seen


async def test_a_bot_is_told_to_reconnect_and_resumes(server: LocalDiscord, bot: SmallBot) -> None:
    resumed = bot.wait_for("resumed", timeout=SOON)
    server.gateway.reconnect()
    await resumed
    assert (server.gateway.identified, server.gateway.resumed) == (1, 1)


async def test_what_was_missed_is_told_after_a_cut(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    heard = bot.wait_for("message", timeout=SOON)
    server.gateway.cut()
    server.world.say(place.reader, place.channel, "Anybody there?")
    message = await heard
    assert message.author.id == place.reader
    await server.until(lambda: server.gateway.resumed == 1)


async def test_an_invalid_session_may_be_resumed(server: LocalDiscord, bot: SmallBot) -> None:
    resumed = bot.wait_for("resumed", timeout=SOON)
    server.gateway.invalidate(resumable=True)
    await resumed
    assert server.gateway.identified == 1


async def test_an_invalid_session_begins_anew(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.gateway.invalidate()
    await server.until(lambda: server.gateway.identified == 2)
    heard = bot.wait_for("message", timeout=SOON)
    server.world.say(place.reader, place.channel, "Anybody there?")
    await heard
    assert len(server.gateway.sessions) == 1


async def test_a_session_that_is_not_known_is_invalid(server: LocalDiscord, socket: Socket) -> None:
    resume = {"token": server.token, "session_id": "gone", "seq": 1}
    await socket.send_json({"op": 6, "d": resume})
    answer = await socket.receive_json()
    assert (answer["op"], answer["d"]) == (9, False)


async def test_events_that_are_too_old_are_not_kept(
    server: LocalDiscord, place: Place, socket: Socket
) -> None:
    await identify(socket, server)
    await server.gateway.ready()
    (session,) = server.gateway.sessions.values()
    for _ in range(KEPT_EVENTS):
        session.gateway.feed("TYPING_START", {"channel_id": "1"})
    assert session.missed(1) is None
    assert session.missed(session.sequence + 1) is None
    assert len(session.missed(session.sequence - 2) or ()) == 2


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"token": "stolen"}, 4004),
        ({"shard": [2, 2]}, 4010),
        ({"intents": discord.Intents.all().value}, 4014),
    ],
)
async def test_an_identify_may_be_refused_for_good(
    more: dict[str, object], code: int, server: LocalDiscord, socket: Socket
) -> None:
    server.gateway.approved = discord.Intents.default()
    await identify(socket, server, **more)
    message = await socket.receive()
    assert (message.type, message.data) == (WSMsgType.CLOSE, code)


async def test_discord_py_says_that_an_intent_is_not_approved(server: LocalDiscord) -> None:
    server.gateway.approved = discord.Intents.default()
    with addressed_to(server):
        async with SmallBot(intents=discord.Intents.all()) as bot:
            with pytest.raises(discord.PrivilegedIntentsRequired):
                await bot.start(server.token)


async def test_a_heartbeat_is_acknowledged_and_presence_ignored(socket: Socket) -> None:
    await socket.send_json({"op": 3, "d": {"status": "online"}})
    await socket.send_json({"op": 1, "d": None})
    assert (await socket.receive_json())["op"] == 11


async def test_text_of_others_needs_the_message_content_intent(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    said: list[str] = []
    for text in ("Nobody's business", f"<@{server.bot_id}> hello"):
        heard = bot.wait_for("message", timeout=SOON)
        server.world.say(place.reader, place.channel, text)
        said.append((await heard).content)
    assert said == ["", f"<@{server.bot_id}> hello"]


async def test_guilds_are_dealt_to_shards() -> None:
    async with LocalDiscord(shards=2) as server:
        server.world.populate(guilds=3, channels=1)
        async with at_work(SmallBot(), server) as bot:
            await server.gateway.ready(shards=2)
            assert sorted(guild.shard_id for guild in bot.guilds) == [0, 0, 1]
            joined = bot.wait_for("guild_join", timeout=SOON)
            guild_id = server.world.add_guild()
            guild = await joined
            assert (guild.id, guild.shard_id) == (guild_id, 1)
            server.gateway.cut(shard=1)
            await server.until(lambda: server.gateway.resumed == 1)


async def test_members_can_be_asked_for(server: LocalDiscord, place: Place, bot: SmallBot) -> None:
    guild = bot.get_guild(place.guild)
    assert guild is not None
    assert place.reader not in {member.id for member in guild.members}
    (member,) = await guild.query_members("reader")
    assert member.id == place.reader


async def test_a_process_that_begins_again_leaves_no_session_behind(
    server: LocalDiscord, place: Place
) -> None:
    for _ in range(2):
        async with at_work(SmallBot(), server):
            assert len(server.gateway.sessions) == 1
    assert server.gateway.identified == 2
