"""A person's hour by their own clocks: daylight saving, half-hour zones, quiet days."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.models import Frequency, Schedule
from bot.schedules import due_days, in_words, is_quiet, last_due_at, next_due_at, parse_days

DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "hour", "day", "due"),
    [
        # Both changes of 2026, the day before and the day itself.
        ("Europe/Berlin", 9, "2026-03-28", "2026-03-28T08:00"),
        ("Europe/Berlin", 9, "2026-03-29", "2026-03-29T07:00"),
        ("Europe/Berlin", 9, "2026-10-24", "2026-10-24T07:00"),
        ("Europe/Berlin", 9, "2026-10-25", "2026-10-25T08:00"),
        ("America/New_York", 8, "2026-03-07", "2026-03-07T13:00"),
        ("America/New_York", 8, "2026-03-08", "2026-03-08T12:00"),
        ("America/New_York", 8, "2026-10-31", "2026-10-31T12:00"),
        ("America/New_York", 8, "2026-11-01", "2026-11-01T13:00"),
        # Half an hour off UTC, without and with daylight saving.
        ("Asia/Kolkata", 9, "2026-03-29", "2026-03-29T03:30"),
        ("Asia/Kolkata", 9, "2026-10-25", "2026-10-25T03:30"),
        ("America/St_Johns", 9, "2026-03-07", "2026-03-07T12:30"),
        ("America/St_Johns", 9, "2026-03-08", "2026-03-08T11:30"),
        ("America/St_Johns", 9, "2026-11-01", "2026-11-01T12:30"),
        # Clocks that are moved by half an hour.
        ("Australia/Lord_Howe", 9, "2026-04-04", "2026-04-03T22:00"),
        ("Australia/Lord_Howe", 9, "2026-04-05", "2026-04-04T22:30"),
        ("Australia/Lord_Howe", 9, "2026-10-03", "2026-10-02T22:30"),
        ("Australia/Lord_Howe", 9, "2026-10-04", "2026-10-03T22:00"),
        # An hour that does not exist comes when the gap ends; a double one the first time.
        ("Europe/Berlin", 2, "2026-03-29", "2026-03-29T01:00"),
        ("Australia/Lord_Howe", 2, "2026-10-04", "2026-10-03T15:30"),
        ("Europe/Berlin", 2, "2026-10-25", "2026-10-25T00:00"),
        ("America/St_Johns", 2, "2026-03-08", "2026-03-08T05:30"),
    ],
)
def test_a_digest_comes_at_the_person_s_hour_by_their_own_clocks(
    zone: str, hour: int, day: str, due: str
) -> None:
    schedule = Schedule(hour=hour, timezone=zone)
    midnight = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert next_due_at(schedule, now=midnight) == utc(due)
    assert last_due_at(schedule, now=utc(due)) == utc(due)
    assert last_due_at(schedule, now=utc(due) - timedelta(seconds=1)) < utc(due)


ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "America/Asuncion",
    "UTC",
)


@settings(max_examples=20)
@given(st.sampled_from(ZONES), st.integers(0, 23), st.integers(2024, 2029))
def test_a_year_has_one_digest_for_each_day_of_its_calendar(
    zone: str, hour: int, year: int
) -> None:
    schedule = Schedule(hour=hour, timezone=zone)
    now = datetime(year, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(seconds=1)
    end = datetime(year + 1, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    moments: list[datetime] = []
    while (now := next_due_at(schedule, now=now)) < end:
        moments.append(now)
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in moments]
    assert all(later - earlier == DAY for earlier, later in pairwise(days))
    assert days[0] == date(year, 1, 1)
    assert days[-1] == date(year, 12, 31)


def test_quiet_days_are_left_out_and_a_week_begins_on_the_first_that_is_not() -> None:
    schedule = Schedule(hour=9, quiet_days=frozenset((0, 5, 6)))
    friday = utc("2026-03-06T09:00")
    assert next_due_at(schedule, now=friday) == utc("2026-03-10T09:00")
    assert due_days(replace(schedule, frequency=Frequency.WEEKLY)) == {1}
    assert due_days(Schedule(Frequency.WEEKLY)) == {0}


def test_a_quiet_day_ends_at_the_person_s_own_midnight() -> None:
    schedule = Schedule(timezone="Asia/Kolkata", quiet_days=frozenset((6,)))
    assert not is_quiet(schedule, now=utc("2026-03-07T18:29"))
    assert is_quiet(schedule, now=utc("2026-03-07T18:30"))
    assert not is_quiet(schedule, now=utc("2026-03-08T18:30"))


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("sat, sun", {5, 6}),
        ("Weekends", {5, 6}),
        ("SATURDAYS, sunday", {5, 6}),
        ("mon-wed", {0, 1, 2}),
        ("fri – mon", {4, 5, 6, 0}),
        ("Saturdays and Sundays", {5, 6}),
        ("mon, tue, and thu", {0, 1, 3}),
        ("sat, ", {5}),
        ("mon/fri", {0, 4}),
        ("tues thurs", {1, 3}),
        ("tue to thu", {1, 2, 3}),
        ("weekdays", {0, 1, 2, 3, 4}),
        ("none", set[int]()),
        ("-", set[int]()),
    ],
)
def test_days_are_understood_as_people_write_them(text: str, days: set[int]) -> None:
    assert parse_days(text) == days


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("someday", "“someday” is no day of the week"),
        ("s", "“s” is no day"),
        ("ss", "“ss” is no day"),
        ("", "“” is no day"),
        ("and", "“” is no day"),
        ("weekdays weekends", "no alert would ever come"),
        ("mon-sun", "no alert would ever come"),
    ],
)
def test_what_is_no_day_is_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_days(text)


@given(st.text(max_size=100))
def test_any_text_is_days_or_a_refusal(text: str) -> None:
    with suppress(UserError):
        assert parse_days(text) < frozenset(range(7))


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Schedule(), "one direct message a day at 09:00 UTC"),
        (
            Schedule(Frequency.WEEKLY, 7, "UTC", frozenset((0, 6))),
            "one direct message a week, on Tuesdays at 07:00 UTC, never on Mondays and Sundays",
        ),
        (
            Schedule(Frequency.INSTANT, quiet_days=frozenset((6,))),
            "a direct message as soon as something appears, days by UTC, never on Sundays",
        ),
    ],
)
def test_a_schedule_is_said_in_words(schedule: Schedule, said: str) -> None:
    assert in_words(schedule) == said
