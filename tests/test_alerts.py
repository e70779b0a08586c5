"""What a person is told and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.alerts import (
    LIKE,
    MOST_A_DAY,
    MOST_IN_ALERT,
    MUCH_LIKE,
    STRAGGLERS,
    Likeness,
    choose,
    is_due,
    subject,
)
from bot.models import Frequency, Schedule
from bot.render.cards import MOST_LISTED
from tests.conftest import NOON

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
AT_NOON = Schedule(hour=12)
INSTANT = Schedule(Frequency.INSTANT)


def test_a_paper_comes_once_whatever_topics_it_matches() -> None:
    assert choose(["a", "b", "a"], {}).shown == ("a", "b")


def test_the_best_come_first_and_the_rest_is_kept() -> None:
    ids = [f"2403.000{n:02}" for n in range(MOST_IN_ALERT + 2)]
    scores = {id: float(n) for n, id in enumerate(ids)}
    alert = choose(ids, scores)
    assert alert.shown == tuple(ids[:1:-1])
    assert alert.more == (ids[1], ids[0])


def test_an_alert_shows_no_more_than_a_message_holds() -> None:
    assert MOST_IN_ALERT <= MOST_LISTED


def test_no_matches_are_no_alert() -> None:
    assert choose([], {}).shown == ()
    assert not is_due([], AT_NOON, now=NOON)
    assert not is_due([], INSTANT, now=NOON)


@pytest.mark.parametrize(
    ("matched", "now", "due"),
    [
        (-HOUR, timedelta(0), True),
        (-26 * HOUR, -SECOND, True),  # since the day before
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
    assert is_due([NOON + matched], AT_NOON, now=NOON + now) is due


def test_one_that_waited_takes_later_ones_along() -> None:
    waiting = [NOON + 5 * HOUR, NOON - HOUR]
    assert is_due(waiting, AT_NOON, now=NOON + 6 * HOUR)


def test_an_alert_shows_as_many_as_the_person_wants() -> None:
    alert = choose(["a", "b", "c"], {"c": 1.0}, most=1)
    assert (alert.shown, alert.more) == (("c",), ("a", "b"))


@pytest.mark.parametrize("schedule", [AT_NOON, INSTANT])
def test_on_a_quiet_day_by_the_person_s_calendar_nothing_goes_out(schedule: Schedule) -> None:
    quiet = replace(schedule, quiet_days=frozenset((NOON.weekday(),)))
    waiting = [NOON - 30 * HOUR]
    assert is_due(waiting, schedule, now=NOON)
    assert not is_due(waiting, quiet, now=NOON)
    assert not is_due(waiting, quiet, now=NOON + 11 * HOUR)
    assert is_due(waiting, replace(quiet, timezone="Pacific/Auckland"), now=NOON + 11 * HOUR)


def test_a_weekly_alert_gathers_the_week() -> None:
    weekly = replace(AT_NOON, frequency=Frequency.WEEKLY)
    waiting = [NOON]  # a Tuesday
    assert not is_due(waiting, weekly, now=NOON + 24 * HOUR)
    assert not is_due(waiting, weekly, now=NOON + 6 * 24 * HOUR - SECOND)
    assert is_due(waiting, weekly, now=NOON + 6 * 24 * HOUR)


def test_instant_alerts_come_at_any_hour_and_a_day_has_enough_at_some_point() -> None:
    assert is_due([NOON + 3 * HOUR], INSTANT, now=NOON + 3 * HOUR)
    assert subject(INSTANT, 0, now=NOON) == "alert:2026-03-03:1"
    assert subject(INSTANT, MOST_A_DAY - 1, now=NOON) == f"alert:2026-03-03:{MOST_A_DAY}"
    assert subject(INSTANT, MOST_A_DAY, now=NOON) is None


def test_a_digest_is_known_by_its_own_day() -> None:
    tokyo = Schedule(hour=9, timezone="Asia/Tokyo")
    assert subject(tokyo, 0, now=NOON + 12 * HOUR) == "alert:2026-03-04"
    assert subject(tokyo, 0, now=NOON + 11 * HOUR) == "alert:2026-03-03"


@pytest.mark.parametrize(
    ("nearness", "shown", "lowered", "held"),
    [
        (LIKE - 0.01, ("best", "b", "c"), {}, {}),
        (LIKE, ("b", "c", "best"), {"best": "bad"}, {}),
        (MUCH_LIKE - 0.01, ("b", "c", "best"), {"best": "bad"}, {}),
        (MUCH_LIKE, ("b", "c"), {}, {"best": "bad"}),
    ],
)
def test_what_is_like_something_unwanted_comes_last_or_not_at_all(
    nearness: float, shown: tuple[str, ...], lowered: dict[str, str], held: dict[str, str]
) -> None:
    likeness = {"best": Likeness("bad", nearness), "b": Likeness("bad", 0.1)}
    alert = choose(["best", "b", "c"], {"best": 9.0, "b": 2.0, "c": 1.0}, likeness)
    assert (alert.shown, alert.lowered, alert.held) == (shown, lowered, held)
