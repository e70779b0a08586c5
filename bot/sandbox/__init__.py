"""A local Discord to try the bot in: no token, no account, no network.

Raises ``SettingsError`` on import unless the very simcord is installed that
``bot.sandbox.live`` was written against.
"""

from __future__ import annotations

import logging
from importlib.metadata import PackageNotFoundError, version

from bot.errors import SettingsError

SIMCORD = "3.2.1"


def refuse_other_simcord(installed: str | None) -> None:
    """Raise ``SettingsError`` unless this version of simcord is the one we can use."""
    if installed != SIMCORD:
        found = f"found {installed}" if installed else "it is not installed"
        raise SettingsError(
            f"the sandbox needs simcord {SIMCORD} ({found}): pip install 'paperwire[sandbox]'"
        )


def _installed() -> str | None:
    try:
        return version("simcord")
    except PackageNotFoundError:
        return None


refuse_other_simcord(_installed())

# While it is imported, simcord makes a client without intents, and discord.py warns of that.
_discord_log = logging.getLogger("discord.state")
_discord_log.disabled = True
from bot.sandbox.front import Hint
from bot.sandbox.rooms import Sandbox

_discord_log.disabled = False

__all__ = ["SIMCORD", "Hint", "Sandbox", "refuse_other_simcord"]
