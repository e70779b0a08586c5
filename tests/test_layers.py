"""Who may import whom: nobody sees it break, so these tests look."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_KNOW_DISCORD = (
    "bot/render/",
    "bot/sandbox/",
    "bot/cli/running.py",
    "bot/app.py",
    "bot/client.py",
    "bot/discord_sender.py",
    "bot/dm_channels.py",
    "bot/places.py",
    "cogs/",
)
PURE = (
    "bot/models.py",
    "bot/feeds.py",
    "bot/alerts.py",
    "bot/merging.py",
    "bot/trending.py",
    "bot/topics/",
)
"""Decide from their arguments alone: no store, no web, no clock of their own."""


def modules() -> list[str]:
    found = [*ROOT.glob("bot/**/*.py"), *ROOT.glob("cogs/**/*.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def imported(path: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def test_the_readme_names_what_knows_discord() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [
        path for path in MAY_KNOW_DISCORD if f"`{path.removeprefix('bot/')}`" not in readme
    ] == []


@pytest.mark.parametrize(
    "path", [path for path in modules() if not path.startswith(MAY_KNOW_DISCORD)]
)
def test_the_core_knows_nothing_of_discord(path: str) -> None:
    packages = {name.split(".")[0] for name in imported(path)}
    assert packages.isdisjoint({"discord", "cogs", "simcord"})


@pytest.mark.parametrize("path", [path for path in modules() if path.startswith(PURE)])
def test_a_pure_room_asks_nobody(path: str) -> None:
    rooms = {".".join(name.split(".")[:2]) for name in imported(path)}
    assert rooms.isdisjoint({"bot.store", "bot.sources", "bot.jobs", "bot.delivery", "aiohttp"})


@pytest.mark.parametrize("path", modules())
def test_the_core_does_not_import_the_shell(path: str) -> None:
    if not path.startswith(("bot/cli/", "bot/sandbox/", "bot/__main__.py", "bot/app.py", "tests/")):
        rooms = {".".join(name.split(".")[:2]) for name in imported(path)}
        assert rooms.isdisjoint({"bot.cli", "bot.app", "bot.sandbox"})


def test_no_module_runs_anything_when_imported() -> None:
    """Importing reads no setting and opens nothing: only definitions, constants and imports."""
    for path in modules():
        body = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
        calls = [
            node for node in body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
        ]
        assert not calls or path == "bot/sandbox/__init__.py", path
