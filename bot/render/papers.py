"""Answers of ``/papers`` as Discord components."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from discord import ui

from bot.discover import DailyList, Trending
from bot.finding import Findings, Search, Sort
from bot.listing_days import ListState, complete_at, quiet_because
from bot.posts import Shown
from bot.render.cards import MOST_LISTED, Page, listed, words
from bot.render.text import count, day, excerpt, moment
from bot.trending import Period

Button = ui.Button[ui.LayoutView]
LONGEST_CUSTOM_ID = 100
LONGEST_CARRIED = LONGEST_CUSTOM_ID - len("trending:month:99:")
"""Characters that a button carries beside the page that it turns to."""
_PERIODS = {"day": "the last day", "week": "the last 7 days", "month": "the last 30 days"}


def daily_page(daily: DailyList, *, page: int) -> Page:
    """Return a page of a day's list with buttons to turn it, or why it is empty."""
    when = day(daily.day)
    if not daily.shown:
        return words(_EMPTY[daily.state].format(day=when, why=quiet_because(daily.day)))
    first = page * MOST_LISTED
    return listed(
        f"## Daily papers of {when}: {count(len(daily.shown), 'paper')}",
        daily.shown[first : first + MOST_LISTED],
        first=first + 1,
        below=_turns(page, len(daily.shown), lambda to: f"daily:{daily.day}:{to}"),
        note=_filling(daily) if daily.state is ListState.OPEN else "",
    )


def _filling(daily: DailyList) -> str:
    looked = f" when last looked at, {moment(daily.looked_at, 'f')}" if daily.looked_at else ""
    return f"Still filling{looked}; the list is complete at {moment(complete_at(daily.day), 'f')}."


_EMPTY = {
    ListState.OPEN: "The list of {day} is still filling; nothing is on it yet.",
    ListState.WEEKEND: "{day} is a weekend: Hugging Face makes no list then.",
    ListState.HOLIDAY: "There is no list of {day}: arXiv announced nothing the evening before ({why}).",
    ListState.CLOSED: "The library has no list of {day}. /papers trending shows what it has.",
    ListState.UPCOMING: "The list of {day} has not begun.",
    ListState.EMPTY: "The library has no list of {day}. /papers trending shows what it has.",
}


def trending_page(found: Trending, topic: str, *, page: int, number: int | None = None) -> Page:
    """Return a page of what is trending, with buttons to turn it.

    Args:
        number: Of the topic's text, where that is too long for a button.
    """
    about = f" on {excerpt(topic, 80)}" if topic else ""
    if not found.shown:
        return words(f"Nothing{about} gained attention in {_PERIODS[found.period]}.")
    first = page * MOST_LISTED
    return listed(
        f"## {_heading(found)}{about}",
        found.shown[first : first + MOST_LISTED],
        first=first + 1,
        below=_turns(
            page, len(found.shown), lambda to: trending_id(found.period, to, topic, number)
        ),
        note=_as_of(found),
    )


def trending_id(period: Period, page: int, topic: str, number: int | None) -> str:
    """Return the ``custom_id`` of a button to a page of what is trending."""
    if number is None:
        return f"trending:{period}:{page}:{topic}"
    return f"trending:{period}#{number}:{page}:"


def _heading(found: Trending) -> str:
    return "Starter library" if found.starter else f"Trending in {_PERIODS[found.period]}"


def _as_of(found: Trending) -> str:
    if found.starter:
        return "No source has been reached yet, so nothing is known of votes."
    return f"As of {moment(found.as_of, 'f')}."


def _turns(page: int, total: int, custom_id: Callable[[int], str]) -> list[Button]:
    """Return buttons to the pages around."""
    last = (total - 1) // MOST_LISTED
    turns = [("Previous", page - 1), ("Next", page + 1)]
    return [Button(label=label, custom_id=custom_id(to)) for label, to in turns if 0 <= to <= last]


def found_page(found: Findings, *, page: int, number: int | None = None) -> Page:
    """Return a page of what a search found, with buttons to turn it.

    Args:
        number: Of ``search_text``, where it is too long for a button.
    """
    query = found.search.query
    first = page * MOST_LISTED
    carried = search_text(found.search) if number is None else f"#{number}"
    return listed(
        f"## {excerpt(query, 120)}{_narrowing(found.search)}",
        found.shown[first : first + MOST_LISTED],
        first=first + 1,
        below=_turns(page, len(found.shown), lambda to: f"found:{to}:{carried}"),
        note=f"Searched for: {excerpt(found.read_as, 120)}" if found.read_as else "",
        opener=lambda paper_id: hit_id(paper_id, query),
    )


def _narrowing(search: Search) -> str:
    parts = [
        f"by {excerpt(search.author, 60)}" if search.author else "",
        f"since {excerpt(search.since, 20)}" if search.since else "",
        f"from {SOURCES.get(search.source, excerpt(search.source, 30))}" if search.source else "",
        _ORDERS[search.sort],
    ]
    return "".join(f", {part}" for part in parts if part)


SOURCES = {
    "huggingface": "Hugging Face",
    "arxiv": "arXiv",
    "page": "saved pages",
    "starter": "the starter library",
}
"""Sources whose papers can be searched alone, and what they are called."""
_ORDERS = {Sort.BEST: "", Sort.NEWEST: "newest first", Sort.VOTES: "most votes first"}


def search_text(search: Search) -> str:
    """Return what the buttons of a search carry; ``search_of`` reads it."""
    author = search.author.replace(":", " ")
    since = search.since.replace(":", " ")
    return f"{search.sort}:{search.source}:{since}:{author}:{search.query}"


def search_of(text: str) -> Search:
    """Return the search that ``search_text`` has written."""
    sort, source, since, author, query = text.split(":", 4)
    return Search(query, since, author, source, Sort(sort))


def hit_id(paper_id: str, query: str) -> str:
    """Return the ``custom_id`` of a button to a card that says why a search found the paper."""
    known = f"hit:{paper_id}:{query}"
    return known if len(known) <= LONGEST_CUSTOM_ID else f"show:{paper_id}"


def similar_page(title: str, found: Sequence[Shown]) -> Page:
    """Return the papers nearest to one in meaning."""
    return listed(f"## Near in meaning to {excerpt(title, 120)}", found)


def library_page(shown: Sequence[Shown], total: int, *, page: int) -> Page:
    """Return a page of somebody's reading list, with buttons to turn it.

    Args:
        shown: This page's papers.
        total: Papers on the whole list.
    """
    return listed(
        f"## {count(total, 'saved paper')}",
        shown,
        first=page * MOST_LISTED + 1,
        below=_turns(page, total, lambda to: f"library:{to}"),
    )


def more_page(found: Sequence[Shown], delivery_id: int, *, page: int) -> Page:
    """Return a page of a digest's rest, with buttons to turn it."""
    first = page * MOST_LISTED
    return listed(
        f"## The rest: {count(len(found), 'paper')}",
        found[first : first + MOST_LISTED],
        first=first + 1,
        below=_turns(page, len(found), lambda to: f"more:{delivery_id}:{to}"),
    )
