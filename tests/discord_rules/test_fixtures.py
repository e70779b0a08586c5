"""A bot that asks too much of Discord fails its test, with every complaint in the message."""

from __future__ import annotations

import io
from pathlib import Path

import discord
import pytest
from discord import app_commands
from discord.ext import commands

from tests.discord_rules.fixtures import OpenWorld
from tests.discord_rules.messages import MOST_FILE_BYTES
from tests.discord_rules.openapi import OpenApi
from tests.discord_rules.sample_bot import Interaction, SampleBot
from tests.discord_rules.world import open_world


@app_commands.command()
async def shout(interaction: Interaction) -> None:
    """Say something to everyone."""
    await interaction.response.send_message("@everyone, look")


@app_commands.command()
async def crash(interaction: Interaction) -> None:
    """Raise an error."""
    raise ZeroDivisionError


@app_commands.command()
async def upload(interaction: Interaction) -> None:
    """Send a file that is too large."""
    await interaction.response.defer()
    file = discord.File(io.BytesIO(bytes(MOST_FILE_BYTES + 1)), "large.bin")
    await interaction.followup.send(file=file)


@app_commands.command()
async def offer(interaction: Interaction, word: str) -> None:
    """Offer too many choices."""


@offer.autocomplete("word")
async def words(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    return [app_commands.Choice(name=f"{typed}{n}", value=str(n)) for n in range(26)]


class CarelessBot(commands.Bot):
    """Not sharded, and without ``allowed_mentions``."""

    def __init__(self) -> None:
        super().__init__(commands.when_mentioned, intents=discord.Intents.default())

    async def setup_hook(self) -> None:
        for command in (shout, crash, upload, offer):
            self.tree.add_command(command)
        await self.tree.sync()


async def test_each_complaint_names_its_request(discord_world: OpenWorld) -> None:
    async def shout_and_offer() -> None:
        async with discord_world(CarelessBot) as world:
            await world.slash(world.reader, "shout")
            await world.autocomplete(world.reader, "offer", word="a")

    with pytest.raises(AssertionError) as raised:
        await shout_and_offer()
    said = str(raised.value)
    assert "/callback: allowed_mentions is missing" in said
    assert "/callback: the autocompletion has 26 choices: 0 to 25 are allowed" in said


async def test_the_rules_hold_without_discords_document() -> None:
    with pytest.raises(AssertionError, match=r"allowed_mentions is missing"):
        async with open_world(CarelessBot, None) as world:
            await world.slash(world.reader, "shout")


@pytest.mark.data
async def test_discords_document_is_asked_where_it_is_there(shared_data: Path) -> None:
    openapi = OpenApi.load(shared_data / "discord" / "openapi.json")
    with pytest.raises(AssertionError, match=r"callback: data\.choices: .* is too long"):
        async with open_world(CarelessBot, openapi) as world:
            await world.autocomplete(world.reader, "offer", word="a")


async def test_a_file_is_weighed(discord_world: OpenWorld) -> None:
    with pytest.raises(AssertionError, match=r"the file 'large.bin' has 10485761 bytes"):
        async with discord_world(CarelessBot) as world:
            await world.slash(world.reader, "upload")


async def test_what_the_bot_raises_fails_the_test_unless_it_was_looked_at(
    discord_world: OpenWorld,
) -> None:
    with pytest.raises(ExceptionGroup):
        async with discord_world(CarelessBot) as world:
            await world.slash(world.reader, "crash")
    async with discord_world(CarelessBot) as world:
        await world.slash(world.reader, "crash")
        (error,) = world.env.errors
        assert isinstance(error, app_commands.CommandInvokeError)


async def test_a_failing_test_is_not_hidden_behind_complaints(discord_world: OpenWorld) -> None:
    async def shout_and_fail() -> None:
        async with discord_world(CarelessBot) as world:
            await world.slash(world.reader, "shout")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await shout_and_fail()


async def test_a_test_may_allow_pings() -> None:
    class Pinging(SampleBot):
        def __init__(self) -> None:
            super().__init__()
            self.allowed_mentions = discord.AllowedMentions(
                everyone=False, users=False, roles=True, replied_user=False
            )

    async with open_world(Pinging, None, pings={"roles"}) as world:
        await world.slash(world.reader, "papers export")
