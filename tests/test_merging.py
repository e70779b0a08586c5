"""One paper out of what several sources say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import reduce
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.merging import FIELDS, Statement, merge, restate
from bot.models import Paper
from tests.conftest import NOON

SOURCES = ("arxiv", "huggingface", "page", "starter", "somebody new")
HOUR = timedelta(hours=1)


def says(source: str, *, hour: int = 0, title: str = "", **kw: Any) -> Statement:
    at = NOON + hour * HOUR
    return Statement(source, at, at, Paper("2403.00001", title, **kw))


def replaced(source: str, field: str, value: Any) -> Statement:
    said = says(source)
    return replace(said, paper=replace(said.paper, **{field: value}))


def by_source(*statements: Statement) -> dict[str, Statement]:
    return {statement.source: statement for statement in statements}


papers = st.builds(
    Paper,
    id=st.just("2403.00001"),
    title=st.sampled_from(["", "one", "two"]),
    authors=st.sampled_from([(), ("Ada",), ("Bo", "Cy")]),
    updated_at=st.sampled_from([None, NOON, NOON + HOUR]),
    version=st.sampled_from([None, 1, 2, 3]),
    ai_summary=st.sampled_from([None, "one", "two"]),
    withdrawn=st.booleans(),
)


def said_by(source: str, hour: int, paper: Paper) -> Statement:
    return Statement(source, NOON + hour * HOUR, NOON + hour * HOUR, paper)


statements = st.builds(said_by, st.sampled_from(SOURCES), st.integers(0, 5), papers)
all_said = st.lists(statements, min_size=1, unique_by=lambda said: said.source).map(
    lambda said: by_source(*said)
)


@pytest.mark.parametrize(
    ("field", "arxiv", "huggingface", "decided"),
    [
        ("title", "Right", "Copied", "Right"),
        ("abstract", "", "Copied", "Copied"),
        ("authors", ("Ada", "Bo"), ("Bo",), ("Ada", "Bo")),
        ("ai_summary", "Ours", "Theirs", "Theirs"),
        ("code_url", "https://from.comment", None, "https://from.comment"),
        ("categories", ("cs.CL",), (), ("cs.CL",)),
        ("organization", None, None, None),
    ],
)
def test_the_most_trusted_source_that_says_something_decides(
    field: str, arxiv: object, huggingface: object, decided: object
) -> None:
    said = by_source(replaced("huggingface", field, huggingface), replaced("arxiv", field, arxiv))
    assert getattr(merge(said), field) == decided


def test_a_source_nobody_knows_is_trusted_least() -> None:
    said = by_source(says("aaa", title="Guess"), says("starter", title="Known"))
    assert merge(said).title == "Known"


@pytest.mark.parametrize("first", ["arxiv", "huggingface"])
def test_the_highest_version_counts_whoever_saw_it(first: str) -> None:
    said = {
        "arxiv": says("arxiv", version=2, updated_at=NOON),
        "huggingface": says("huggingface", version=3, updated_at=NOON + HOUR),
    }
    ordered = {first: said[first], **said}
    merged = merge(ordered)
    assert (merged.version, merged.updated_at) == (3, NOON + HOUR)


@settings(max_examples=50, deadline=None)
@given(all_said, st.randoms(use_true_random=False))
def test_the_order_in_which_sources_speak_does_not_matter(
    said: Mapping[str, Statement], random: Random
) -> None:
    shuffled = list(said.items())
    random.shuffle(shuffled)
    assert merge(dict(shuffled)) == merge(said)


@settings(max_examples=50, deadline=None)
@given(all_said)
def test_merging_what_was_merged_changes_nothing(said: Mapping[str, Statement]) -> None:
    merged = merge(said)
    again = {source: replace(statement, paper=merged) for source, statement in said.items()}
    assert merge(again) == merged


@settings(max_examples=50, deadline=None)
@given(all_said, statements)
def test_a_silent_source_erases_nothing(said: Mapping[str, Statement], other: Statement) -> None:
    silent = replace(other, paper=Paper("2403.00001", ""))
    assert merge({silent.source: silent, **said}) == merge(said)


@settings(max_examples=50, deadline=None)
@given(all_said)
def test_what_any_source_says_is_not_lost(said: Mapping[str, Statement]) -> None:
    merged = merge(said)
    for field in FIELDS:
        values = [getattr(statement.paper, field) for statement in said.values()]
        assert getattr(merged, field) in values
        assert bool(getattr(merged, field)) == any(values)


@settings(max_examples=50, deadline=None)
@given(all_said)
def test_the_version_is_the_highest_that_was_said(said: Mapping[str, Statement]) -> None:
    versions = [statement.paper.version or 0 for statement in said.values()]
    assert (merge(said).version or 0) == max(versions)


def test_a_source_that_speaks_again_replaces_its_words() -> None:
    now = restate(says("arxiv", title="Draft", doi="10.1/1"), says("arxiv", hour=1, title="Final"))
    assert (now.paper.title, now.paper.doi) == ("Final", "10.1/1")
    assert (now.first_said_at, now.said_at) == (NOON, NOON + HOUR)


def test_saying_the_same_again_is_no_news() -> None:
    before = says("arxiv", title="Final")
    assert restate(before, says("arxiv", hour=1, title="Final")) is before
    assert restate(before, says("arxiv", hour=1)) is before


def test_an_old_file_read_late_only_fills_what_was_empty() -> None:
    before = says("arxiv", hour=2, title="Final")
    now = restate(before, says("arxiv", hour=1, title="Draft", doi="10.1/1"))
    assert (now.paper.title, now.paper.doi) == ("Final", "10.1/1")
    assert (now.first_said_at, now.said_at) == (NOON + HOUR, NOON + 2 * HOUR)


def test_the_same_read_late_was_said_first_then() -> None:
    before = says("arxiv", hour=2, title="Final", doi="10.1/1")
    now = restate(before, says("arxiv", title="Final"))
    assert (now.paper, now.first_said_at, now.said_at) == (before.paper, NOON, NOON + 2 * HOUR)


def test_what_the_newest_words_leave_out_is_told_by_the_newest_that_have_it() -> None:
    """A folder of old answers is read oldest first, beneath an announcement without comments."""
    said = says("arxiv", hour=9, title="Final")
    for hour, comment in ((1, "9 pages"), (3, "Accepted"), (2, "10 pages")):
        said = restate(said, says("arxiv", hour=hour, comment=comment))
    assert (said.paper.title, said.paper.comment) == ("Final", "Accepted")


def test_an_earlier_version_read_late_only_fills_what_was_empty() -> None:
    """An old answer, saved and imported today, is not what the paper says now."""
    before = says("arxiv", title="Final", version=3)
    now = restate(before, says("arxiv", hour=1, title="Draft", version=1, comment="12 pages"))
    assert (now.paper.title, now.paper.version, now.paper.comment) == ("Final", 3, "12 pages")


@settings(max_examples=50, deadline=None)
@given(st.lists(statements.map(lambda said: replace(said, source="arxiv")), min_size=1))
def test_one_source_s_version_only_moves_forward(said: list[Statement]) -> None:
    now = reduce(restate, said[1:], said[0])
    assert (now.paper.version or 0) == max(s.paper.version or 0 for s in said)


@settings(max_examples=50, deadline=None)
@given(st.lists(statements.filter(lambda said: bool(said.paper.version)), min_size=1))
def test_a_withdrawal_ends_with_a_later_version(said: list[Statement]) -> None:
    said = [replace(statement, source="arxiv") for statement in said]
    now = reduce(restate, said[1:], said[0])
    latest = [s.paper for s in said if s.paper.version == now.paper.version]
    assert now.paper.withdrawn == any(paper.withdrawn for paper in latest)


def test_a_withdrawal_without_a_version_stays() -> None:
    before = says("arxiv", withdrawn=True, comment="withdrawn")
    now = restate(before, says("arxiv", hour=1, version=2, title="Final"))
    assert (now.paper.withdrawn, now.paper.comment) == (True, "withdrawn")


def in_turn(said: Sequence[tuple[bool, bool, bool]]) -> list[Statement]:
    """Return what a source says hour by hour: a new version, another title, a comment, or not."""
    version, titles, found = 0, 0, list[Statement]()
    for hour, (is_version, is_title, is_comment) in enumerate(said):
        version, titles = version + is_version, titles + is_title
        named = version if is_version else None
        comment = f"{hour} pages" if is_comment else None
        title = f"Title {titles}"
        found.append(says("arxiv", hour=hour, version=named, title=title, comment=comment))
    return found


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(*[st.booleans()] * 3), min_size=2, max_size=6).map(in_turn),
    st.randoms(use_true_random=False),
)
def test_the_order_in_which_old_answers_are_read_does_not_matter(
    said: list[Statement], random: Random
) -> None:
    shuffled = list(said)
    random.shuffle(shuffled)
    in_order, now = reduce(restate, said), reduce(restate, shuffled)
    assert now.paper == in_order.paper
    assert now.first_said_at == in_order.first_said_at
    again = reduce(restate, shuffled, now)
    assert again is now


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_words_of_one_moment_the_longer_counts_whichever_is_read_first(order: int) -> None:
    few, more = says("arxiv", categories=("cs.CL",)), says("arxiv", categories=("cs.CL", "cs.AI"))
    assert reduce(restate, [few, more][::order]).paper == more.paper


@settings(max_examples=50, deadline=None)
@given(statements, statements)
def test_a_source_never_takes_back_a_field(one: Statement, two: Statement) -> None:
    now = restate(one, replace(two, source=one.source))
    for field in set(FIELDS) - {"withdrawn"}:
        said = bool(getattr(one.paper, field)) or bool(getattr(two.paper, field))
        assert bool(getattr(now.paper, field)) == said
