"""The tables and who may open them."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.errors import StoreError
from bot.models import Strictness
from bot.store import listings, papers, people, schema
from bot.store.store import Store
from tests.builders import a_listing, a_match, a_paper, a_record
from tests.conftest import NOON


def from_the_future(db: Database) -> None:
    db.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('paperwire', 'telepathy', '2030-01-01')"
    )


@pytest.fixture
def db() -> Database:
    db = Database(memory=True)
    schema.migrations.apply(db)
    return db


def test_every_table_is_strict(db: Database) -> None:
    # FTS5 makes its own tables and has no strict ones.
    other = ("_", "sqlite_", "passage_words")
    ours = [table for table in db.tables if not table.name.startswith(other)]
    assert len(ours) > 10
    assert [table.name for table in ours if not table.strict] == []


def test_every_reference_points_at_something(db: Database) -> None:
    tables = set(db.table_names())
    references = [key for table in db.tables for key in table.foreign_keys]
    assert references
    assert {key.other_table for key in references} <= tables


def test_migrating_twice_changes_nothing(db: Database) -> None:
    before = db.schema
    schema.migrations.apply(db)
    assert db.schema == before
    assert {migration.name for migration in schema.migrations.applied(db)} == schema.known()


def test_papers_that_were_posted_or_told_before_are_as_old_as_their_first_list() -> None:
    db = Database(memory=True)
    schema.migrations.apply(db, stop_before="what_is_long_ago")
    year = 365 * timedelta(days=1)
    for paper_id, seen_at in (("listed", NOON - year), ("heard", NOON - 2 * year)):
        listings.hear(db, "arxiv", [a_record(paper_id)], seen_at=NOON - 2 * year)
        if paper_id == "listed":
            listings.record(db, a_listing(a_record(paper_id), seen_at=seen_at))
            db.execute("INSERT INTO matched (paper_id, revision) VALUES (?, 1)", [paper_id])
    people.ensure(db, 7, now=NOON)
    topic = people.follow(db, 7, "robots", Strictness.NORMAL, now=NOON)
    assert topic is not None
    people.add_matches(db, [a_match("heard", topic_id=topic.id)])
    schema.migrations.apply(db)
    rows = db.query("SELECT paper_id, revision, seen_on FROM matched ORDER BY paper_id")
    assert [tuple(row.values()) for row in rows] == [
        ("heard", 0, "2024-03-03"),
        ("listed", 1, "2025-03-03"),
    ]


def test_a_migration_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    """The next start begins it again, instead of stumbling over half of its tables."""
    db = Database(tmp_path / "cut.sqlite")
    db.execute("CREATE TABLE snapshot (taken TEXT)")  # the first migration fails half-way on it
    with pytest.raises(sqlite3.OperationalError):
        schema.migrations.apply(db)
    assert "paper" not in db.table_names()
    db.execute("DROP TABLE snapshot")
    schema.migrations.apply(db)
    db.close()


async def test_a_database_is_the_same_after_it_was_closed(tmp_path: Path) -> None:
    path = tmp_path / "paperwire.sqlite"
    async with Store(path) as store:
        identity = await store.read(schema.identity)
        await store.run(papers.take_in, "arxiv", [a_paper()], said_at=NOON)
    async with Store(path) as store:
        assert await store.read(schema.identity) == identity
        assert await store.read(papers.get, a_paper().id) == a_paper()
    async with Store(tmp_path / "other.sqlite") as other:
        assert await other.read(schema.identity) != identity


async def test_a_database_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "paperwire.sqlite"
    async with Store(path) as store:
        await store.run(from_the_future)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"newer Paperwire \(telepathy\); update the program"):
        async with Store(path):
            pass
    assert path.read_bytes() == before


def forget_the_last_change(db: Database) -> None:
    db.execute("ALTER TABLE statement DROP COLUMN earlier")
    db.execute("DELETE FROM _sqlite_migrations WHERE name = 'ages_of_statements'")


@pytest.mark.parametrize(("large", "said"), [(1, True), (10**9, False)])
async def test_a_large_database_that_is_brought_up_to_date_says_so_first(
    large: int, said: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "paperwire.sqlite"
    async with Store(path) as store:
        await store.run(forget_the_last_change)
    for _ in range(2):
        async with Store(path, large=large):
            pass
    words = [record.getMessage() for record in caplog.records]
    assert len(words) == said, "once at the most"
    assert all("up to this version of Paperwire; that can take a minute" in w for w in words)
