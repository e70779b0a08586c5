from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.search.highlights import LONGEST, Highlight, Highlighter
from bot.search.index import Shown
from bot.search.text import stems_of


def lit(words: str, *, title: str = "", abstract: str = "", summary: str = "") -> list[str]:
    """Return the highlights with their words in brackets."""
    shown = Shown("1", title, abstract, summary)
    return [bracketed(each) for each in Highlighter(stems_of(words)).highlights(shown)]


def bracketed(highlight: Highlight) -> str:
    text = highlight.text
    for start, end in reversed(highlight.spans):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


def test_words_are_found_in_every_form_but_not_within_others() -> None:
    lights = lit("train model", title="Training a Model, or Modelling Trains: a supermodel")
    assert lights == ["[Training] a [Model], or [Modelling] [Trains]: a supermodel"]


def test_the_sentence_with_most_different_words_is_shown() -> None:
    abstract = "Bees bees bees. The hive of bees is full. Nothing here."
    assert lit("bees hive", abstract=abstract) == ["The [hive] of [bees] is full."]


def test_the_summary_is_shown_where_the_abstract_has_none_of_the_words() -> None:
    assert lit("insects", abstract="Bees.", summary="Many insects.") == ["Many [insects]."]


def test_abbreviations_do_not_end_a_sentence() -> None:
    assert lit("hive", abstract="We film e.g. a hive. Then we go.") == ["We film e.g. a [hive]."]


def test_accents_do_not_hide_a_word() -> None:
    assert lit("erdos", title="On Erdős numbers") == ["On [Erdős] numbers"]


def test_a_long_sentence_is_cut_between_words_around_the_first_match() -> None:
    abstract = "word " * 100 + "hive " + "word " * 100
    (light,) = lit("hive", abstract=abstract)
    assert "[hive]" in light
    assert light.startswith("…word")
    assert light.endswith("word…")
    assert len(light) <= LONGEST + 4


def test_a_sentence_that_is_cut_at_its_end_alone_begins_as_it_does() -> None:
    (light,) = lit("hive", abstract="A short one. Our hive " + "word " * 100)
    assert light.startswith("Our [hive] word")
    assert light.endswith(" word…")


@pytest.mark.parametrize("words", ["", "absent"])
def test_what_did_not_match_is_not_highlighted(words: str) -> None:
    assert lit(words, title="A hive", abstract="Of bees.") == []


@given(st.text(max_size=400), st.text(max_size=20))
def test_every_span_is_a_whole_word_inside_the_text(text: str, words: str) -> None:
    for light in Highlighter(stems_of(words)).highlights(Shown("1", text, text, "")):
        for start, end in light.spans:
            assert 0 <= start < end <= len(light.text)
            assert light.text[start:end].isalnum()
