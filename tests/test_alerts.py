"""What a person is told and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.alerts import MOST_IN_ALERT, STRAGGLERS, choose, is_due
from bot.render.cards import MOST_LISTED
from tests.builders import a_match
from tests.conftest import NOON

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


def test_a_paper_comes_once_whatever_topics_it_matches() -> None:
    matches = [a_match("a", topic_id=1), a_match("b"), a_match("a", topic_id=2)]
    assert choose(matches, {}).shown == ("a", "b")


def test_the_best_come_first_and_the_rest_is_kept() -> None:
    ids = [f"2403.000{n:02}" for n in range(MOST_IN_ALERT + 2)]
    scores = {id: float(n) for n, id in enumerate(ids)}
    alert = choose([a_match(id) for id in ids], scores)
    assert alert.shown == tuple(ids[:1:-1])
    assert alert.more == (ids[1], ids[0])


def test_an_alert_shows_no_more_than_a_message_holds() -> None:
    assert MOST_IN_ALERT <= MOST_LISTED


def test_no_matches_are_no_alert() -> None:
    assert choose([], {}).shown == ()
    assert not is_due([], NOON, now=NOON)


@pytest.mark.parametrize(
    ("matched", "now", "due"),
    [
        (-HOUR, timedelta(0), True),
        (-HOUR, -SECOND, False),
        (-HOUR, 9 * HOUR, True),  # it waited at their hour; the bot was down
        (timedelta(0), timedelta(0), True),
        (SECOND, STRAGGLERS, True),  # a first match soon after
        (SECOND, STRAGGLERS + SECOND, False),  # waits for tomorrow
    ],
)
def test_an_alert_goes_out_at_the_person_s_hour(
    matched: timedelta, now: timedelta, due: bool
) -> None:
    assert is_due([a_match(at=NOON + matched)], NOON, now=NOON + now) is due


def test_one_that_waited_takes_later_ones_along() -> None:
    matches = [a_match("a", at=NOON - HOUR), a_match("b", at=NOON + 5 * HOUR)]
    assert is_due(matches, NOON, now=NOON + 6 * HOUR)
