"""Who has a title: found before and after it was placed, whatever became of the text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlite_utils import Database

from bot.models import Paper, title_key
from bot.store import papers, schema, title_places
from tests.builders import a_paper
from tests.conftest import NOON


@pytest.fixture
def db() -> Database:
    db = Database(memory=True)
    schema.migrations.apply(db)
    return db


def take_in(db: Database, said: Sequence[Paper], said_at: datetime = NOON) -> None:
    papers.take_in(db, "arxiv", said, said_at=said_at)


def place_all(db: Database) -> None:
    title_places.place(db, papers.latest_revision(db))


def placed(db: Database) -> int:
    return next(db.query("SELECT count(*) AS n FROM title_place"))["n"]


def many(count: int, *, first: int = 10_000) -> list[Paper]:
    return [a_paper(f"2403.{first + n}", f"Title number {first + n}") for n in range(count)]


def test_papers_with_a_title_are_found_placed_or_not(db: Database) -> None:
    twins = [a_paper("2403.00001", "One: Title"), a_paper("2403.00003", "one title")]
    take_in(db, [*twins, a_paper("2403.00002", "Other title")])
    for change in (lambda: None, lambda: place_all(db)):
        change()
        found = title_places.having(db, {"one title", "no title"})
        assert {key: sorted(ids) for key, ids in found.items()} == {
            "one title": ["2403.00001", "2403.00003"],
            "no title": [],
        }


def test_a_changed_title_is_found_by_what_it_is_now(db: Database) -> None:
    take_in(db, [a_paper(title="As it was")])
    place_all(db)
    take_in(db, [a_paper(title="As it is")], NOON + timedelta(days=1))
    for change in (lambda: None, lambda: place_all(db)):
        change()
        found = title_places.having(db, {"as it was", "as it is"})
        assert found == {"as it was": [], "as it is": [a_paper().id]}


def test_two_titles_that_share_a_hash_are_told_apart(db: Database) -> None:
    assert title_places.hash_of("plumless") == title_places.hash_of("buckeroo")
    take_in(db, [a_paper("2403.00001", "Plumless"), a_paper("2403.00002", "Buckeroo")])
    place_all(db)
    assert title_places.having(db, {"plumless"}) == {"plumless": ["2403.00001"]}


def test_titles_are_placed_many_at_a_time(db: Database) -> None:
    step = title_places.STEP
    take_in(db, many(step - 1))
    assert placed(db) == 0
    take_in(db, many(2, first=step + 9_999))
    assert placed(db) == step + 1
    take_in(db, many(10, first=90_000))
    assert placed(db) == step + 1
    last = title_key("Title number 90009")
    assert title_places.having(db, {last}) == {last: ["2403.90009"]}


def before_its_migration(db: Database) -> None:
    """Take back what the migration did, as if the database had never seen it."""
    db.execute("DROP TABLE title_place")
    db.execute("CREATE INDEX paper_by_title ON paper (title_key)")
    db.execute("DELETE FROM _sqlite_migrations WHERE name = 'places_of_titles'")


def test_the_papers_of_an_older_database_are_placed_when_it_is_opened() -> None:
    db = Database(memory=True)
    schema.migrations.apply(db)
    take_in(db, many(3))
    before_its_migration(db)
    schema.migrations.apply(db)
    assert placed(db) == 3
    assert title_places.having(db, {"title number 10001"}) == {"title number 10001": ["2403.10001"]}


def test_no_title_is_looked_for_through_all_papers(db: Database) -> None:
    asked: list[str] = []
    db.conn.set_trace_callback(asked.append)
    title_places.having(db, {"one title"})
    db.conn.set_trace_callback(None)
    [look] = [sql for sql in asked if "title_key" in sql]
    plan = "; ".join(row["detail"] for row in db.query(f"EXPLAIN QUERY PLAN {look}"))
    assert "SCAN" not in plan
