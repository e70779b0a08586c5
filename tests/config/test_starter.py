"""The starter library: what the bot knows before it has seen a network."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from importlib.resources import files
from itertools import pairwise
from typing import TypedDict

import pytest

from bot.models import clean_text, title_key


class Needed(TypedDict):
    """What every paper of the file has."""

    id: str
    title: str
    authors: list[str]
    published: str
    """The day of the first version on arXiv, as ``YYYY-MM-DD``."""
    categories: list[str]
    summary: str
    keywords: list[str]


class Entry(Needed, total=False):
    """One paper of the file."""

    more_authors: int
    """How many follow the twelve that are named; absent where nobody counted."""
    organization: str
    code_url: str


MOST_AUTHORS = 12

# Five digits after the dot since January 2015: https://info.arxiv.org/help/arxiv_identifier.html
ARXIV_ID = re.compile(
    r"""(?x)
    (?: [a-z-]+ (?:\.[A-Z]{2})? / (?P<old>\d\d(?:0[1-9]|1[0-2])) \d{3}
      | (?P<four>(?:0[7-9]|1[0-4])(?:0[1-9]|1[0-2])) \. \d{4}
      | (?P<five>(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])) \. \d{5}
    )"""
)
CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]{2,})?")
GITHUB_REPOSITORY = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+")


def months_of_id(arxiv_id: str) -> int:
    """Return the id's month, counted from year 0.

    Raises:
        ValueError: It is not an arXiv id without version.
    """
    form = ARXIV_ID.fullmatch(arxiv_id)
    if form is None:
        raise ValueError(f"not an arXiv id: {arxiv_id}")
    stamp = form["old"] or form["four"] or form["five"]
    year, month = int(stamp[:2]), int(stamp[2:])
    century = 1900 if year >= 91 else 2000
    return (century + year) * 12 + month


def agree(arxiv_id: str, published: str) -> bool:
    """Whether the id can have been given to a paper of that day.

    The id's month is that of the announcement, which can be the month after.
    """
    day = date.fromisoformat(published)
    return months_of_id(arxiv_id) - (day.year * 12 + day.month) in (0, 1)


def texts(entry: Entry) -> Iterable[str]:
    """Yield every text of an entry that a person may read."""
    yield from (entry["title"], entry["summary"], *entry["authors"], *entry["keywords"])
    if organization := entry.get("organization"):
        yield organization


@pytest.fixture(scope="module")
def raw() -> bytes:
    return files("config").joinpath("starter.json").read_bytes()


@pytest.fixture(scope="module")
def library(raw: bytes) -> list[Entry]:
    return json.loads(raw)


@pytest.mark.parametrize(
    ("arxiv_id", "published", "expected"),
    [
        ("hep-th/9901001", "1999-01-02", True),
        ("math.GT/0309136", "2003-09-07", True),
        ("0704.0001", "2007-04-02", True),
        ("1412.9999", "2014-12-31", True),
        ("1501.00001", "2014-12-31", True),
        ("2103.00020", "2021-02-26", True),
        ("2103.00020", "2021-04-01", False),
        ("2103.00020", "2021-01-31", False),
        ("2103.00020", "2020-03-01", False),
    ],
)
def test_an_id_agrees_with_its_month_or_the_one_before(
    arxiv_id: str, published: str, expected: bool
) -> None:
    assert agree(arxiv_id, published) is expected


@pytest.mark.parametrize(
    "text",
    ["", "2103.0020", "1412.00001", "2113.00020", "2103.00020v2", "hep-th/9913001", "title-x"],
)
def test_what_is_not_an_arxiv_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an arXiv id"):
        months_of_id(text)


def test_the_library_has_at_least_sixty_papers(library: list[Entry]) -> None:
    assert len(library) >= 60


def test_no_paper_is_there_twice(library: list[Entry]) -> None:
    assert len({entry["id"] for entry in library}) == len(library)
    assert len({title_key(entry["title"]) for entry in library}) == len(library)


def test_only_known_keys_are_used_and_none_is_missing(library: list[Entry]) -> None:
    needed, known = Entry.__required_keys__, Entry.__required_keys__ | Entry.__optional_keys__
    assert [e["id"] for e in library if not needed <= e.keys() <= known] == []


def test_each_date_agrees_with_its_id(library: list[Entry]) -> None:
    assert [e["id"] for e in library if not agree(e["id"], e["published"])] == []


def test_papers_are_sorted_by_date(library: list[Entry]) -> None:
    assert [b["id"] for a, b in pairwise(library) if a["published"] > b["published"]] == []


def test_every_text_is_filled_and_on_one_line(library: list[Entry]) -> None:
    faulty = [text for entry in library for text in texts(entry) if text != clean_text(text)]
    assert faulty == []
    assert all(text for entry in library for text in texts(entry))


def test_each_summary_has_40_to_110_words_of_its_own(library: list[Entry]) -> None:
    lengths = {entry["id"]: len(entry["summary"].split()) for entry in library}
    assert {id_: words for id_, words in lengths.items() if not 40 <= words <= 110} == {}
    assert len({entry["summary"] for entry in library}) == len(library)


def test_authors_are_named_and_those_left_out_are_counted(library: list[Entry]) -> None:
    for entry in library:
        named = entry["authors"]
        assert 1 <= len(named) <= MOST_AUTHORS
        assert len(set(named)) == len(named)
        if "more_authors" in entry:
            assert len(named) == MOST_AUTHORS
            assert entry["more_authors"] > 0


def test_categories_and_keywords_are_of_their_form(library: list[Entry]) -> None:
    for entry in library:
        categories, keywords = entry["categories"], entry["keywords"]
        assert categories
        assert all(CATEGORY.fullmatch(category) for category in categories)
        assert len(set(categories)) == len(categories)
        assert 4 <= len(keywords) <= 7
        assert [word.lower() for word in keywords] == keywords
        assert len(set(keywords)) == len(keywords)


def test_code_links_name_a_repository(library: list[Entry]) -> None:
    links = [entry["code_url"] for entry in library if "code_url" in entry]
    assert [link for link in links if not GITHUB_REPOSITORY.fullmatch(link)] == []


def test_the_file_is_utf_8_without_a_mark_or_lost_letters(raw: bytes) -> None:
    text = raw.decode("utf-8")
    assert not text.startswith("\ufeff")
    assert "\ufffd" not in text
    assert text.endswith("]\n")
