"""The trending page as people save it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models import Refusal
from bot.paper_ids import title_only_id
from bot.sources.page import is_page, read_page

CHROME = "Get trending papers in your email inbox once a day!\nGet trending papers in your email inbox!\n"
LONG = "We study things at length " * 20
SHORT = "We study things, though briefly, and find that they are quite as we expected them."


def titles(text: str) -> list[str]:
    return [record.paper.title for record in read_page(text)[0]]


@pytest.mark.parametrize(
    "text",
    [
        f"{CHROME}SubscribeOn Things\n{LONG}\nOn Others\n{LONG}",
        f"{CHROME}Subscribe\nOn Things\n{LONG}\nOn Others\n{LONG}\n",
        f"\ufeff{CHROME}\n\nSubscribeOn Things\r\n\r\n{LONG}\r\n\r\nOn Others\r\n{LONG}\r\n",
        f"On Things\n{SHORT}\nOn   Others\n{LONG}",
    ],
)
def test_titles_and_abstracts_come_in_turn(text: str):
    records, refusals = read_page(text)
    assert [record.paper.title for record in records] == ["On Things", "On Others"]
    assert not refusals
    assert records[0].paper.id == title_only_id("on things")
    assert records[1].paper.abstract == LONG.strip()
    assert not records[0].paper.has_arxiv_id


def test_only_the_first_title_loses_the_button():
    text = f"{CHROME}SubscribeOn Things\n{LONG}\nSubscribe or Leave\n{LONG}"
    assert titles(text) == ["On Things", "Subscribe or Leave"]


def test_a_missing_abstract_costs_only_its_own_title():
    text = f"{CHROME}SubscribeOne\n{LONG}\nTwo\nThree\n{LONG}\nFour?\nFive\nSix\n{LONG}"
    records, refusals = read_page(text)
    assert [record.paper.title for record in records] == ["One", "Three", "Six"]
    assert refusals == tuple(
        Refusal(f"line {line}", "a title without an abstract after it") for line in (5, 8, 9)
    )


def test_a_page_that_breaks_off_says_where():
    _, refusals = read_page(f"{CHROME}SubscribeOne\n{LONG}\nTwo\n\n")
    assert refusals == (Refusal("line 5", "a title without an abstract after it"),)


def test_an_abstract_without_a_title_is_refused():
    records, refusals = read_page(f"{CHROME}{LONG}\nOne\n{LONG}\n{LONG}\n")
    assert len(records) == 1
    assert refusals == (
        Refusal("line 3", "an abstract without a title before it"),
        Refusal("line 6", "an abstract without a title before it"),
    )


def test_a_title_without_a_word_is_refused():
    assert read_page(f"???\n{LONG}")[1] == (Refusal("line 1", "a title without a word"),)


def test_an_empty_page_has_nothing():
    assert read_page("") == ((), ())
    assert read_page(CHROME) == ((), ())


def test_a_page_is_known_by_its_first_words():
    assert is_page("\n" + CHROME)
    assert not is_page("Other words " + CHROME)


@given(st.lists(st.sampled_from(["A title", LONG, SHORT, "", "Subscribe", "???", "\x00", "é"])))
def test_any_lines_are_papers_or_refusals(parts: list[str]):
    records, refusals = read_page("\n".join(parts))
    assert all(record.paper.id and record.paper.title for record in records)
    assert all(refusal.where.startswith("line ") for refusal in refusals)


@pytest.mark.data
def test_the_recorded_page_has_527_papers(shared_data: Path):
    text = (shared_data / "trending_page.txt").read_text(encoding="utf-8")
    records, refusals = read_page(text)
    assert (len(records), len(refusals)) == (527, 0)
    assert len({record.paper.id for record in records}) == 527
    assert not records[0].paper.title.startswith("Subscribe")
    assert is_page(text)
