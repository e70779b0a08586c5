"""What a feed posts: decided from what was listed, without asking anybody."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from bot.models import DeliveryKind, Feed, Style

NEWS_WINDOW = timedelta(days=14)
"""Hugging Face takes papers into its daily lists up to 14 days after arXiv has them."""
JOINS_SEEN_WITHIN = NEWS_WINDOW + timedelta(days=2)
"""What joins a list 14 days late, late in the evening, is seen by the look of the next day: old
lists are looked at once a day."""
NEWS_FOR = timedelta(days=365)
"""How long a paper can be news after it first was on a list. One that comes back to the lists later,
as trending ones do, is posted no more and brings no alert: what was said of it then is forgotten."""
STILL_WANTED = timedelta(days=7)
"""What was listed longer ago than this is no news any more, also after an outage."""
WAITS_FOR_LISTS = timedelta(hours=3)
"""A list that closes so soon after a feed's hour is posted when it has: at nine in Tokyo the newest
one closes within three hours. What closes later is for the next hour."""
DIGEST_STAYS_FRESH = timedelta(hours=20)
CARD_STAYS_FRESH = timedelta(days=2)


class Held(StrEnum):
    """Why a paper was not posted, as the history names it."""

    BASELINE = "baseline"
    DUPLICATE = "duplicate"
    BELOW_BAR = "below the bar"
    NO_MATCH = "no match"
    RATE = "rate"
    LATE = "late"
    OLD = "old"
    PERMISSION = "permission"


MAY_CHANGE = frozenset((Held.BELOW_BAR, Held.RATE, Held.PERMISSION, Held.LATE))
"""Looked at again while the paper is news: votes grow, tomorrow has room, a feed resumes."""

IN_WORDS = {
    Held.BASELINE: "it was listed before this feed was set up",
    Held.DUPLICATE: "another feed has posted it in this channel",
    Held.BELOW_BAR: "it has fewer votes than this feed asks for",
    Held.NO_MATCH: "it does not match this feed's topic",
    Held.RATE: "the day's number of papers was reached",
    Held.LATE: "it could not be posted in time",
    Held.OLD: "it was on the lists more than a year ago",
    Held.PERMISSION: "the bot could not post in the channel",
}


IN_SHORT = {
    Held.BASELINE: "listed before the feed",
    Held.DUPLICATE: "posted by another feed",
    Held.BELOW_BAR: "too few votes",
    Held.NO_MATCH: "off topic",
    Held.RATE: "over the day's number",
    Held.LATE: "too late",
    Held.OLD: "old news",
    Held.PERMISSION: "no permission",
}


def in_short(reason: str) -> str:
    """Return why papers were held in two words or so, to be counted."""
    return IN_SHORT[Held(reason)] if reason in tuple(Held) else reason


def in_words(reason: str) -> str:
    """Return why a paper was held, for a person: a verdict of ours, or a delivery's own words."""
    return IN_WORDS[Held(reason)] if reason in tuple(Held) else reason


@dataclass(frozen=True, slots=True)
class Candidate:
    """A listed paper that a feed has not posted."""

    paper_id: str
    day: date
    """The latest list that shows it."""
    votes: int
    score: float
    """The trending score: the higher, the earlier it is posted."""
    wanted: bool = True
    """Whether the feed's topic wants it."""
    posted_here: bool = False
    """Whether another feed has posted it in the channel."""
    published_at: datetime | None = None
    """Of equals, the newest is posted first."""
    daily: date | None = None
    """The daily list that took it; None where only other lists show it."""
    is_old: bool = False
    """Whether it has been on lists for so long that it may have been posted and forgotten."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What becomes of the candidates."""

    posted: tuple[str, ...]
    """Shown, best first."""
    more: tuple[str, ...]
    """Named by a digest's last line, best first."""
    held: tuple[tuple[str, Held], ...]
    days: tuple[date, ...] = ()
    """The daily lists that the posted papers and the rest come from, in order; where no daily
    list has any of them, the other lists' days."""


def choose(feed: Feed, candidates: Iterable[Candidate], *, today: date, room: int) -> Choice:
    """Decide what a feed posts now and what it holds back, and why.

    Args:
        candidates: What is news and not posted yet, in any order.
        today: The day it is in the sources' calendar (UTC).
        room: How many papers may be shown.
    """
    candidates = list(candidates)
    verdicts = {c.paper_id: _objection(feed, c, today) for c in candidates}
    held = [(paper_id, reason) for paper_id, reason in verdicts.items() if reason]
    good = [c for c in candidates if not verdicts[c.paper_id]]
    good.sort(key=_rank)
    days = tuple(sorted({c.daily for c in good if c.daily} or {c.day for c in good}))
    shown, rest = good[:room], good[room:]
    if feed.style is not Style.DIGEST:
        held += [(c.paper_id, Held.RATE) for c in rest]
        rest = []
    return Choice(
        tuple(c.paper_id for c in shown), tuple(c.paper_id for c in rest), tuple(held), days
    )


def _rank(candidate: Candidate) -> tuple[float, int, float, str]:
    published = candidate.published_at
    age = -published.timestamp() if published else math.inf
    return -candidate.score, -candidate.votes, age, candidate.paper_id


def _objection(feed: Feed, candidate: Candidate, today: date) -> Held | None:
    if candidate.is_old:
        return Held.OLD
    if today - candidate.day > STILL_WANTED:
        return Held.LATE
    if candidate.posted_here:
        return Held.DUPLICATE
    if not candidate.wanted:
        return Held.NO_MATCH
    if candidate.votes < feed.min_votes:
        return Held.BELOW_BAR
    return None


def is_news(verdict: tuple[str, str | None] | None, *, backlog_too: bool = False) -> bool:
    """Whether a paper with this verdict so far may still be posted.

    Args:
        backlog_too: By a moderator's own hand, so may what was listed before the feed was.
    """
    if verdict is None:
        return True
    posted_or_held, reason = verdict
    open_again = reason in MAY_CHANGE or (backlog_too and reason == Held.BASELINE)
    return posted_or_held == "held" and open_again


def kind_of(style: Style) -> DeliveryKind:
    """Return what a feed of this style sends."""
    kinds = {
        Style.DIGEST: DeliveryKind.DIGEST,
        Style.CARDS: DeliveryKind.CARD,
        Style.FORUM: DeliveryKind.POST,
    }
    return kinds[style]


def is_due(feed: Feed, due_at: datetime, *, now: datetime) -> bool:
    """Whether a feed posts at its last due moment still, or waits for the next.

    A new feed waits for its first hour; a digest that is a day late does not
    go out, the next one takes its papers in. One that lost its channel has its
    moments too: what it cannot post then is held.
    """
    waits = feed.paused_at is not None and feed.paused_because is None
    return not waits and feed.created_at < due_at <= now < due_at + DIGEST_STAYS_FRESH
