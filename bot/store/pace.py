"""When each source was last asked, kept so that gaps between requests hold over restarts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bot.store.rows import at, moment
from bot.store.store import Store


@dataclass
class PaceInStore:
    """Remembers in the database (``bot.sources.http.Pace``)."""

    store: Store

    async def last_asked_at(self, source: str) -> datetime | None:
        return await self.store.read(last_asked_at, source)

    async def note_asked(self, source: str, at: datetime) -> None:
        await self.store.run(note_asked, source, at)


def last_asked_at(db: Database, source: str) -> datetime | None:
    """Return when a source was last asked; None before the first time."""
    rows = db.query("SELECT asked_at FROM source_request WHERE source = ?", [source])
    return next((at(row["asked_at"]) for row in rows), None)


def note_asked(db: Database, source: str, asked_at: datetime) -> None:
    db.execute(
        "INSERT OR REPLACE INTO source_request (source, asked_at) VALUES (?, ?)",
        [source, moment(asked_at)],
    )
