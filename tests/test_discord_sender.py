"""Messages in their places on Discord: made once, found again, and refused in our words."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.client import PaperBot, Services
from bot.delivery.pacing import Pace
from bot.delivery.rules import FORUM_SETTLES
from bot.discord_sender import MOST_LOOKED_AT, DiscordSender
from bot.errors import DeliveryError
from bot.jobs.deliver import Deliver
from bot.models import Delivery, DeliveryState, Feed, Style
from bot.search.engine import SearchEngine
from bot.store.store import Store
from tests.conftest import Clock
from tests.local_discord import Effect, Fault, LocalDiscord, MadeMessage, Scope, addressed_to
from tests.local_discord.rules import Nonces
from tests.process.owing import add_feed, everything, list_papers, owe_paper

HOUR = timedelta(hours=1)
PAPER, OTHER = "2403.00001", "2403.00002"
POSTS = "/channels/*/threads"
MESSAGES = "/channels/*/messages"


@pytest.fixture
async def server() -> AsyncGenerator[LocalDiscord]:
    async with LocalDiscord() as server:
        yield server


@pytest.fixture
def guild(server: LocalDiscord) -> int:
    return server.world.add_guild()


@pytest.fixture
def clock() -> Clock:
    """The local Discord's own time, until a test sets it."""
    return Clock(datetime.now(UTC))


@pytest.fixture
async def bot(
    server: LocalDiscord, store: Store, clock: Clock, tmp_path: Path
) -> AsyncGenerator[PaperBot]:
    """A bot that is logged in and has no gateway, as ``paperwire deliver`` has it."""
    engine = SearchEngine.open(tmp_path / "index")
    with addressed_to(server):
        async with PaperBot(Services(store, engine, clock), ()) as bot:
            await bot.login(server.token)
            yield bot
    engine.close()


@pytest.fixture
def deliver(store: Store, bot: PaperBot, clock: Clock) -> Deliver:
    async def on_dm_open(user_id: int, channel_id: int) -> None:
        raise AssertionError("nobody is written to here")

    sender = DiscordSender(bot, on_dm_open)
    return Deliver(store, sender, clock, pace=Pace(rate=1e6), invalid=bot.requests.invalid)


def owe(db: Database, server: LocalDiscord, style: Style, at: datetime) -> Feed:
    """Owe a card to a new channel, or a post to a new forum."""
    guild = next(iter(server.backend.guilds))
    world = server.world
    place = world.add_forum(guild) if style is Style.FORUM else world.add_channel(guild)
    list_papers(db, [PAPER, OTHER])
    feed = add_feed(
        db,
        guild_id=guild,
        channel_id=place,
        created_by=world.owner_of(guild),
        style=style,
        created_at=at,
    )
    owe_paper(db, feed, PAPER, at=at)
    return feed


async def first(store: Store) -> Delivery:
    return (await store.read(everything))[0]


def made(server: LocalDiscord) -> list[MadeMessage]:
    return server.ledger.by(server.bot_id)


async def lose_the_answer(server: LocalDiscord, deliver: Deliver, path: str) -> None:
    """Send, and let the connection be cut after the message was made."""
    server.faults.add(Fault(Effect.CUT, method="POST", path=path, after=True))
    await deliver()
    server.rules.nonces = Nonces()
    assert len(made(server)) == 1


BOTH = pytest.mark.parametrize(
    ("style", "path"), [(Style.CARDS, MESSAGES), (Style.FORUM, POSTS)], ids=["channel", "forum"]
)


@BOTH
@pytest.mark.parametrize("later", [FORUM_SETTLES, 15 * HOUR])
async def test_a_message_in_doubt_is_found_in_its_place(
    style: Style,
    path: str,
    later: timedelta,
    server: LocalDiscord,
    guild: int,
    store: Store,
    deliver: Deliver,
    clock: Clock,
) -> None:
    await store.run(owe, server, style, clock())
    await lose_the_answer(server, deliver, path)
    clock.now += later
    await deliver()
    delivery = await first(store)
    assert delivery.state is DeliveryState.SENT
    assert [message.id for message in made(server)] == [delivery.message_id]
    assert made(server)[0].channel_id == delivery.place_id


@BOTH
async def test_a_clock_that_is_set_back_hides_no_message(
    style: Style,
    path: str,
    server: LocalDiscord,
    guild: int,
    store: Store,
    deliver: Deliver,
    clock: Clock,
) -> None:
    await store.run(owe, server, style, clock())
    clock.now += HOUR  # it is ahead when the message is made
    await lose_the_answer(server, deliver, path)
    clock.now -= HOUR - FORUM_SETTLES
    await deliver()
    assert (await first(store)).state is DeliveryState.OWED, "it was postponed by the wrong clock"
    clock.now += HOUR
    await deliver()
    assert (await first(store)).message_id == made(server)[0].id
    assert len(made(server)) == 1


@BOTH
async def test_a_message_that_is_not_in_its_place_is_sent_again(
    style: Style,
    path: str,
    server: LocalDiscord,
    guild: int,
    store: Store,
    deliver: Deliver,
    clock: Clock,
) -> None:
    await store.run(owe, server, style, clock())
    server.faults.add(Fault(Effect.CUT, method="POST", path=path))
    await deliver()
    assert made(server) == []
    clock.now += HOUR
    await deliver()
    assert (await first(store)).state is DeliveryState.SENT
    assert len(made(server)) == 1


async def test_a_forum_post_is_found_under_another_title(
    server: LocalDiscord, guild: int, store: Store, deliver: Deliver, clock: Clock
) -> None:
    feed = await store.run(owe, server, Style.FORUM, clock())
    await lose_the_answer(server, deliver, POSTS)
    [thread] = server.world.threads(feed.channel_id)
    server.backend.edit_channel(thread, {"name": "Read this one"})
    server.world.archive(thread)
    clock.now += HOUR
    await deliver()
    assert (await first(store)).state is DeliveryState.SENT
    assert len(made(server)) == 1


async def test_a_forum_post_that_may_still_appear_is_left_alone(
    server: LocalDiscord, guild: int, store: Store, deliver: Deliver, clock: Clock
) -> None:
    await store.run(owe, server, Style.FORUM, clock())
    await lose_the_answer(server, deliver, POSTS)
    before = len(server.ledger.requests)
    clock.now += FORUM_SETTLES / 2
    await deliver()
    assert len(server.ledger.requests) == before
    delivery = await first(store)
    assert (delivery.state, delivery.due_at) == (
        DeliveryState.OWED,
        (delivery.uncertain_at or clock()) + FORUM_SETTLES,
    )


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_discord_s_own_trouble_makes_no_second_forum_post(
    status: int, server: LocalDiscord, guild: int, store: Store, deliver: Deliver, clock: Clock
) -> None:
    await store.run(owe, server, Style.FORUM, clock())
    server.faults.add(Fault(Effect.STATUS, method="POST", path=POSTS, status=status, after=True))
    await deliver()
    assert len(made(server)) == 1
    clock.now += HOUR
    await deliver()
    assert (await first(store)).message_id == made(server)[0].id
    assert len(made(server)) == 1


async def test_a_place_whose_history_is_closed_is_not_taken_for_empty(
    server: LocalDiscord, guild: int, store: Store, deliver: Deliver, clock: Clock
) -> None:
    feed = await store.run(owe, server, Style.CARDS, clock())
    await lose_the_answer(server, deliver, MESSAGES)
    server.world.deny(feed.channel_id, "read_message_history")
    clock.now += HOUR
    await deliver()
    assert (await first(store)).state is DeliveryState.HELD
    assert len(made(server)) == 1


async def test_a_channel_too_busy_to_look_through_gets_no_second_message(
    server: LocalDiscord, guild: int, store: Store, deliver: Deliver, clock: Clock
) -> None:
    feed = await store.run(owe, server, Style.CARDS, clock())
    person = server.world.owner_of(guild)
    for n in range(MOST_LOOKED_AT):
        server.world.say(person, feed.channel_id, f"line {n}")
    await lose_the_answer(server, deliver, MESSAGES)
    clock.now += HOUR
    await deliver()
    delivery = await first(store)
    assert delivery.state is DeliveryState.HELD
    assert "too busy" in (delivery.reason or "")
    assert len(made(server)) == 1


async def test_refused_requests_count_unless_the_limit_is_shared(
    server: LocalDiscord, guild: int, store: Store, deliver: Deliver, bot: PaperBot, clock: Clock
) -> None:
    await store.run(owe, server, Style.CARDS, clock())
    shared = Fault(Effect.RATE_LIMIT, path=MESSAGES, seconds=0.01, scope=Scope.SHARED)
    ours = Fault(Effect.RATE_LIMIT, path=MESSAGES, seconds=0.01)
    for fault in (shared, ours, Fault(Effect.ERROR, path=MESSAGES, code=50013)):
        server.faults.add(fault)
    await deliver()
    assert (await first(store)).state is DeliveryState.HELD
    assert bot.requests.invalid.count() == server.limiter.invalid == 2


async def test_sending_rests_before_discord_blocks_the_address(
    server: LocalDiscord, guild: int, store: Store, deliver: Deliver, bot: PaperBot, clock: Clock
) -> None:
    await store.run(owe, server, Style.CARDS, clock())
    for _ in range(bot.requests.invalid.most):
        bot.requests.invalid.note()
    with pytest.raises(DeliveryError, match="rests"):
        await deliver()
    assert made(server) == []
    clock.now += timedelta(minutes=11)
    await deliver()
    assert len(made(server)) == 1
