"""Looks at single papers for what has appeared since: code, weights, a demo, a new version."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlite_utils import Database

from bot.errors import SourceError, SourceUnreachable
from bot.jobs.asking import asked
from bot.models import EventKind, Record
from bot.sources.arxiv import ArXiv
from bot.sources.huggingface import Artifacts, HuggingFace
from bot.store import events, listings
from bot.store.store import Store

log = logging.getLogger(__name__)

MOST_PAPERS = 20
"""A run; each takes four requests of the 500 that Hugging Face grants in five minutes."""
LOOK_EVERY = timedelta(hours=6)
"""A paper is looked at no more often than this."""
MOST_FAILURES = 3
"""Papers a run that Hugging Face may give no sense of; more is trouble of its own."""
WATCHED_FOR = timedelta(days=14)
"""After a paper was posted; what somebody saved is watched for as long as it is saved."""
WATCHED = "watched papers"
"""What the sources are asked for, as ``/status`` names it."""


@dataclass
class Watch:
    """Look at the papers that people care for, those not looked at for longest first."""

    store: Store
    hugging_face: HuggingFace
    arxiv: ArXiv
    now: Callable[[], datetime]
    _failed_at: dict[str, datetime] = field(default_factory=dict[str, datetime], init=False)
    """When papers failed alone; they wait as if looked at, and hold up no others."""

    async def __call__(self) -> None:
        paper_ids = await self._due()
        if not paper_ids:
            return
        for source, ask in (("arxiv", self._versions), ("huggingface", self._artifacts)):
            await asked(self.store, source, WATCHED, partial(ask, paper_ids), now=self.now)
        log.info("watch: %d papers were due for a look", len(paper_ids))

    async def _due(self) -> list[str]:
        looked_before = self.now() - LOOK_EVERY
        self._failed_at = {id_: at for id_, at in self._failed_at.items() if at > looked_before}
        worth_it = await self.store.read(
            events.worth_a_look,
            posted_since=self.now() - WATCHED_FOR,
            looked_before=looked_before,
            limit=MOST_PAPERS + len(self._failed_at),
        )
        return [paper_id for paper_id in worth_it if paper_id not in self._failed_at][:MOST_PAPERS]

    async def _versions(self, paper_ids: Sequence[str]) -> None:
        """Ask arXiv for all papers in one request: a new version, a withdrawal."""
        records, _ = await self.arxiv.by_ids(paper_ids)
        await self.store.run(listings.hear, "arxiv", records, seen_at=self.now())

    async def _artifacts(self, paper_ids: Sequence[str]) -> None:
        """Ask Hugging Face for each paper in turn: code, weights, data, demos.

        Raises:
            SourceError: It gave no answer, or none of use for some of the papers.
        """
        failures: list[SourceError] = []
        for paper_id in paper_ids:
            try:
                await self._look_at(paper_id)
            except SourceError as error:
                if error.retry_after or isinstance(error, SourceUnreachable):
                    raise
                self._failed_at[paper_id] = self.now()
                failures.append(error)
            if len(failures) == MOST_FAILURES:
                break
        if failures:
            raise failures[0]

    async def _look_at(self, paper_id: str) -> None:
        artifacts = await self.hugging_face.artifacts(paper_id)
        record = await self.hugging_face.paper(paper_id)
        await self.store.run(_note, paper_id, artifacts, record, now=self.now())


def examples(artifacts: Artifacts) -> dict[EventKind, str]:
    """Return the most liked repository of each kind that there is."""
    linked = {
        EventKind.WEIGHTS: artifacts.models,
        EventKind.DATA: artifacts.datasets,
        EventKind.DEMO: artifacts.spaces,
    }
    return {kind: found.names[0] for kind, found in linked.items() if found.names}


def _note(
    db: Database, paper_id: str, artifacts: Artifacts, record: Record | None, *, now: datetime
) -> None:
    if record and record.paper.id == paper_id:
        listings.hear(db, "huggingface", [record], seen_at=now)
    events.note_found(db, paper_id, examples(artifacts), looked_at=now)
