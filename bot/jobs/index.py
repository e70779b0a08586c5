"""Brings the search index up to the store. The index is derived: losing it loses nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ModelTooSlow
from bot.search.embed import Embedder, WordLlama
from bot.search.engine import SearchEngine
from bot.store import papers, schema
from bot.store.store import Store

log = logging.getLogger(__name__)

BATCH = 2_000
EMBEDDED_TOGETHER = 64
"""Papers; some three seconds of a slow model, and stopping waits for no longer."""
Progress = Callable[[int, int], None]
"""Called with the revisions done and the revisions in all."""


async def open_engine(
    store: Store, folder: Path, *, embedder: Embedder | None = None, rebuild: bool = False
) -> SearchEngine:
    """Open a store's search index; one of another database, or ahead of its own, is made anew.

    Args:
        embedder: The model of meaning; WordLlama where none is given.
        rebuild: Make it anew in any case.
    """
    embedder = embedder or await asyncio.to_thread(WordLlama.load)
    engine = await asyncio.to_thread(SearchEngine.open, folder, embedder=embedder, anew=rebuild)
    identity = await store.read(schema.identity)
    newest = await store.read(papers.latest_revision)
    if _done(engine, identity) in range(newest + 1):
        return engine
    log.warning("the search index is not this database's and is made anew")
    await asyncio.to_thread(engine.close)
    return await asyncio.to_thread(SearchEngine.open, folder, embedder=embedder, anew=True)


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
        """Take in what is new.

        Raises:
            StoreError: The index or the store cannot be used; the next run goes on from there.
        """
        identity = await self.store.read(schema.identity)
        newest = await self.store.read(papers.latest_revision)
        if _done(self.engine, identity) != newest:
            # Another process may have made the index anew, or begun to: then more is to be done.
            await asyncio.to_thread(self.engine.begin)
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


@dataclass
class Embed:
    """Make the vectors that are missing: of new papers, or of all after a change of model.

    A job of its own: a slow model takes hours for a library, and new papers are to be found by
    their words meanwhile. It can be stopped after each batch.
    """

    engine: SearchEngine
    progress: Progress | None = None
    """Called with the papers done and the papers in all."""
    together: int = EMBEDDED_TOGETHER
    """Papers at once: fewer where the model was too slow for more."""

    async def __call__(self) -> None:
        """Make them all.

        Raises:
            SourceError: The model could not be asked; the next run goes on from there.
            StoreError: The index cannot be written.
        """
        done = 0
        if left := self.engine.pending:
            log.info("%s reads %d papers for their meaning", self.engine.embedder.model, left)
        while left:
            made = await self._make()
            done, left = done + made, self.engine.pending
            self._tell(done, made, of=done + left)

    async def _make(self) -> int:
        """Make some vectors, as many at once as the model has time for; return how many."""
        while True:
            try:
                return await asyncio.to_thread(self.engine.embed_pending, most=self.together)
            except ModelTooSlow:
                if self.together == 1:
                    raise
                self.together = max(1, self.together // 4)
                log.info("the model is slow: it is asked for %d papers at once", self.together)

    def _tell(self, done: int, made: int, *, of: int) -> None:
        if self.progress:
            self.progress(done, of)
        if done * 10 // of > (done - made) * 10 // of:
            log.info("%d of %d papers are read for their meaning", done, of)
