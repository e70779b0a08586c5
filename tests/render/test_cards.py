"""A paper's card, and lists of papers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from discord import ui
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Reception
from bot.posts import Shown
from bot.render.cards import MOST_LISTED, card, is_web_url, listed, numbers, words
from tests.conftest import NOON
from tests.render.pages import (
    HOSTILE,
    a_shown,
    buttons,
    check,
    components,
    pictures,
    showns,
    texts,
    the_longest,
)

ONE, TWO = "2403.00001", "2403.00002"
LONG = [the_longest(f"2403.000{n:02}", c) for n, c in enumerate("*x:@漢_\\<#[")]
TITLES = [the_longest(f"title-0123456789a{n}", c) for n, c in enumerate("*x:@漢_\\<")]


def below() -> list[ui.Button[ui.LayoutView]]:
    return [ui.Button(label=f"Page {n}", custom_id=f"page:{n}") for n in range(5)]


@pytest.mark.parametrize(
    ("shown", "line"),
    [
        (a_shown(votes=148, stars=346, comments=3), "▲ 148 · ★ 346 · 3 comments"),
        (a_shown(votes=1_204, comments=1), "▲ 1,204 · 1 comment"),
        (a_shown(votes=0, stars=0, comments=0), "▲ 0"),
        (a_shown(), ""),
    ],
)
def test_numbers_that_nobody_said_are_not_shown(shown: Shown, line: str) -> None:
    assert numbers(shown) == line


class TestACard:
    def test_it_says_what_is_known(self) -> None:
        page = card(
            a_shown(
                title="A title",
                authors=("Ann", "Bo", "Cy", "Di", "Ed"),
                organization="Lab",
                published_at=NOON,
                categories=("cs.CL", "cs.AI"),
                ai_summary="Short.",
                abstract="Long.",
                votes=5,
                reason="its title has agents",
            )
        )
        head, summary, last = texts(page)
        assert head.splitlines() == [
            "### [A title](<https://arxiv.org/abs/2403.00001>)",
            "-# Ann, Bo, Cy and 2 others · Lab · <t:1772539200:D> · cs.CL, cs.AI",
        ]
        assert (summary, last) == ("Short.", "▲ 5 · its title has agents")

    def test_it_says_how_the_paper_was_taken_up(self) -> None:
        taken_up = Reception(ONE, citations=1_204, influential_citations=31, venue="Some *Venue*")
        head, last = texts(card(replace(a_shown(votes=5, abstract=""), reception=taken_up)))
        assert head.endswith("Some \\*Venue\\*")
        assert last == "▲ 5 · cited 1,204 times, 31 highly influential"

    @pytest.mark.parametrize("taken_up", [None, Reception(ONE), Reception(ONE, citations=0)])
    def test_what_is_not_known_of_its_reception_is_not_said(
        self, taken_up: Reception | None
    ) -> None:
        shown = a_shown(votes=5, journal_ref="J. Hard Problems 3")
        head, *_, last = texts(card(replace(shown, reception=taken_up)))
        assert head.endswith("-# J. Hard Problems 3")
        assert last == "▲ 5"

    def test_a_paper_without_a_summary_shows_its_abstract(self) -> None:
        assert texts(card(a_shown(abstract="Words of the authors.")))[1] == "Words of the authors."

    def test_of_a_title_alone_it_says_so(self) -> None:
        page = card(a_shown("title-0123456789ab", title="A title"))
        assert texts(page)[0].endswith("\n-# No authors are known yet")
        assert buttons(page)[0].url == "https://arxiv.org/search/?searchtype=title&query=A+title"

    def test_a_title_whose_search_is_long_stands_without_it(self) -> None:
        page = card(a_shown("title-0123456789ab", title="題" * 40))
        assert texts(page)[0].startswith("### 題題")
        check(page)

    def test_a_withdrawn_paper_says_so(self) -> None:
        assert "**withdrawn by its authors**" in texts(card(a_shown(withdrawn=True)))[0]

    def test_its_buttons_carry_what_they_need(self) -> None:
        page = card(a_shown(code_url="https://a.org/code"))
        assert [(b.label, b.url or b.custom_id) for b in buttons(page)] == [
            ("Open", "https://arxiv.org/abs/2403.00001"),
            ("Code", "https://a.org/code"),
            ("Ask", f"ask:{ONE}"),
            ("Similar", f"similar:{ONE}"),
            ("Save", f"save:{ONE}"),
        ]

    def test_it_names_a_role_only_where_a_moderator_did(self) -> None:
        assert texts(card(a_shown(), role_id=55))[0] == "<@&55>"
        assert "<@&" not in "".join(texts(card(a_shown())))

    def test_shortened_it_has_nothing_that_discord_might_refuse(self) -> None:
        page = card(
            a_shown(
                ai_summary="Short.",
                code_url="https://a.org/code",
                thumbnail_url="https://a.org/a.png",
                votes=1,
            ),
            shortened=True,
        )
        assert len(texts(page)) == 2
        assert pictures(page) == []
        assert [button.label for button in buttons(page)] == ["Open", "Ask", "Similar", "Save"]

    @pytest.mark.parametrize("shown", [*LONG, *TITLES])
    def test_a_paper_of_which_everything_is_too_long_fits(self, shown: Shown) -> None:
        check(card(shown, role_id=2**63 - 1, mark=2**31 - 1))

    @settings(max_examples=60, deadline=None)
    @given(showns, st.booleans())
    def test_hostile_words_do_nothing(self, shown: Shown, shortened: bool) -> None:
        check(card(shown, role_id=1, mark=500, shortened=shortened))


class TestAList:
    def test_it_is_numbered_and_each_number_opens_its_paper(self) -> None:
        page = listed("## Today", [a_shown(ONE, title="One"), a_shown(TWO, title="Two")], first=9)
        assert texts(page) == [
            "## Today",
            "**9.** [One](<https://arxiv.org/abs/2403.00001>)",
            "**10.** [Two](<https://arxiv.org/abs/2403.00002>)",
        ]
        assert [(b.label, b.custom_id) for b in buttons(page)] == [
            ("9", f"show:{ONE}"),
            ("10", f"show:{TWO}"),
        ]

    def test_a_paper_has_its_numbers_summary_and_reason(self) -> None:
        shown = a_shown(
            title="One",
            votes=5,
            authors=("Ann", "Bo", "Cy"),
            ai_summary="We did it. It works.",
            reason="its title",
        )
        assert texts(listed("## Today", [shown]))[1].splitlines()[1:] == [
            "-# ▲ 5 · Ann and 2 others",
            "We did it. It works.",
            "-# its title",
        ]

    def test_where_it_gets_long_summaries_go_first(self) -> None:
        def page(count: int) -> list[str]:
            shown = [
                a_shown(f"2403.{n:05}", title="t" * 150, ai_summary="word " * 44, reason="r" * 99)
                for n in range(count)
            ]
            return texts(listed("## Today", shown))[1:]

        assert all("word" in text for text in page(2))
        few, many = page(2), page(MOST_LISTED)
        assert len(many[0]) < len(few[0])
        assert all("t" * 150 in text for text in many)

    def test_it_has_a_note_and_more_buttons(self) -> None:
        page = listed("## Today", [a_shown()], note="As of now.", below=below())
        assert texts(page)[-1] == "-# As of now."
        assert [button.label for button in buttons(page)][1:] == [f"Page {n}" for n in range(5)]

    def test_pictures_give_way_where_there_are_too_many_components(self) -> None:
        def page(count: int, **kw: object) -> int:
            shown = [
                a_shown(f"2403.{n:05}", thumbnail_url=f"https://a.org/{n}.png")
                for n in range(count)
            ]
            made = listed("## Today", shown, **kw)  # pyright: ignore[reportArgumentType]
            check(made)
            return len(pictures(made))

        assert page(MOST_LISTED) == MOST_LISTED
        assert page(MOST_LISTED, note="n", role_id=1, below=below()[:1]) == MOST_LISTED
        assert page(MOST_LISTED, note="n", role_id=1, below=below()) == MOST_LISTED - 2
        assert 0 < page(10) < 10

    def test_shortened_it_has_no_summaries_and_no_pictures(self) -> None:
        shown = a_shown(ai_summary="Short.", thumbnail_url="https://a.org/a.png")
        page = listed("## Today", [shown], shortened=True)
        assert "Short" not in "".join(texts(page))
        assert pictures(page) == []

    @pytest.mark.parametrize("shortened", [True, False])
    @pytest.mark.parametrize("shown", [LONG[:1], LONG[:5], LONG[:MOST_LISTED], TITLES])
    def test_papers_of_which_everything_is_too_long_fit(
        self, shown: list[Shown], shortened: bool
    ) -> None:
        check(
            listed(
                "## " + "h" * 250,
                shown,
                first=1_000,
                below=below(),
                note="n" * 100,
                role_id=2**63 - 1,
                mark=2**31 - 1,
                shortened=shortened,
            )
        )

    @settings(max_examples=60, deadline=None)
    @given(st.lists(showns, min_size=1, max_size=MOST_LISTED), st.booleans())
    def test_hostile_words_do_nothing(self, shown: list[Shown], shortened: bool) -> None:
        page = listed("## Today", shown, note="Ours.", below=below(), shortened=shortened)
        check(page)
        numbers = [text.split(" ")[0] for text in texts(page)[1 : 1 + len(shown)]]
        assert numbers == [f"**{n}.**" for n in range(1, len(shown) + 1)]


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://a.org/a.png", True),
        ("http://a.org:8080/a?b=c#d", True),
        ("https://bücher.example/ä", True),
        ("ftp://a.org/a", False),
        ("javascript:alert(1)", False),
        ("//a.org/a", False),
        ("a.org", False),
        ("", False),
        ("https://", False),
        ("https://a.org/two words", False),
        ("https://a.org/line\nbreak", False),
        ("https://a.org/\u202e", False),
        ("https://a.org:99999/", False),
        ("https://[::1/", False),
        ("https://a.org/" + "x" * 499, False),
    ],
)
def test_only_what_discord_takes_is_an_address(url: str, taken: bool) -> None:
    assert is_web_url(url) is taken
    assert pictures(card(a_shown(thumbnail_url=url))) == ([url] if taken else [])
    labels = [button.label for button in buttons(card(a_shown(code_url=url)))]
    assert ("Code" in labels) is taken


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_address_is_no_address(hostile: str) -> None:
    assert not is_web_url(hostile)


def test_words_are_a_page_of_their_own() -> None:
    assert texts(words("Nothing is waiting.")) == ["Nothing is waiting."]


async def test_nothing_waits_on_a_page() -> None:
    assert card(a_shown()).is_finished()


def test_a_mark_is_the_box_s_number() -> None:
    for page in (card(a_shown(), mark=777), listed("## Today", [a_shown()], mark=777)):
        assert [c["type"] for c in components(page) if c.get("id") == 777] == [17]
