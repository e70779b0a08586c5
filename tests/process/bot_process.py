"""Runs ``paperwire`` as an operator would, and reads its log."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT
from tests.local_discord import LocalDiscord
from tests.local_discord.pulse import Pulse

LINES_SHOWN = 40
"""Lines of the log that a failing test shows."""
SOON = 60.0
"""Seconds. Reached only by what never happens."""


@dataclass
class BotProcess:
    """One process of the bot."""

    process: Process
    log: list[str] = field(default_factory=list[str])
    """What it has written to stderr so far, by lines."""
    _pulse: Pulse = field(default_factory=Pulse)

    async def logged(self, text: str, seconds: float = SOON) -> str:
        """Wait for a line of the log with these words in it, and return it.

        Raises:
            TimeoutError: There was none within ``seconds``.
        """

        def found() -> str:
            return next((line for line in self.log if text in line), "")

        return await self._pulse.until(found, seconds)

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    async def stop(self, seconds: float = SOON) -> int:
        """Ask it to end, as a supervisor would, and return its exit code.

        Raises:
            TimeoutError: It still ran after ``seconds``.
        """
        self.process.terminate()
        return await self.ended(seconds)

    async def ended(self, seconds: float = SOON) -> int:
        return await asyncio.wait_for(self.process.wait(), seconds)

    def lines(self, text: str) -> list[str]:
        """Return the lines of the log so far with these words in them."""
        return [line for line in self.log if text in line]

    async def read(self) -> None:
        """Take its log in until it ends."""
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.log.append(line.decode().rstrip())
            self._pulse.beat()


@contextmanager
def closed_port() -> Generator[int]:
    """Give a port of loopback where nobody answers."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@asynccontextmanager
async def bot_process(
    server: LocalDiscord, database: Path, *arguments: str, **env: str
) -> AsyncGenerator[BotProcess]:
    """Run the bot until the end of the block, then kill it if it still runs.

    No source of papers answers it.

    Args:
        arguments: What is typed after ``paperwire``; ``run`` where nothing is.
    """
    with closed_port() as port:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", *(arguments or ("run",))),
            cwd=database.parent,  # no .env of the project's own is read
            env={**os.environ, **_settings(server, database, f"http://127.0.0.1:{port}"), **env},
            stderr=PIPE,
        )
        bot = BotProcess(process)
        reading = asyncio.create_task(bot.read())
        try:
            yield bot
        except Exception as error:
            ended = process.returncode
            how = "still runs" if ended is None else f"ended with {ended}"
            error.add_note("\n".join([f"the bot {how}; its log:", *bot.log[-LINES_SHOWN:]]))
            raise
        finally:
            await bot.kill()
            await reading


def _settings(server: LocalDiscord, database: Path, nowhere: str) -> dict[str, str]:
    return {
        "PYTHONPATH": str(ROOT),
        "DISCORD_TOKEN": server.token,
        "PAPERWIRE_DISCORD_API_URL": server.api_url,
        "PAPERWIRE_DATABASE": str(database),
        "PAPERWIRE_HUGGING_FACE_URL": nowhere,
        "PAPERWIRE_ARXIV_URL": nowhere,
        "PAPERWIRE_ARXIV_RSS_URL": nowhere,
        "PAPERWIRE_ARXIV_OAI_URL": nowhere,
        "PAPERWIRE_ARXIV_PAGES_URL": nowhere,
        "PAPERWIRE_SEMANTIC_SCHOLAR_URL": nowhere,
    }
