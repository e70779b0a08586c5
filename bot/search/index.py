"""The words of papers, in a tantivy index: its fields, its commits, what it can look up."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import tantivy

from bot.errors import StoreError
from bot.models import Paper, title_key
from bot.search.text import compounds, stem_analyzer, storable, word_analyzer

SCHEMA_VERSION = 1
"""Goes up with every change of the fields or of how text becomes words."""
WRITER_BYTES = 64_000_000
"""What tantivy gathers before it writes a segment."""
TITLE_WEIGHT = 4
"""How often a title is in the text, so that its words count more: once would find too few papers
by words of their titles, a field of its own too many by single words of other papers' titles."""
KEY_LENGTH = 80
"""Characters of a title or a name by which it can be looked up."""
MOST_TITLED = 20
"""Papers with one title that are looked at: hundreds are called *Erratum*."""
KEY_SEPARATOR = "\t"
"""Between what a key is looked up by and what it stands for."""
EPOCH = date(1970, 1, 1)
WATERMARK_ID = "\x00watermark"
"""The id of the document that holds the watermark: it is written with the papers, or not at all."""

BUSY = "The search index is being written by another process: stop that one, or wait until it ends."


def _build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name, tokenizer, option in (
        ("text", "stems", "position"),
        ("exact", "words", "freq"),
        ("title_words", "words", "freq"),
        ("author", "words", "basic"),
        ("org", "words", "basic"),
        ("cat", "raw", "basic"),
        ("code", "raw", "basic"),
        ("title_key", "raw", "basic"),
        ("author_key", "raw", "basic"),
        ("topic_key", "raw", "basic"),
    ):
        builder.add_text_field(name, tokenizer_name=tokenizer, index_option=option)
    for name in ("id", "watermark"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("shown_title", "shown_abstract", "shown_summary"):
        builder.add_bytes_field(name, stored=True)
    builder.add_integer_field("published", indexed=True, fast=True)
    builder.add_unsigned_field("row", indexed=True, fast=True)
    return builder.build()


SCHEMA = _build_schema()


LONGEST_BEGUN = 2
"""Letters of a beginning whose commonest terms are remembered."""


def term(field: str, value: str | int) -> tantivy.Query:
    return tantivy.Query.term_query(SCHEMA, field, value, index_option="freq")


def any_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, each) for each in queries])


def all_of(queries: Iterable[tantivy.Query]) -> tantivy.Query:
    return tantivy.Query.boolean_query([(tantivy.Occur.Must, each) for each in queries])


def all_papers() -> tantivy.Query:
    """Return what every paper matches, and the watermark does not."""
    return tantivy.Query.exists_query("row")


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper's stored text."""

    paper_id: str
    title: str
    abstract: str
    summary: str


@dataclass(frozen=True, slots=True)
class Found:
    """Papers that matched, in one order: each list has an item a paper."""

    addresses: list[tantivy.DocAddress]
    """Where they are, in this snapshot alone."""
    scores: list[float]
    rows: list[int]
    published: list[int | None]
    """Days since 1970-01-01, UTC."""


Begun = dict[tuple[str, str, int], dict[str, int]]
"""Field, beginning and how many → the commonest terms that begin so. Commits change them hardly."""


class Snapshot:
    """The index as one commit left it. Any thread may read it; later commits do not change it."""

    def __init__(self, searcher: tantivy.Searcher, begun: Begun) -> None:
        self._searcher = searcher
        self._begun = begun
        self.watermark = self._find_watermark()
        """How far the store was indexed; None for an index that nothing was put in."""

    def _find_watermark(self) -> str | None:
        found = self._addresses(term("id", WATERMARK_ID), 1)
        return str(self._searcher.doc(found[0]).get_first("watermark")) if found else None

    def __len__(self) -> int:
        return self._searcher.num_docs - (self.watermark is not None)

    def next_row(self) -> int:
        """Return the first row number that no paper has."""
        hits = self._searcher.search(all_papers(), 1, count=False, order_by_field="row").hits
        return int(hits[0][0]) + 1 if hits else 0

    def search(self, query: tantivy.Query, limit: int) -> Found:
        """Return the best matches, best first."""
        return self._found(self._searcher.search(query, limit, count=False).hits)

    def newest(self, query: tantivy.Query, limit: int) -> Found:
        """Return the matches that were published last, newest first; all score 1."""
        hits = self._searcher.search(query, limit, count=False, order_by_field="published").hits
        return self._found([(1.0, address) for _, address in hits])

    def scores(self, query: tantivy.Query, found: Found) -> list[float]:
        """Return what a query gives to each of the papers found; 0 for those it does not match."""
        hits = self._searcher.search(query, len(found.rows), count=False).hits
        scores = {(address.segment_ord, address.doc): score for score, address in hits}
        return [scores.get((each.segment_ord, each.doc), 0.0) for each in found.addresses]

    def words_from(self, field: str, prefix: str, *, most: int | None = None) -> dict[str, int]:
        """Return a field's terms that begin so, and how many papers have each, commonest first."""
        # Everybody who types a title begins with a letter or two, and these take longest.
        if most is None or len(prefix) > LONGEST_BEGUN:
            return dict(self._searcher.terms_with_prefix(field, prefix, limit=most))
        known = self._begun.get((field, prefix, most))
        if known is None:
            known = dict(self._searcher.terms_with_prefix(field, prefix, limit=most))
            if len(known) == most:  # else it took no time, and the next commit may bring more
                self._begun[field, prefix, most] = known
        return dict(known)

    def knows(self, field: str, word: str) -> bool:
        """Return whether any paper has the word in this field."""
        return self._searcher.doc_freq(field, word) > 0

    def row_of(self, paper_id: str) -> int | None:
        found = self._rows(self._addresses(term("id", paper_id), 1))
        return found[0] if found else None

    def with_id(self, paper_id: str) -> Shown | None:
        found = self._addresses(term("id", paper_id), 1)
        return self.shown(found[0]) if found else None

    def titled(self, title: str) -> dict[str, Shown]:
        """Return the papers with this title, in whatever spelling, by their ids."""
        wanted = title_key(title)
        keys = self.words_from("title_key", key(title, ""), most=MOST_TITLED) if wanted else {}
        papers = (self.with_id(each.partition(KEY_SEPARATOR)[2]) for each in keys)
        # The key of a paper that has another title now stays until its segment is merged.
        same = (paper for paper in papers if paper and title_key(paper.title) == wanted)
        return {paper.paper_id: paper for paper in same}

    def in_rows(self, rows: Sequence[int]) -> dict[int, Shown]:
        """Return the papers in ``rows``; a row that nothing is in is left out."""
        addresses = self._addresses(any_of(term("row", row) for row in rows), max(1, len(rows)))
        found = zip(self._rows(addresses), addresses, strict=True)
        return {row: self.shown(address) for row, address in found}

    def shown(self, address: tantivy.DocAddress) -> Shown:
        document = self._searcher.doc(address)
        texts = (document.get_first(f"shown_{name}") for name in ("title", "abstract", "summary"))
        title, abstract, summary = (bytes(each or b"").decode() for each in texts)
        return Shown(str(document.get_first("id")), title, abstract, summary)

    def _found(self, hits: Sequence[tuple[float, tantivy.DocAddress]]) -> Found:
        addresses = [address for _, address in hits]
        scores = [score for score, _ in hits]
        published = self._searcher.fast_field_values("published", addresses)
        days = [None if day is None else int(day) for day in published]
        return Found(addresses, scores, self._rows(addresses), days)

    def _addresses(self, query: tantivy.Query, limit: int) -> list[tantivy.DocAddress]:
        return [address for _, address in self._searcher.search(query, limit, count=False).hits]

    def _rows(self, addresses: list[tantivy.DocAddress]) -> list[int]:
        """Return the papers' rows; -1 for what is no paper."""
        rows = self._searcher.fast_field_values("row", addresses)
        return [-1 if row is None else int(row) for row in rows]


class WordIndex:
    """Papers by their words. One thread writes while any number of others read snapshots."""

    def __init__(self, index: tantivy.Index) -> None:
        index.register_tokenizer("stems", stem_analyzer())
        index.register_tokenizer("words", word_analyzer())
        index.config_reader("manual")
        self._index = index
        self._writer: tantivy.IndexWriter | None = None
        self._begun: Begun = {}
        self.snapshot = self._reload()

    @classmethod
    def open(cls, folder: Path) -> WordIndex:
        """Open the index in ``folder``, which exists, or begin one there.

        Raises:
            ValueError: What is there is broken, or has other fields.
        """
        with _panics_as_value_errors():
            words = cls(tantivy.Index(SCHEMA, path=str(folder)))
            words.snapshot.next_row()  # reads a file that is damaged more often than it is missing
            return words

    @staticmethod
    def refuse_if_busy(folder: Path) -> None:
        """Return if no process writes to an index in ``folder``, whatever its fields.

        Raises:
            StoreError: One does.
        """
        try:
            with _panics_as_value_errors():
                tantivy.Index.open(str(folder)).writer(WRITER_BYTES, 1)
        except ValueError as error:
            if "LockBusy" in str(error):
                raise StoreError(BUSY) from error

    def close(self) -> None:
        """Wait for merges to end, and let other processes write."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def begin(self) -> bool:
        """Become the one process that writes, and see what others wrote before.

        Returns:
            Whether it was not so already.

        Raises:
            StoreError: Another process is writing; it helps to try again when it has ended.
        """
        if self._writer is not None:
            return False
        try:
            self._writer = self._index.writer(WRITER_BYTES, 1)
        except ValueError as error:
            raise StoreError(BUSY) from error
        self.snapshot = self._reload()
        return True

    def commit(
        self,
        papers: Iterable[tuple[int, Paper]],
        *,
        without: Iterable[str] = (),
        watermark: str,
    ) -> None:
        """Put papers in at their rows and take others out: all of it, or after a crash nothing.

        Raises:
            StoreError: Another process is writing, or the disk is full.
        """
        self.begin()
        try:
            self._commit(papers, without, watermark)
        except (ValueError, OSError) as error:
            self._writer = None
            raise StoreError(f"The search index could not be written: {error}") from error
        self.snapshot = self._reload()

    def _commit(
        self, papers: Iterable[tuple[int, Paper]], without: Iterable[str], watermark: str
    ) -> None:
        assert self._writer is not None
        for paper_id in without:
            self._writer.delete_documents_by_term("id", paper_id)
        for row, paper in papers:
            self._writer.delete_documents_by_term("id", storable(paper.id))
            self._writer.add_document(document(paper, row))
        self._writer.delete_documents_by_term("id", WATERMARK_ID)
        self._writer.add_document(tantivy.Document(id=WATERMARK_ID, watermark=watermark))
        self._writer.commit()

    def _reload(self) -> Snapshot:
        self._index.reload()
        return Snapshot(self._index.searcher(), self._begun)


@contextmanager
def _panics_as_value_errors() -> Generator[None]:
    """Let a file that tantivy did not expect be the error that other broken files are."""
    try:
        yield
    except BaseException as error:
        # pyo3 does not let the class of Rust's panics be imported.
        if type(error).__name__ == "PanicException":
            raise ValueError(str(error)) from error
        raise


_DAMAGE = ("An IO error occurred", "Data corrupted", "Failed to open file", "Expected U64 type")
"""How tantivy's errors begin that come from the files, and not from what it was asked."""


def is_damage(error: BaseException) -> bool:
    """Whether tantivy raised an error for what it read in the index's files."""
    if isinstance(error, ValueError):
        return str(error).startswith(_DAMAGE)
    return type(error).__name__ == "PanicException"


def document(paper: Paper, row: int) -> tantivy.Document:
    """Return what the index keeps of a paper."""
    made = tantivy.Document()
    made.add_unsigned("row", row)
    if paper.published_at is not None:
        made.add_integer("published", (paper.published_at.date() - EPOCH).days)
    for name, values in (_running_text(paper) | _facts(paper)).items():
        for value in values:
            made.add_text(name, storable(value))
    for name, value in (
        ("title", paper.title),
        ("abstract", paper.abstract),
        ("summary", paper.ai_summary or ""),
    ):
        made.add_bytes(f"shown_{name}", storable(value).encode())
    return made


def _running_text(paper: Paper) -> dict[str, list[str]]:
    parts = [paper.title, paper.abstract, paper.ai_summary or "", *paper.ai_keywords]
    return {
        "text": [*[paper.title] * TITLE_WEIGHT, *parts[1:], " ".join(compounds("\n".join(parts)))],
        "exact": parts,
        "title_words": [paper.title],
    }


def _facts(paper: Paper) -> dict[str, list[str]]:
    return {
        "id": [paper.id],
        "author": list(paper.authors),
        "org": [paper.organization] if paper.organization else [],
        "cat": [part for name in paper.categories for part in category_parts(name)],
        "code": ["yes"] if paper.code_url else [],
        "title_key": [key(paper.title, paper.id)],
        "author_key": [each for name in paper.authors for each in name_keys(name)],
        "topic_key": [key(name, name) for name in (*paper.ai_keywords, *paper.categories)],
    }


def category_parts(name: str) -> list[str]:
    """Return ``cs`` and ``cs.cl`` for ``cs.CL``."""
    small = name.casefold()
    archive, dot, _ = small.partition(".")
    return [archive, small] if dot else [small]


def key(name: str, meant: str) -> str:
    """Return how ``name`` is looked up, and behind it what is meant by it."""
    return title_key(name)[:KEY_LENGTH] + KEY_SEPARATOR + meant[:KEY_LENGTH]


def name_keys(name: str) -> list[str]:
    """Return keys by which a person is found from the first name or from the last."""
    first, _, last = title_key(name).rpartition(" ")
    keys = [f"{first} {last}", f"{last} {first}"] if first else [last]
    return [each + KEY_SEPARATOR + name[:KEY_LENGTH] for each in keys]
