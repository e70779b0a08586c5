"""The search index, brought up to the database before a command reads or after it wrote."""

from __future__ import annotations

from bot.app import Rooms
from bot.cli.say import Progress, note
from bot.errors import StoreError
from bot.jobs.index import Index


async def bring_up(rooms: Rooms) -> None:
    """Take into the index what it lacks; where a running bot writes it, leave that to the bot."""
    progress = Progress()
    try:
        await Index(
            rooms.store,
            rooms.engine,
            lambda done, of: progress.show(f"indexing {done:,} of {of:,} changes"),
        )()
    except StoreError as error:
        progress.end()
        note(f"Not all papers are searchable yet. {error}")
    progress.end()
