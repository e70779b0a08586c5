"""Questions that a paper's record answers: who, when, how many votes, where the code is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.answers.question import Fact
from bot.models import Paper, Snapshot

RECORD = "Record"
"""The section of what is known about a paper without reading it."""


@dataclass(frozen=True, slots=True)
class Known:
    """A fact in words, and the part of the record that it is made of."""

    text: str
    value: str


def known(fact: Fact, paper: Paper, popularity: Snapshot | None = None) -> Known | None:
    """Return what the record says, or None where it is silent.

    Args:
        popularity: The latest snapshot; without one there are no counts.
    """
    if fact in _COUNTS:
        return _count(fact, popularity)
    return _FACTS[fact](paper)


_COUNTS = {
    Fact.VOTES: ("upvotes", "votes"),
    Fact.STARS: ("stars", "stars on GitHub"),
    Fact.COMMENTS: ("comments", "comments"),
}


def _count(fact: Fact, popularity: Snapshot | None) -> Known | None:
    field, unit = _COUNTS[fact]
    number: int | None = getattr(popularity, field, None)
    if popularity is None or number is None:
        return None
    unit = unit.replace("s", "", 1) if number == 1 and fact is not Fact.STARS else unit
    return Known(f"{number:,} {unit} on {_day(popularity.taken_at)}.", str(number))


def _authors(paper: Paper) -> Known | None:
    if not paper.authors:
        return None
    names = ", ".join(paper.authors)
    return Known(f"By {_joined(paper.authors)}.", names)


MOST_NAMED = 12
"""Authors in an answer; the quote has all."""


def _joined(names: tuple[str, ...]) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) > MOST_NAMED + 1:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} others"
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _published(paper: Paper) -> Known | None:
    if paper.published_at is None:
        return None
    day = _day(paper.published_at)
    return Known(f"First published on {day}.", day)


def _updated(paper: Paper) -> Known | None:
    if paper.updated_at is None and paper.version is None:
        return None
    version = f"Version {paper.version}" if paper.version else "The latest version"
    when = f" of {_day(paper.updated_at)}" if paper.updated_at else ""
    return Known(f"{version}{when}.", f"{version}{when}")


def _venue(paper: Paper) -> Known | None:
    said = paper.journal_ref or paper.comment
    return Known(f"The record says: {said}", said) if said else None


def _identifier(paper: Paper) -> Known | None:
    ids = [paper.id] if paper.has_arxiv_id else []
    ids += [paper.doi] if paper.doi else []
    if not ids:
        return None
    kinds = ("arXiv", "DOI") if paper.has_arxiv_id else ("DOI",)
    named = [f"{kind} {each}" for kind, each in zip(kinds, ids, strict=False)]
    return Known(f"{', '.join(named)}.", ", ".join(ids))


def _withdrawn(paper: Paper) -> Known:
    if paper.withdrawn:
        return Known("Yes, the authors withdrew it.", "withdrawn")
    return Known("No, it is not marked as withdrawn.", "not withdrawn")


def _plain(words: str, field: str) -> Callable[[Paper], Known | None]:
    def said(paper: Paper) -> Known | None:
        value: str | None = getattr(paper, field)
        return Known(f"{words} {value}", value) if value else None

    return said


def _categories(paper: Paper) -> Known | None:
    named = ", ".join(paper.categories)
    return Known(f"On arXiv under {named}.", named) if named else None


_FACTS: dict[Fact, Callable[[Paper], Known | None]] = {
    Fact.AUTHORS: _authors,
    Fact.PUBLISHED: _published,
    Fact.UPDATED: _updated,
    Fact.CODE: _plain("Code:", "code_url"),
    Fact.PROJECT: _plain("Project page:", "project_url"),
    Fact.ORGANIZATION: _plain("Shared by", "organization"),
    Fact.CATEGORIES: _categories,
    Fact.VENUE: _venue,
    Fact.IDENTIFIER: _identifier,
    Fact.TITLE: _plain("Its title:", "title"),
    Fact.WITHDRAWN: _withdrawn,
}


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
