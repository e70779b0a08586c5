"""Trouble on demand, and how an unmodified discord.py takes it."""

from __future__ import annotations

import asyncio

import aiohttp
import discord
import pytest

from tests.local_discord import Effect, Fault, LocalDiscord, Scope
from tests.local_discord.calls import Call
from tests.local_discord.conftest import Api, Place
from tests.local_discord.faults import ERRORS, Faults
from tests.local_discord.small_bot import SmallBot


@pytest.mark.parametrize("code", ERRORS)
async def test_every_known_error_can_be_had(
    code: int, server: LocalDiscord, place: Place, api: Api
) -> None:
    server.faults.add(Fault(Effect.ERROR, code=code, channel_id=place.channel))
    status, _, body = await api.send(place.channel)
    assert isinstance(body, dict)
    assert (status, body["code"]) == (ERRORS[code][0], code)
    assert not server.ledger.messages

    status, _, _ = await api.send(place.channel)
    assert status == 200


@pytest.mark.parametrize("scope", list(Scope))
async def test_discord_py_waits_for_a_429_and_sends_once(
    scope: Scope, server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.faults.add(Fault(Effect.RATE_LIMIT, scope=scope, seconds=0.05, path="/channels/*"))
    await bot.channel(place.channel).send("A digest.")
    assert server.limiter.refused == {scope: 1}
    assert server.limiter.invalid == (0 if scope is Scope.SHARED else 1)
    assert len(server.ledger.messages) == 1


async def test_cloudflare_is_raised_at_once(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.faults.add(Fault(Effect.CLOUDFLARE, method="POST"))
    with pytest.raises(discord.HTTPException) as raised:
        await bot.channel(place.channel).send("A digest.")
    assert raised.value.status == 429
    assert "1015" in raised.value.text
    assert server.limiter.refused == {"cloudflare": 1}


async def test_503_is_raised_at_once(server: LocalDiscord, place: Place, bot: SmallBot) -> None:
    server.faults.add(Fault(Effect.STATUS, status=503))
    with pytest.raises(discord.DiscordServerError):
        await bot.channel(place.channel).send("A digest.")


async def test_a_502_after_the_effect_is_tried_again_and_makes_one_message(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.faults.add(Fault(Effect.STATUS, status=502, after=True))
    await bot.channel(place.channel).send("A digest.")
    creates = [r for r in server.ledger.requests if r.route == "POST /channels/:id/messages"]
    assert [(r.status, r.fault) for r in creates] == [(502, "status"), (200, None)]
    assert len(server.ledger.messages) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_a_cut_connection_leaves_the_bot_in_doubt(
    after: bool, server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.faults.add(Fault(Effect.CUT, channel_id=place.channel, after=after))
    with pytest.raises(aiohttp.ClientError):
        await bot.channel(place.channel).send("A digest.", nonce="n1")
    assert len(server.ledger.messages) == int(after)
    assert server.ledger.requests[-1].status == 0

    await bot.channel(place.channel).send("A digest.", nonce="n1")
    assert len(server.ledger.messages) == 1


@pytest.mark.parametrize("after", [False, True])
async def test_a_slow_answer_comes_in_the_end(
    after: bool, server: LocalDiscord, place: Place, api: Api
) -> None:
    slow = server.faults.add(Fault(Effect.SLOW, seconds=0.1, after=after))
    sending = asyncio.create_task(api.send(place.channel))
    await server.until(lambda: server.ledger.messages if after else server.faults.struck[slow])
    assert not sending.done()
    assert len(server.ledger.messages) == int(after)
    status, _, _ = await sending
    assert status == 200
    assert len(server.ledger.messages) == 1


@pytest.mark.parametrize(
    ("people", "code"), [("closed_dms", 50007), ("no_mutual", 50278)], ids=["closed", "no mutual"]
)
async def test_a_direct_message_may_not_be_welcome(
    people: str, code: int, server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    reader = await bot.fetch_user(place.reader)
    getattr(server.rules, people).add(place.reader)
    with pytest.raises(discord.Forbidden) as raised:
        await reader.send("One match.")
    assert raised.value.code == code

    getattr(server.rules, people).clear()
    sent = await reader.send("One match.")
    assert server.ledger.messages[sent.id].user_id == place.reader


async def test_a_fault_can_lie_in_wait_for_one_person(
    server: LocalDiscord, place: Place, bot: SmallBot
) -> None:
    server.faults.add(Fault(Effect.ERROR, code=50007, user_id=place.reader, times=None))
    other = await bot.fetch_user(server.world.add_user("other", [place.guild]))
    await other.send("One match.")
    reader = await bot.fetch_user(place.reader)
    with pytest.raises(discord.Forbidden):
        await reader.send("One match.")


def call(path: str = "/channels/1/messages") -> Call:
    return Call("POST", path, 0.0)


def test_a_fault_strikes_as_often_as_it_says() -> None:
    faults = Faults()
    faults.add(Fault(Effect.CUT, skip=1, times=2))
    struck = [faults.strike(call(), user_id=None) is not None for _ in range(5)]
    assert struck == [False, True, True, False, False]
    assert faults.waiting() == {}


def test_a_lasting_fault_strikes_until_lifted() -> None:
    faults = Faults()
    fault = faults.add(Fault(Effect.CUT, times=None, channel_id=1))
    assert all(faults.strike(call(), user_id=None) for _ in range(5))
    assert faults.strike(call("/channels/2/messages"), user_id=None) is None
    faults.lift(fault)
    faults.lift(fault)
    assert faults.strike(call(), user_id=None) is None


def test_chance_is_the_same_for_the_same_seed() -> None:
    def struck(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add(Fault(Effect.CUT, times=None, chance=0.5))
        return [faults.strike(call(), user_id=None) is not None for _ in range(50)]

    assert struck(1) == struck(1)
    assert struck(1) != struck(2)
    assert 10 < sum(struck(1)) < 40
