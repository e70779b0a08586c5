"""An answer cannot do without the thing asked for, nor without the names in the question."""

from __future__ import annotations

import numpy as np
import pytest

from bot.answers.answer import answer
from bot.answers.subject import lacks_name, names_in
from bot.answers.wanted import thing_asked_for, untold
from bot.answers.words import search_words
from bot.search.embed import WordLlama
from tests.answers.conftest import LAMPREY


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("Which text encoder does OneDiffusion use?", ["encoder"]),
        ("On which datasets is it evaluated?", ["datasets"]),
        ("How many GPU hours did the training take?", ["hours"]),
        ("What resolution are the videos?", ["resolution"]),
        ("What is Lamprey?", []),
        ("How does it work?", []),
        ("which", []),
        ("", []),
    ],
)
def test_the_thing_asked_for(question: str, thing: list[str]):
    assert thing_asked_for(question) == thing


def test_what_leaves_out_the_thing_is_marked():
    touched = np.array([[1, 0], [0, 1], [0.4, 0.5]], np.float32)
    asked = ["encoder", "lamprey"]
    which = untold("Which encoder does Lamprey use?", asked, touched)
    assert which.tolist() == pytest.approx([0, 1, 0.6])
    whether = untold("Does Lamprey use an encoder?", asked, touched)
    assert whether.tolist() == pytest.approx([1, 1, 0.6])
    assert untold("How is Lamprey built?", asked, touched).tolist() == [0, 0, 0]
    assert untold("Is it?", [], np.zeros((2, 0), np.float32)).tolist() == [0, 0]


def test_names_are_capitals_within_a_word_or_a_sentence():
    assert names_in("How much faster is Lamprey on GPUs than iBERT?") == [
        "Lamprey",
        "GPUs",
        "iBERT",
    ]
    assert names_in("Which is better?") == []


@pytest.mark.parametrize(
    ("name", "text", "lacks"),
    [
        ("GPUs", "trained on one GPU", False),
        ("GPT-4o", "better than GPT4o", False),
        ("Heron-based", "we present Heron", False),
        ("Korean", "in many languages", True),
    ],
)
def test_a_name_counts_in_any_spelling(name: str, text: str, lacks: bool):
    assert lacks_name([name], text) is lacks


@pytest.mark.parametrize(
    "question",
    [
        "How much faster is Lamprey than BERT?",
        "Which optimizer is Lamprey trained with?",
    ],
)
def test_a_name_or_a_thing_that_the_paper_lacks_is_not_answered(question: str, embedder: WordLlama):
    assert answer(question, [LAMPREY], embedder=embedder).abstained


def test_an_author_is_a_name_of_the_paper(embedder: WordLlama):
    given = answer("How much faster is the reader of Ada Baker?", [LAMPREY], embedder=embedder)
    assert "3.4x" in given.answer


def test_names_made_of_filling_words_are_searched_for():
    question = "Where does the data of Describe Anything come from?"
    assert search_words(question) == "data come"
    assert search_words(question, names=names_in(question)) == "data Describe Anything come"
