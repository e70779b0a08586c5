"""The jobs by hand: each may run late, twice or alone, and the result is the same."""

from __future__ import annotations

from bot.app import looking, opened
from bot.cli.indexing import bring_up
from bot.cli.say import note
from bot.jobs.compose import Compose
from bot.jobs.match import MatchNew
from bot.mail.setup import outgoing
from bot.models import DeliveryState
from bot.search.embed import quick_embedder
from bot.store import outbox
from bot.topics.reading import Reader
from config.settings import Settings


async def refresh(settings: Settings) -> int:
    """Look at the sources once; 1 if none could be read."""
    async with opened(settings) as rooms, looking(rooms) as look:
        good = await look.all()
        await bring_up(rooms)
    return 0 if good else 1


async def index(settings: Settings, *, rebuild: bool) -> int:
    """Bring the search index up to the database."""
    async with opened(settings, rebuild=rebuild) as rooms:
        await bring_up(rooms, wholly=True)
        note(f"{len(rooms.engine):,} papers are searchable.")
    return 0


async def compose(settings: Settings) -> int:
    """Decide once what is owed."""
    async with opened(settings) as rooms:
        reader = Reader(quick_embedder(rooms.engine.embedder))
        await MatchNew(rooms.store, rooms.now, reader)()
        by_email = outgoing(settings) is not None
        await Compose(rooms.store, rooms.now, reader, by_email=by_email)()
        counts = await rooms.store.read(outbox.counts)
    note(f"{counts.get(DeliveryState.OWED, 0):,} messages are owed.")
    return 0
