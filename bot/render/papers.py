"""Answers of ``/papers`` as Discord components."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ui

from bot.discover import DailyList, Trending
from bot.listing_days import ListState
from bot.posts import Shown
from bot.render.cards import MOST_LISTED, Page, listed, words
from bot.render.text import count, day, escape, moment, shorten

Button = ui.Button[ui.LayoutView]
LONGEST_CUSTOM_ID = 100
_PERIODS = {"day": "the last day", "week": "the last 7 days", "month": "the last 30 days"}


def daily_page(daily: DailyList) -> Page:
    """Return a day's list, or why it is empty."""
    when = day(daily.day)
    if not daily.shown:
        return words(_EMPTY[daily.state].format(day=when))
    filling = daily.state is ListState.OPEN
    total = count(len(daily.shown), "paper")
    note = "This list is still filling; it closes at 21:30 US Eastern." if filling else ""
    rest = len(daily.shown) - MOST_LISTED
    if rest > 0:
        note = f"{note} The {MOST_LISTED} with the most votes are shown.".strip()
    return listed(f"## Daily papers of {when}: {total}", daily.shown[:MOST_LISTED], note=note)


_EMPTY = {
    ListState.OPEN: "The list of {day} is still filling; nothing is on it yet.",
    ListState.WEEKEND: "{day} is a weekend: Hugging Face makes no list then.",
    ListState.HOLIDAY: "{day} is a holiday: arXiv announces nothing, and there is no list.",
    ListState.CLOSED: "The library has no list of {day}.",
    ListState.UPCOMING: "The list of {day} has not begun.",
    ListState.EMPTY: "The library has no list of {day}.",
}


def trending_page(found: Trending, topic: str, *, page: int) -> Page:
    """Return a page of what is trending, with buttons to turn it."""
    about = f" on {escape(shorten(topic, 80))}" if topic else ""
    if not found.shown:
        return words(f"Nothing{about} gained attention in {_PERIODS[found.period]}.")
    first = page * MOST_LISTED
    shown = found.shown[first : first + MOST_LISTED]
    return listed(
        f"## {_heading(found)}{about}",
        shown,
        first=first + 1,
        below=_turns(found, topic, page),
        note=_as_of(found),
    )


def _heading(found: Trending) -> str:
    return "Starter library" if found.starter else f"Trending in {_PERIODS[found.period]}"


def _as_of(found: Trending) -> str:
    if found.starter:
        return "No source has been reached yet, so nothing is known of votes."
    return f"As of {moment(found.as_of, 'f')}."


def _turns(found: Trending, topic: str, page: int) -> list[Button]:
    """Return buttons to the pages around; none where the topic is too long for a button to carry."""
    last = (len(found.shown) - 1) // MOST_LISTED
    turns = [("Previous", page - 1), ("Next", page + 1)]
    ids = [
        (label, f"trending:{found.period}:{to}:{topic}") for label, to in turns if 0 <= to <= last
    ]
    return [
        Button(label=label, custom_id=id_) for label, id_ in ids if len(id_) <= LONGEST_CUSTOM_ID
    ]


def found_page(query: str, found: Sequence[Shown]) -> Page:
    """Return what a search found, best first."""
    return listed(f"## {escape(shorten(query, 120))}", found)


def similar_page(title: str, found: Sequence[Shown]) -> Page:
    """Return the papers nearest to one in meaning."""
    return listed(f"## Near in meaning to {escape(shorten(title, 120))}", found)


def more_page(found: Sequence[Shown], delivery_id: int, *, page: int) -> Page:
    """Return a page of a digest's rest, with a button to the next."""
    first = page * MOST_LISTED
    left = len(found) - first - MOST_LISTED
    below = (
        [Button(label=f"And {left:,} more", custom_id=f"more:{delivery_id}:{page + 1}")]
        if left > 0
        else []
    )
    return listed(
        f"## The rest: {count(len(found), 'paper')}",
        found[first : first + MOST_LISTED],
        first=first + 1,
        below=below,
    )
