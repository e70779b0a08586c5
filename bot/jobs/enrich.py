"""Asks Semantic Scholar how recent papers were taken up. Without a key it is not asked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from bot.jobs.asking import asked
from bot.sources.semantic_scholar import MOST_IDS, NAME, SemanticScholar
from bot.store import receptions
from bot.store.store import Store

log = logging.getLogger(__name__)

LISTED_WITHIN = timedelta(days=30)
ASK_EVERY = timedelta(days=7)
"""A paper is asked about no more often than this: citations grow slowly."""
ENRICHED = "summaries and citations"
"""What it is asked for, as ``/status`` names it."""


@dataclass
class Enrich:
    """Ask about listed papers, the never asked and newest first: one request a run."""

    store: Store
    semantic_scholar: SemanticScholar
    now: Callable[[], datetime]

    async def __call__(self) -> None:
        paper_ids = await self.store.read(
            receptions.wanting,
            listed_since=(self.now() - LISTED_WITHIN).date(),
            asked_before=self.now() - ASK_EVERY,
            limit=MOST_IDS,
        )
        if paper_ids:
            await asked(self.store, NAME, ENRICHED, partial(self._ask, paper_ids), now=self.now)

    async def _ask(self, paper_ids: Sequence[str]) -> None:
        found = await self.semantic_scholar.receptions(paper_ids)
        took = await self.store.run(receptions.take_in, paper_ids, found, now=self.now())
        log.info(
            "enrich: %d of %d papers known, %d summaries new or updated",
            len(found),
            len(paper_ids),
            took.updated,
        )
