"""Brings the search index up to the store. The index is derived: losing it loses nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.search.engine import SearchEngine
from bot.store import papers, schema
from bot.store.store import Store

log = logging.getLogger(__name__)

BATCH = 2_000
Progress = Callable[[int, int], None]
"""Called with the revisions done and the revisions in all."""


async def open_engine(store: Store, folder: Path, *, rebuild: bool = False) -> SearchEngine:
    """Open a store's search index; one of another database, or ahead of its own, is made anew.

    Args:
        rebuild: Make it anew in any case.
    """
    engine = await asyncio.to_thread(SearchEngine.open, folder, anew=rebuild)
    identity = await store.read(schema.identity)
    newest = await store.read(papers.latest_revision)
    if _done(engine, identity) in range(newest + 1):
        return engine
    log.warning("the search index is not this database's and is made anew")
    await asyncio.to_thread(engine.close)
    return await asyncio.to_thread(SearchEngine.open, folder, anew=True)


def _done(engine: SearchEngine, identity: str) -> int | None:
    """Return the revision that an index has reached; None if it is another database's."""
    name, _, revision = (engine.watermark or f"{identity}:0").rpartition(":")
    return int(revision) if name == identity and revision.isdecimal() else None


@dataclass
class Index:
    """Take every change of text since the index's watermark into it.

    The watermark is ``identity:revision`` of the store, committed with the
    index itself.
    """

    store: Store
    engine: SearchEngine
    progress: Progress | None = None

    async def __call__(self) -> None:
        """Take in what is new, then make the vectors that are missing.

        Raises:
            StoreError: The index or the store cannot be used; the next run goes on from there.
        """
        identity = await self.store.read(schema.identity)
        newest = await self.store.read(papers.latest_revision)
        first = done = _done(self.engine, identity) or 0
        while True:
            changed, gone, until = await self.store.read(papers.changed_since, done, limit=BATCH)
            if until == done:
                break
            if gone:
                # Under the old watermark: after a crash here, what changed is still to come.
                mark = f"{identity}:{done}"
                await asyncio.to_thread(self.engine.remove, gone, watermark=mark)
            await asyncio.to_thread(self.engine.update, changed, watermark=f"{identity}:{until}")
            done = until
            if self.progress:
                self.progress(done - first, newest - first)
        if done > first:
            log.info("index: %d changes taken in, %d papers", done - first, len(self.engine))
        if self.engine.pending:
            await asyncio.to_thread(self.engine.embed_pending)
