"""What the models say of themselves in words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import byline, clean_text, title_key


@pytest.mark.parametrize(
    ("authors", "words"),
    [
        ((), ""),
        (("A",), "A"),
        (("A", "B", "C", "D"), "A, B, C, D"),
        (("A", "B", "C", "D", "E"), "A, B, C and 2 others"),
        (("A", "19 others"), "A and 19 others"),
        (("A", "B", "C", "19 others"), "A, B, C and 19 others"),
        (("A", "B", "C", "D", "19 others"), "A, B, C and 20 others"),
        (("A", "1 other"), "A and 1 other"),
        (("19 others",), "19 others"),
        (("A", "The Others"), "A, The Others"),
        (("12 others and me", "A"), "12 others and me, A"),
    ],
)
def test_a_byline_counts_everybody_who_is_not_named(authors: tuple[str, ...], words: str) -> None:
    assert byline(authors) == words


def test_a_byline_names_as_many_as_are_wanted() -> None:
    assert byline(("A", "B", "C", "19 others"), most=1) == "A and 21 others"


@given(st.text(st.sampled_from(" \t\n\r\x00\x0b\x0c\x1c\x85\xa0\u2003\u2028\ufeffaé")))
def test_clean_text_is_on_one_line_with_single_spaces(text: str) -> None:
    cleaned = clean_text(text)
    assert cleaned == re.sub(r"\s+", " ", text.replace("\x00", "")).strip()
    assert clean_text(cleaned) == cleaned


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Attention: All You Need", "attention all-you need?"),
        ("Schrödinger's Bridges", "Schrodinger's bridges"),
        ("Straße $\\alpha$", "STRASSE α".replace("α", "alpha")),
        ("ﬁne “quotes”", "fine quotes"),
    ],
)
def test_two_spellings_of_a_title_have_the_same_key(one: str, other: str) -> None:
    assert title_key(one) == title_key(other)


def test_a_title_without_letters_has_no_key() -> None:
    assert title_key("?! —") == ""
