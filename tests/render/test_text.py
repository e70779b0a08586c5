"""Text from outside, made harmless."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.render.text import (
    count,
    day,
    escape,
    excerpt,
    link,
    marked,
    moment,
    plain,
    shorten,
)
from tests.render.pages import HOSTILE, hostile, markup


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("A  title\nin two lines ", "A title in two lines"),
        ("a\u200bb\u200dc\ufeff", "abc"),
        ("\u202egnp.exe\u202c", "gnp.exe"),
        ("soft\u00adhyphen", "softhyphen"),
        ("tab\there\x00nul\x1besc", "tab here nul esc"),
        ("line\u2028and\u2029paragraph\x85next", "line and paragraph next"),
        ("half \ud800 private \ue000", "half private"),
        ("Zoë, Ångström, 李雷, עברית, हिन्दी, ∑ αβ", "Zoë, Ångström, 李雷, עברית, हिन्दी, ∑ αβ"),
        (r"90\% of R\&D, a \$1 bench\_mark", "90% of R&D, a $1 bench_mark"),
        (r"\\% \alpha \* C:\x", r"% \alpha \* C:\x"),
        ("\U000e0041\u3164\u115f", ""),
        ("", ""),
    ],
)
def test_plain_text_is_what_a_reader_sees(text: str, seen: str) -> None:
    assert plain(text) == seen


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("Attention is all you need", "Attention is all you need"),
        ("*a* _b_ ~c~ `d` |e|", r"\*a\* \_b\_ \~c\~ \`d\` \|e\|"),
        ("@everyone <@1>", r"\@everyone \<\@1\>"),
        ("[a](https://b.c)", r"\[a\]\(https\://b.c\)"),
        (":smile: <t:1:R>", r"\:smile\: \<t\:1\:R\>"),
        ("# a", r"\# a"),
        ("-# a", r"-\# a"),
        ("- a", r"\- a"),
        ("+ a", r"\+ a"),
        ("1. a", r"1\. a"),
        ("2024. a", r"2024\. a"),
        ("> a", r"\> a"),
        ("GPT-4 at 1.5 - a study", "GPT-4 at 1.5 - a study"),
        ("\\*a*", r"\\\*a\*"),
        ("a\n# b", r"a \# b"),
    ],
)
def test_escaped_text_shows_itself(text: str, escaped: str) -> None:
    assert escape(text) == escaped
    assert markup(escaped) is None


@settings(deadline=None)
@given(hostile)
def test_no_escaped_text_does_anything(text: str) -> None:
    escaped = escape(text)
    assert markup(escaped) is None
    assert "\n" not in escaped


@given(st.text())
def test_escaping_hides_nothing(text: str) -> None:
    unescaped = iter(escape(text))
    shown = "".join(next(unescaped) if c == "\\" else c for c in unescaped)
    assert shown == plain(text)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("most", [1, 2, 7, 40])
def test_an_excerpt_is_harmless_wherever_it_is_cut(text: str, most: int) -> None:
    assert markup(excerpt(text, most)) is None


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),
        ("one, two three", 9, "one, two…"),
        ("one two, three", 10, "one two…"),
        ("unbreakable", 6, "unbre…"),
        ("a unbreakable", 9, "a unbrea…"),
        ("ab", 1, "…"),
        ("ab", 0, ""),
        ("", 0, ""),
    ],
)
def test_text_is_cut_at_a_word(text: str, most: int, short: str) -> None:
    assert shorten(text, most) == short


@given(st.text(), st.integers(0, 50))
def test_short_text_is_short(text: str, most: int) -> None:
    short = shorten(text, most)
    assert len(short) <= most
    assert text.startswith(short.removesuffix("…"))


@pytest.mark.parametrize(
    ("label", "url", "markdown"),
    [
        ("A title", "https://arxiv.org/abs/1", "[A title](<https://arxiv.org/abs/1>)"),
        ("[x](y)", "https://a.org", r"[\[x\]\(y\)](<https://a.org>)"),
        ("A title", None, "A title"),
        ("\u200b", "https://a.org", "[untitled](<https://a.org>)"),
    ],
)
def test_a_link_has_harmless_words(label: str, url: str | None, markdown: str) -> None:
    assert link(label, url) == markdown


def test_days_moments_and_counts_are_in_words() -> None:
    at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    assert day(date(2026, 3, 3)) == "3 March 2026"
    assert moment(at) == "<t:1772539200:R>"
    assert moment(at, "D") == "<t:1772539200:D>"
    assert (count(1, "paper"), count(1_204, "paper")) == ("1 paper", "1,204 papers")
    assert count(2, "is", "are") == "2 are"


@pytest.mark.parametrize(
    ("text", "spans", "most", "seen"),
    [
        ("Bees in hives", [], 50, "Bees in hives"),
        ("Bees in hives", [(0, 4), (8, 13)], 50, "**Bees** in **hives**"),
        ("Bees in hives and nests", [(0, 4), (18, 23)], 15, "**Bees** in hives…"),
        ("*Bees* @here", [(1, 5)], 50, r"\***Bees**\* \@here"),
        ("Beesandbees", [(0, 4)], 6, "**Bees**an…"),
    ],
)
def test_words_are_marked_in_a_text(
    text: str, spans: list[tuple[int, int]], most: int, seen: str
) -> None:
    assert marked(text, spans, most) == seen


@given(text=hostile, at=st.integers(0, 40), length=st.integers(1, 40), most=st.integers(1, 60))
def test_nothing_but_our_marks_works_in_a_marked_text(
    text: str, at: int, length: int, most: int
) -> None:
    span = (min(at, len(text)), min(at + length, len(text)))
    assert markup(marked(text, [span], most).replace("**", "")) is None
