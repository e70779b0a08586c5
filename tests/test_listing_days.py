"""Where the sources' days end, what a list's state is called, and when a person's hour comes."""

from __future__ import annotations

import gzip
import json
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import UserError
from bot.listing_days import (
    MOST_CHOICES,
    ONE_DAY,
    ListState,
    announced_at,
    announces_on,
    close_timezones,
    closes_at,
    complete_at,
    holiday_on,
    holidays_by_rule,
    local_day,
    newest_closed_day,
    next_announcement,
    next_at,
    next_closing,
    offered_timezones,
    opens_at,
    parse_timezone,
    previous_at,
    quiet_because,
    state_of,
)

EVERY_DAY = frozenset(range(7))
WEEKDAYS = frozenset(range(5))
SECOND = timedelta(seconds=1)

MONDAY = date(2026, 3, 2)
FRIDAY, SATURDAY, SUNDAY = date(2026, 3, 6), date(2026, 3, 7), date(2026, 3, 8)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "moment"),
    [
        (date(2026, 1, 15), "2026-01-16 02:30"),
        (date(2026, 7, 15), "2026-07-16 01:30"),
        (date(2026, 3, 6), "2026-03-07 02:30"),
        (date(2026, 3, 9), "2026-03-10 01:30"),
        (date(2026, 10, 30), "2026-10-31 01:30"),
        (date(2026, 11, 2), "2026-11-03 02:30"),
    ],
)
def test_a_list_closes_at_half_past_nine_in_new_york(day: date, moment: str) -> None:
    assert closes_at(day) == utc(moment)
    assert closes_at(day).tzinfo is UTC


def test_a_list_opens_where_the_day_before_closes() -> None:
    assert opens_at(MONDAY) == closes_at(MONDAY - ONE_DAY)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (complete_at(MONDAY) - SECOND, date(2026, 2, 27)),
        (complete_at(MONDAY), MONDAY),
        (complete_at(FRIDAY), FRIDAY),
        (utc("2026-03-08 12:00"), FRIDAY),
        (complete_at(date(2026, 3, 9)) - SECOND, FRIDAY),
        (complete_at(date(2026, 3, 9)), date(2026, 3, 9)),
    ],
)
def test_the_newest_closed_day_skips_weekends(now: datetime, day: date) -> None:
    assert newest_closed_day(now) == day


@pytest.mark.parametrize(
    ("day", "now", "count", "state"),
    [
        pytest.param(MONDAY, opens_at(MONDAY) - SECOND, 0, ListState.UPCOMING, id="before"),
        pytest.param(MONDAY, opens_at(MONDAY) - SECOND, 2, ListState.OPEN, id="opened early"),
        pytest.param(MONDAY, opens_at(MONDAY), 0, ListState.OPEN, id="nothing yet"),
        pytest.param(MONDAY, utc("2026-03-02 18:00"), 1, ListState.OPEN, id="half-filled"),
        pytest.param(MONDAY, closes_at(MONDAY), 40, ListState.OPEN, id="settling"),
        pytest.param(MONDAY, complete_at(MONDAY), 40, ListState.CLOSED, id="complete"),
        pytest.param(MONDAY, complete_at(MONDAY), 0, ListState.EMPTY, id="no reason known"),
        pytest.param(SATURDAY, utc("2026-03-07 12:00"), 0, ListState.WEEKEND, id="Saturday"),
        pytest.param(SUNDAY, utc("2027-03-08 12:00"), 0, ListState.WEEKEND, id="long ago"),
        pytest.param(SUNDAY, utc("2027-03-08 12:00"), 3, ListState.CLOSED, id="papers after all"),
        pytest.param(date(2025, 1, 1), utc("2025-02-01 12:00"), 0, ListState.HOLIDAY, id="holiday"),
        pytest.param(date(2025, 1, 2), utc("2025-02-01 12:00"), 3, ListState.CLOSED, id="short"),
    ],
)
def test_the_state_of_a_list(day: date, now: datetime, count: int, state: ListState) -> None:
    assert state_of(day, now, count) is state


def test_the_words_for_a_half_filled_list_are_still_filling() -> None:
    assert state_of(MONDAY, closes_at(MONDAY), 1) == "still filling"


@pytest.mark.parametrize(
    ("day", "reason"),
    [
        (date(2025, 9, 2), "Labor Day"),
        (date(2025, 9, 1), None),
        (date(2025, 11, 28), "Thanksgiving"),
        (date(2025, 7, 5), None),
        (date(2025, 7, 7), "Independence Day"),
        (date(2026, 6, 22), "Juneteenth"),
        (date(2026, 6, 20), None),
        (date(2026, 3, 3), None),
    ],
)
def test_a_list_is_short_the_day_after_an_evening_without_announcement(
    day: date, reason: str | None
) -> None:
    assert quiet_because(day) == reason


@pytest.mark.data
def test_recorded_lists_are_short_where_a_holiday_is_named_and_only_weekends_have_none(
    shared_data: Path,
) -> None:
    days = [
        date.fromisoformat(path.name[:10])
        for path in (shared_data / "hf" / "daily_papers").iterdir()
    ]
    sizes = {day: _records(shared_data, day) for day in days}
    assert all(day.weekday() in WEEKDAYS for day in days)
    short = [size for day, size in sizes.items() if quiet_because(day)]
    assert len(short) == 17
    assert median(short) * 3 <= median(sizes.values())


def _records(shared_data: Path, day: date) -> int:
    path = shared_data / "hf" / "daily_papers" / f"{day}.json.gz"
    return len(json.loads(gzip.decompress(path.read_bytes())))


def test_arxiv_announces_from_sunday_to_thursday() -> None:
    week = [MONDAY + n * ONE_DAY for n in range(7)]
    assert [announces_on(day) for day in week] == [True, True, True, True, False, False, True]


@pytest.mark.parametrize(
    ("day", "announces"),
    [
        (date(2026, 9, 7), False),
        (date(2026, 9, 8), True),
        (date(2026, 6, 21), False),
        (date(2026, 6, 22), True),
        (date(2025, 7, 6), False),
        (date(2026, 12, 27), False),
        (date(2026, 5, 25), True),
        (date(2026, 2, 16), True),
        (date(2026, 11, 11), True),
    ],
)
def test_arxiv_keeps_some_federal_holidays_and_a_fridays_costs_the_sunday(
    day: date, announces: bool
) -> None:
    assert announces_on(day) is announces


def test_arxiv_announces_at_eight_in_the_evening_in_new_york() -> None:
    assert announced_at(date(2026, 1, 15)) == utc("2026-01-16 01:00")
    assert announced_at(date(2026, 7, 15)) == utc("2026-07-16 00:00")


def test_the_next_announcement_steps_over_weekends_and_holidays() -> None:
    thursday, sunday = announced_at(date(2026, 9, 3)), announced_at(date(2026, 9, 6))
    after_labor_day = announced_at(date(2026, 9, 8))
    assert next_announcement(thursday - SECOND) == thursday
    assert next_announcement(thursday) == sunday
    assert next_announcement(sunday) == after_labor_day


@pytest.mark.parametrize("year", [2025, 2026])
def test_the_rule_foretells_the_holidays_that_arxiv_published(year: int) -> None:
    for day, name in holidays_by_rule(year).items():
        assert holiday_on(day) == name


@pytest.mark.parametrize(
    ("day", "name"),
    [
        (date(2027, 1, 1), "New Year's Day"),
        (date(2027, 1, 18), "Martin Luther King Day"),
        (date(2027, 6, 18), "Juneteenth"),
        (date(2027, 7, 5), "Independence Day"),
        (date(2027, 12, 24), "Christmas"),
        (date(2028, 9, 4), "Labor Day"),
        (date(2029, 11, 22), "Thanksgiving"),
        (date(2030, 12, 25), "Christmas"),
        (date(2027, 7, 4), None),
        (date(2028, 5, 29), None),
        (date(2029, 10, 8), None),
    ],
)
def test_later_holidays_follow_the_rule(day: date, name: str | None) -> None:
    assert holiday_on(day) == name


moments = st.integers(0, 36 * 365 * 24 * 60).map(
    lambda minutes: utc("2000-01-01") + timedelta(minutes=minutes)
)


@settings(deadline=None)
@given(moments)
def test_a_closed_day_is_closed_and_no_list_closed_since(now: datetime) -> None:
    day = newest_closed_day(now)
    assert complete_at(day) <= now
    assert now < next_closing(now)
    assert newest_closed_day(next_closing(now) - SECOND) == newest_closed_day(now) == day
    assert next_closing(now) - complete_at(day) <= timedelta(days=3, hours=1)


@settings(deadline=None)
@given(moments)
def test_announcements_are_never_a_week_apart(now: datetime) -> None:
    coming = next_announcement(now)
    assert now < coming
    assert next_announcement(coming - SECOND) == coming
    assert next_announcement(coming) - coming < timedelta(days=7)


@pytest.mark.parametrize(
    ("hour", "timezone", "after", "moment"),
    [
        pytest.param(9, "UTC", "2026-03-02 08:00", "2026-03-02 09:00", id="today"),
        pytest.param(9, "UTC", "2026-03-02 09:00", "2026-03-03 09:00", id="not now"),
        pytest.param(9, "Asia/Kolkata", "2026-03-02 00:00", "2026-03-02 03:30", id="half-hour"),
        pytest.param(9, "Asia/Kathmandu", "2026-03-02 00:00", "2026-03-02 03:15", id="quarter"),
        pytest.param(9, "Europe/Berlin", "2026-03-28 12:00", "2026-03-29 07:00", id="spring"),
        pytest.param(9, "Europe/Berlin", "2026-10-24 12:00", "2026-10-25 08:00", id="autumn"),
        pytest.param(0, "Pacific/Kiritimati", "2026-03-02 09:59", "2026-03-02 10:00", id="+14"),
        pytest.param(23, "Pacific/Pago_Pago", "2026-03-02 00:00", "2026-03-02 10:00", id="-11"),
        pytest.param(2, "America/New_York", "2026-03-08 00:00", "2026-03-08 07:00", id="skipped"),
        pytest.param(2, "Australia/Lord_Howe", "2026-10-03 12:00", "2026-10-03 15:30", id="half"),
        pytest.param(0, "Asia/Beirut", "2026-03-28 12:00", "2026-03-28 22:00", id="midnight"),
        pytest.param(1, "America/St_Johns", "2011-03-12 12:00", "2011-03-13 03:31", id="inside"),
        pytest.param(1, "America/New_York", "2026-11-01 00:00", "2026-11-01 05:00", id="first"),
        pytest.param(1, "America/New_York", "2026-11-01 05:00", "2026-11-02 06:00", id="not twice"),
        pytest.param(9, "Pacific/Apia", "2011-12-29 20:00", "2011-12-30 19:00", id="day left out"),
    ],
)
def test_the_next_local_hour(hour: int, timezone: str, after: str, moment: str) -> None:
    assert next_at(hour, timezone, EVERY_DAY, after=utc(after)) == utc(moment)


def test_weekdays_are_the_persons_own() -> None:
    sunday_evening = utc("2026-03-08 20:00")
    assert next_at(8, "Asia/Tokyo", {0}, after=sunday_evening) == utc("2026-03-08 23:00")
    assert next_at(8, "Asia/Tokyo", {6}, after=sunday_evening) == utc("2026-03-14 23:00")


def test_the_previous_hour_may_be_now() -> None:
    noon = utc("2026-03-02 12:00")
    assert previous_at(12, "UTC", EVERY_DAY, now=noon) == noon
    assert previous_at(12, "UTC", EVERY_DAY, now=noon - SECOND) == noon - ONE_DAY
    assert previous_at(12, "UTC", {4}, now=noon) == utc("2026-02-27 12:00")


def test_no_day_and_an_hour_that_is_none_are_mistakes() -> None:
    with pytest.raises(ValueError, match="no day"):
        next_at(9, "UTC", (), after=utc("2026-03-02 12:00"))
    with pytest.raises(ValueError, match="no day"):
        previous_at(9, "UTC", {7}, now=utc("2026-03-02 12:00"))
    with pytest.raises(ValueError, match="hour"):
        next_at(24, "UTC", EVERY_DAY, after=utc("2026-03-02 12:00"))


def test_the_local_day_is_the_zones() -> None:
    evening = utc("2026-03-02 18:45")
    assert local_day(evening, "UTC") == date(2026, 3, 2)
    assert local_day(evening, "Asia/Kolkata") == date(2026, 3, 3)
    assert local_day(evening, "Pacific/Pago_Pago") == date(2026, 3, 2)


zones = st.sampled_from(
    [
        "UTC",
        "America/New_York",
        "America/Santiago",
        "America/St_Johns",
        "Africa/Casablanca",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "Europe/Berlin",
        "Pacific/Apia",
        "Pacific/Chatham",
    ]
)
hours = st.integers(0, 23)
weekdays = st.frozensets(st.integers(0, 6), min_size=1)


@settings(deadline=None)
@given(hours, zones, weekdays, moments)
def test_due_moments_lie_around_now_with_none_between(
    hour: int, timezone: str, days: Collection[int], now: datetime
) -> None:
    before, after = (
        previous_at(hour, timezone, days, now=now),
        next_at(hour, timezone, days, after=now),
    )
    assert before <= now < after
    assert next_at(hour, timezone, days, after=before) == after
    assert previous_at(hour, timezone, days, now=after - SECOND) == before
    assert after - before <= timedelta(days=15)


@settings(deadline=None)
@given(hours, zones, weekdays, moments)
def test_a_due_moment_shows_the_hour_on_a_wanted_day_or_ends_a_gap(
    hour: int, timezone: str, days: Collection[int], now: datetime
) -> None:
    moment = next_at(hour, timezone, days, after=now)
    local = moment.astimezone(ZoneInfo(timezone))
    just_before = (moment - SECOND).astimezone(ZoneInfo(timezone))
    assert moment.tzinfo is UTC
    assert local.weekday() in days
    if (local.hour, local.minute, local.second) == (hour, 0, 0):
        assert local.fold == 0
    else:
        assert just_before.hour <= hour or just_before.date() < local.date()
        assert local.utcoffset() != just_before.utcoffset()


@settings(deadline=None)
@given(hours, zones, moments)
def test_every_local_day_has_its_moment_once(hour: int, timezone: str, now: datetime) -> None:
    moment = next_at(hour, timezone, EVERY_DAY, after=now)
    for _ in range(3):
        following = next_at(hour, timezone, EVERY_DAY, after=moment)
        days = local_day(following, timezone) - local_day(moment, timezone)
        assert days in (ONE_DAY, 2 * ONE_DAY)
        moment = following


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (" europe/berlin ", "Europe/Berlin"),
        ("America/new york", "America/New_York"),
        ("utc", "UTC"),
        ("Japan", "Japan"),
    ],
)
def test_a_time_zone_is_known_by_its_name_in_any_case(name: str, key: str) -> None:
    assert parse_timezone(name).key == key


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Europe/Berln", "Did you mean `Europe/Berlin` or"),
        ("berln", "Did you mean `Europe/Berlin`?"),
        ("Berlin", "Did you mean `Europe/Berlin` or"),
        ("PST", "Did you mean `America/Los_Angeles`?"),
        ("EST", "Did you mean `America/New_York`?"),
        ("ist", "Did you mean `Asia/Kolkata` or `Europe/Dublin` or `Asia/Jerusalem`?"),
        ("UTC+2", "like `Europe/Helsinki` or `Europe/Berlin` or `Africa/Johannesburg`."),
        ("UTC+25", "Try one like `Europe/Berlin`."),
        ("xyzzy", "Try one like `Europe/Berlin`."),
        ("", "Try one like"),
        ("../etc/passwd", "There is no time zone of that name."),
        ("localtime", "There is no time zone of that name."),
        ("Europe/Berlin\x00", "There is no time zone of that name."),
    ],
)
def test_an_unknown_time_zone_is_refused_with_advice(name: str, advice: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse_timezone(name)
    assert advice in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("new york", "America/New_York"),
        ("newyork", "America/New_York"),
        ("kolkata", "Asia/Kolkata"),
        ("calcuta", "Asia/Calcutta"),
        ("kath", "Asia/Kathmandu"),
        ("st johns", "America/St_Johns"),
        ("JST", "Asia/Tokyo"),
    ],
)
def test_the_zone_that_is_meant_is_offered_first(text: str, zone: str) -> None:
    assert close_timezones(text)[0] == zone


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("UTC+2", ["Europe/Helsinki", "Europe/Berlin"]),
        ("gmt -5", ["America/New_York", "America/Chicago"]),
        ("+1", ["Europe/Berlin", "Europe/London"]),
        ("UTC+05:30", ["Asia/Kolkata"]),
        ("+0545", ["Asia/Kathmandu"]),
        ("UTC\N{MINUS SIGN}03:30", ["America/St_Johns"]),
        ("UTC+10", ["Australia/Sydney"]),
        ("UTC-0", ["UTC"]),
    ],
)
def test_an_offset_offers_places_that_have_it_in_winter_or_in_summer(
    text: str, zones: list[str]
) -> None:
    assert close_timezones(text)[: len(zones)] == zones


def test_no_place_is_offered_for_an_offset_that_nobody_has() -> None:
    assert close_timezones("UTC+2:17") == []
    assert close_timezones("UTC+99") == []


def test_no_more_zones_are_offered_than_asked_for() -> None:
    assert len(close_timezones("america")) == 25
    assert len(close_timezones("america", limit=2)) == 2
    assert len(close_timezones("ist", limit=2)) == 2


@pytest.mark.parametrize("typed", ["", " "])
def test_zones_round_the_world_are_offered_before_anything_is_typed(typed: str) -> None:
    offered = offered_timezones(typed)
    assert [parse_timezone(name).key for name in offered] == offered
    assert 10 < len(offered) <= MOST_CHOICES
    assert offered_timezones("berl") == close_timezones("berl")


@settings(deadline=None)
@given(st.text(max_size=50))
def test_whatever_is_typed_finds_only_real_zones(text: str) -> None:
    for name in close_timezones(text):
        assert parse_timezone(name).key == name
