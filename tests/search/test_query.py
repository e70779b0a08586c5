from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.search.query import Clause, Field, Query, parse_query
from tests.conftest import NOON


def parsed(text: str) -> Query:
    return parse_query(text, now=NOON)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("ocean logs", [Clause(Field.TEXT, "ocean"), Clause(Field.TEXT, "logs")]),
        ('"ocean logs"', [Clause(Field.TEXT, "ocean logs", is_phrase=True)]),
        ("-bees", [Clause(Field.TEXT, "bees", is_excluded=True)]),
        ('-"long chat"', [Clause(Field.TEXT, "long chat", is_phrase=True, is_excluded=True)]),
        ("author:hai", [Clause(Field.AUTHOR, "hai")]),
        ('Author:"Li Hai"', [Clause(Field.AUTHOR, "Li Hai", is_phrase=True)]),
        ("-org:harbour", [Clause(Field.ORGANIZATION, "harbour", is_excluded=True)]),
        ("cat:cs.CL", [Clause(Field.CATEGORY, "cs.CL")]),
        ("has:code", [Clause(Field.CODE, "")]),
        ("-has:code", [Clause(Field.CODE, "", is_excluded=True)]),
        ("has:legs", [Clause(Field.TEXT, "legs")]),
        ("since:yesterday", [Clause(Field.TEXT, "yesterday")]),
        ("pre-training", [Clause(Field.TEXT, "pre-training")]),
        ("url:harbour", [Clause(Field.TEXT, "url:harbour")]),
        ("a a", [Clause(Field.TEXT, "a")]),
        ('" - ?! "" author:', [Clause(Field.TEXT, "author:")]),
        ("", []),
    ],
)
def test_a_query_is_understood(text: str, clauses: list[Clause]) -> None:
    assert list(parsed(text).clauses) == clauses


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("since:2025", date(2025, 1, 1), None),
        ("until:2025", None, date(2025, 12, 31)),
        ("until:2024-02", None, date(2024, 2, 29)),
        ("since:2025-3-1 until:2025-03-09", date(2025, 3, 1), date(2025, 3, 9)),
        ("since:7d", date(2026, 2, 24), None),
        ("since:2W", date(2026, 2, 17), None),
        ("since:1y", date(2025, 3, 3), None),
        ("since:9999y", date.min, None),
        ("since:2025-13 until:0000", None, None),
    ],
)
def test_dates_are_understood(text: str, since: date | None, until: date | None) -> None:
    query = parsed(text)
    assert (query.since, query.until) == (since, until)


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("2401.00001", ("2401.00001",)),
        ("https://arxiv.org/abs/2401.00001v2 https://hf.co/papers/2402.00002", None),
        ("arXiv: 2401.00001", ("2401.00001",)),
        ("title-00000000abcd", ("title-00000000abcd",)),
        ("bees", ()),
    ],
)
def test_ids_and_links_name_papers(text: str, ids: tuple[str, ...] | None) -> None:
    expected = ("2401.00001", "2402.00002") if ids is None else ids
    assert parsed(text).paper_ids == expected


@pytest.mark.parametrize(
    ("text", "dois"),
    [
        ("https://doi.org/10.1145/ABC.1 (10.1103/x)", ("10.1145/abc.1", "10.1103/x")),
        ("10.1145/abc 10.1145/ABC", ("10.1145/abc",)),
        ("10.48550/arXiv.2401.00001", ()),
        ('-10.1145/abc "a word of 10.1145/abc"', ()),
    ],
)
def test_dois_name_papers(text: str, dois: tuple[str, ...]) -> None:
    assert parsed(text).dois == dois


def test_an_id_or_a_doi_is_no_word_to_search_for() -> None:
    assert parsed("https://arxiv.org/abs/2401.00001 doi:10.1145/abc bees").wishes == "bees"


def test_days_back_are_counted_from_the_day_of_asking() -> None:
    midnight = datetime(2026, 1, 1, tzinfo=UTC)
    assert parse_query("since:1d", now=midnight).since == date(2025, 12, 31)


@given(st.text(max_size=200))
def test_every_text_is_a_query(text: str) -> None:
    query = parsed(text)
    assert all(clause.text or clause.field is Field.CODE for clause in query.clauses)
