"""Search for papers by words and meaning, what is near a paper, what a reader may be typing."""

from __future__ import annotations

import json
import logging
import shutil
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import numpy as np
import tantivy

from bot import disk
from bot.errors import SourceError, StoreError
from bot.models import Paper, title_key
from bot.search import matching
from bot.search.embed import Embedder, Vectors, WordLlama
from bot.search.highlights import Highlight, Highlighter
from bot.search.index import (
    EPOCH,
    SCHEMA_VERSION,
    Found,
    Shown,
    Snapshot,
    WordIndex,
    is_damage,
)
from bot.search.matching import Wanted
from bot.search.query import Query, narrowed, parse_query
from bot.search.ranking import fused, recency_gain
from bot.search.spelling import corrected
from bot.search.suggest import Suggestion, prepare, suggest_names, suggest_papers
from bot.search.vectors import VectorStore, files_in

log = logging.getLogger(__name__)

LONGEST_QUERY = 1_000
"""Characters of a query that count."""
MOST_SAID = 30
"""Words of a text in which titles are looked for."""
DEPTH = 4
"""How many papers are ordered by meaning too, for each that is asked for: the best by words."""
LEAST_DEPTH = 60
"""How many of them at the least. More do not change the first ten: Cranfield's nDCG@10 is .4366
with 60, 80 and 100; its recall@100 is .749 with 100, .789 with 200, .798 with 400."""
CLOSER = 40
"""Best of these that are looked at for words in their exact form: Cranfield's nDCG@10 is .4338 with
30, .4361 with 40, .4366 with 50."""
SPARE = 16
"""Nearest papers asked for in excess: rows may hold none any more."""
VERSION_FILE = "version.json"
"""What is not there is begun anew."""
EMBEDDED_TOGETHER = 256
"""Papers whose vectors are made, and written, at once."""

Progress = Callable[[int, int], None]
"""Told how many are done, and of how many."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper that was found."""

    paper_id: str
    score: float
    """Higher is better; comparable within one answer only."""
    highlights: tuple[Highlight, ...] = ()


P = ParamSpec("P")
T = TypeVar("T")

DAMAGED = (
    "The search index is damaged. It is made anew at the next start, or by"
    " `paperwire index --rebuild` while the bot is stopped."
)


def _telling_damage(
    method: Callable[Concatenate[SearchEngine, P], T],
) -> Callable[Concatenate[SearchEngine, P], T]:
    """Let a method say in a sentence that the files are damaged, and have them made anew."""

    @wraps(method)
    def telling(engine: SearchEngine, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(engine, *args, **kwargs)
        except BaseException as error:  # Rust's panics are no Exception
            if not is_damage(error):
                raise
            engine.give_up()
            raise StoreError(DAMAGED) from error

    return telling


class SearchEngine:
    """Papers, searchable. Every method may take milliseconds or more: call it off the event loop.

    ``search``, ``similar`` and ``suggest`` take no lock: they work from any thread, also while
    papers are added, and see all of an update or nothing of it. ``update``, ``remove`` and
    ``embed_pending`` take turns by one lock; ``update`` holds it to its end, ``embed_pending``
    for 256 papers at a time. One process at a time may write to a folder: the first that
    does, until it closes. Files that are damaged are found when they are read: that is a
    ``StoreError``, and the next start begins anew.
    """

    def __init__(self, words: WordIndex, vectors: VectorStore, embedder: Embedder) -> None:
        self._words = words
        self._vectors = vectors
        self._embedder = embedder
        self._writing = threading.Lock()
        self._left: list[VectorStore] = []
        """Vectors of an index that another process made anew."""
        self._prepared = False

    @classmethod
    def open(
        cls, folder: Path, *, embedder: Embedder | None = None, anew: bool = False
    ) -> SearchEngine:
        """Open the index in ``folder``, made where it is absent.

        An index that is broken or of another version is thrown away: the engine is then empty
        and ``needs_rebuild``.

        Args:
            folder: Holds nothing but the index.
            embedder: The model of meaning; WordLlama where none is given.
            anew: Throw away what is there in any case.

        Raises:
            StoreError: The folder cannot be written, or another process writes to it.
            SettingsError: The default model is not installed.
        """
        embedder = embedder or WordLlama.load()
        try:
            words = _open_words(folder, anew=anew)
            rows = words.snapshot.next_row()
            vectors = VectorStore(folder, model=embedder.model, dims=embedder.dims, rows=rows)
        except OSError as error:
            raise StoreError(f"The search index in {folder} cannot be opened: {error}") from error
        return cls(words, vectors, embedder)

    def give_up(self) -> None:
        """Let the next start begin anew; what can be read is found until then."""
        (self._vectors.folder / VERSION_FILE).unlink(missing_ok=True)

    def close(self) -> None:
        """Wait for a running update and for tantivy's merges, and let other processes write."""
        with self._writing:
            self._words.close()
            for vectors in (*self._left, self._vectors):
                vectors.close()

    def __len__(self) -> int:
        return len(self._words.snapshot)

    @property
    def embedder(self) -> Embedder:
        """The model of meaning."""
        return self._embedder

    @property
    def watermark(self) -> str | None:
        """How far the store was indexed, as the last ``update`` or ``remove`` said."""
        return self._words.snapshot.watermark

    @property
    def needs_rebuild(self) -> bool:
        """Whether nothing was ever put in: every paper of the store is still to come."""
        return self.watermark is None

    @property
    def pending(self) -> int:
        """How many papers have no vector yet; ``embed_pending`` makes them."""
        return len(self._vectors.pending())

    @_telling_damage
    def update(self, papers: Sequence[Paper], *, watermark: str) -> None:
        """Add papers, or replace those with the same id; searchable when this returns.

        Papers and watermark are kept together or, after a crash, not at all. Vectors follow: at
        once from a quick model, else by ``embed_pending``. A few thousand papers at a time.

        Raises:
            StoreError: Another process is writing to this index, or the disk is full.
        """
        latest = {paper.id: paper for paper in papers}
        with self._writing, _disk_errors(self._vectors.folder):
            self._begin()
            rows = self._rows_for(list(latest))
            self._words.commit(zip(rows, latest.values(), strict=True), watermark=watermark)
            if self._embedder.is_quick:
                self._embed(rows)

    @_telling_damage
    def remove(self, paper_ids: Sequence[str], *, watermark: str) -> None:
        """Take papers out; one that is not in is no error.

        Raises:
            StoreError: Another process is writing to this index, or the disk is full.
        """
        with self._writing, _disk_errors(self._vectors.folder):
            self._begin()
            found = [self._words.snapshot.row_of(paper_id) for paper_id in paper_ids]
            rows = [row for row in found if row is not None]
            self._words.commit([], without=paper_ids, watermark=watermark)
            self._vectors.forget(rows)
            self._vectors.retire(rows)

    @_telling_damage
    def embed_pending(self, progress: Progress | None = None, *, most: int | None = None) -> int:
        """Make the vectors that are missing: all of them after a change of model.

        Searching goes on meanwhile, by words alone for papers without a vector.

        Args:
            progress: Told after each 256 papers.
            most: At most so many now; None for all.

        Returns:
            How many were made.

        Raises:
            SourceError: The model could not be asked; what was made is kept.
            StoreError: Another process is writing to this index, or the disk is full.
        """
        pending = self._vectors.pending()[:most].tolist()
        for start in range(0, len(pending), EMBEDDED_TOGETHER):
            end = min(start + EMBEDDED_TOGETHER, len(pending))
            with self._writing, _disk_errors(self._vectors.folder):
                self._begin()
                self._embed(pending[start:end])
            if progress is not None:
                progress(end, len(pending))
        return len(pending)

    @_telling_damage
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
        strict: bool = False,
        newest: bool = False,
    ) -> list[Hit]:
        """Return the papers that ``query`` asks for, best first. Any text is a query.

        Papers named by id, link or their whole title come first. What asks only for an author, a category or dates
        is answered newest first.

        Args:
            query: ``parse_query`` says what its words mean. Unknown words are corrected.
            limit: At most this many.
            now: The moment of asking: for ``since:7d``, and for how recent a paper is.
            recency: Whether newer papers are put a little higher.
            since: The first day of publication that counts, in UTC.
            until: The last day of publication that counts, in UTC.
            author: A name, or whole words of one, that the paper must have.
            strict: Whether a paper must have every plain word, and not only any of them.
            newest: Whether the last published come first, of those that have every word.
        """
        snapshot = self._words.snapshot
        asked = narrowed(_parsed(query, now=now), since=since, until=until, author=author)
        asked = corrected(asked, snapshot)
        wanted = matching.wanted(asked)
        matches = matching.matches(asked, wanted.stems, strict=strict or newest)
        if matches is None or limit < 1:
            found, scores = Found([], [], [], []), np.zeros(0, np.float32)
        elif newest or not wanted.words:
            found = snapshot.newest(matches, limit)
            scores = np.array(found.scores, np.float32)
        else:
            found = _by_words(snapshot, asked, matches, max(LEAST_DEPTH, DEPTH * limit))
            scores = self._scores(snapshot, asked, wanted, found)
            if recency:
                today = (now.astimezone(UTC).date() - EPOCH).days
                scores += recency_gain(found.published, today=today)
        highlighter = Highlighter(wanted.all_stems)
        hits = _best(snapshot, found, scores, highlighter, limit=limit)
        named = _named(snapshot, asked)
        if not newest:
            hits = _titled_first(snapshot, asked, list(hits), highlighter)
        return _once([*named, *hits])[:limit]

    @_telling_damage
    def read(self, query: str | Query, *, now: datetime) -> Query:
        """Return what a search looks for: the query with its unknown words corrected."""
        return corrected(_parsed(query, now=now), self._words.snapshot)

    @_telling_damage
    def highlights(self, paper_id: str, query: str, *, now: datetime) -> tuple[Highlight, ...]:
        """Return why a search finds a paper; empty where its text has none of the words."""
        snapshot = self._words.snapshot
        highlighter = Highlighter(matching.wanted(self.read(query, now=now)).all_stems)
        found = snapshot.with_id(paper_id)
        return () if found is None else highlighter.highlights(found)

    def _scores(self, snapshot: Snapshot, query: Query, wanted: Wanted, found: Found) -> Vectors:
        """Return the scores of what was found by words, their exact form, and meaning."""
        scores = np.array(found.scores, np.float32)
        if not found.rows:
            return scores
        look = matching.closer_look(found.rows[:CLOSER], wanted.words)
        scores += np.array(snapshot.scores(look, found), np.float32)
        papers = self._vectors.directions(np.array(found.rows))
        meant = self._vectors.direction(self._meaning(query.wishes))
        return fused(scores, papers, meant, query_words=len(wanted.words))

    def _meaning(self, text: str) -> Vectors:
        """Return the text's vector; zeros, which mean nothing, when the model cannot be asked."""
        try:
            return self._embedder.embed_query(text)
        except SourceError as error:
            log.warning("searching by words alone: %s", error)
            return np.zeros(self._embedder.dims, np.float32)

    @_telling_damage
    def titles_in(self, text: str) -> list[str]:
        """Return the ids of the papers whose whole title of two words or more is said in a text.

        Longer titles come first.
        """
        words, snapshot = title_key(text).split()[:MOST_SAID], self._words.snapshot
        spans = [
            " ".join(words[start : start + length])
            for length in range(len(words), 1, -1)
            for start in range(len(words) - length + 1)
        ]
        return list({id_: span for span in spans for id_ in snapshot.titled(span)})

    @_telling_damage
    def similar(self, paper_id: str, *, limit: int = 10) -> list[Hit]:
        """Return the papers nearest in meaning, without itself; empty where it is not known."""
        snapshot = self._words.snapshot
        row = snapshot.row_of(paper_id)
        vector = None if row is None else self._vectors.vector(row)
        if vector is None:
            return []
        near = dict(self._vectors.nearest(vector, limit=limit + SPARE))
        shown = snapshot.in_rows(list(near))
        hits = [Hit(shown[row].paper_id, score) for row, score in near.items() if row in shown]
        return [hit for hit in hits if hit.paper_id != paper_id][:limit]

    @_telling_damage
    def prepare(self) -> None:
        """Look up ahead what the first suggestions need; a second or two at 1 M papers, once."""
        if not self._prepared:
            self._prepared = True
            prepare(self._words.snapshot)

    @_telling_damage
    def suggest(self, text: str, *, limit: int = 25) -> list[Suggestion]:
        """Return papers whose id or title ``text`` may begin or hold, likeliest first."""
        return suggest_papers(self._words.snapshot, text, limit=limit)

    @_telling_damage
    def suggest_authors(self, text: str, *, limit: int = 25) -> list[str]:
        """Return authors whose first or last name ``text`` begins, those of most papers first."""
        return suggest_names(self._words.snapshot, "author_key", text, limit=limit)

    @_telling_damage
    def suggest_topics(self, text: str, *, limit: int = 25) -> list[str]:
        """Return keywords and categories that ``text`` begins, those of most papers first."""
        return suggest_names(self._words.snapshot, "topic_key", text, limit=limit)

    @_telling_damage
    def begin(self) -> None:
        """Become the process that writes, and see what others wrote: ``watermark`` may change.

        Raises:
            StoreError: Another process is writing to this index, or the disk is full.
        """
        with self._writing, _disk_errors(self._vectors.folder):
            self._begin()

    def _begin(self) -> None:
        """Become the one that writes, with all that others wrote before."""
        if not self._words.begin():
            return
        rows = self._words.snapshot.next_row()
        if self._vectors.is_replaced:
            self._left.append(self._vectors)  # searches may be reading it
            model = self._embedder
            self._vectors = VectorStore(
                self._vectors.folder, model=model.model, dims=model.dims, rows=rows
            )
        self._vectors.grow(rows)
        self._vectors.drop_others()

    def _rows_for(self, paper_ids: Sequence[str]) -> list[int]:
        """Return a row for each paper, its own or a new one, waiting for a vector."""
        first_new = len(self._vectors)
        known = [self._words.snapshot.row_of(paper_id) for paper_id in paper_ids]
        new = iter(range(first_new, first_new + len(paper_ids)))
        rows = [next(new) if row is None else row for row in known]
        self._vectors.grow(next(new, first_new + len(paper_ids)))
        self._vectors.forget(rows)
        self._vectors.flush()
        return rows

    def _embed(self, rows: Sequence[int]) -> None:
        for start in range(0, len(rows), EMBEDDED_TOGETHER):
            part = rows[start : start + EMBEDDED_TOGETHER]
            shown = self._words.snapshot.in_rows(part)
            if shown:
                vectors = self._embedder.embed([_said(paper) for paper in shown.values()])
                self._vectors.put(list(shown), vectors)
            self._vectors.retire([row for row in part if row not in shown])
        self._vectors.flush()


@contextmanager
def _disk_errors(folder: Path) -> Generator[None]:
    """Say what is wrong with the disk, where that is why the index in a folder was not written."""
    try:
        yield
    except StoreError as error:
        if why := disk.trouble(folder):
            raise StoreError(why) from error
        raise
    except OSError as error:
        why = disk.trouble(folder) or f"The search index could not be written: {error}"
        raise StoreError(why) from error


def _open_words(folder: Path, *, anew: bool) -> WordIndex:
    version, words = folder / VERSION_FILE, folder / "words"
    if not anew and _read_version(version) == SCHEMA_VERSION:
        try:
            return WordIndex.open(words)
        except ValueError as error:
            log.warning("the search index is broken and begins anew: %s", error)
    WordIndex.refuse_if_busy(words)
    version.unlink(missing_ok=True)
    for path in files_in(folder):
        path.unlink(missing_ok=True)
    shutil.rmtree(words, ignore_errors=True)
    words.mkdir(parents=True)
    index = WordIndex.open(words)
    version.write_text(json.dumps({"schema": SCHEMA_VERSION}))
    return index


def _read_version(path: Path) -> object:
    try:
        return json.loads(path.read_bytes())["schema"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _said(paper: Shown) -> str:
    """Return the text that a paper's vector is made of."""
    return f"{paper.title}. {paper.abstract or paper.summary}"


def _parsed(query: str | Query, *, now: datetime) -> Query:
    return parse_query(query[:LONGEST_QUERY], now=now) if isinstance(query, str) else query


def _named(snapshot: Snapshot, query: Query) -> Iterator[Hit]:
    for paper_id in query.paper_ids:
        if (shown := snapshot.with_id(paper_id)) is not None:
            yield Hit(shown.paper_id, 1.0)


def _titled_first(
    snapshot: Snapshot, query: Query, hits: Sequence[Hit], highlighter: Highlighter
) -> list[Hit]:
    """Return the hits with those first whose whole title is what is asked for, and nothing else."""
    by_text = all(clause.is_wish or clause.is_phrase_of_text for clause in query.clauses)
    if query.since or query.until or query.among or not by_text:
        return [*hits]
    titled = snapshot.titled(query.wishes)
    first = [hit for hit in hits if hit.paper_id in titled]
    missed = [Hit(id_, 1.0, highlighter.highlights(shown)) for id_, shown in titled.items()]
    return [*first, *missed, *hits]


def _by_words(snapshot: Snapshot, query: Query, matches: tantivy.Query, depth: int) -> Found:
    """Return the best by words: of papers with every word where there are enough, else of all."""
    together = matching.matches_of_every_word(query)
    if together is not None:
        found = snapshot.search(together, depth)
        if len(found.rows) == depth:
            return found
    return snapshot.search(matches, depth)


def _best(
    snapshot: Snapshot, found: Found, scores: Vectors, highlighter: Highlighter, *, limit: int
) -> Iterator[Hit]:
    for place in np.argsort(-scores, kind="stable")[:limit].tolist():
        shown = snapshot.shown(found.addresses[place])
        yield Hit(shown.paper_id, float(scores[place]), highlighter.highlights(shown))


def _once(hits: Iterable[Hit]) -> list[Hit]:
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.paper_id, hit)
    return list(first.values())
