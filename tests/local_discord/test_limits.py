"""Rate limits, when a test turns them on."""

from __future__ import annotations

import pytest

from tests.local_discord import DISCORD_LIMITS, Limits, LocalDiscord, Rate
from tests.local_discord.conftest import Api, Place
from tests.local_discord.small_bot import SmallBot

CREATE = "POST /channels/:id/messages"


async def test_without_limits_there_are_no_headers(place: Place, api: Api) -> None:
    _, headers, _ = await api.send(place.channel)
    assert not any(name.startswith("X-RateLimit") for name in headers)


async def test_a_channel_takes_five_messages_in_five_seconds(
    server: LocalDiscord, place: Place, api: Api
) -> None:
    server.limiter.limits = DISCORD_LIMITS
    answers = [await api.send(place.channel) for _ in range(6)]
    assert [status for status, _, _ in answers] == [200] * 5 + [429]
    assert [headers["X-RateLimit-Remaining"] for _, headers, _ in answers[:5]] == list("43210")

    _, headers, body = answers[5]
    assert isinstance(body, dict)
    assert body["global"] is False
    assert 0 < body["retry_after"] <= 5
    assert headers["X-RateLimit-Scope"] == "user"
    assert headers["X-RateLimit-Bucket"] == answers[0][1]["X-RateLimit-Bucket"]
    assert server.limiter.refused == {"user": 1}

    other, _, _ = await api.send(server.world.add_channel(place.guild))
    server.clock.advance(5)
    again, _, _ = await api.send(place.channel)
    assert (other, again) == (200, 200)


async def test_all_requests_together_have_a_limit(server: LocalDiscord, api: Api) -> None:
    server.limiter.limits = Limits(everywhere=Rate(2, 1000))
    for _ in range(2):
        await api.call("GET", "/users/@me")
    status, headers, body = await api.call("GET", "/users/@me")
    assert status == 429
    assert isinstance(body, dict)
    assert body["global"] is True
    assert (headers["X-RateLimit-Global"], headers["X-RateLimit-Scope"]) == ("true", "global")
    assert headers["Retry-After"] == "1000"


async def test_answers_to_people_are_not_counted(
    server: LocalDiscord, place: Place, bot: SmallBot, api: Api
) -> None:
    server.limiter.limits = Limits(everywhere=Rate(1, 1000))
    await api.call("GET", "/users/@me")
    answer = await server.slash(place.reader, place.channel, "papers trending", {"count": 1})
    await answer.finished()
    await answer.followed_up()
    assert not server.limiter.refused


async def test_discord_py_obeys_the_headers(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.limiter.limits = Limits(routes={CREATE: Rate(3, 0.2)})
    channel = bot.channel(place.channel)
    # One by one: with several on their way, discord.py 2.7.1 sometimes sends one too many.
    for n in range(8):
        await channel.send(str(n))
    assert len(server.ledger.messages) == 8
    assert not server.limiter.refused


async def test_too_many_invalid_requests_shut_the_door(
    server: LocalDiscord, place: Place, api: Api
) -> None:
    server.limiter.limits = Limits(invalid=Rate(3, 600))
    server.world.deny(place.channel, "send_messages")
    for _ in range(2):
        await api.send(place.channel)
    await api.call("GET", "/users/@me", token="stolen")
    status, headers, body = await api.call("GET", "/users/@me")
    assert status == 429
    assert "Via" not in headers
    assert "1015" in str(body)
    assert server.limiter.refused == {"cloudflare": 1}

    server.clock.advance(601)
    assert server.limiter.invalid == 0
    status, _, _ = await api.call("GET", "/users/@me")
    assert status == 200


@pytest.mark.parametrize("again", [False, True])
async def test_only_new_dms_are_limited(again: bool, server: LocalDiscord, api: Api) -> None:
    server.limiter.limits = Limits(new_dms=Rate(1, 600))
    known, new = server.world.add_user("known"), server.world.add_user("new")
    await api.call("POST", "/users/@me/channels", json={"recipient_id": known})
    person = known if again else new
    status, _, body = await api.call("POST", "/users/@me/channels", json={"recipient_id": person})
    assert isinstance(body, dict)
    assert (status, body.get("code")) == ((200, None) if again else (403, 40003))
