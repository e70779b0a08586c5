"""What a feed posts and what it holds back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.feeds import (
    DIGEST_STAYS_FRESH,
    IN_SHORT,
    IN_WORDS,
    MAY_CHANGE,
    Candidate,
    Held,
    choose,
    is_due,
    is_news,
    kind_of,
)
from bot.models import DeliveryKind, Feed, Style
from tests.builders import TODAY, a_feed
from tests.conftest import NOON

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def candidate(
    paper_id: str = "a",
    *,
    days_ago: int = 0,
    score: float = 1,
    votes: int = 5,
    wanted: bool = True,
    posted_here: bool = False,
) -> Candidate:
    day = TODAY - days_ago * DAY
    return Candidate(paper_id, day, votes, score, wanted, posted_here)


@pytest.mark.parametrize(
    ("one", "held"),
    [
        (candidate(), None),
        (candidate(votes=4), Held.BELOW_BAR),
        (candidate(wanted=False), Held.NO_MATCH),
        (candidate(posted_here=True), Held.DUPLICATE),
        (candidate(days_ago=7), None),
        (candidate(days_ago=8), Held.LATE),
        (candidate(days_ago=8, posted_here=True), Held.LATE),
        (candidate(posted_here=True, wanted=False, votes=0), Held.DUPLICATE),
        (candidate(wanted=False, votes=0), Held.NO_MATCH),
    ],
)
def test_a_paper_is_held_for_one_stated_reason(one: Candidate, held: Held | None) -> None:
    feed = a_feed(min_votes=5)
    choice = choose(feed, [one], today=TODAY, room=9)
    assert choice.held == (((one.paper_id, held),) if held else ())
    assert choice.posted == (() if held else (one.paper_id,))


def test_the_best_come_first_then_the_most_voted_then_by_id() -> None:
    papers = [
        candidate("d", score=1, votes=5),
        candidate("c", score=1, votes=9),
        candidate("b", score=2, votes=0),
        candidate("a", score=1, votes=5),
    ]
    assert choose(a_feed(), papers, today=TODAY, room=9).posted == ("b", "c", "a", "d")


def test_of_equals_the_newest_comes_first_and_those_without_a_date_last() -> None:
    papers = [
        candidate("a"),
        replace(candidate("b"), published_at=NOON - DAY),
        replace(candidate("c"), published_at=NOON),
    ]
    assert choose(a_feed(), papers, today=TODAY, room=9).posted == ("c", "b", "a")


def test_a_digest_names_what_has_no_room() -> None:
    papers = [candidate(id, score=-n) for n, id in enumerate("abc")]
    choice = choose(a_feed(), papers, today=TODAY, room=2)
    assert (choice.posted, choice.more, choice.held) == (("a", "b"), ("c",), ())


@pytest.mark.parametrize("style", [Style.CARDS, Style.FORUM])
def test_what_cards_have_no_room_for_waits_for_tomorrow(style: Style) -> None:
    papers = [candidate(id, score=-n) for n, id in enumerate("abc")]
    choice = choose(a_feed(style=style), papers, today=TODAY, room=1)
    assert (choice.posted, choice.more) == (("a",), ())
    assert choice.held == (("b", Held.RATE), ("c", Held.RATE))
    assert all(is_news(("held", why)) for _, why in choice.held)


def test_the_days_are_those_of_the_papers_that_go_out() -> None:
    papers = [
        candidate("a", days_ago=2),
        candidate("b", days_ago=0),
        candidate("c", days_ago=1, wanted=False),
    ]
    choice = choose(a_feed(), papers, today=TODAY, room=1)
    assert choice.days == (TODAY - 2 * DAY, TODAY)


def test_the_days_are_those_of_daily_lists_where_any_has_a_paper() -> None:
    trending = candidate("a", days_ago=0)
    both = replace(candidate("b", days_ago=0), daily=TODAY - DAY)
    choice = choose(a_feed(), [trending, both], today=TODAY, room=9)
    assert choice.days == (TODAY - DAY,)


@pytest.mark.parametrize("style", Style)
def test_no_papers_are_no_post(style: Style) -> None:
    choice = choose(a_feed(style=style), [], today=TODAY, room=9)
    assert (choice.posted, choice.more, choice.held, choice.days) == ((), (), (), ())
    assert choose(a_feed(style=style), [candidate()], today=TODAY, room=0).posted == ()


@pytest.mark.parametrize(
    ("verdict", "news"),
    [
        (None, True),
        (("post", None), False),
        (("held", "baseline"), False),
        (("held", "duplicate"), False),
        (("held", "no match"), False),
        (("held", "below the bar"), True),
        (("held", "rate"), True),
        (("held", "late"), True),
        (("held", "permission"), True),
    ],
)
def test_what_was_posted_or_settled_is_no_news(
    verdict: tuple[str, str | None] | None, news: bool
) -> None:
    assert is_news(verdict) is news


def test_the_backlog_is_news_where_a_moderator_wants_it() -> None:
    assert is_news(("held", Held.BASELINE), backlog_too=True)
    assert not is_news(("held", Held.DUPLICATE), backlog_too=True)
    assert not is_news(("post", None), backlog_too=True)


def test_every_reason_has_words() -> None:
    assert set(IN_WORDS) == set(IN_SHORT) == set(Held)
    assert set(Held) >= MAY_CHANGE


@pytest.mark.parametrize(
    ("style", "kind"),
    [
        (Style.DIGEST, DeliveryKind.DIGEST),
        (Style.CARDS, DeliveryKind.CARD),
        (Style.FORUM, DeliveryKind.POST),
    ],
)
def test_each_style_sends_its_kind(style: Style, kind: DeliveryKind) -> None:
    assert kind_of(style) is kind


OLD_FEED = a_feed(created_at=NOON - 9 * DAY)


@pytest.mark.parametrize(
    ("feed", "late", "due"),
    [
        (OLD_FEED, timedelta(0), True),
        (OLD_FEED, -SECOND, False),
        (OLD_FEED, DIGEST_STAYS_FRESH - SECOND, True),
        (OLD_FEED, DIGEST_STAYS_FRESH, False),
        (replace(OLD_FEED, paused_at=NOON - DAY), timedelta(0), False),
        (replace(OLD_FEED, paused_at=NOON - DAY, paused_because="gone"), timedelta(0), True),
        (a_feed(created_at=NOON), SECOND, False),  # a new feed waits for its first hour
        (a_feed(created_at=NOON - SECOND), SECOND, True),
    ],
)
def test_a_feed_is_due_from_its_moment_until_it_is_stale(
    feed: Feed, late: timedelta, due: bool
) -> None:
    assert is_due(feed, NOON, now=NOON + late) is due
