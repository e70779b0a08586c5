from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.search.engine import SearchEngine
from bot.search.suggest import Suggestion
from tests.conftest import NOON
from tests.search.conftest import papers_about

BEES = Suggestion("2402.00002", "Counting Bees with Cheap Cameras")


@pytest.mark.parametrize(
    "typed",
    [
        "c",
        "count",
        "Counting Bees",
        "bees",
        "cheap cam",
        "cameras bees",
        "countng bees",
        "cameres",
        "2402.0",
        "2402.00002",
        "bees and unknownword",
        " COUNTING ",
    ],
)
def test_a_paper_is_suggested_while_it_is_typed(typed: str, library: SearchEngine) -> None:
    assert BEES in library.suggest(typed)


@pytest.mark.parametrize("typed", ["", "  ", "?!", "\x00", "zzzz"])
def test_nothing_is_suggested_for_nothing(typed: str, library: SearchEngine) -> None:
    assert library.suggest(typed) == []


def test_titles_that_begin_so_come_first(engine: SearchEngine) -> None:
    titles = ("On deep sea cables", "Deep sea cables", "Seas and deep cables")
    engine.update(papers_about(*titles), watermark="1")
    assert [each.title for each in engine.suggest("deep sea")] == [titles[1], titles[0], titles[2]]


def test_no_more_is_suggested_than_asked_for(engine: SearchEngine) -> None:
    engine.update(papers_about(*(f"Cables {number}" for number in range(40))), watermark="1")
    assert len(engine.suggest("cables")) == 25
    assert len(engine.suggest("cables", limit=3)) == 3


def test_what_is_suggested_is_found_by_its_id(library: SearchEngine) -> None:
    for typed in ("c", "t", "n", "a"):
        for suggestion in library.suggest(typed):
            hits = library.search(suggestion.paper_id, now=NOON)
            assert hits[0].paper_id == suggestion.paper_id


@pytest.mark.parametrize("typed", ["ada", "Ada Wel", "wellenr", "wellenreiter ada"])
def test_authors_are_suggested_by_first_or_last_name(typed: str, library: SearchEngine) -> None:
    assert library.suggest_authors(typed) == ["Ada Wellenreiter"]


def test_an_author_with_accents_is_suggested_without_them(library: SearchEngine) -> None:
    assert library.suggest_authors("jurgen") == ["Jürgen Erdős"]


def test_a_suggested_author_is_accepted(library: SearchEngine) -> None:
    (name,) = library.suggest_authors("jurg")
    assert [hit.paper_id for hit in library.search("", author=name, now=NOON)] == ["2402.00002"]


def test_topics_are_keywords_and_categories(library: SearchEngine) -> None:
    assert library.suggest_topics("lang") == ["language models"]
    assert library.suggest_topics("cs.") == ["cs.CL", "cs.CV", "cs.LG"]
    assert library.suggest_topics("") == []


@given(typed=st.text(max_size=120))
def test_every_text_can_be_typed(typed: str, library: SearchEngine) -> None:
    library.suggest(typed)
    library.suggest_authors(typed)
    library.suggest_topics(typed)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("Jurgen Erdso", ["Jürgen Erdős"]),
        ("rJgen erdos", []),
        ("Aad Wellen", ["Ada Wellenreiter"]),
        ("wellenrieter", ["Ada Wellenreiter"]),
        ("Okonkow Grace", ["Grace Okonkwo"]),
        ("Grqe", []),
        ("xy", []),
    ],
)
def test_authors_are_suggested_from_what_was_mistyped(
    typed: str, names: list[str], library: SearchEngine
) -> None:
    assert library.suggest_authors(typed) == names
