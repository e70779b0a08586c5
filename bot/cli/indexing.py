"""The search index, brought up to the database before a command reads or after it wrote."""

from __future__ import annotations

from bot.app import Rooms
from bot.cli.say import Progress, note
from bot.errors import SourceError, StoreError
from bot.jobs.index import Embed, Index


async def bring_up(rooms: Rooms, *, wholly: bool = False) -> None:
    """Take into the index what it lacks; where a running bot writes it, leave that to the bot.

    Args:
        wholly: Whether to wait for vectors also where the model of meaning is slow.
    """
    progress = Progress()
    try:
        await Index(
            rooms.store,
            rooms.engine,
            lambda done, of: progress.show(f"indexing {done:,} of {of:,} changes"),
        )()
        if wholly or rooms.engine.embedder.is_quick:
            await Embed(
                rooms.engine,
                lambda done, of: progress.show(f"reading {done:,} of {of:,} papers"),
            )()
    except SourceError as error:
        progress.end()
        note(f"Some papers are found by their words alone. {error}")
    except StoreError as error:
        progress.end()
        note(f"Not all papers are searchable yet. {error}")
    progress.end()
