"""The words of papers, in a tantivy index: its fields, its commits, what it can look up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import tantivy

from bot.errors import StoreError
from bot.models import Paper, title_key
from bot.search import text

SCHEMA_VERSION = "1"
"""Goes up with every change of the fields or of how text becomes words."""
WRITER_BYTES = 64_000_000
"""What tantivy gathers before it writes a segment."""
KEY_LENGTH = 80
"""Characters of a title or a name by which it can be looked up."""
KEY_SEPARATOR = "\t"
"""Between what a key is looked up by and how it is shown."""
EPOCH = date(1970, 1, 1)
WATERMARK_ID = "\x00watermark"
"""The id of the document that holds the watermark: it is written with the papers, or not at all."""


def _build_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in ("title", "body"):
        builder.add_text_field(name, tokenizer_name="stems")
    for name in ("author", "org"):
        builder.add_text_field(name, tokenizer_name="words")
    builder.add_text_field("title_words", tokenizer_name="words", index_option="basic")
    for name in ("cat", "code", "title_key", "author_key", "keyword_key"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in ("id", "watermark"):
        builder.add_text_field(name, stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("shown_title", "shown_abstract", "shown_summary"):
        builder.add_bytes_field(name, stored=True)
    builder.add_integer_field("published", indexed=True, fast=True)
    builder.add_unsigned_field("row", indexed=True, fast=True)
    return builder.build()


SCHEMA = _build_schema()


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper's stored text."""

    paper_id: str
    title: str
    abstract: str
    summary: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A paper that matched."""

    address: tantivy.DocAddress
    """Where it is, in this snapshot alone."""
    score: float
    row: int
    published: int | None
    """Days since 1970-01-01."""


class Snapshot:
    """The index as one commit left it. Any thread may read it; later commits do not change it."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self.searcher = searcher

    def __len__(self) -> int:
        return self.searcher.num_docs - (self.watermark is not None)

    @property
    def watermark(self) -> str | None:
        """How far the store was indexed; None for an index that nothing was put in."""
        found = self._addresses(term("id", WATERMARK_ID), 1)
        return str(self.searcher.doc(found[0]).get_first("watermark")) if found else None

    @property
    def next_row(self) -> int:
        """The first row number that no paper has and no later paper had."""
        hits = self.searcher.search(all_papers(), 1, count=False, order_by_field="row").hits
        return hits[0][0] + 1 if hits else 0

    def search(self, query: tantivy.Query, limit: int) -> list[Candidate]:
        """Return the best matches, best first."""
        hits = self.searcher.search(query, limit, count=False).hits
        return self._candidates([address for _, address in hits], [score for score, _ in hits])

    def newest(self, query: tantivy.Query, limit: int) -> list[Candidate]:
        """Return the matches that were published last, newest first; all score 1."""
        hits = self.searcher.search(query, limit, count=False, order_by_field="published").hits
        return self._candidates([address for _, address in hits], [1.0] * len(hits))

    def _candidates(
        self, addresses: list[tantivy.DocAddress], scores: list[float]
    ) -> list[Candidate]:
        rows = self.searcher.fast_field_values("row", addresses)
        published = self.searcher.fast_field_values("published", addresses)
        return [
            Candidate(*each)  # type: ignore[arg-type]
            for each in zip(addresses, scores, rows, published, strict=True)
        ]

    def row_of(self, paper_id: str) -> int | None:
        found = self._addresses(term("id", paper_id), 1)
        return self._rows(found)[0] if found else None

    def of_rows(self, rows: Sequence[int]) -> dict[int, Shown]:
        """Return the papers in ``rows``; a row that nothing is in any more is left out."""
        query = tantivy.Query.term_set_query(SCHEMA, "row", list(rows))
        addresses = self._addresses(query, max(1, len(rows)))
        found = zip(self._rows(addresses), addresses, strict=True)
        return {row: self.shown(address) for row, address in found}

    def shown(self, address: tantivy.DocAddress) -> Shown:
        document = self.searcher.doc(address)

        def stored(name: str) -> str:
            return bytes(document.get_first(name) or b"").decode()

        return Shown(
            str(document.get_first("id")),
            stored("shown_title"),
            stored("shown_abstract"),
            stored("shown_summary"),
        )

    def _addresses(self, query: tantivy.Query, limit: int) -> list[tantivy.DocAddress]:
        return [address for _, address in self.searcher.search(query, limit, count=False).hits]

    def _rows(self, addresses: list[tantivy.DocAddress]) -> list[int]:
        return [int(row or 0) for row in self.searcher.fast_field_values("row", addresses)]


class WordIndex:
    """Papers by their words. One thread may write while any number of others read."""

    def __init__(self, index: tantivy.Index) -> None:
        self._index = index
        self._index.register_tokenizer("stems", text.stems())
        self._index.register_tokenizer("words", text.words())
        self._writer: tantivy.IndexWriter | None = None
        self._index.config_reader("manual")
        self.snapshot = self._reload()

    @classmethod
    def open(cls, folder: Path) -> WordIndex:
        """Open the index in ``folder``, or begin one there.

        Raises:
            ValueError: What is there is broken, or of another version of tantivy.
        """
        index = tantivy.Index(SCHEMA, path=str(folder))
        return cls(index)

    def close(self) -> None:
        """Wait for merges to end, and let other processes write."""
        if self._writer is not None:
            self._writer.wait_merging_threads()
            self._writer = None

    def commit(
        self,
        papers: Iterable[tuple[int, Paper]],
        *,
        without: Iterable[str] = (),
        watermark: str,
    ) -> None:
        """Put papers in at their rows and take others out, all at once or not at all.

        Raises:
            StoreError: Another process is writing to this index, or the disk is full.
        """
        try:
            self._commit(papers, without, watermark)
        except (ValueError, OSError) as error:
            self._writer = None
            raise StoreError(f"The search index could not be written: {error}") from error
        self.snapshot = self._reload()

    def _commit(
        self, papers: Iterable[tuple[int, Paper]], without: Iterable[str], watermark: str
    ) -> None:
        writer = self._writer = self._writer or self._index.writer(WRITER_BYTES, 1)
        for paper_id in without:
            writer.delete_documents_by_term("id", paper_id)
        for row, paper in papers:
            writer.delete_documents_by_term("id", paper.id)
            writer.add_document(document(paper, row))
        writer.delete_documents_by_term("id", WATERMARK_ID)
        mark = tantivy.Document(id=WATERMARK_ID, watermark=watermark)
        writer.add_document(mark)
        writer.commit()

    def _reload(self) -> Snapshot:
        self._index.reload()
        return Snapshot(self._index.searcher())


def document(paper: Paper, row: int) -> tantivy.Document:
    """Return what the index keeps of a paper."""
    made = tantivy.Document()
    made.add_text("id", paper.id)
    made.add_unsigned("row", row)
    if paper.published_at is not None:
        made.add_integer("published", (paper.published_at.date() - EPOCH).days)
    for name, values in _texts(paper).items():
        for value in values:
            made.add_text(name, value)
    made.add_bytes("shown_title", paper.title.encode())
    made.add_bytes("shown_abstract", paper.abstract.encode())
    made.add_bytes("shown_summary", (paper.ai_summary or "").encode())
    return made


def _texts(paper: Paper) -> dict[str, list[str]]:
    body = [paper.abstract, paper.ai_summary or "", *paper.ai_keywords]
    running = " ".join((paper.title, *body))
    return {
        "title": [paper.title],
        "body": [*body, " ".join(text.compounds(running))],
        "author": list(paper.authors),
        "org": [paper.organization] if paper.organization else [],
        "title_words": [paper.title],
        "cat": [part for name in paper.categories for part in category_parts(name)],
        "code": ["yes"] if paper.code_url else [],
        "title_key": [key(paper.title, paper.id)],
        "author_key": [each for name in paper.authors for each in name_keys(name)],
        "keyword_key": [key(word, word) for word in paper.ai_keywords],
    }


def category_parts(name: str) -> list[str]:
    """Return ``cs`` and ``cs.cl`` for ``cs.CL``."""
    small = name.casefold()
    whole, dot, _ = small.partition(".")
    return [whole, small] if dot else [small]


def key(name: str, meant: str) -> str:
    """Return how ``name`` is looked up, and behind it what is meant by it."""
    return title_key(name)[:KEY_LENGTH] + KEY_SEPARATOR + meant[:KEY_LENGTH]


def name_keys(name: str) -> list[str]:
    """Return keys by which a person is found from the first name or from the last."""
    first, _, last = title_key(name).rpartition(" ")
    keys = [f"{first} {last}", f"{last} {first}"] if first else [last]
    return [each + KEY_SEPARATOR + name[:KEY_LENGTH] for each in keys]


def term(field: str, value: str | int) -> tantivy.Query:
    return tantivy.Query.term_query(SCHEMA, field, value)


def all_papers() -> tantivy.Query:
    """Return what every paper matches, and the watermark does not."""
    return tantivy.Query.exists_query("row")
