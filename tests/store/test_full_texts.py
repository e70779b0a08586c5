"""Full texts are a cache: found by words, limited in size and age, gone with their paper."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlite_utils import Database

from bot.answers.full_text import Body
from bot.answers.passages import Passage, Sentence
from bot.store import full_texts, papers, schema
from tests.builders import a_paper
from tests.conftest import NOON

PLENTY = 1_000_000
HOUR = timedelta(hours=1)
A, B = "2403.00001", "2403.00002"


@pytest.fixture
def db() -> Database:
    db = Database(memory=True)
    db.execute("PRAGMA foreign_keys = ON")
    schema.migrations.apply(db)
    papers.take_in(db, "arxiv", [a_paper(A, version=1), a_paper(B)], said_at=NOON)
    return db


def a_body(paper_id: str, *passages: str, gives_orders: bool = False) -> Body:
    """Return a text with a passage for each given; `` | `` parts its sentences."""
    made: list[Passage] = []
    position = 3
    for number, text in enumerate(passages, 1):
        section, url = f"{number} Part", f"https://arxiv.org/html/{paper_id}#S{number}"
        parts = text.split(" | ")
        sentences = tuple(
            Sentence(part, paper_id, section, url, place)
            for place, part in enumerate(parts, position)
        )
        position += len(parts)
        made.append(Passage(paper_id, section, url, sentences))
    return Body(tuple(made), gives_orders)


def keep(
    db: Database, paper_id: str, body: Body | None, *, most: int = PLENTY, later: int = 0
) -> int:
    return full_texts.keep(db, paper_id, body, now=NOON + later * HOUR, most=most)


def fresh(db: Database, *, since: int = 0, absent_since: int = 0) -> set[str]:
    return full_texts.fresh(
        db, [A, B], since=NOON + since * HOUR, absent_since=NOON + absent_since * HOUR
    )


def words_known(db: Database) -> int:
    """How many passages the word index has."""
    found = db.execute("SELECT count(*) FROM passage_words WHERE passage_words MATCH 'bees OR elk'")
    return found.fetchone()[0]


def test_what_is_kept_comes_back_as_it_was(db: Database):
    body = a_body(A, "Bees fly. | They dance.", "Elk walk.", gives_orders=True)
    keep(db, A, body)
    assert full_texts.read(db, [A, B], "anything", most=9) == {A: body}
    assert full_texts.kept(db, [A, B]) == {A}


def test_of_a_long_text_the_passages_near_the_question_come_in_its_order(db: Database):
    keep(db, A, a_body(A, "Elk walk.", "Bees fly far.", "Rain.", "The bee dances for bees."))
    found = full_texts.read(db, [A], "How do bees fly?", most=2)[A]
    assert [passage.text for passage in found.passages] == [
        "Bees fly far.",
        "The bee dances for bees.",
    ]


def test_other_papers_give_only_passages_with_a_word_of_the_question(db: Database):
    keep(db, A, a_body(A, "Elk walk.", "Bees fly."))
    keep(db, B, a_body(B, "Bees sleep."))
    found = full_texts.read(db, [A], "elks?", most=9, whole=False)
    assert [passage.text for passage in found[A].passages] == ["Elk walk."]
    assert full_texts.read(db, [A], "owls", most=9, whole=False) == {A: Body(())}


@pytest.mark.parametrize(
    "question", ["", "!!", '"', "NOT", "NEAR(", "a OR", "bees AND -(", "\x00", "🐝" * 300, "text:x"]
)
def test_any_question_is_words_and_no_query_language(db: Database, question: str):
    keep(db, A, a_body(A, "Bees fly.", "Elk walk."))
    assert len(full_texts.read(db, [A], question, most=1)[A].passages) <= 1


def test_a_text_is_fresh_until_it_is_too_old_or_a_version_behind(db: Database):
    assert fresh(db) == set()
    keep(db, A, a_body(A, "Bees fly."))
    keep(db, B, None)
    assert fresh(db) == {A, B}
    assert fresh(db, since=1) == {B}
    assert fresh(db, absent_since=1) == {A}
    papers.take_in(db, "arxiv", [a_paper(A, version=2)], said_at=NOON)
    assert fresh(db) == {B}


def test_that_nobody_has_a_text_is_no_text(db: Database):
    keep(db, A, None)
    assert full_texts.read(db, [A], "bees", most=9) == {}
    assert full_texts.kept(db, [A]) == set()


def test_the_text_not_used_for_longest_makes_room(db: Database):
    keep(db, A, a_body(A, "Bees fly and fly."), later=0)
    keep(db, B, a_body(B, "Bees walk and walk."), later=1)
    full_texts.note_used(db, [A], now=NOON + 2 * HOUR)
    papers.take_in(db, "arxiv", [a_paper("2403.00003")], said_at=NOON)
    assert keep(db, "2403.00003", a_body("2403.00003", "Elk."), most=25, later=3) == 1
    assert full_texts.kept(db, [A, B, "2403.00003"]) == {A, "2403.00003"}
    assert words_known(db) == 2


def test_a_text_over_the_limit_is_kept_alone(db: Database):
    keep(db, A, a_body(A, "Bees fly."))
    keep(db, B, a_body(B, "Bees walk and walk."), most=5, later=1)
    assert full_texts.kept(db, [A, B]) == {B}


def test_a_newer_text_replaces_the_older_and_its_words(db: Database):
    keep(db, A, a_body(A, "Bees fly."))
    keep(db, A, a_body(A, "Elk walk."))
    assert words_known(db) == 1
    found = full_texts.read(db, [A], "", most=9)[A]
    assert [passage.text for passage in found.passages] == ["Elk walk."]


def test_old_texts_are_forgotten_whole(db: Database):
    keep(db, A, a_body(A, "Bees fly."))
    assert full_texts.forget_old(db, before=NOON) == 0
    assert full_texts.forget_old(db, before=NOON + HOUR) == 1
    assert words_known(db) == 0
    assert db["passage"].count == 0


def test_a_paper_that_goes_takes_its_text_along(db: Database):
    keep(db, A, a_body(A, "Bees fly."))
    db.execute("DELETE FROM paper WHERE id = ?", [A])
    assert words_known(db) == 0
    assert keep(db, A, a_body(A, "Bees fly.")) == 0  # of a paper that is gone nothing is kept
    assert db["passage"].count == 0


def test_a_paper_that_gets_its_arxiv_id_keeps_its_text(db: Database):
    keep(db, A, a_body(A, "Bees fly."))
    db.execute("UPDATE paper SET id = '2403.00009' WHERE id = ?", [A])
    assert full_texts.kept(db, ["2403.00009"]) == {"2403.00009"}
    assert words_known(db) == 1
