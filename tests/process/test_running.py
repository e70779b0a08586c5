"""The bot from its start to its end, as an operator sees it."""

from __future__ import annotations

from pathlib import Path

import discord
from sqlite_utils import Database

from bot.models import DeliveryState, Style
from bot.store.store import Store
from tests.local_discord import Effect, Fault, LocalDiscord
from tests.process.bot_process import bot_process
from tests.process.conftest import Place
from tests.process.owing import (
    add_feed,
    everything,
    follow,
    list_papers,
    now,
    owe_paper,
    states,
    title_of,
)

LISTED = ["2403.00001", "2403.00002", "2403.00003"]
TEN_SECONDS = 10.0
"""What a supervisor gives before it kills."""


def a_server_that_wants_everything(db: Database, place: Place) -> None:
    list_papers(db, LISTED)
    add_feed(db, guild_id=place.guild, channel_id=place.channel, created_by=place.owner)
    cards = {"style": Style.CARDS, "guild_id": place.guild, "created_by": place.owner}
    add_feed(db, channel_id=place.other, **cards)
    add_feed(db, channel_id=place.forum, **{**cards, "style": Style.FORUM})
    follow(db, place.reader, "paper 2403.00002")


async def test_every_kind_of_post_arrives_from_lists_alone(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(a_server_that_wants_everything, place)
    async with bot_process(server, database):
        await server.until(lambda: len(server.ledger.messages) == 8, 60)
    messages = list(server.ledger.messages.values())
    [digest] = [m for m in messages if m.channel_id == place.channel]
    assert all(title_of(paper_id) in digest.text for paper_id in LISTED)
    cards = [m for m in messages if m.channel_id == place.other]
    posts = [m for m in messages if m.parent_id == place.forum]
    assert {m.thread_name for m in posts} == {title_of(paper_id) for paper_id in LISTED}
    assert len(cards) == len(posts) == len(LISTED)
    [alert] = [m for m in messages if m.user_id == place.reader]
    assert title_of(LISTED[1]) in alert.text
    assert server.ledger.complaints == []


async def test_nothing_is_sent_again_after_a_restart(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(a_server_that_wants_everything, place)
    for _ in range(2):
        async with bot_process(server, database) as bot:
            await bot.logged("refresh:")
            await server.until(lambda: len(server.ledger.messages) >= 8, 60)
            assert await bot.stop() == 0
    assert len(server.ledger.messages) == 8
    assert set((await states(store)).values()) == {DeliveryState.SENT}


async def test_a_wrong_token_is_one_sentence(server: LocalDiscord, database: Path) -> None:
    async with bot_process(server, database, DISCORD_TOKEN="not.the.token") as bot:
        assert await bot.ended() == 1
    [said] = [line for line in bot.log if "INFO" not in line]
    assert said == (
        "paperwire: Discord does not take DISCORD_TOKEN; copy it again from the developer portal"
        " (Bot, Reset Token)."
    )


async def test_a_token_that_is_taken_back_is_one_sentence(
    server: LocalDiscord, place: Place, database: Path
) -> None:
    async with bot_process(server, database) as bot:
        await server.gateway.ready()
        server.gateway.close(4004)
        assert await bot.ended() == 1
    assert bot.log[-1].startswith("paperwire: Discord does not take DISCORD_TOKEN")
    assert not any("Traceback" in line for line in bot.log)


async def test_an_invalid_session_is_begun_anew_at_the_same_gateway(
    server: LocalDiscord, place: Place, database: Path
) -> None:
    async with bot_process(server, database):
        await server.gateway.ready()
        server.gateway.invalidate()
        await server.until(lambda: server.gateway.identified == 2, 60)


async def test_a_stop_ends_the_message_in_hand_and_notes_it(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(owe_cards, place)
    server.faults.add(Fault(Effect.SLOW, channel_id=place.other, seconds=3.0, after=True))
    async with bot_process(server, database) as bot:
        await server.until(lambda: server.ledger.messages, 60)
        assert await bot.stop(TEN_SECONDS) == 0
    first, second = await store.read(everything)
    assert first.state is DeliveryState.SENT
    assert first.message_id in server.ledger.messages
    assert second.state is DeliveryState.OWED


async def test_a_stop_does_not_wait_for_an_answer_that_does_not_come(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(owe_cards, place)
    server.faults.add(Fault(Effect.SLOW, channel_id=place.other, seconds=60.0, after=True))
    async with bot_process(server, database) as bot:
        await server.until(lambda: server.ledger.messages, 60)
        assert await bot.stop(TEN_SECONDS) == 0
    async with bot_process(server, database):
        await server.until(lambda: len(server.ledger.messages) == 2, 60)
    assert len(server.ledger.messages) == 2


def owe_cards(db: Database, place: Place) -> None:
    list_papers(db, LISTED)
    feed = add_feed(
        db,
        guild_id=place.guild,
        channel_id=place.other,
        created_by=place.owner,
        style=Style.CARDS,
        created_at=now(),
    )
    for paper_id in LISTED[:2]:
        owe_paper(db, feed, paper_id)


async def test_what_is_owed_can_be_sent_by_hand(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(owe_cards, place)
    async with bot_process(server, database, "deliver") as bot:
        assert await bot.ended() == 0
    assert len(server.ledger.messages) == 2
    # The commands of the bot that is online stay as they are.
    assert not any(request.method == "PUT" for request in server.ledger.requests)


async def test_an_intent_that_is_not_approved_is_named_with_its_setting(
    server: LocalDiscord, database: Path
) -> None:
    server.gateway.approved = discord.Intents.default()
    async with bot_process(server, database, PAPERWIRE_MESSAGE_CONTENT="true") as bot:
        line = await bot.logged("PAPERWIRE_MESSAGE_CONTENT is on")
        assert "Message Content Intent in the developer portal" in line
        assert await bot.ended() == 1
    async with bot_process(server, database):
        await server.until(lambda: server.gateway.identified > 0)
