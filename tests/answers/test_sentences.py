import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.sentences import LONGEST_SENTENCE, sentences


@pytest.mark.parametrize(
    "one",
    [
        "We follow Smith et al. (2023) in this.",
        "It was shown by Smith et al. 2019 before.",
        "See Fig. 3 and Eqs. 4 and 5 for the sums, cf. Sec. 2 there.",
        "Models, e.g. GPT-4, i.e. large ones, vs. Small ones, differ.",
        "The error falls to 3.5 from 4.25 points.",
        "It needs approx. 40 lines, resp. Two pages.",
        "J. Smith and A. B. Jones wrote it.",
        "The loss $x. Y$ is small.",
        r"The loss \(x. Y\) is small.",
        "It (this is known. Really) works.",
        "It works [see there. Twice] well.",
        "Version 2.0 of vLLM runs.",
        "We sampled i.i.d. points, w.r.t. Lebesgue measure.",
        "Visit https://example.org/a.b/c?d=1 for more.",
        "Yahoo! is a name.",
        "No full stop at the end",
    ],
)
def test_what_is_one_sentence_stays_one(one: str):
    assert sentences(one) == [one]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One is here. Two is there.", ["One is here.", "Two is there."]),
        ("Is it so? It is! Fine.", ["Is it so?", "It is!", "Fine."]),
        ("It costs $5. We pay $7. Done.", ["It costs $5.", "We pay $7.", "Done."]),
        ("We beat Smith et al. We win.", ["We beat Smith et al.", "We win."]),
        ("He said “stop.” Then he left.", ["He said “stop.”", "Then he left."]),
        ("It stops (here.) Then it goes.", ["It stops (here.)", "Then it goes."]),
        ("It grows by 5\\%. vLLM is fast.", ["It grows by 5\\%.", "vLLM is fast."]),
        ("It is fast. t-SNE is slow.", ["It is fast.", "t-SNE is slow."]),
        ("The results hold.We thank all.", ["The results hold.", "We thank all."]),
        ("It has 3 parts. 5 more follow.", ["It has 3 parts.", "5 more follow."]),
        ("第一句。第二句。", ["第一句。", "第二句。"]),
        ("  ", []),
    ],
)
def test_sentences_end_where_they_end(text: str, parts: list[str]):
    assert sentences(text) == parts


def test_what_never_ends_is_cut_at_a_word():
    found = sentences("word " * 1_000)
    assert max(map(len, found)) <= LONGEST_SENTENCE
    assert {word for each in found for word in each.split()} == {"word"}


@given(st.text(alphabet="aB1.!?()[]$ \\\"'。”", max_size=300))
def test_every_sentence_stands_in_the_text_and_nothing_is_lost(text: str):
    found = sentences(text)
    place = 0
    for each in found:
        place = text.index(each, place) + len(each)
    assert "".join("".join(found).split()) == "".join(text.split())
