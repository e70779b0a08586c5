"""The trending score: a table of what it makes of snapshots, its promises, the recorded captures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import fmean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.models import Paper, Snapshot
from bot.trending import (
    COMMENT_WEIGHT,
    LISTING_LAG,
    Contender,
    Period,
    most_trending,
    trending_score,
)
from tests.benchmarks.trending import (
    compared,
    left_out,
    means,
    moments,
    ndcg,
    ours_listed,
    place,
    raw_votes,
    spearman,
)
from tests.conftest import NOON

HOUR = timedelta(hours=1)
HALF_LIFE = Period.DAY.half_life
YEAR = timedelta(days=365)


def looks(
    *votes: int | None,
    ending: datetime = NOON,
    every: timedelta = timedelta(),
    source: str = "huggingface",
    comments: int | None = None,
    stars: Sequence[int | None] = (),
) -> list[Snapshot]:
    """Return snapshots with these votes, the last one at ``ending``."""
    first_at = ending - every * (len(votes) - 1)
    stars = stars or [None] * len(votes)
    return [
        Snapshot("2603.00001", source, first_at + every * n, up, comments, starred)
        for n, (up, starred) in enumerate(zip(votes, stars, strict=True))
    ]


def contender(
    id_: str, *votes: int, published_at: datetime | None = None, listed_at: datetime | None = None
) -> Contender:
    return Contender(Paper(id_, "A title", published_at=published_at), looks(*votes), listed_at)


@pytest.mark.parametrize(
    ("snapshots", "score"),
    [
        pytest.param([], 0, id="nothing known"),
        pytest.param(looks(None), 0, id="nothing said"),
        pytest.param(looks(40), 40, id="one look"),
        pytest.param(looks(40, ending=NOON - HALF_LIFE), 20, id="one look, a half-life ago"),
        pytest.param(looks(10, 25), 25, id="a gain"),
        pytest.param(looks(10, 26, every=HALF_LIFE), 5 + 16, id="a gain after a half-life"),
        pytest.param(looks(25, 10), 25, id="a loss"),
        pytest.param(looks(25, 10, 25), 25, id="a loss made up for"),
        pytest.param(looks(25, 10, 30), 30, id="a loss more than made up for"),
        pytest.param(looks(25, None, 30), 30, id="a look that said nothing"),
        pytest.param(looks(40, ending=NOON + HOUR), 0, id="a look that is still to come"),
        pytest.param(looks(0, comments=8), 8 * COMMENT_WEIGHT, id="comments"),
        pytest.param(looks(0, 0, stars=[100, 400]), 10, id="stars gained"),
        pytest.param(looks(0, stars=[90_000]), 0, id="stars from before"),
        pytest.param(looks(0, 0, stars=[None, 400]), 0, id="code that was linked just now"),
        pytest.param(looks(30) + looks(40, source="page"), 40, id="two sources, the same votes"),
        pytest.param(
            looks(30) + looks(None, None, source="page", stars=[0, 25]), 35, id="each its own"
        ),
    ],
)
def test_the_score_of(snapshots: list[Snapshot], score: float) -> None:
    assert trending_score(snapshots, now=NOON) == pytest.approx(score)


@pytest.mark.parametrize(
    ("published_at", "listed_at", "score"),
    [
        (NOON, None, 40),
        (NOON - LISTING_LAG, None, 40),
        (NOON - LISTING_LAG - HALF_LIFE, None, 20),
        (NOON - YEAR, None, 0),
        (NOON - YEAR, NOON - HALF_LIFE, 20),
        (NOON - YEAR, NOON + HOUR, 40),
        (NOON + HOUR, None, 40),
    ],
)
def test_a_single_look_is_judged_by_votes_and_age(
    published_at: datetime, listed_at: datetime | None, score: float
) -> None:
    snapshots = looks(40)
    found = trending_score(snapshots, now=NOON, published_at=published_at, listed_at=listed_at)
    assert found == pytest.approx(score, abs=1e-9)


def test_a_riser_with_few_votes_outranks_an_earlier_hit() -> None:
    riser = looks(1, 4, 9, 15, every=HOUR)
    hit = looks(200, 202, every=timedelta(days=3))
    assert trending_score(riser, now=NOON) > trending_score(hit, now=NOON)


def test_a_longer_period_forgets_later() -> None:
    snapshots = looks(64, ending=NOON - timedelta(days=3.5))
    day, week, month = (trending_score(snapshots, now=NOON, period=p) for p in Period)
    assert day == pytest.approx(0.5)
    assert week == pytest.approx(32)
    assert week < month < 64


def test_what_is_a_period_old_counts_for_a_quarter() -> None:
    for period in Period:
        snapshots = looks(40, ending=NOON - period.length)
        assert trending_score(snapshots, now=NOON, period=period) == pytest.approx(10)


def test_the_fastest_papers_come_first() -> None:
    contenders = [contender("a", 3), contender("b", 9), contender("c", 1, 5)]
    ranked = most_trending(contenders, now=NOON, limit=2)
    assert [(r.paper.id, r.score) for r in ranked] == [("b", 9), ("c", 5)]


def test_equal_papers_come_newest_first_then_by_id_and_those_without_a_date_last() -> None:
    new, old = NOON - HOUR, NOON - 9 * HOUR
    contenders = [
        contender("a", 7),
        contender("d", 7, published_at=old),
        contender("c", 7, published_at=new),
        contender("b", 7, published_at=new),
    ]
    for order in (contenders, contenders[::-1]):
        ranked = most_trending(order, now=NOON, limit=9)
        assert [r.paper.id for r in ranked] == ["b", "c", "d", "a"]


def test_a_backfilled_list_stands_behind_todays() -> None:
    yesterday = contender("a", 90, published_at=NOON - YEAR, listed_at=NOON - 2 * Period.DAY.length)
    today = contender("b", 10, published_at=NOON - HOUR)
    assert [r.paper.id for r in most_trending([yesterday, today], now=NOON, limit=2)] == ["b", "a"]


def test_papers_without_snapshots_come_last_rather_than_not_at_all() -> None:
    silent = Contender(Paper("a", "A title"), [])
    ranked = most_trending([silent, contender("b", 1)], now=NOON, limit=5)
    assert [(r.paper.id, r.score) for r in ranked] == [("b", 1), ("a", 0)]


counts = st.none() | st.integers(0, 10**6)
snapshot_lists = st.lists(
    st.builds(
        Snapshot,
        paper_id=st.just("2603.00001"),
        source=st.sampled_from(["huggingface", "page"]),
        taken_at=st.integers(0, 10_000).map(lambda minutes: NOON - timedelta(minutes=minutes)),
        upvotes=counts,
        comments=counts,
        stars=counts,
    ),
    max_size=12,
    unique_by=lambda s: (s.source, s.taken_at),
)


@settings(deadline=None)
@given(snapshot_lists)
def test_a_score_lies_between_zero_and_everything_ever_counted(snapshots: list[Snapshot]) -> None:
    everything = (
        max((s.upvotes or 0 for s in snapshots), default=0)
        + COMMENT_WEIGHT * max((s.comments or 0 for s in snapshots), default=0)
        + max((s.stars or 0 for s in snapshots), default=0) ** 0.5
    )
    assert 0 <= trending_score(snapshots, now=NOON) <= everything * (1 + 1e-9)


@settings(deadline=None)
@given(snapshot_lists)
def test_the_order_of_snapshots_does_not_count(snapshots: list[Snapshot]) -> None:
    assert trending_score(snapshots[::-1], now=NOON) == trending_score(snapshots, now=NOON)


@settings(deadline=None)
@given(snapshot_lists, st.integers(0, 100))
def test_a_score_only_falls_while_nothing_happens(snapshots: list[Snapshot], hours: int) -> None:
    later = NOON + hours * HOUR
    assert trending_score(snapshots, now=later) <= trending_score(snapshots, now=NOON)


def test_rank_correlation_shares_ranks_among_equals() -> None:
    assert spearman([1, 2, 3], [10, 20, 30]) == pytest.approx(1)
    assert spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert spearman([1, 1, 2], [1, 2, 3]) == pytest.approx(0.8660254)
    assert spearman([1, 1, 1], [1, 2, 3]) == 0


def test_ndcg_is_one_for_the_best_order_only() -> None:
    assert ndcg([3, 2, 1], [30, 20, 10], 2) == pytest.approx(1)
    assert 0 < ndcg([1, 2, 3], [30, 20, 10], 2) < 1
    assert ndcg([1, 2], [0, 0], 2) == 0


@pytest.mark.data
def test_seen_once_a_recorded_list_is_ranked_as_well_as_by_votes(shared_data: Path) -> None:
    found = means(shared_data)
    ours, raw = found[False, "ours"], found[False, "raw votes"]
    assert ours.final == pytest.approx(raw.final, abs=0.01)
    assert ours.gained == pytest.approx(raw.gained, abs=0.01)


@pytest.mark.data
def test_seen_before_a_recorded_list_is_ranked_closer_to_the_votes_to_come(
    shared_data: Path,
) -> None:
    found = means(shared_data)
    ours, raw = found[True, "ours"], found[True, "raw votes"]
    assert ours.gained > raw.gained
    assert ours.small > raw.small
    assert ours.final == pytest.approx(raw.final, abs=0.01)


@pytest.mark.data
@pytest.mark.parametrize(
    ("day", "paper_id", "votes", "gains"),
    [
        # Of the papers with fewer votes than half of their list, these gained most afterwards.
        ("2024-12-12", "2412.06016", 6, 10),
        ("2025-01-08", "2501.03916", 8, 2),
    ],
)
def test_a_recorded_riser_with_few_votes_stands_higher_than_by_votes(
    shared_data: Path, day: str, paper_id: str, votes: int, gains: int
) -> None:
    moment, last = next(
        (m, last)
        for m, last in compared(moments(shared_data))
        if m.day.isoformat() == day and m.repeated
    )
    assert (moment.votes(paper_id), last.votes(paper_id)) == (votes, votes + gains)
    assert votes < median(moment.votes(id_) for id_ in moment.seen)
    assert place(moment, paper_id, ours_listed) < place(moment, paper_id, raw_votes)


@pytest.mark.data
def test_where_joining_was_seen_the_first_places_go_to_what_gains(shared_data: Path) -> None:
    found = means(shared_data)
    for repeated in (False, True):
        ours, raw = found[repeated, "ours, joining seen"], found[repeated, "raw votes"]
        assert ours.top > raw.top
        assert ours.small > raw.small


@pytest.mark.data
def test_a_half_life_chosen_on_other_days_foretells_gains_no_worse_than_votes_do(
    shared_data: Path,
) -> None:
    chosen = list(left_out(shared_data, "gained"))
    assert len(chosen) == 5
    assert fmean(ours.gained for _, _, ours, _ in chosen) > fmean(
        raw.gained for _, _, _, raw in chosen
    )
