"""One paper out of what several sources say of it, by a stated rule for each field.

The rule. Each field has an order of trust over the sources. The most trusted
source that says something decides; a source that is silent on a field never
erases what another said. Of one source, the latest words on a field count: of
the highest version, then those said last; what it no longer mentions keeps its
last value. Only a withdrawal ends with the version that says it: a later one
brings the paper back.

In which order answers and old files are read does not matter. One exception:
the same again is not written down, so of a source that says one thing, another
and the first again, the other counts if it is read last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from bot.models import Paper

# arXiv is where the paper is; Hugging Face copies from it, sometimes late.
BIBLIOGRAPHY = ("arxiv", "huggingface", "semantic_scholar", "page", "starter")
# What Hugging Face's readers and model add; our own words come last.
ENRICHMENT = ("huggingface", "semantic_scholar", "arxiv", "page", "starter")
_ENRICHED = {
    "ai_summary",
    "ai_keywords",
    "organization",
    "code_url",
    "project_url",
    "thumbnail_url",
    "media_urls",
}
FIELDS = tuple(f.name for f in fields(Paper) if f.name != "id")
_NEWEST_VERSION = {"version", "updated_at", "withdrawn"}


@dataclass(frozen=True, slots=True)
class Age:
    """How new some words are."""

    version: int | None
    """Of the paper, where the words themselves name one."""
    at: datetime

    def is_newer_than(self, other: Age) -> bool:
        if self.version and other.version and self.version != other.version:
            return self.version > other.version
        return self.at > other.at


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source says of one paper."""

    source: str
    first_said_at: datetime
    said_at: datetime
    """Since when it says what it says now."""
    paper: Paper
    earlier: Mapping[str, Age] = field(default_factory=dict[str, Age])
    """Fields that its newest words do not mention, and how new what it said of them is."""

    @property
    def age(self) -> Age:
        """How new its newest words are."""
        return Age(None if "version" in self.earlier else self.paper.version, self.said_at)


def trust(source: str, name: str) -> int:
    """Return a source's place in a field's order; 0 is trusted most, unknown sources least."""
    order = ENRICHMENT if name in _ENRICHED else BIBLIOGRAPHY
    return order.index(source) if source in order else len(order)


def restate(before: Statement | None, now: Statement) -> Statement:
    """Return what a source says after it has spoken again, be it with words of an older day.

    Of different words of one moment and version the longer count, then the first by alphabet.
    """
    if before is None:
        return now
    first = min(before.first_said_at, now.first_said_at)
    if now.paper != before.paper:
        paper, at, earlier = _overlaid(before, now)
        if paper != before.paper:
            return Statement(now.source, first, at, paper, earlier)
    return before if first == before.first_said_at else replace(before, first_said_at=first)


def _overlaid(before: Statement, now: Statement) -> tuple[Paper, datetime, dict[str, Age]]:
    """Return what two statements say together, when the newer was made, and what only the other says."""
    spoke, known = now.age, before.age
    newest = spoke if spoke.is_newer_than(known) else known
    old, new = _after(before.paper, now.paper), _after(now.paper, before.paper)
    values: dict[str, object] = {}
    earlier: dict[str, Age] = {}
    for name in FIELDS:
        said_before = getattr(old, name), before.earlier.get(name, known)
        values[name], age = _latest(said_before, (getattr(new, name), spoke))
        if values[name] and age != newest:
            earlier[name] = age
    paper = Paper(id=now.paper.id, **values)  # pyright: ignore[reportArgumentType]
    return paper, newest.at, earlier


def _after(older: Paper, newer: Paper) -> Paper:
    """Return older words without a withdrawal that a later version has ended."""
    if older.withdrawn and (newer.version or 0) > (older.version or newer.version or 0):
        # The comment on a withdrawn version is why it was withdrawn.
        return replace(older, withdrawn=False, comment=None)
    return older


def _latest(known: tuple[Any, Age], said: tuple[Any, Age]) -> tuple[Any, Age]:
    """Return the words on a field that count, and how new they are."""
    (old, old_age), (new, new_age) = known, said
    is_newer = new_age.is_newer_than(old_age)
    if not new or not old or new == old:
        return said if new and (is_newer or not old) else known
    if is_newer or old_age.is_newer_than(new_age):
        return said if is_newer else known
    return min(known, said, key=lambda words: (-len(repr(words[0])), repr(words[0])))


def merge(statements: Mapping[str, Statement]) -> Paper:
    """Return the paper that the statements of all sources (by name) amount to.

    The version and its date only move forward: the highest version that any
    source has seen counts.
    """
    if len(statements) == 1:
        return next(iter(statements.values())).paper
    papers = {source: said.paper for source, said in statements.items()}
    ranked = sorted(papers, key=lambda source: (trust(source, "version"), source))
    newest = papers[max(ranked, key=lambda source: papers[source].version or 0)]
    decided: dict[str, object] = {}
    for name in FIELDS:
        if name in _NEWEST_VERSION and getattr(newest, name):
            decided[name] = getattr(newest, name)
            continue
        for source in sorted(papers, key=lambda source: (trust(source, name), source)):
            value = getattr(papers[source], name)
            if value or name not in decided:
                decided[name] = value
            if value:
                break
    return Paper(id=newest.id, **decided)  # pyright: ignore[reportArgumentType]
