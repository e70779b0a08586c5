"""The real bot in a small Discord, over a real store and search index, with a clock of ours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from discord import app_commands

from bot.client import PaperBot, Services
from bot.errors import UserError
from bot.jobs.index import Index
from bot.models import Listing
from bot.search.embed import WordLlama
from bot.search.engine import SearchEngine
from bot.store import listings
from bot.store.store import Store
from cogs import EXTENSIONS
from tests.cogs.flow import Flow
from tests.conftest import Clock
from tests.discord_rules.fixtures import OpenWorld, discord_openapi, discord_world
from tests.discord_rules.world import World

__all__ = ["discord_openapi", "discord_world"]

TakeIn = Callable[..., Awaitable[None]]
"""``take_in(listing, …)``: a source shows this now, and it is searchable."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """A store that does not wait long for another process that writes."""
    async with Store(tmp_path / "paperwire.sqlite", busy_timeout_ms=100) as store:
        yield store


@pytest.fixture
async def engine(tmp_path: Path, embedder: WordLlama) -> AsyncIterator[SearchEngine]:
    engine = SearchEngine.open(tmp_path / "index", embedder=embedder)
    yield engine
    await asyncio.to_thread(engine.close)


@pytest.fixture
def woken() -> list[str]:
    """The jobs that commands asked to run soon."""
    return []


@pytest.fixture
def services(store: Store, engine: SearchEngine, clock: Clock, woken: list[str]) -> Services:
    return Services(store, engine, clock, woken.append)


@pytest.fixture
def make_bot(services: Services) -> Callable[[], PaperBot]:
    return lambda: PaperBot(services, EXTENSIONS)


@pytest.fixture
def expected_bugs() -> list[type[BaseException]]:
    """What a test makes go wrong inside the bot, in order; nothing else may."""
    return []


@pytest.fixture
async def world(
    discord_world: OpenWorld,
    make_bot: Callable[[], PaperBot],
    expected_bugs: list[type[BaseException]],
) -> AsyncIterator[World]:
    async with discord_world(make_bot, check_errors=False) as world:
        yield world
        causes = [getattr(error, "original", error) for error in world.env.errors]
        bugs = [type(cause) for cause in causes if not is_refusal(cause)]
        assert bugs == expected_bugs, causes


def is_refusal(error: BaseException) -> bool:
    """Whether an error is an answer to the user, which simcord cannot tell from a bug."""
    cause = error.__cause__ if isinstance(error, app_commands.TransformerError) else error
    return isinstance(cause, UserError | app_commands.CheckFailure)


@pytest.fixture
def take_in(store: Store, engine: SearchEngine) -> TakeIn:
    async def take_in(*shown: Listing) -> None:
        for listing in shown:
            await store.run(listings.record, listing)
        await Index(store, engine)()

    return take_in


@pytest.fixture
def flow(world: World, store: Store, clock: Clock) -> Flow:
    return Flow(world, store, clock)
