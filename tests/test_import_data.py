"""All recorded answers in one database: every record counted, one paper one row, nothing twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.errors import SourceError
from bot.sources.huggingface import REPORTED, REPORTED_COUNTS, absent_fields
from bot.sources.saved import read_saved, saved_files
from bot.store import listings, papers, schema
from bot.store.listings import Recorded

pytestmark = pytest.mark.data

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass
class Library:
    """A database that files are imported into, one listing a transaction."""

    db: Database
    unreadable: list[str] = field(default_factory=list[str])

    def take(self, *paths: Path) -> Recorded:
        recorded = Recorded()
        for file in saved_files(paths):
            try:
                for listing in read_saved(file, now=NOW):
                    with self.db.atomic():
                        recorded += listings.record(self.db, listing)
            except SourceError as error:
                self.unreadable.append(str(error))
        return recorded

    def count(self, sql: str) -> int:
        return next(self.db.query(f"SELECT count(*) AS n FROM {sql}"))["n"]


@dataclass
class Imports:
    """What came of each part, in order."""

    library: Library
    daily: Recorded
    page: Recorded
    captures: Recorded
    corpus: Recorded
    others: Recorded


@pytest.fixture(scope="module")
def imports(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imports]:
    db = Database(sqlite3.connect(tmp_path_factory.mktemp("data") / "all.sqlite"))
    for pragma in ("journal_mode = WAL", "synchronous = OFF", "foreign_keys = ON"):
        db.conn.execute(f"PRAGMA {pragma}")
    schema.migrations.apply(db)
    library = Library(db)
    yield Imports(
        library,
        library.take(shared_data / "hf" / "daily_papers"),
        library.take(shared_data / "trending_page.txt"),
        library.take(shared_data / "hf" / "daily_papers_snapshots"),
        library.take(shared_data / "arxiv_corpus"),
        library.take(shared_data / "arxiv"),
    )
    db.close()


def test_every_record_is_understood(imports: Imports) -> None:
    """501 days with 7,876 records, one of them featured twice; the page's 527; 54,002 listed."""
    assert imports.daily == Recorded(new=7_875, updated=1)
    assert imports.page == Recorded(new=457, unchanged=70)
    assert imports.captures == Recorded(updated=4, unchanged=297)
    assert imports.corpus == Recorded(new=50_867, updated=3_135)
    assert imports.others == Recorded(new=25, updated=11)
    days = "(SELECT day FROM listing WHERE source = 'huggingface' GROUP BY day)"
    assert imports.library.count(days) == 501


def test_a_file_that_is_no_list_of_papers_is_named(imports: Imports) -> None:
    named = [Path(why.partition(": ")[0]).name for why in imports.library.unreadable]
    assert named == [
        "error_malformed_id_2007.xml",
        "2609.24984v1_excerpt.html",
        "arxiv_expected.json",
        "arxiv_expected_single.json",
        "sample_arxiv_record10_parsed.json",
    ]


def test_one_paper_is_one_row(imports: Imports) -> None:
    """Of the page's 527 titles 108 found their arXiv ids, whichever source came first."""
    count = imports.library.count
    assert count("paper") == 59_224
    assert count("paper WHERE id LIKE 'title-%'") == 419
    assert count("paper_alias") == 108
    twins = "(SELECT 1 FROM paper WHERE id {} 'title-%' GROUP BY title_key HAVING count(*) > 1)"
    assert count(twins.format("LIKE")) == 0
    assert count(twins.format("NOT LIKE")) == 6, "submitted twice by their authors, under two ids"


def test_what_each_source_said_is_kept(imports: Imports) -> None:
    said = imports.library.db.query("SELECT source, count(*) AS n FROM statement GROUP BY source")
    assert {row["source"]: row["n"] for row in said} == {
        "arxiv": 54_027,
        "huggingface": 7_875,
        "page": 527,
    }
    by_three = "SELECT paper_id FROM statement GROUP BY paper_id HAVING count(*) = 3 LIMIT 1"
    paper_id = next(imports.library.db.query(by_three))["paper_id"]
    statements = papers.statements_of(imports.library.db, paper_id)
    assert [statement.source for statement in statements] == ["arxiv", "huggingface", "page"]


def test_votes_that_grow_leave_a_snapshot_each(imports: Imports) -> None:
    assert imports.library.count("snapshot") == 8_015


def test_importing_it_again_writes_nothing(imports: Imports, shared_data: Path) -> None:
    library = imports.library
    before = library.db.conn.total_changes
    names = ("hf/daily_papers", "trending_page.txt", "hf/daily_papers_snapshots", "arxiv")
    months = ("arxiv_corpus/2025-03.jsonl.gz", "arxiv_corpus/2025-12.jsonl.gz")
    again = library.take(*(shared_data / name for name in (*names, *months)))
    assert (again.new, again.updated, again.refused) == (0, 0, 0)
    assert again.unchanged > 7_876 + 527 + 301 + 36
    assert library.db.conn.total_changes == before


def test_the_report_shows_when_hugging_face_began_to_give_each_field(shared_data: Path) -> None:
    first: dict[str, str] = {}
    for file in saved_files([shared_data / "hf" / "daily_papers"]):
        for listing in read_saved(file, now=NOW):
            absent = absent_fields(listing.records)
            for name in (*REPORTED, *REPORTED_COUNTS):
                if absent.get(name, 0) < len(listing.records):
                    first.setdefault(name, f"{listing.day}")
    assert first == {
        **dict.fromkeys((*REPORTED, *REPORTED_COUNTS), "2024-05-27"),
        "thumbnail_url": "2024-06-12",
        "code_url": "2025-03-04",
        "project_url": "2025-03-04",
        "ai_keywords": "2025-03-11",
        "ai_summary": "2025-05-22",
        "stars": "2025-06-25",
        "organization": "2025-10-03",
    }
