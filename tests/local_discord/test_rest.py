"""Requests are read, answered and written down as Discord would."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import aiohttp
import discord
import pytest

from tests.local_discord import LocalDiscord, addressed_to
from tests.local_discord.conftest import Api, Place
from tests.local_discord.rules import MAX_FILE
from tests.local_discord.small_bot import SmallBot


async def test_the_bot_learns_who_it_is(server: LocalDiscord, api: Api) -> None:
    status, headers, body = await api.call("GET", "/users/@me")
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    assert headers["Via"] == "1.1 google"
    assert isinstance(body, dict)
    assert body["id"] == str(server.bot_id)


async def test_a_wrong_token_is_refused_and_counted(server: LocalDiscord, api: Api) -> None:
    status, _, body = await api.call("GET", "/users/@me", token="stolen")
    assert (status, body) == (401, {"message": "401: Unauthorized", "code": 0})
    assert server.limiter.invalid == 1


async def test_discord_py_tells_a_wrong_token_from_trouble(server: LocalDiscord) -> None:
    with addressed_to(server):
        async with SmallBot() as bot:
            with pytest.raises(discord.LoginFailure):
                await bot.login("stolen")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/wishes", 404), ("PUT", "/users/@me", 405), ("DELETE", "/gateway", 404)],
)
async def test_an_unknown_route_is_refused_and_complained_about(
    method: str, path: str, status: int, server: LocalDiscord, api: Api
) -> None:
    answered, _, _ = await api.call(method, path)
    assert answered == status
    (complaint,) = server.ledger.complaints
    assert complaint.path == path


async def test_a_field_that_simcord_lacks_is_not_passed_over(
    server: LocalDiscord, place: Place, api: Api
) -> None:
    body = {"content": "x", "colour": "red"}
    status, _, _ = await api.call("POST", f"/channels/{place.channel}/messages", json=body)
    assert status == 501
    assert "colour" in server.ledger.complaints[0].text
    assert not server.ledger.messages


@pytest.mark.parametrize("raw", ["{", '{"recipient_id": {}}'])
async def test_a_malformed_body_is_a_bad_request(raw: str, api: Api) -> None:
    status, _, body = await api.call("POST", "/users/@me/channels", data=raw)
    assert status == 400
    assert isinstance(body, dict)
    assert body["code"] in {50035, 50109}


async def test_half_a_request_has_no_effect(server: LocalDiscord, place: Place) -> None:
    port = int(server.api_url.split(":")[2].split("/")[0])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /api/v10/channels/{place.channel}/messages HTTP/1.1\r\nContent-Length: 99\r\n"
    writer.write(f'{head}Host: localhost\r\n\r\n{{"content": "A di'.encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    (request,) = await server.until(lambda: server.ledger.requests)
    assert request.status == 0
    assert not server.ledger.messages


async def test_a_file_arrives_with_its_description(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    plot = discord.File(io.BytesIO(b"\x89PNG"), "votes.png", description="Votes by day")
    embed = discord.Embed(title="Trend").set_image(url="attachment://votes.png")
    sent = await bot.channel(place.channel).send("This week", file=plot, embed=embed)
    (message,) = server.world.messages(place.channel)
    (attachment,) = message["attachments"]
    assert (attachment["size"], attachment["description"]) == (4, "Votes by day")
    assert server.backend.cdn.get(sent.attachments[0].url) == b"\x89PNG"
    assert server.ledger.messages[sent.id].text == "This week\nTrend"


async def test_a_file_over_the_limit_is_refused(place: Place, api: Api) -> None:
    form = aiohttp.FormData()
    form.add_field("payload_json", '{"content": "x"}')
    form.add_field("files[0]", io.BytesIO(bytes(MAX_FILE + 1)), filename="big.bin")
    status, _, body = await api.call("POST", f"/channels/{place.channel}/messages", data=form)
    assert (status, body) == (413, {"message": "Request entity too large", "code": 40005})


async def test_the_audit_log_says_why(server: LocalDiscord, place: Place, bot: SmallBot) -> None:
    channel = bot.get_channel(place.channel)
    assert isinstance(channel, discord.TextChannel)
    await channel.edit(topic="Papers", reason="größer als 100 %")
    (entry,) = server.backend.guilds[place.guild].audit_log_entries
    assert entry.reason == "größer als 100 %"


async def test_the_same_nonce_makes_one_message(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    first = await bot.channel(place.channel).send("A digest.", nonce="feed-1-2026-03-03")
    again = await bot.channel(place.channel).send("A digest!", nonce="feed-1-2026-03-03")
    assert again.id == first.id
    assert again.content == "A digest."
    assert again.nonce == "feed-1-2026-03-03"
    assert [m.nonce for m in server.ledger.by(server.bot_id)] == ["feed-1-2026-03-03"]


async def test_a_nonce_is_told_at_the_gateway_but_not_in_the_history(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    told: list[discord.Message] = []

    async def on_message(message: discord.Message) -> None:
        told.append(message)
        server.pulse.beat()

    bot.event(on_message)
    await bot.channel(place.channel).send("A digest.", nonce="n1")
    await server.until(lambda: told)
    assert told[0].nonce == "n1"
    (message,) = server.world.messages(place.channel)
    assert message["nonce"] is None


async def test_a_nonce_is_forgotten_after_its_window(
    server: LocalDiscord, place: Place, api: Api
) -> None:
    await api.send(place.channel, nonce="n1")
    server.clock.advance(server.rules.nonces.window.total_seconds() - 1)
    await api.send(place.channel, nonce="n1")
    assert len(server.ledger.messages) == 1

    server.clock.advance(2)
    await api.send(place.channel, nonce="n1")
    assert len(server.ledger.messages) == 2


async def test_a_nonce_whose_message_was_deleted_is_an_unknown_message(
    server: LocalDiscord, place: Place, api: Api
) -> None:
    _, _, first = await api.send(place.channel, nonce="n1")
    assert isinstance(first, dict)
    server.world.delete_message(place.channel, int(first["id"]))
    status, _, body = await api.send(place.channel, nonce="n1")
    assert (status, body) == (404, {"message": "Unknown Message", "code": 10008})
    (made,) = server.ledger.messages.values()
    assert made.deleted_at is not None


async def test_a_nonce_counts_in_its_own_channel_and_only_when_enforced(
    server: LocalDiscord, place: Place, api: Api
) -> None:
    other = server.world.add_channel(place.guild)
    await api.send(place.channel, nonce="n1")
    await api.send(other, nonce="n1")
    body = {"content": "A digest.", "nonce": "n1"}
    await api.call("POST", f"/channels/{place.channel}/messages", json=body)
    assert len(server.ledger.messages) == 3


async def test_a_long_nonce_is_a_bad_request(server: LocalDiscord, place: Place, api: Api) -> None:
    status, _, body = await api.send(place.channel, nonce="n" * 26)
    assert status == 400
    assert isinstance(body, dict)
    assert body["code"] == 50035
    assert not server.ledger.messages


async def test_a_nonce_does_not_open_a_channel_that_is_lost(
    server: LocalDiscord, place: Place, api: Api
) -> None:
    await api.send(place.channel, nonce="n1")
    server.world.hide(place.channel)
    status, _, body = await api.send(place.channel, nonce="n1")
    assert (status, body) == (403, {"message": "Missing Access", "code": 50001})


async def test_edits_and_deletions_stay_in_the_ledger(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    sent = await bot.channel(place.channel).send("12 votes")
    await sent.edit(content="40 votes")
    await sent.delete()
    made = server.ledger.messages[sent.id]
    assert (made.text, made.edits, made.deleted_at is not None) == ("40 votes", 1, True)
    assert server.world.messages(place.channel) == []


async def test_every_request_can_be_checked() -> None:
    def check(method: str, path: str, body: Any) -> list[str]:
        return ["no greeting"] if method == "POST" and "hello" not in body["content"] else []

    async with LocalDiscord(check=check) as server, aiohttp.ClientSession() as session:
        channel = server.world.add_channel(server.world.add_guild())
        for content in ("hello", "away"):
            status, _, _ = await Api(session, server).send(channel, content)
            assert status == 200
        (complaint,) = server.ledger.complaints
        assert complaint.text == "no greeting"


async def test_a_history_is_read_onwards_page_by_page(
    server: LocalDiscord, place: Place, api: Api
) -> None:
    said = [server.world.say(place.reader, place.channel, f"line {n}") for n in range(5)]
    path = f"/channels/{place.channel}/messages?limit=2&after="
    _, _, page = await api.call("GET", f"{path}{said[0]}")
    assert isinstance(page, list)
    assert [int(message["id"]) for message in page] == [said[2], said[1]]
