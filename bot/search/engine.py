"""Search for papers by words and meaning, what is near a paper, what a reader may be typing."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import numpy as np

from bot.models import Paper
from bot.search import matching
from bot.search.embed import Embedder, WordLlama
from bot.search.highlights import Highlight, Highlighter
from bot.search.index import SCHEMA_VERSION, Candidate, Shown, Snapshot, WordIndex, term
from bot.search.query import Clause, Field, Query, parse_query
from bot.search.suggest import Suggestion, suggest_papers
from bot.search.vectors import VectorStore

log = logging.getLogger(__name__)

DEPTH = 200
"""Best matches by words whose meaning is looked at."""
EMBEDDED_TOGETHER = 256


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that a search found."""

    paper_id: str
    score: float
    """Comparable within one search only; higher is better."""
    highlights: tuple[Highlight, ...] = ()


class SearchEngine:
    """Papers, searchable. Call it off the event loop: every method may take milliseconds or more.

    Searching, ``similar`` and ``suggest`` take no lock and work from any thread, also while
    ``update`` runs. ``update``, ``remove`` and ``embed_pending`` take turns by one lock.
    """

    def __init__(self, words: WordIndex, vectors: VectorStore, embedder: Embedder) -> None:
        self._words = words
        self._vectors = vectors
        self._embedder = embedder
        self._writing = threading.Lock()
        self.needs_rebuild = words.snapshot.watermark is None

    @classmethod
    def open(cls, folder: Path, *, embedder: Embedder | None = None) -> SearchEngine:
        """Open the index in ``folder``, made where it is absent.

        What is broken or of another version is thrown away: the engine is then empty, and
        ``needs_rebuild`` says so.
        """
        embedder = embedder or WordLlama.load()
        words = _open_words(folder)
        vectors = VectorStore(
            folder, model=embedder.model, dims=embedder.dims, rows=words.snapshot.next_row
        )
        return cls(words, vectors, embedder)

    def close(self) -> None:
        with self._writing:
            self._words.close()
            self._vectors.close()

    def __len__(self) -> int:
        return len(self._words.snapshot)

    @property
    def watermark(self) -> str | None:
        """How far the store was indexed, as the last ``update`` or ``remove`` said."""
        return self._words.snapshot.watermark

    def update(self, papers: Sequence[Paper], *, watermark: str) -> None:
        """Add papers, or replace those with the same id; searchable when this returns.

        Papers and watermark are kept together or, after a crash, not at all.

        Raises:
            StoreError: Another process is writing to this index, or the disk is full.
        """
        with self._writing:
            latest = {paper.id: paper for paper in papers}
            rows = self._rows_for(list(latest))
            self._words.commit(zip(rows, latest.values(), strict=True), watermark=watermark)
            self.needs_rebuild = False
            self._embed(rows)

    def _rows_for(self, paper_ids: list[str]) -> list[int]:
        snapshot = self._words.snapshot
        next_row = len(self._vectors)
        rows: list[int] = []
        for paper_id in paper_ids:
            row = snapshot.row_of(paper_id)
            if row is None:
                row, next_row = next_row, next_row + 1
            rows.append(row)
        self._vectors.grow(next_row)
        self._vectors.forget(rows)
        self._vectors.flush()
        return rows

    def remove(self, paper_ids: Sequence[str], *, watermark: str) -> None:
        """Take papers out; those that are not in are no error.

        Raises:
            StoreError: Another process is writing to this index, or the disk is full.
        """
        with self._writing:
            found = [self._words.snapshot.row_of(paper_id) for paper_id in paper_ids]
            self._vectors.forget([row for row in found if row is not None])
            self._words.commit([], without=paper_ids, watermark=watermark)

    def embed_pending(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Make the vectors that are missing, as all are after a change of model.

        Searching goes on meanwhile, by words where a vector is missing.

        Args:
            progress: Told after every few hundred how many are done, and of how many.
        """
        pending = self._vectors.pending().tolist()
        for start in range(0, len(pending), EMBEDDED_TOGETHER):
            with self._writing:
                self._embed(pending[start : start + EMBEDDED_TOGETHER])
            if progress is not None:
                progress(min(start + EMBEDDED_TOGETHER, len(pending)), len(pending))

    def _embed(self, rows: Sequence[int]) -> None:
        for start in range(0, len(rows), EMBEDDED_TOGETHER):
            shown = self._words.snapshot.of_rows(rows[start : start + EMBEDDED_TOGETHER])
            if shown:
                vectors = self._embedder.embed([_meaning(each) for each in shown.values()])
                self._vectors.put(list(shown), vectors)
        self._vectors.flush()

    def search(
        self,
        query: str | Query,
        *,
        limit: int = 10,
        now: datetime,
        recency: bool = True,
        since: date | None = None,
        until: date | None = None,
        author: str | None = None,
    ) -> list[Hit]:
        """Return the papers that ``query`` asks for, best first; any text is a query.

        Args:
            query: See ``parse_query`` for what its words mean.
            limit: At most this many.
            now: The moment of asking, for ``since:7d`` and for how recent a paper is.
            recency: Whether of two equal papers the newer one comes first.
            since: The first day of publication that counts, in UTC.
            until: The last day of publication that counts, in UTC.
            author: A name, or part of one, that the paper must have.
        """
        wanted = self.parse(query, now=now) if isinstance(query, str) else query
        wanted = _narrowed(wanted, since=since, until=until, author=author)
        snapshot = self._words.snapshot
        named = self._named(snapshot, wanted)
        stems = matching.wished_stems(wanted)
        words = matching.word_query(wanted, stems)
        if words is None:
            return named[:limit]
        best = self._best(snapshot, wanted, words, limit=limit)
        light = Highlighter(stems)
        hits = [_hit(snapshot.shown(c.address), c.score, light) for c in best]
        return _merged(named, hits)[:limit]

    def parse(self, text: str, *, now: datetime) -> Query:
        return parse_query(text, now=now, find_id=lambda _: None)

    def _named(self, snapshot: Snapshot, query: Query) -> list[Hit]:
        found = (snapshot.search(term("id", each), 1) for each in query.paper_ids)
        return [Hit(snapshot.shown(c[0].address).paper_id, 1.0) for c in found if c]

    def _best(self, snapshot: Snapshot, query: Query, words, *, limit: int) -> list[Candidate]:
        if not query.wishes:
            return snapshot.newest(words, limit)
        candidates = snapshot.search(words, max(DEPTH, limit))
        rows = np.array([c.row for c in candidates], np.int64)
        meaning = self._vectors.similarities(rows, self._embedder.embed([query.wishes])[0])
        bm25 = np.array([c.score for c in candidates])
        fused = bm25 / max(1e-9, bm25.max(initial=0)) + np.nan_to_num(meaning)
        order = np.argsort(-fused, kind="stable")[:limit]
        return [replace(candidates[i], score=float(fused[i])) for i in order]

    def similar(self, paper_id: str, *, limit: int = 10) -> list[Hit]:
        """Return the papers nearest in meaning, without itself; empty where it is unknown."""
        snapshot = self._words.snapshot
        row = snapshot.row_of(paper_id)
        vector = None if row is None else self._vectors.vector(row)
        if vector is None:
            return []
        near = self._vectors.nearest(vector, limit=limit + 16)
        shown = snapshot.of_rows([row for row, _ in near])
        hits = [Hit(shown[row].paper_id, score) for row, score in near if row in shown]
        return [hit for hit in hits if hit.paper_id != paper_id][:limit]

    def suggest(self, text: str, *, limit: int = 25) -> list[Suggestion]:
        """Return papers that ``text`` may be the beginning of; none for no text."""
        return suggest_papers(self._words.snapshot, text, limit=limit)


def _open_words(folder: Path) -> WordIndex:
    version = folder / "version.json"
    wanted = {"schema": SCHEMA_VERSION}
    try:
        found = json.loads(version.read_bytes())
    except (OSError, ValueError):
        found = None
    if found == wanted:
        try:
            return WordIndex.open(folder / "words")
        except ValueError as error:
            log.warning("the search index is broken and begins anew: %s", error)
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "words").mkdir(parents=True)
    version.write_text(json.dumps(wanted))
    return WordIndex.open(folder / "words")


def _meaning(shown: Shown) -> str:
    return f"{shown.title}. {shown.abstract or shown.summary}"


def _narrowed(
    query: Query, *, since: date | None, until: date | None, author: str | None
) -> Query:
    clauses = query.clauses
    if author:
        clauses = (*clauses, Clause(Field.AUTHOR, author))
    return replace(
        query, clauses=clauses, since=since or query.since, until=until or query.until
    )


def _hit(shown: Shown, score: float, light: Highlighter) -> Hit:
    return Hit(shown.paper_id, score, light.highlights(shown))


def _merged(first: list[Hit], then: list[Hit]) -> list[Hit]:
    named = {hit.paper_id for hit in first}
    return [*first, *(hit for hit in then if hit.paper_id not in named)]
