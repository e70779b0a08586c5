"""How answers look: evidence first, nothing hostile, and never too long."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers.answer import FULL_TEXT, Answer, Claim, Read
from bot.answers.passages import ABSTRACT, AI_SUMMARY
from bot.answers.record import RECORD
from bot.asking import Scope
from bot.render.answers import (
    HOW_TO,
    READING,
    answer_page,
    draft_page,
    found_in_message,
    how_to,
    stopped_page,
)
from bot.render.cards import Page
from tests.render import pages
from tests.render.pages import HOSTILE, a_shown, buttons, texts, the_longest

ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"
TITLES = {ONE: "Sparse attention", TWO: "A cache that forgets", THREE: "Diffusion that counts"}
_QUOTE = re.compile(r"^> ", re.MULTILINE)


def a_claim(text: str = "It is fast.", paper: str = ONE, *, quote: str | None = None) -> Claim:
    return Claim(text, quote or text, paper, ABSTRACT, f"https://arxiv.org/abs/{paper}")


def an_answer(*claims: Claim, read: Sequence[str] = (ONE,), **more: object) -> Answer:
    told = Answer("…", abstained=False, claims=claims)
    each = tuple(Read(paper, (ABSTRACT,)) for paper in read)
    return Answer(told.answer, abstained=False, claims=claims, read=each, **more)  # pyright: ignore[reportArgumentType]


def check(page: Page) -> None:
    """See that Discord takes a page and that hostile words do nothing, quote marks aside."""
    for item in page.walk_children():
        content = getattr(item, "content", None)
        if isinstance(content, str):
            item.content = _QUOTE.sub("", content)  # pyright: ignore[reportAttributeAccessIssue]
    pages.check(page)


def said(page: Page) -> str:
    return "\n".join(texts(page))


def test_each_run_of_quotes_is_followed_by_its_section_and_link() -> None:
    page = answer_page(
        an_answer(a_claim("One."), a_claim("Two."), a_claim("Three.", TWO), read=(ONE, TWO)),
        TITLES,
    )
    assert said(page).splitlines() == [
        "> One.",
        "",
        "> Two.",
        "-# Abstract · [Sparse attention](<https://arxiv.org/abs/2403.00001>)",
        "> Three.",
        "-# Abstract · [A cache that forgets](<https://arxiv.org/abs/2403.00002>)",
        "-# Read: what is known of 2 papers",
    ]


def test_words_of_a_model_stand_above_the_quotes_that_prove_them() -> None:
    claim = a_claim("It halves the time.", quote="Latency drops by 50%.")
    page = answer_page(an_answer(claim, model="small-1"), TITLES)
    lines = said(page).splitlines()
    assert lines[:2] == ["It halves the time.", "> Latency drops by 50%."]
    assert lines[-1] == "-# Worded by small-1; each quote stands in the paper."


def test_the_record_is_told_without_a_quote() -> None:
    claim = Claim("It has 12 votes.", "12", ONE, RECORD, f"https://huggingface.co/papers/{ONE}")
    page = answer_page(
        Answer("It has 12 votes.", abstained=False, claims=(claim,), read=(Read(ONE, (RECORD,)),)),
        TITLES,
    )
    assert said(page).splitlines() == [
        "It has 12 votes.",
        "-# Record · [Sparse attention](<https://huggingface.co/papers/2403.00001>)",
        "-# Read: record",
    ]


@pytest.mark.parametrize(
    ("read", "line"),
    [
        ([(ABSTRACT, AI_SUMMARY, FULL_TEXT)], "abstract, AI summary and full text"),
        ([(ABSTRACT, AI_SUMMARY)], "abstract and AI summary"),
        ([()], "title"),
        ([(ABSTRACT,), (ABSTRACT, FULL_TEXT)], "what is known of 2 papers and the full text of 1"),
    ],
)
def test_it_says_what_was_read(read: list[tuple[str, ...]], line: str) -> None:
    each = tuple(Read(paper, parts) for paper, parts in zip((ONE, TWO), read, strict=False))
    page = answer_page(Answer("…", abstained=False, claims=(a_claim(),), read=each), TITLES)
    assert said(page).splitlines()[-1] == f"-# Read: {line}"


def test_a_lone_dash_begins_no_list() -> None:
    page = answer_page(an_answer(Claim("-", "+", ONE, "1.", "")), {ONE: "-"})
    assert said(page).splitlines()[:3] == ["\\-", "> \\+", "-# 1\\. · \\-"]
    check(page)


def test_it_says_what_could_not_be_read() -> None:
    page = answer_page(an_answer(a_claim(), note="arXiv does not answer."), TITLES)
    assert said(page).splitlines()[-1] == "-# arXiv does not answer."


def test_silence_names_the_paper_that_was_read_and_what_to_do() -> None:
    silent = Answer("The paper does not say.", abstained=True, read=(Read(ONE, (ABSTRACT,)),))
    page = answer_page(silent, TITLES, about=(ONE,))
    assert said(page).splitlines() == [
        "### The paper does not say.",
        "Ask in other words, or about recent papers with /ask.",
        "-# Read: abstract of Sparse attention",
    ]
    assert [b.custom_id for b in buttons(page)] == [f"ask:{ONE}", f"show:{ONE}", f"similar:{ONE}"]


def test_a_paper_that_gives_orders_has_a_badge() -> None:
    page = answer_page(
        an_answer(a_claim(), read=(ONE, TWO, THREE), suspicious=(TWO, ONE, THREE)), TITLES
    )
    assert said(page).splitlines()[-1] == (
        "-# Warning: the text of “A cache that forgets”, “Sparse attention” and 1 other paper"
        " gives orders to language models. They are not followed."
    )


def test_the_buttons_go_on_from_the_papers_that_are_quoted() -> None:
    page = answer_page(
        an_answer(a_claim("A.", ONE), a_claim("B.", TWO), read=(ONE, TWO)),
        TITLES,
        scope=Scope.LIBRARY,
    )
    assert [(b.label, b.custom_id) for b in buttons(page)] == [
        ("Ask again", "again:library"),
        ("Sparse attention", f"show:{ONE}"),
        ("A cache that forgets", f"show:{TWO}"),
    ]


@pytest.mark.parametrize(
    "url", ["https://evil.example/", "javascript:x", "https://arxiv.org.evil/"]
)
def test_only_the_cited_papers_are_linked(url: str) -> None:
    page = answer_page(an_answer(Claim("A.", "A.", ONE, ABSTRACT, url)), TITLES)
    assert "](<" not in said(page)


def test_an_answer_so_far_can_be_stopped() -> None:
    assert said(draft_page(None, {}, 7)) == READING
    page = draft_page(an_answer(a_claim("One.")), TITLES, 7)
    assert said(page).startswith("> One.\n")
    assert said(page).endswith("-# More is being read …")
    assert [(b.label, b.custom_id) for b in buttons(page)] == [("Stop", "stop:7")]


def test_what_was_stopped_can_be_asked_again() -> None:
    assert [b.custom_id for b in buttons(stopped_page())] == ["again:recent"]
    assert [b.custom_id for b in buttons(stopped_page(about=(ONE,)))] == [f"ask:{ONE}"]


def test_how_to_ask_is_words_alone() -> None:
    page = how_to()
    check(page)
    assert said(page) == HOW_TO


def test_the_papers_of_a_message_keep_room_for_all_their_links() -> None:
    known = [the_longest(f"2403.{n:05}") for n in range(1, 9)]
    page = found_in_message(known, [f"2401.{n:05}" for n in range(1, 18)])
    check(page)
    assert said(page).count("https://arxiv.org/abs/") == 25
    assert sum(b.label == "Ask" for b in buttons(page)) == 6


def test_papers_of_a_message_that_there_is_no_room_for_are_counted() -> None:
    page = found_in_message([], [f"2401.{n:05}" for n in range(1, 81)])
    check(page)
    assert said(page).startswith("## 80 papers in this message\n")
    shown = said(page).count("https://arxiv.org/abs/")
    assert shown > 25
    assert said(page).endswith(f" and {80 - shown} more that there is no room for")


def test_a_paper_of_a_message_that_has_no_id_is_named_by_its_title() -> None:
    known = [a_shown(f"2403.{n:05}") for n in range(1, 7)]
    page = found_in_message([*known, a_shown("title-0123456789ab", title="Untold")], [])
    check(page)
    assert "And [Untold](<https://arxiv.org/search/?" in said(page)
    assert "title-" not in said(page)


def test_unknown_papers_of_a_message_can_be_asked_about() -> None:
    page = found_in_message([a_shown(ONE)], ["2401.00009"])
    assert said(page).startswith("## 2 papers in this message\n**1.** ")
    labels = [(b.label, b.custom_id) for b in buttons(page)]
    assert labels[-1] == ("Ask", "ask:2401.00009")
    check(page)


hostile = st.sampled_from(HOSTILE) | st.text() | st.sampled_from([h * 400 for h in HOSTILE])
claims = st.builds(
    Claim,
    text=hostile,
    quote=hostile,
    paper_id=st.sampled_from([ONE, TWO, THREE, "title-0123456789ab"]),
    section=hostile | st.just(RECORD),
    url=hostile | st.sampled_from([f"https://arxiv.org/abs/{ONE}", "https://arxiv.org/x" * 50]),
)
answers = st.builds(
    Answer,
    answer=hostile,
    abstained=st.booleans(),
    claims=st.lists(claims, max_size=9).map(tuple),
    model=st.none() | hostile,
    read=st.lists(
        st.builds(Read, paper_id=st.sampled_from([ONE, TWO]), parts=st.just((ABSTRACT,))),
        max_size=12,
    ).map(tuple),
    note=st.none() | hostile,
    suspicious=st.lists(st.sampled_from([ONE, TWO, THREE]), max_size=3, unique=True).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(answer=answers, titles=st.dictionaries(st.sampled_from([ONE, TWO, THREE]), hostile))
def test_whatever_is_answered_discord_takes_it_and_it_does_nothing(
    answer: Answer, titles: dict[str, str]
) -> None:
    check(answer_page(answer, titles, question=HOSTILE[0] * 100))
    check(draft_page(answer, titles, 2**63))


@pytest.mark.parametrize("words", HOSTILE)
def test_a_draft_of_long_claims_from_many_places_fits(words: str) -> None:
    long = words * 400
    claims = tuple(
        Claim(long, long, ONE, f"{n} {long}", "https://arxiv.org/x" * 50) for n in range(9)
    )
    told = Answer("…", abstained=False, claims=claims)
    check(draft_page(told, {ONE: long}, 2**63))
