import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.verify import LONGEST_QUOTE, Text, stands_in

TEXT = (
    "We find that pre-training on 1,250 ledgers isn’t effective: the “short” reader gains 3.5% "
    "(−2 points), i.e. $\\mathbf{M} \\times 2$ of the naïve one. It is not able to learn more."
)


@pytest.mark.parametrize(
    "quote",
    [
        "We find that pre-training on 1,250 ledgers",
        "we  FIND\nthat pretraining on 1250 ledgers",
        'isn\'t effective: the "short" reader',
        "the short reader gains 3.5 % (-2 points)",
        "gains 3.5\\% (−2 points)",
        "M × 2 of the naive one",
        "ledgers isn’t eﬀective",
        "“It is not able to learn more.”",
        "It is not able to learn more…",
        "pre-\ntraining on 1,250 led-\ngers",
    ],
)
def test_a_quote_stands_however_it_was_dressed(quote: str):
    assert stands_in(quote, TEXT)


@pytest.mark.parametrize(
    "quote",
    [
        "We find that pre-training on 1,350 ledgers",
        "the short reader gains 35%",
        "the short reader gains 3.5 points",
        "the short reader gains 3.5% (2 points)",
        "pre-training on ledgers is effective",
        "It is … able to learn more",
        "It is [...] able to learn more",
        "raining on 1,250 ledgers",
        "pre-training on 1,250 led",
        "able to",
        "",
        "…",
        "We find that " + "x" * LONGEST_QUOTE,
    ],
)
def test_what_was_changed_or_left_out_does_not_stand(quote: str):
    assert not stands_in(quote, TEXT)


def test_a_word_within_another_is_no_quote():
    assert not stands_in("able to learn more words", "They are unable to learn more words.")


def test_a_quote_stands_within_one_part():
    text = Text(["Readers forget on", "purpose every single hour."])
    assert text.find("Readers forget on purpose every") is None
    assert text.find("purpose every single hour") == 1


@given(st.text(max_size=200), st.text(max_size=200))
def test_whatever_is_quoted_is_answered(quote: str, text: str):
    assert stands_in(quote, text) in (True, False)


@given(st.lists(st.from_regex(r"[a-z]{3,8}", fullmatch=True), min_size=6, max_size=20), st.data())
def test_every_run_of_words_stands(words: list[str], data: st.DataObject):
    start = data.draw(st.integers(0, len(words) - 5))
    end = data.draw(st.integers(start + 5, len(words)))
    assert stands_in(" ".join(words[start:end]), " ".join(words))
