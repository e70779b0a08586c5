"""``run``, ``sandbox`` and ``deliver``: what has the bot in it."""

from __future__ import annotations

import asyncio
import logging

from bot.app import (
    deliverer,
    emailer,
    login_errors,
    only_deliverer,
    opened,
    run_bot,
    services_for,
    stop_on_signals,
    use_api,
)
from bot.cli.say import note, say
from bot.client import PaperBot
from bot.errors import SettingsError
from bot.jobs.runner import JobRunner
from bot.models import DeliveryState
from bot.store import outbox
from config.settings import Settings

log = logging.getLogger(__name__)


async def run(settings: Settings) -> int:
    """Start the bot if there is a token, the sandbox if there is none."""
    if settings.discord_token is None:
        note("DISCORD_TOKEN is not set: starting the sandbox, a local Discord to try the bot in.")
        return await sandbox(settings, port=None)
    stop_on_signals()
    try:
        await run_bot(settings)
    except asyncio.CancelledError:
        log.info("stopped")
    return 0


async def sandbox(settings: Settings, *, port: int | None) -> int:
    """Show the bot in a local Discord until it is told to stop."""
    from bot.sandbox.trial import trying  # simcord is not installed where the bot is served

    stop_on_signals()
    try:
        async with trying(settings, port=port) as url:
            say(f"Paperwire is at {url} (Ctrl+C stops it)")
            await asyncio.Event().wait()
    except asyncio.CancelledError:
        log.info("stopped")
    return 0


async def deliver(settings: Settings) -> int:
    """Send once what is owed, without staying online."""
    if settings.discord_token is None:
        raise SettingsError("DISCORD_TOKEN is not set, so nothing can be sent.")
    use_api(settings.discord_api_url)
    async with opened(settings) as rooms:
        with only_deliverer(settings.database):
            await rooms.store.run(outbox.recover)
            bot = PaperBot(services_for(rooms, JobRunner()), extensions=())
            async with bot:
                with login_errors():
                    await bot.login(settings.discord_token.get_secret_value())
                await deliverer(rooms, bot)()
            if email := emailer(rooms):
                await email()
        counts = await rooms.store.read(outbox.counts)
    owed, held = counts.get(DeliveryState.OWED, 0), counts.get(DeliveryState.HELD, 0)
    note(f"{owed:,} messages are still owed, {held:,} are held.")
    return 0
