from dataclasses import replace

import pytest

from bot.answers.question import Fact
from bot.answers.record import MOST_NAMED, known
from bot.models import Paper, Snapshot
from tests.answers.conftest import LAMPREY
from tests.conftest import NOON

POPULAR = Snapshot("2601.00001", "huggingface", NOON, upvotes=1_204, comments=1, stars=0)
NAKED = Paper(id="title-x", title="X")


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (Fact.AUTHORS, "By Ada Baker, Ben Miller and Cem Yılmaz."),
        (Fact.PUBLISHED, "First published on 5 January 2026."),
        (Fact.UPDATED, "Version 2 of 7 February 2026."),
        (Fact.VOTES, "1,204 votes on 3 March 2026."),
        (Fact.COMMENTS, "1 comment on 3 March 2026."),
        (Fact.STARS, "0 stars on GitHub on 3 March 2026."),
        (Fact.CODE, "Code: https://github.com/example/lamprey"),
        (Fact.ORGANIZATION, "Shared by Bakery Lab"),
        (Fact.CATEGORIES, "On arXiv under cs.CL, cs.LG."),
        (Fact.VENUE, "The record says: Accepted to the Workshop on Ledgers, 9 pages"),
        (Fact.IDENTIFIER, "arXiv 2601.00001."),
        (Fact.TITLE, "Its title: Lamprey: Reading Long Ledgers with Short Memories"),
        (Fact.WITHDRAWN, "No, it is not marked as withdrawn."),
    ],
)
def test_the_record_says(fact: Fact, text: str):
    said = known(fact, LAMPREY, POPULAR)
    assert said is not None
    assert said.text == text


@pytest.mark.parametrize("fact", [f for f in Fact if f not in (Fact.TITLE, Fact.WITHDRAWN)])
def test_an_empty_record_says_nothing(fact: Fact):
    assert known(fact, NAKED) is None


def test_many_authors_are_counted_but_all_are_quoted():
    names = tuple(f"Person {n}" for n in range(40))
    said = known(Fact.AUTHORS, replace(LAMPREY, authors=names))
    assert said is not None
    assert said.text.endswith(f"Person {MOST_NAMED - 1} and {40 - MOST_NAMED} others.")
    assert said.value == ", ".join(names)


def test_one_author_and_a_withdrawn_paper():
    alone = replace(LAMPREY, authors=("Ada Baker",), withdrawn=True, doi="10.1/x", version=None)
    texts = [known(f, alone) for f in (Fact.AUTHORS, Fact.WITHDRAWN, Fact.IDENTIFIER, Fact.UPDATED)]
    assert [said.text for said in texts if said] == [
        "By Ada Baker.",
        "Yes, the authors withdrew it.",
        "arXiv 2601.00001, DOI 10.1/x.",
        "The latest version of 7 February 2026.",
    ]
