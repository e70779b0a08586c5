"""The command line, called as a shell would, in this process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.__main__ import main

CLOSED = "http://127.0.0.1:9"
"""Nobody listens on the discard port."""


@dataclass(frozen=True)
class Outcome:
    """What a command came to."""

    code: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder and an environment without settings, and sources that cannot be reached."""
    for name in ("DISCORD_TOKEN", "PAPERWIRE_DISCORD_TOKEN", "PAPERWIRE_DATABASE"):
        monkeypatch.delenv(name, raising=False)
    for source in ("HUGGING_FACE", "ARXIV", "ARXIV_RSS", "ARXIV_PAGES", "DISCORD_API"):
        monkeypatch.setenv(f"PAPERWIRE_{source}_URL", CLOSED)
    monkeypatch.chdir(tmp_path)
    # A command that speaks to Discord says where it is to the whole process; undone afterwards.
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)


@pytest.fixture
def run(unset: None, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    before = list(logging.getLogger().handlers)

    def run(*arguments: object) -> Outcome:
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    yield run
    for handler in set(logging.getLogger().handlers) - set(before):
        logging.getLogger().removeHandler(handler)


PAGE = (
    "Get trending papers in your email inbox!\n"
    "SubscribeA First Look at Careful Caching\n"
    "We look at how caches of keys and values grow while a model writes, and we find that most of"
    " what they keep is never read again.\n"
    "Gardens of Small Graphs\n"
    "Small graphs grow in many places. We collect a thousand of them by hand, sort them by shape,"
    " and show that their shapes predict where they came from.\n"
)
"""A saved page of two papers, in words of our own."""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.txt"
    path.write_text(PAGE, encoding="utf-8")
    return path
