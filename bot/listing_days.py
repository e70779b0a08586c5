"""When the sources' days end, and when a person's hour comes: calendars, without a clock."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache
from itertools import count as count_up
from itertools import zip_longest
from zoneinfo import ZoneInfo, available_timezones

from rapidfuzz import fuzz, process, utils

from bot.errors import UserError

EASTERN = ZoneInfo("America/New_York")
"""The zone that both Hugging Face's lists and arXiv's announcements keep."""
LIST_CLOSES = time(21, 30)
"""Eastern; Hugging Face's own day. Measured from outside, it is not documented."""
LIST_SETTLES = timedelta(minutes=30)
"""A recorded list still grew between 21:21 and 21:37 Eastern."""
ANNOUNCED = time(20)
"""Eastern; https://info.arxiv.org/help/availability.html"""

ONE_DAY = timedelta(days=1)
MONDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = 0, 3, 4, 5, 6


class ListState(StrEnum):
    """What there is to say of a daily list, beside its papers."""

    UPCOMING = "not open yet"
    OPEN = "still filling"
    CLOSED = "complete"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    EMPTY = "empty"
    """Complete, on a weekday, without a paper and without a reason that we know."""


def opens_at(day: date) -> datetime:
    """Return when Hugging Face's list of a day starts to fill, in UTC."""
    return closes_at(day - ONE_DAY)


def closes_at(day: date) -> datetime:
    """Return when Hugging Face's list of a day takes its last papers, in UTC.

    01:30 of the next day in New York's summer, 02:30 in its winter.
    """
    return datetime.combine(day, LIST_CLOSES, EASTERN).astimezone(UTC)


def complete_at(day: date) -> datetime:
    """Return from when on a fetch of a day's list has all of it, in UTC."""
    return closes_at(day) + LIST_SETTLES


def newest_closed_day(now: datetime) -> date:
    """Return the newest day whose list is complete. Weekends have no lists."""
    return next(day for day in _days_until(now) if _has_list(day) and complete_at(day) <= now)


def next_closing(now: datetime) -> datetime:
    """Return when the next list will be complete, in UTC; after ``now``."""
    closings = (complete_at(day) for day in _days_from(now) if _has_list(day))
    return next(moment for moment in closings if moment > now)


def state_of(day: date, now: datetime, count: int) -> ListState:
    """Return what to say of Hugging Face's list of a day.

    Args:
        day: The list's own day.
        now: The moment at which the list was fetched. With a later moment a list that was
            fetched half-filled would pass for complete.
        count: How many papers it showed.
    """
    if not count and not _has_list(day):
        return ListState.WEEKEND
    if not count and now < opens_at(day):
        return ListState.UPCOMING
    if now < complete_at(day):
        return ListState.OPEN
    if count:
        return ListState.CLOSED
    return ListState.HOLIDAY if quiet_because(day) else ListState.EMPTY


def quiet_because(day: date) -> str | None:
    """Return the arXiv holiday that makes a day's list short or empty; None for an ordinary day.

    A list lives on what arXiv announced the evening before: the 17 recorded lists after an
    evening without have a median of 4 papers (all lists: 14), while the lists of the holidays
    themselves are hardly shorter than others.
    """
    evening = day - ONE_DAY
    if announces_on(evening) or evening.weekday() in (FRIDAY, SATURDAY):
        return None
    return holiday_on(evening) or holiday_on(evening - 2 * ONE_DAY)


def announces_on(day: date) -> bool:
    """Whether arXiv announces papers on the evening of a day: Sunday to Thursday.

    Not on its holidays; after a Friday's holiday the Sunday falls out too, since nothing was
    prepared on that Friday.
    """
    if day.weekday() in (FRIDAY, SATURDAY) or holiday_on(day):
        return False
    return day.weekday() != SUNDAY or not holiday_on(day - 2 * ONE_DAY)


def announced_at(day: date) -> datetime:
    """Return when arXiv announces on the evening of a day, if it does, in UTC."""
    return datetime.combine(day, ANNOUNCED, EASTERN).astimezone(UTC)


def next_announcement(now: datetime) -> datetime:
    """Return when arXiv announces papers next, in UTC; after ``now``."""
    evenings = (announced_at(day) for day in _days_from(now) if announces_on(day))
    return next(moment for moment in evenings if moment > now)


def _has_list(day: date) -> bool:
    return day.weekday() < SATURDAY


def _days_until(now: datetime) -> Iterator[date]:
    """Yield Eastern days from today back."""
    today = now.astimezone(EASTERN).date()
    return (today - n * ONE_DAY for n in count_up())


def _days_from(now: datetime) -> Iterator[date]:
    """Yield Eastern days from today on."""
    today = now.astimezone(EASTERN).date()
    return (today + n * ONE_DAY for n in count_up())


_PUBLISHED = {
    2024: "1-15 Martin Luther King Day, 5-22 arXiv's retreat, 6-19 Juneteenth,"
    " 7-4 Independence Day, 9-2 Labor Day, 10-8 arXiv's retreat, 11-28 Thanksgiving,"
    " 12-25 Christmas, 12-26 arXiv's winter break, 12-31 arXiv's winter break",
    2025: "1-1 New Year's Day, 1-20 Martin Luther King Day, 6-19 Juneteenth,"
    " 7-4 Independence Day, 7-6 Independence Day, 9-1 Labor Day, 11-27 Thanksgiving,"
    " 12-25 Christmas, 12-30 arXiv's winter break",
    2026: "1-1 New Year's Day, 1-19 Martin Luther King Day, 6-19 Juneteenth,"
    " 7-3 Independence Day, 9-7 Labor Day, 11-26 Thanksgiving, 12-25 Christmas,"
    " 12-29 arXiv's winter break, 12-31 arXiv's winter break",
}
"""As arXiv set them. Its page names a year's: https://info.arxiv.org/help/availability.html"""


def holiday_on(day: date) -> str | None:
    """Return which holiday arXiv keeps on a day; None on others.

    arXiv names its holidays a year at a time. For a year that is not in the table they are
    foretold by rule, without the one to three free evenings between Christmas and New Year,
    which follow no rule.
    """
    return _holidays(day.year).get(day)


@cache
def _holidays(year: int) -> dict[date, str]:
    if year not in _PUBLISHED:
        return holidays_by_rule(year)
    found: dict[date, str] = {}
    for entry in _PUBLISHED[year].split(","):
        day, name = entry.strip().split(" ", 1)
        month, day_of_month = map(int, day.split("-"))
        found[date(year, month, day_of_month)] = name
    return found


def holidays_by_rule(year: int) -> dict[date, str]:
    """Return the federal holidays that arXiv keeps every year, on the days it keeps them.

    It works on Washington's Birthday, Memorial Day, Columbus Day and Veterans Day.
    """
    return {
        date(year, 1, 1): "New Year's Day",
        _weekday_in(year, 1, MONDAY, nth=3): "Martin Luther King Day",
        _kept_on(date(year, 6, 19)): "Juneteenth",
        _kept_on(date(year, 7, 4)): "Independence Day",
        _weekday_in(year, 9, MONDAY, nth=1): "Labor Day",
        _weekday_in(year, 11, THURSDAY, nth=4): "Thanksgiving",
        _kept_on(date(year, 12, 25)): "Christmas",
    }


def _weekday_in(year: int, month: int, weekday: int, *, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _kept_on(day: date) -> date:
    """Move a Saturday's holiday to Friday, a Sunday's to Monday."""
    return day + {SATURDAY: -ONE_DAY, SUNDAY: ONE_DAY}.get(day.weekday(), timedelta())


def next_at(hour: int, timezone: str, days: Collection[int], *, after: datetime) -> datetime:
    """Return the next moment at which it is a full hour somewhere.

    An hour that the clocks skip comes at the first moment after the gap; an hour that comes twice
    comes the first time.

    Args:
        hour: Local, 0 to 23.
        timezone: An IANA name.
        days: Local weekdays; Monday is 0.

    Returns:
        A moment after ``after``, in UTC.

    Raises:
        UserError: There is no such time zone.
        ValueError: No day, or an hour that is none.
    """
    moments = _moments(hour, timezone, days, around=after, step=1)
    return next(moment for moment in moments if moment > after)


def previous_at(hour: int, timezone: str, days: Collection[int], *, now: datetime) -> datetime:
    """Return the last moment, ``now`` or before, at which it was a full hour somewhere, in UTC.

    Arguments, skipped and double hours, and what is raised: as for ``next_at``.
    """
    moments = _moments(hour, timezone, days, around=now, step=-1)
    return next(moment for moment in moments if moment <= now)


def local_day(now: datetime, timezone: str) -> date:
    """Return which day it is in a time zone.

    Raises:
        UserError: There is no such time zone.
    """
    return now.astimezone(parse_timezone(timezone)).date()


def _moments(
    hour: int, timezone: str, days: Collection[int], *, around: datetime, step: int
) -> Iterator[datetime]:
    """Yield an hour's moments day by day, onwards or back, from a day too early."""
    if frozenset(range(7)).isdisjoint(days):
        raise ValueError("an hour on no day never comes")
    zone = parse_timezone(timezone)
    day = around.astimezone(zone).date() - step * ONE_DAY
    while True:
        moment = _moment(day, time(hour), zone)
        if day.weekday() in days and moment is not None:
            yield moment
        day += step * ONE_DAY


def _moment(day: date, clock: time, zone: ZoneInfo) -> datetime | None:
    """Return when a clock shows a time on a day, or the first moment after it in a gap.

    None for a day that is left out whole, as 2011-12-30 was in Samoa.
    """
    wanted = datetime.combine(day, clock)
    # In a gap these differ: the zone's later offset gives a moment before the gap's end, its
    # earlier offset one at or after it. https://peps.python.org/pep-0495/
    latest = wanted.replace(tzinfo=zone).astimezone(UTC)
    earliest = wanted.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if earliest >= latest:
        return latest
    minutes = range((latest - earliest) // timedelta(minutes=1))

    def shown(minute: int) -> datetime:
        return (earliest + timedelta(minutes=minute)).astimezone(zone).replace(tzinfo=None)

    moment = earliest + timedelta(minutes=bisect_left(minutes, wanted, key=shown))
    return moment if moment.astimezone(zone).date() == day else None


MOST_CHOICES = 25
"""What Discord takes as autocomplete."""
_CLOSE = 70
"""Of rapidfuzz's 100: finds `berln` and `kath`, and nothing for words that are no place."""
_NO_PLACE = frozenset(("Factory", "localtime"))
"""In the time zone database, but nobody's time."""
_ABBREVIATIONS = {
    "ET EST EDT": ("America/New_York",),
    "CT CDT": ("America/Chicago",),
    "CST": ("America/Chicago", "Asia/Shanghai"),
    "MT MST MDT": ("America/Denver",),
    "PT PST PDT": ("America/Los_Angeles",),
    "HST": ("Pacific/Honolulu",),
    "BST": ("Europe/London",),
    "CEST": ("Europe/Paris", "Europe/Berlin"),
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "JST": ("Asia/Tokyo",),
    "KST": ("Asia/Seoul",),
    "AEST AEDT": ("Australia/Sydney",),
}
"""What people mean by letters. Never taken at their word: ``EST`` is a zone of the database, but
one without daylight saving."""


def parse_timezone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name; case does not count, and spaces stand for ``_``.

    Raises:
        UserError: There is none; the text offers the nearest.
    """
    known = _zone_names().get(_folded(name))
    if known is not None:
        return ZoneInfo(known)
    near = " or ".join(f"`{zone}`" for zone in close_timezones(name, limit=3))
    if near and _offset(name) is not None:
        raise UserError(
            "Clocks change in most places, so an offset is no time zone. Name a place where it is"
            f" kept for some of the year, like {near}."
        )
    advice = f"Did you mean {near}?" if near else "Try one like `Europe/Berlin`."
    raise UserError(f"There is no time zone of that name. {advice}")


_OFFERED = (
    "UTC",
    "America/Los_Angeles",
    "America/Denver",
    "America/Chicago",
    "America/New_York",
    "America/Sao_Paulo",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Istanbul",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Asia/Dubai",
    "Asia/Kolkata",
    "Asia/Singapore",
    "Asia/Shanghai",
    "Asia/Seoul",
    "Asia/Tokyo",
    "Australia/Sydney",
    "Pacific/Auckland",
)


def offered_timezones(typed: str) -> list[str]:
    """Return the IANA names to offer for what is typed so far; before that, some round the world."""
    return close_timezones(typed) if typed.strip() else list(_OFFERED)


def close_timezones(text: str, *, limit: int = MOST_CHOICES) -> list[str]:
    """Return the IANA names that a person may mean, the likeliest first; perhaps none."""
    meant = _meant_by().get(_folded(text))
    if meant:
        return list(meant[:limit])
    offset = _offset(text)
    if offset is not None:
        return _with_offset(offset)[:limit]
    scored: dict[str, float] = {}
    for choices in (_cities(), _places()):
        matches = process.extract(
            text,
            choices,
            scorer=fuzz.WRatio,
            processor=utils.default_process,
            score_cutoff=_CLOSE,
            limit=None,
        )
        for _, score, name in matches:
            scored[name] = max(score, scored.get(name, 0.0))
    return sorted(scored, key=lambda name: -scored[name])[:limit]


_OFFSET = re.compile(
    r"(?:utc|gmt)?\s*(?P<sign>[-+\u2212])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?",
    re.ASCII | re.IGNORECASE,
)
_KNOWN_BY_OFFSET = (
    "Europe/Helsinki",
    "Africa/Johannesburg",
    "Africa/Cairo",
    "Europe/Athens",
    "Europe/Kyiv",
    "Europe/Moscow",
    "Asia/Riyadh",
    "Asia/Tehran",
    "Asia/Kabul",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Yangon",
    "Asia/Bangkok",
    "Asia/Jakarta",
    "Australia/Perth",
    "Australia/Adelaide",
    "Australia/Brisbane",
    "America/Bogota",
    "America/Halifax",
    "America/Mexico_City",
    "America/Phoenix",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Santiago",
    "America/Argentina/Buenos_Aires",
    "America/St_Johns",
)
"""Where many people are who say ``UTC+2``, beside ``_OFFERED``. ``Etc/GMT-2`` would be it to the
letter, with its sign turned round; nobody's clock keeps it."""


def _offset(text: str) -> timedelta | None:
    """Return what a clock is ahead of UTC, from text such as ``UTC+2`` or ``-03:30``."""
    said = _OFFSET.fullmatch(text.strip())
    if said is None:
        return None
    ahead = timedelta(hours=int(said["hours"]), minutes=int(said["minutes"] or 0))
    return ahead if said["sign"] == "+" else -ahead


def _with_offset(offset: timedelta) -> list[str]:
    """Return places of an offset, the best known first.

    Those that have it in winter, or always, and those that have it in summer take turns: who says
    ``UTC-5`` in July is in Chicago, in January in New York.
    """
    known = dict.fromkeys((*_OFFERED, *_KNOWN_BY_OFFSET, *_places()))
    winter = [name for name in known if _offsets(name)[0] == offset]
    summer = [name for name in known if name not in winter and offset in _offsets(name)]
    turns = (name for pair in zip_longest(winter, summer) for name in pair)
    return [name for name in turns if name]


@cache
def _offsets(name: str) -> list[timedelta]:
    """Return a zone's offsets in winter and in summer, by the rules in force."""
    # As far ahead as this, nothing but the rules in force counts.
    halves = (datetime(2037, month, 15, tzinfo=ZoneInfo(name)).utcoffset() for month in (1, 7))
    return sorted(half for half in halves if half is not None)


def _folded(name: str) -> str:
    return name.strip().replace(" ", "_").casefold()


@cache
def _meant_by() -> dict[str, tuple[str, ...]]:
    return {
        _folded(letters): zones
        for spellings, zones in _ABBREVIATIONS.items()
        for letters in spellings.split()
    }


@cache
def _zone_names() -> dict[str, str]:
    """Return every zone's name by its folded form. Reads the time zone database once."""
    names = {_folded(name): name for name in available_timezones() - _NO_PLACE}
    return {folded: name for folded, name in names.items() if folded not in _meant_by()}


@cache
def _places() -> dict[str, str]:
    """Return the zones worth offering, each with the text to compare."""
    names = [name for name in _zone_names().values() if "/" in name and name[:4] != "Etc/"]
    return {name: name for name in ["UTC", *sorted(names)]}


@cache
def _cities() -> dict[str, str]:
    return {name: name.rpartition("/")[2] for name in _places()}
