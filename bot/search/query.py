"""What a search asks for: plain words, phrases, fields, dates, and papers named outright."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from bot.models import TITLE_ONLY_PREFIX
from bot.paper_ids import arxiv_id, doi, find_arxiv_ids
from bot.search.text import storable

T = TypeVar("T")


class Field(StrEnum):
    """Where a clause looks."""

    TEXT = "text"
    """Title, abstract, AI summary and keywords."""
    AUTHOR = "author"
    ORGANIZATION = "org"
    CATEGORY = "cat"
    CODE = "code"
    """Whether the paper has code; the clause has no words."""


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing that a paper must have, must not have, or is better for having."""

    field: Field
    text: str
    is_phrase: bool = False
    """In quotes: these words, next to each other."""
    is_excluded: bool = False

    @property
    def is_wish(self) -> bool:
        """Whether a paper without it can still be a hit, only a lower one."""
        return self.field is Field.TEXT and not self.is_phrase and not self.is_excluded

    @property
    def is_phrase_of_text(self) -> bool:
        """Whether a paper must have these words next to each other in its text."""
        return self.field is Field.TEXT and self.is_phrase and not self.is_excluded


@dataclass(frozen=True, slots=True)
class Query:
    """A search, understood."""

    clauses: tuple[Clause, ...] = ()
    paper_ids: tuple[str, ...] = ()
    """Papers that were named by id or link; they come first, in this order."""
    dois: tuple[str, ...] = ()
    """Papers that were named by DOI, in lower case. The index does not have these: whoever knows
    the papers' ids puts them into ``paper_ids``."""
    since: date | None = None
    """The first day of publication that counts, in UTC; None for any."""
    until: date | None = None
    """The last day of publication that counts, in UTC; None for any."""
    among: tuple[str, ...] = ()
    """Ids of the papers that alone count; empty for all."""

    @property
    def wishes(self) -> str:
        """The plain words and the phrases, as they would be said."""
        clauses = (c for c in self.clauses if c.field is Field.TEXT and not c.is_excluded)
        return " ".join(c.text for c in clauses)


MOST_IDS = 20
"""Ids in one query that count; nobody means more."""

_PIECE = re.compile(
    r"""(?P<not>-)?(?:(?P<field>author|org|cat|since|until|has):)?"""
    r"""(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))""",
    re.IGNORECASE,
)
_DAYS_AGO = re.compile(r"(\d{1,4})([dwmy])", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_UNIT_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_LETTERS = re.compile(r"[^\W_]")


def parse_query(text: str, *, now: datetime) -> Query:
    """Return what ``text`` asks for. Every text is a query; nothing is refused.

    Words: ``"a phrase"``, ``author:``, ``org:``, ``cat:``, ``since:`` and ``until:`` (``2025``,
    ``2025-03``, ``2025-03-01``, or back from now: ``7d``, ``2w``, ``3m``, ``1y``), ``has:code``,
    ``-`` before any of them but the dates. What makes no sense as a field is plain words.
    Ids, DOIs and links of papers, anywhere in it, name those papers.
    """
    text = storable(text)
    query = Query(paper_ids=tuple(find_arxiv_ids(text, limit=MOST_IDS)))
    for piece in _PIECE.finditer(text):
        query = _with_piece(query, piece, now=now)
    return query


def narrowed(
    query: Query,
    *,
    since: date | None = None,
    until: date | None = None,
    author: str | None = None,
    among: Iterable[str] = (),
) -> Query:
    """Return the query for less: what is given here counts instead of the query's own days.

    Args:
        since: The first day of publication that counts, in UTC.
        until: The last day of publication that counts, in UTC.
        author: A name, or whole words of one, that the paper must have.
        among: Ids of the papers that alone count; none for all.
    """
    query = replace(query, among=tuple(among) or query.among)
    if author and _LETTERS.search(author):
        clause = Clause(Field.AUTHOR, storable(author))
        query = replace(query, clauses=_appended(query.clauses, clause))
    return replace(query, since=_day(since) or query.since, until=_day(until) or query.until)


def _day(moment: date | None) -> date | None:
    """Return the day in UTC: whoever has a datetime may give that."""
    return moment.astimezone(UTC).date() if isinstance(moment, datetime) else moment


def _with_piece(query: Query, piece: re.Match[str], *, now: datetime) -> Query:
    is_phrase = piece["phrase"] is not None
    words = piece["phrase"] if is_phrase else piece["word"]
    name = (piece["field"] or "").casefold()
    if name in ("since", "until"):
        return _with_date(query, name, words, now=now)
    if not is_phrase and words.startswith(TITLE_ONLY_PREFIX):
        return replace(query, paper_ids=_appended(query.paper_ids, words))
    if arxiv_id(piece[0]) in query.paper_ids:
        return query
    if piece["not"] is None and (named := doi(words.strip("()"))):
        return replace(query, dois=_appended(query.dois, named)[:MOST_IDS])
    clause = _clause(name, words, is_phrase=is_phrase, is_excluded=piece["not"] is not None)
    return replace(query, clauses=_appended(query.clauses, clause)) if clause else query


def _clause(name: str, words: str, *, is_phrase: bool, is_excluded: bool) -> Clause | None:
    if name == "has":
        if words.casefold() == "code":
            return Clause(Field.CODE, "", is_excluded=is_excluded)
        name = ""
    if not _LETTERS.search(words):
        return None
    field = Field(name) if name else Field.TEXT
    return Clause(field, words, is_phrase=is_phrase, is_excluded=is_excluded)


def _with_date(query: Query, name: str, words: str, *, now: datetime) -> Query:
    days = parse_days(words, now=now)
    if days is None:
        clause = _clause("", words, is_phrase=False, is_excluded=False)
        return replace(query, clauses=_appended(query.clauses, clause)) if clause else query
    first, last = days
    return replace(query, since=first) if name == "since" else replace(query, until=last)


def parse_days(words: str, *, now: datetime) -> tuple[date, date] | None:
    """Return the first and last day that ``words`` can mean, in UTC; None for nonsense.

    They are a day (``2025-03-01``), a month (``2025-03``), a year, or so many days, weeks, months
    of 30 days or years back from ``now`` (``7d``, ``2w``, ``3m``, ``1y``).
    """
    if match := _DAYS_AGO.fullmatch(words):
        day = _days_before(now, int(match[1]) * _UNIT_DAYS[match[2].casefold()])
        return day, day
    if match := _DATE.fullmatch(words):
        return _calendar_days(int(match[1]), match[2], match[3])
    return None


def _days_before(now: datetime, days: int) -> date:
    try:
        return now.date() - timedelta(days=days)
    except OverflowError:
        return date.min


def _calendar_days(year: int, month: str | None, day: str | None) -> tuple[date, date] | None:
    try:
        if month is None:
            return date(year, 1, 1), date(year, 12, 31)
        if day is None:
            last = monthrange(year, int(month))[1]
            return date(year, int(month), 1), date(year, int(month), last)
        return date(year, int(month), int(day)), date(year, int(month), int(day))
    except ValueError:
        return None


def _appended(items: Iterable[T], item: T) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*items, item)))
