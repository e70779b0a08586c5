"""An answer cannot do without the thing asked for, nor without the names in the question."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bot.answers.answer import answer
from bot.answers.question import read_question
from bot.answers.subject import lacks_name, names_in
from bot.answers.wanted import thing_asked_for, untold
from bot.answers.words import Reading, search_words
from bot.search.embed import WordLlama
from tests.answers.conftest import LAMPREY


@pytest.mark.parametrize(
    ("question", "thing"),
    [
        ("Which text encoder does OneDiffusion use?", ["text", "encoder"]),
        ("On which datasets is it evaluated?", ["datasets"]),
        ("How many GPU hours did the training take?", ["gpu", "hours"]),
        ("What resolution are the videos?", ["resolution"]),
        ("Which reward model was used?", ["reward", "model"]),
        ("How many small parts does it have?", ["small", "parts"]),
        ("What is the batch size of Lamprey?", ["batch", "size"]),
        ("What’s the licence of Lamprey?", ["licence"]),
        ("What is the problem with Lamprey?", []),
        ("How much faster is Lamprey?", []),
        ("What is Lamprey?", []),
        ("How does it work?", []),
        ("which", []),
        ("", []),
    ],
)
def test_the_thing_asked_for(question: str, thing: list[str]):
    assert thing_asked_for(read_question(question)) == thing


def left_out(question: str, asked: list[str], touched: Sequence[Sequence[float]]) -> list[float]:
    at = np.array(touched, np.float32).reshape(len(touched), len(asked))
    reading = Reading(np.ones(len(asked), np.float32), at)
    return untold(read_question(question), asked, reading, at).tolist()


def test_what_leaves_out_the_thing_is_marked():
    asked = ["text", "encoder", "lamprey"]
    touched = [[1, 1, 0], [0, 0, 1], [1, 0.4, 0.5]]
    which = left_out("Which text encoder does Lamprey use?", asked, touched)
    assert which == pytest.approx([0, 1, 0.6])
    assert left_out("How is Lamprey built?", asked, touched) == [0, 0, 0]


def test_a_yes_has_as_many_of_the_words_as_it_can():
    whether = left_out("Does Lamprey use an encoder?", ["lamprey", "encoder"], [[1, 1], [1, 0]])
    assert whether == pytest.approx([0, 0.5])
    assert left_out("Is it?", [], [[], []]) == [0, 0]


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
