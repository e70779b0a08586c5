"""What becomes of messages that Discord does not take: decided by its code, one target at a time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import discord
import pytest
from sqlite_utils import Database

from bot.delivery.rules import BLOCKED, DM_CLOSED, PLACE_LOST
from bot.models import Delivery, DeliveryState, Feed, Style
from bot.store import feeds, people
from bot.store.store import Store
from tests.local_discord import Effect, Fault, LocalDiscord, MadeMessage, Scope
from tests.process.bot_process import bot_process
from tests.process.conftest import Place
from tests.process.owing import (
    add_feed,
    everything,
    list_papers,
    now,
    owe_paper,
    owe_words,
    title_of,
)

HERE, THERE = "2403.00001", "2403.00002"
Step = Callable[[LocalDiscord, Place], None]


def owe_two_cards(db: Database, place: Place, *, open_dm: int | None = None) -> Feed:
    """Owe a card in each of two channels; returns the first channel's feed.

    Args:
        open_dm: The DM channel that the feeds' maker opened by a command.
    """
    list_papers(db, [HERE, THERE])
    people.ensure(db, place.owner, now=now())
    if open_dm is not None:
        people.dm_opened(db, place.owner, open_dm)
    feed = a_quiet_feed(db, place, place.channel)
    owe_paper(db, feed, HERE)
    owe_paper(db, a_quiet_feed(db, place, place.other), THERE)
    return feed


def a_quiet_feed(db: Database, place: Place, channel: int, **kw: object) -> Feed:
    wishes = {"style": Style.CARDS, "created_by": place.owner, "created_at": now(), **kw}
    return add_feed(db, guild_id=place.guild, channel_id=channel, **wishes)


def messages_in(server: LocalDiscord, channel: int) -> list[MadeMessage]:
    return [m for m in server.ledger.messages.values() if m.channel_id == channel]


def sends_to(server: LocalDiscord, channel: int) -> int:
    path = f"/channels/{channel}/messages"
    return sum(1 for r in server.ledger.requests if (r.method, r.path) == ("POST", path))


async def first(store: Store) -> Delivery:
    return (await store.read(everything))[0]


LOST_AND_FOUND: list[tuple[int, Step, Step]] = [
    (
        50013,
        lambda server, place: server.world.deny(place.channel, "send_messages"),
        lambda server, place: server.world.allow(place.channel, "send_messages"),
    ),
    (
        50001,
        lambda server, place: server.world.hide(place.channel),
        lambda server, place: server.world.show(place.channel),
    ),
]


@pytest.mark.parametrize(("code", "lose", "find"), LOST_AND_FOUND, ids=["post", "see"])
async def test_a_feed_that_lost_its_channel_waits_and_goes_on_by_itself(
    code: int,
    lose: Step,
    find: Step,
    server: LocalDiscord,
    place: Place,
    database: Path,
    store: Store,
) -> None:
    dm = server.world.dm_of(place.owner)
    feed = await store.run(owe_two_cards, place, open_dm=dm)
    lose(server, place)
    async with bot_process(server, database) as bot:
        await server.until(lambda: len(server.ledger.messages) == 2, 60)
        paused = await store.read(feeds.get, feed.id)
        assert paused is not None
        assert paused.paused_because == PLACE_LOST[code]
        [told] = messages_in(server, dm)
        assert PLACE_LOST[code] in told.text
        assert len(messages_in(server, place.other)) == 1, "the other channel is not held up"

        find(server, place)
        await server.until(lambda: messages_in(server, place.channel), 60)
        assert await bot.stop() == 0
    assert sends_to(server, place.channel) == 2, "nothing was tried while it was lost"
    assert (await first(store)).state is DeliveryState.SENT
    resumed = await store.read(feeds.get, feed.id)
    assert resumed is not None
    assert (resumed.paused_at, resumed.topic) == (None, feed.topic)
    assert len(messages_in(server, dm)) == 1


SEND = discord.Permissions(send_messages=True).value


def let_nobody_send(server: LocalDiscord, place: Place) -> None:
    for role in server.backend.guilds[place.guild].roles.values():
        change = {"permissions": role.permissions & ~SEND}
        server.backend.edit_role(place.guild, role.id, change)


def let_everybody_send(server: LocalDiscord, place: Place) -> None:
    everybody = server.backend.guilds[place.guild].roles[place.guild]
    change = {"permissions": everybody.permissions | SEND}
    server.backend.edit_role(place.guild, everybody.id, change)


def give_the_bot_a_role(server: LocalDiscord, place: Place) -> None:
    role = server.backend.create_role(place.guild, "Posts", permissions=SEND)
    server.backend.add_member_role(place.guild, server.bot_id, role.id)


@pytest.mark.parametrize("find", [let_everybody_send, give_the_bot_a_role])
async def test_feeds_go_on_when_a_role_gives_the_permission_back(
    find: Step, server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    dm = server.world.dm_of(place.owner)
    await store.run(owe_two_cards, place, open_dm=dm)
    let_nobody_send(server, place)
    async with bot_process(server, database):
        await server.until(lambda: len(messages_in(server, dm)) == 2, 60)
        await server.gateway.ready()
        find(server, place)
        await server.until(lambda: len(server.ledger.messages) == 4, 60)
    assert len(messages_in(server, place.channel)) == 1
    assert len(messages_in(server, place.other)) == 1


async def test_a_feed_goes_on_when_the_bot_is_invited_back(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(owe_two_cards, place)
    server.world.remove_bot(place.guild)
    async with bot_process(server, database) as bot:
        await bot.logged("pause_place")
        await server.gateway.ready()
        server.world.invite_bot(place.guild)
        await server.until(lambda: len(server.ledger.messages) == 2, 60)


async def test_a_feed_goes_on_that_was_freed_while_the_bot_was_away(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(owe_two_cards, place)
    server.world.hide(place.channel)
    async with bot_process(server, database) as bot:
        await bot.logged("pause_place")
        assert await bot.stop() == 0
    server.world.show(place.channel)
    async with bot_process(server, database):
        await server.until(lambda: messages_in(server, place.channel), 60)


async def test_a_deleted_channel_s_feed_keeps_its_setup_and_everybody_can_see_why(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    feed = await store.run(owe_two_cards, place)
    server.world.delete_channel(place.channel)
    async with bot_process(server, database) as bot:
        await bot.logged("pause_place")
        await server.gateway.ready()
        listed = await server.slash(place.owner, place.other, "feeds list")
        await listed.finished()
        assert "paused" in listed.text
        assert PLACE_LOST[10003] in listed.text
        # Their own command is what we may speak to them under; once.
        [told] = await listed.followed_up()
        assert PLACE_LOST[10003] in str(told)
        status = await server.slash(place.reader, place.other, "status")
        await status.finished()
        assert PLACE_LOST[10003] in status.text
        again = await server.slash(place.owner, place.other, "feeds list")
        await again.finished()
        assert await bot.stop() == 0
        assert again.followups == []
    assert await store.read(feeds.get, feed.id) is not None
    assert sends_to(server, place.channel) == 1
    assert not any(r.route == "POST /users/@me/channels" for r in server.ledger.requests)


@pytest.mark.parametrize("code", [50007, 50278])
async def test_a_closed_dm_keeps_its_messages_and_says_so_at_the_next_command(
    code: int, server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    refusing = server.rules.closed_dms if code == 50007 else server.rules.no_mutual
    refusing.add(place.reader)
    for words in ("first", "second"):
        await store.run(owe_words, place.reader, words)
    await store.run(owe_words, place.owner, "to somebody else")
    async with bot_process(server, database) as bot:
        await bot.logged("close_dm")
        await server.gateway.ready()
        status = await server.slash(place.reader, place.other, "status")
        told = await status.followed_up(3)
        assert DM_CLOSED[code] in str(told)
        assert await bot.stop() == 0
    assert len(messages_in(server, server.world.dm_of(place.owner))) == 1
    assert sends_to(server, server.world.dm_of(place.reader)) == 1
    person = await store.read(people.get, place.reader)
    assert person is not None
    assert person.dm_closed_because == DM_CLOSED[code]


def owe_where_open(db: Database, user_id: int, channel_id: int) -> None:
    owe_words(db, user_id, "opened before")
    people.dm_opened(db, user_id, channel_id)


async def test_new_dm_channels_rest_for_all_after_discord_wants_no_more(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    known = server.world.add_user("known", [place.guild])
    await store.run(owe_words, place.reader, "the first of many")
    server.faults.add(
        Fault(Effect.ERROR, code=40003, path="/users/@me/channels", user_id=place.reader)
    )
    async with bot_process(server, database) as bot:
        await bot.logged("rest_dm_opens")
        await store.run(owe_words, place.owner, "opened by nobody")
        await store.run(owe_where_open, known, server.world.dm_of(known))
        await server.until(lambda: server.ledger.messages, 60)
        assert await bot.stop() == 0
    [message] = server.ledger.messages.values()
    assert message.user_id == known
    opened = [r for r in server.ledger.requests if r.route == "POST /users/@me/channels"]
    assert len(opened) == 1
    waiting = [d for d in await store.read(everything) if d.state is DeliveryState.OWED]
    assert {d.user_id for d in waiting} == {place.reader, place.owner}
    assert all(d.reason for d in waiting)


async def test_a_body_that_is_refused_is_shortened_once(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(owe_two_cards, place)
    server.faults.add(Fault(Effect.ERROR, code=50035, channel_id=place.channel))
    async with bot_process(server, database) as bot:
        await server.until(lambda: len(server.ledger.messages) == 2, 60)
        assert await bot.stop() == 0
    assert sends_to(server, place.channel) == 2
    assert (await first(store)).state is DeliveryState.SENT


@pytest.mark.parametrize(("code", "tries"), [(50035, 2), (200000, 1), (240000, 1)])
async def test_a_message_that_is_refused_for_good_is_reported_and_not_repeated(
    code: int, tries: int, server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    dm = server.world.dm_of(place.owner)
    await store.run(owe_two_cards, place, open_dm=dm)
    server.faults.add(Fault(Effect.ERROR, code=code, channel_id=place.channel, times=None))
    async with bot_process(server, database) as bot:
        await server.until(lambda: len(server.ledger.messages) == 2, 60)
        assert await bot.stop() == 0
    assert sends_to(server, place.channel) == tries
    [told] = messages_in(server, dm)
    assert title_of(HERE) not in told.text
    assert f"<#{place.channel}>" in told.text
    held = await first(store)
    assert held.state is DeliveryState.HELD
    assert held.reason == BLOCKED.get(code, f"Discord refused it ({code})")


async def test_one_slow_or_limited_target_delays_no_other(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(owe_two_cards, place)
    many = [server.world.add_channel(place.guild, f"more-{n}") for n in range(40)]
    await store.run(owe_one_each, place, many)
    for channel in many[:15]:
        server.faults.add(Fault(Effect.SLOW, channel_id=channel, seconds=600, times=None))
    for channel in many[15:30]:
        fault = Fault(
            Effect.RATE_LIMIT,
            channel_id=channel,
            seconds=25,
            scope=Scope.SHARED,
            times=None,
        )
        server.faults.add(fault)
    for channel in many[30:35]:
        server.faults.add(Fault(Effect.STATUS, channel_id=channel, status=500, times=None))
    async with bot_process(server, database):
        # 25 seconds of rate limit and 600 of silence are not waited for.
        await server.until(lambda: len(server.ledger.messages) == 7, 20)


def owe_one_each(db: Database, place: Place, channels: list[int]) -> None:
    papers = [f"2404.{n:05}" for n in range(1, len(channels) + 1)]
    list_papers(db, papers)
    for channel, paper_id in zip(channels, papers, strict=True):
        owe_paper(db, a_quiet_feed(db, place, channel), paper_id)


async def test_a_token_that_is_refused_costs_no_message(
    server: LocalDiscord, place: Place, database: Path, store: Store
) -> None:
    await store.run(owe_two_cards, place)
    server.faults.add(Fault(Effect.STATUS, status=401, path="/channels/*", times=None))
    async with bot_process(server, database) as bot:
        await bot.logged("Discord answered 401")
        assert await bot.stop() == 0
    assert {d.state for d in await store.read(everything)} == {DeliveryState.OWED}
