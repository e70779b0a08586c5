from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.search.text import compounds, spellings, stems_of, storable, telling, words_of


@pytest.mark.parametrize(
    ("text", "respelled"),
    [
        ("pre-training", ["pretraining"]),
        ("text-to-image, low–rank", ["texttoimage", "lowrank"]),
        ("TideWater", ["Tide Water"]),
        ("GPT-4", ["GPT4"]),
        ("e.g. i.i.d", []),
        ("plain words", []),
    ],
)
def test_compounds_are_respelled(text: str, respelled: list[str]) -> None:
    assert list(compounds(text)) == respelled


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("llama3", ["llama 3"]),
        ("Llama 3.1 herd", ["Llama3"]),
        ("pre-training of qwen2", ["pretraining", "qwen 2"]),
        ("4k tokens, h2o, 2024", []),
    ],
)
def test_a_name_with_its_number_is_written_in_two_ways(text: str, written: list[str]) -> None:
    assert list(spellings(text)) == written


def test_stems_ignore_case_accents_and_endings() -> None:
    assert stems_of("Models MODELING Erdős") == ["model", "model", "erdo"]


def test_words_keep_their_endings() -> None:
    assert words_of("Models, Erdős!") == ["models", "erdos"]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("how do the bees fly?", "bees fly?"),
        ("what is it", "what is it"),
        ("(the) hive", "hive"),
        ("the-hive", "the-hive"),
    ],
)
def test_stop_words_are_left_out_unless_there_are_no_others(text: str, left: str) -> None:
    assert telling(text) == left


@given(st.text(st.characters(), max_size=50))
def test_everything_can_be_stored(text: str) -> None:
    assert storable(text).encode().decode() == storable(text)


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert storable("a\ud800b") == "a?b"
