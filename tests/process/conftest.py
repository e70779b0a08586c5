"""A local Discord, and a database for the bot to run on."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.store.store import Store
from tests.local_discord import LocalDiscord


@dataclass(frozen=True)
class Place:
    """One guild with two channels, a forum, its owner and a reader."""

    guild: int
    channel: int
    other: int
    forum: int
    owner: int
    reader: int


@pytest.fixture
async def server() -> AsyncGenerator[LocalDiscord]:
    async with LocalDiscord() as server:
        yield server


@pytest.fixture
def place(server: LocalDiscord) -> Place:
    world = server.world
    guild = world.add_guild()
    return Place(
        guild=guild,
        channel=world.add_channel(guild, "papers"),
        other=world.add_channel(guild, "vision"),
        forum=world.add_forum(guild, tags=["new"]),
        owner=world.owner_of(guild),
        reader=world.add_user(guilds=[guild]),
    )


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "paperwire.sqlite"


@pytest.fixture
async def store(database: Path) -> AsyncGenerator[Store]:
    """The bot's own database, opened beside it."""
    async with Store(database) as store:
        yield store
