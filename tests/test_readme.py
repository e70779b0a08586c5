"""The README is true: every command and every setting is in it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import discord
import pytest
from discord import app_commands

from bot.__main__ import parser
from bot.client import PaperBot, Services
from bot.search.engine import SearchEngine
from bot.store.store import Store
from cogs import EXTENSIONS
from config.settings import Settings, variable
from tests.conftest import ROOT, Clock

README = (ROOT / "README.md").read_text(encoding="utf-8")


def shell_commands() -> Iterator[str]:
    for action in parser()._actions:  # pyright: ignore[reportPrivateUsage]
        if isinstance(action, argparse._SubParsersAction):  # pyright: ignore[reportPrivateUsage]
            yield from action.choices


@pytest.mark.parametrize("command", list(shell_commands()))
def test_the_readme_names_each_command(command: str) -> None:
    assert f"`paperwire {command}" in README


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_the_readme_names_each_setting(name: str) -> None:
    assert f"`{variable(name)}`" in README


@pytest.mark.parametrize("name", list(Settings.model_fields))
def test_each_setting_is_described(name: str) -> None:
    description = Settings.model_fields[name].description
    assert description
    assert description.endswith(".")


async def test_the_readme_names_each_slash_command(tmp_path: Path, clock: Clock) -> None:
    engine = SearchEngine.open(tmp_path / "index")
    async with PaperBot(Services(Store(tmp_path / "db.sqlite"), engine, clock), ()) as bot:
        for extension in EXTENSIONS:
            await bot.load_extension(extension)
        commands = [
            command
            for command in bot.tree.walk_commands(type=discord.AppCommandType.chat_input)
            if isinstance(command, app_commands.Command)
        ]
        assert len(commands) > 15
        assert not [c.qualified_name for c in commands if f"`/{c.qualified_name}" not in README]
    engine.close()


def test_the_readme_shows_the_sandbox() -> None:
    assert (ROOT / "bot" / "sandbox" / "screenshot.png").stat().st_size > 10_000
    assert "bot/sandbox/screenshot.png" in README
