from __future__ import annotations

import pytest

from bot.search.engine import SearchEngine
from bot.search.index import WordIndex
from bot.search.query import parse_query
from bot.search.spelling import corrected, corrected_word
from tests.builders import a_paper
from tests.conftest import NOON


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> WordIndex:
    index = WordIndex.open(tmp_path_factory.mktemp("words"))
    papers = [
        a_paper("2401.00001", "Transformers and Diffusion", authors=("Grace Okonkwo",)),
        a_paper("2401.00002", "Diffusion again, with bees", organization="Harbour Institute"),
        a_paper("2401.00003", "A defusion of tension"),
        a_paper("2401.00004", "On re-training when one must restrain oneself"),
    ]
    index.commit(enumerate(papers), watermark="1")
    return index


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("transformers", "transformers"),
        ("tranformers", "transformers"),
        ("transfromres", "transformers"),
        ("rtansformers", "transformers"),
        ("ttransformers", "transformers"),
        ("txansformers", "transformers"),
        ("diffusin", "diffusion"),
        ("difusion", "diffusion"),
        ("bess", "bees"),
        ("bxxs", "bxxs"),
        ("bes", "bes"),
        ("gpt4", "gpt4"),
        ("retrain", "retrain"),
        ("diffusions", "diffusions"),
        ("zzzzzzzz", "zzzzzzzz"),
    ],
)
def test_an_unknown_word_becomes_the_nearest_known_one(
    typed: str, meant: str, words: WordIndex
) -> None:
    assert corrected_word(typed, "exact", words.snapshot) == meant


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("difusion of tenson", "diffusion of tension"),
        ('"difusion of tenson"', "diffusion of tension"),
        ("author:okonkw", "okonkwo"),
        ("org:harbor", "harbour"),
        ("-difusion", "difusion"),
        ("cat:cs.cl", "cs.cl"),
    ],
)
def test_a_query_is_corrected_clause_by_clause(typed: str, meant: str, words: WordIndex) -> None:
    query = corrected(parse_query(typed, now=NOON), words.snapshot)
    assert " ".join(clause.text for clause in query.clauses) == meant


def test_a_search_with_typos_finds_what_was_meant(library: SearchEngine) -> None:
    hits = library.search("contersations cahce", now=NOON)
    assert hits[0].paper_id == "2403.00003"
    assert hits[0].highlights[0].spans
