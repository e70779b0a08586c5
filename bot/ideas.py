"""Topics that a person may want: from what they saved, from what is written about, as they type."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import date

from sqlite_utils import Database

from bot import feeds
from bot.discover import Shelf
from bot.models import clean_text
from bot.store import keywords, people
from bot.topics.query import LONGEST

MOST_IDEAS = 3
"""Ideas that come with a person's list of topics."""
MOST_CHOICES = 25
"""What Discord takes as autocomplete."""
LONGEST_CHOICE = 100
_CATEGORY = re.compile(r"[a-z]+(?:-[a-z]+)?\.[A-Za-z-]+")
_LAST_PART = re.compile(r"(?:.*\s)?or\s+|", re.IGNORECASE)
_FIELD = re.compile(r"(?:.*\s)?-?(author|cat):", re.IGNORECASE)


async def ideas(shelf: Shelf, user_id: int, *, limit: int = MOST_IDEAS) -> list[str]:
    """Return topics from the keywords of what a person saved, the most frequent first.

    What they follow already is left out; none before they have saved anything.
    """
    return await shelf.store.read(_from_saved, user_id, limit=limit)


def _from_saved(db: Database, user_id: int, *, limit: int) -> list[str]:
    followed = [clean_text(topic.query).casefold() for topic in people.topics_of(db, user_id)]
    found = keywords.of_saved(db, user_id, limit=limit + len(followed))
    return [keyword for keyword in found if keyword.casefold() not in followed][:limit]


async def complete(shelf: Shelf, user_id: int, typed: str) -> list[str]:
    """Return topics that ``typed`` may become: real keywords, those of most papers first.

    Before anything is typed: what the person saved is about, then what the last two weeks'
    papers are about.
    """
    if not typed.strip():
        since = (shelf.now() - feeds.NEWS_WINDOW).date()
        return _fitting(await shelf.store.read(_openings, user_id, since=since))
    return _fitting(await asyncio.to_thread(_completed, shelf, typed))


def _openings(db: Database, user_id: int, *, since: date) -> list[str]:
    mine = _from_saved(db, user_id, limit=MOST_CHOICES)
    return [*mine, *keywords.of_listed(db, since=since, limit=MOST_CHOICES)]


def _completed(shelf: Shelf, typed: str) -> list[str]:
    """Return what was typed with its last part made whole."""
    if field := _FIELD.match(typed):
        head, begun = typed[: field.end()], typed[field.end() :].lstrip('"')
        return [head + _value(each) for each in _values(shelf, field[1].casefold(), begun)]
    last = _LAST_PART.match(typed)
    head = typed[: last.end()] if last else ""
    found = shelf.engine.suggest_topics(typed[len(head) :], limit=MOST_CHOICES)
    return [head + (f"cat:{each}" if _CATEGORY.fullmatch(each) else each) for each in found]


def _values(shelf: Shelf, field: str, begun: str) -> list[str]:
    if field == "author":
        return shelf.engine.suggest_authors(begun, limit=MOST_CHOICES)
    found = shelf.engine.suggest_topics(begun, limit=2 * MOST_CHOICES)
    return [each for each in found if _CATEGORY.fullmatch(each)]


def _value(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _fitting(choices: Iterable[str]) -> list[str]:
    """Return choices each once, of a length that Discord and a topic take."""
    most = min(LONGEST, LONGEST_CHOICE)
    unique: dict[str, str] = {}
    for choice in choices:
        if 0 < len(choice) <= most:
            unique.setdefault(choice.casefold(), choice)
    return list(unique.values())[:MOST_CHOICES]
