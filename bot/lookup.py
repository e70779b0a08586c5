"""Asks the sources for single papers that people ask about: their record, their full text."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self

from bot.answers.full_text import cut
from bot.answers.passages import Form, FullText
from bot.answers.pdf_text import text_of
from bot.errors import PaperwireError, SourceError
from bot.jobs.asking import asked
from bot.models import Paper, Record
from bot.sources import arxiv, huggingface
from bot.sources.arxiv import ArXiv
from bot.sources.huggingface import HuggingFace
from bot.store import full_texts, listings, papers
from bot.store.store import Store

log = logging.getLogger(__name__)

FULL_TEXTS = "full texts"
"""What the sources are asked for, as ``/status`` names it."""
PATIENCE = 12.0
"""Seconds that an answer waits for a source; what comes later serves the next question."""
KEPT_FOR = timedelta(days=30)
ABSENT_FOR = timedelta(days=2)
"""How long it is believed that nobody has a text: new papers get theirs within days."""
UNKNOWN_FOR = timedelta(minutes=10)
"""How long it is believed that no source knows an id."""
MOST_UNKNOWN = 1_000
"""Ids that are remembered as unknown."""

COMING = "The full text is still on its way; this is from the abstract. Ask again in a minute."
FAILED = "The full text could not be fetched; this is from the abstract."
NOWHERE = "There is no full text to be had; this is from the abstract."


@dataclass
class Lookup:
    """Fetches what is asked about, each paper once at a time. Use as a context manager.

    Args:
        most: Characters of full text that are kept; 0 for fetching none.
        patience: Seconds to wait for a source.
    """

    store: Store
    hugging_face: HuggingFace
    arxiv: ArXiv
    now: Callable[[], datetime]
    most: int
    patience: float = PATIENCE
    _running: dict[str, asyncio.Task[Any]] = field(
        default_factory=dict[str, "asyncio.Task[Any]"], init=False, repr=False
    )
    _unknown: dict[str, datetime] = field(
        default_factory=dict[str, datetime], init=False, repr=False
    )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def record(self, paper_id: str) -> Paper | None:
        """Return a paper that the library does not have, now taken in; None for no such paper.

        Raises:
            SourceError: Nobody could be asked, or not in time; trying again later helps.
        """
        asked_at = self._unknown.get(paper_id)
        if asked_at and self.now() - asked_at < UNKNOWN_FOR:
            return None
        task = self._begin(f"record {paper_id}", self._record(paper_id))
        done, _ = await asyncio.wait([task], timeout=self.patience)
        if not done:
            raise SourceError("The sources did not answer in time.")
        return task.result()

    async def missing(self, wanted: Sequence[Paper]) -> list[Paper]:
        """Return the papers whose full text would have to be fetched."""
        on_arxiv = [paper for paper in wanted if paper.has_arxiv_id]
        if not self.most:
            return []
        fresh = await self.store.read(
            full_texts.fresh,
            [paper.id for paper in on_arxiv],
            since=self.now() - KEPT_FOR,
            absent_since=self.now() - ABSENT_FOR,
        )
        return [paper for paper in on_arxiv if paper.id not in fresh]

    async def fetch(self, wanted: Sequence[Paper]) -> None:
        """Fetch papers' full texts; returns when all are there, or after some patience.

        What failed is on ``/status`` and in ``why_not``; nothing is raised for it.
        """
        tasks = [self._begin(paper.id, self._full_text(paper)) for paper in wanted]
        if tasks:
            await asyncio.wait(tasks, timeout=self.patience)

    async def why_not(self, paper: Paper) -> str:
        """Return why there is no full text of a paper, in a sentence for its answer."""
        if paper.id in self._running:
            return COMING
        return FAILED if await self.missing([paper]) else NOWHERE

    def _begin(self, key: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin something, unless it is under way."""
        if key in self._running:
            work.close()
            return self._running[key]
        task = asyncio.create_task(work, name=f"lookup {key}")
        self._running[key] = task
        task.add_done_callback(partial(self._ended, key))
        return task

    def _ended(self, key: str, task: asyncio.Task[Any]) -> None:
        """Take in what became of something; nobody may be waiting for it any more."""
        del self._running[key]
        if not task.cancelled() and (error := task.exception()):
            log.info("lookup %s: %s", key, error)

    async def _record(self, paper_id: str) -> Paper | None:
        source, record = huggingface.NAME, await self._from_hugging_face(paper_id)
        if record is None:
            records, _ = await self.arxiv.by_ids([paper_id])
            source, record = arxiv.NAME, next(iter(records), None)
        if record is None or record.paper.id != paper_id:
            self._note_unknown(paper_id)
            return None
        await self.store.run(listings.hear, source, [record], seen_at=self.now())
        return await self.store.read(papers.get, paper_id)

    async def _from_hugging_face(self, paper_id: str) -> Record | None:
        try:
            return await self.hugging_face.paper(paper_id)
        except SourceError as error:
            log.info("asking arXiv for %s: %s", paper_id, error)
            return None

    def _note_unknown(self, paper_id: str) -> None:
        if len(self._unknown) >= MOST_UNKNOWN:
            self._unknown.pop(next(iter(self._unknown)))
        self._unknown[paper_id] = self.now()

    async def _full_text(self, paper: Paper) -> None:
        """Fetch one text and keep it: one unit of work, whose errors end here."""
        try:
            await self._fetch_and_keep(paper)
        except PaperwireError as error:
            log.warning("full text of %s: %s", paper.id, error)
        except Exception:
            log.exception("full text of %s met a bug", paper.id)

    async def _fetch_and_keep(self, paper: Paper) -> None:
        if not await self.missing([paper]):
            return  # somebody else's question brought it a moment ago
        text, all_answered = await self._ask_around(paper.id)
        if text is None and not all_answered:
            return
        body = await asyncio.to_thread(cut, paper, text) if text else None
        now = self.now()
        await self.store.run(full_texts.forget_old, before=now - KEPT_FOR)
        gone = await self.store.run(full_texts.keep, paper.id, body, now=now, most=self.most)
        form = text.form if text else "none to be had"
        log.info("full text of %s: %s; %d others had to go", paper.id, form, gone)

    async def _ask_around(self, paper_id: str) -> tuple[FullText | None, bool]:
        """Return the text from whoever has it first, and whether all who were asked answered."""
        found: list[FullText] = []

        async def markdown() -> None:
            if text := await self.hugging_face.full_text(paper_id):
                found.append(FullText(text, Form.MARKDOWN))

        async def page_or_pdf() -> None:
            if text := await self._from_arxiv(paper_id):
                found.append(text)

        all_answered = True
        for source, ask in ((huggingface.NAME, markdown), (arxiv.NAME, page_or_pdf)):
            if not found:
                all_answered &= await asked(self.store, source, FULL_TEXTS, ask, now=self.now)
        return next(iter(found), None), all_answered

    async def _from_arxiv(self, paper_id: str) -> FullText | None:
        if page := await self.arxiv.page(paper_id):
            return FullText(page, Form.HTML)
        pdf = await self.arxiv.pdf(paper_id)
        text = await text_of(pdf) if pdf else None
        return FullText(text, Form.TEXT) if text else None
