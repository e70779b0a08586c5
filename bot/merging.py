"""One paper out of what several sources say of it, by a stated rule for each field.

The rule. Each field has an order of trust over the sources. The most trusted
source that says something decides; a source that is silent on a field never
erases what another said. Of one source, the later statement counts, field by
field: what it no longer mentions keeps its last value. Only a withdrawal ends
with the version that says it: a later one brings the paper back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime

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
class Statement:
    """What one source says of one paper."""

    source: str
    first_said_at: datetime
    said_at: datetime
    """Since when it says what it says now."""
    paper: Paper


def trust(source: str, field: str) -> int:
    """Return a source's place in a field's order; 0 is trusted most, unknown sources least."""
    order = ENRICHMENT if field in _ENRICHED else BIBLIOGRAPHY
    return order.index(source) if source in order else len(order)


def restate(before: Statement | None, now: Statement) -> Statement:
    """Return what a source says after it has spoken again.

    A statement that is no newer than the one we have (an old file imported late,
    an earlier version, another word of the same moment) only fills what was empty.
    """
    if before is None:
        return now
    older, newer = (before, now) if _is_newer(now, before) else (now, before)
    paper = _overlay(older.paper, newer.paper)
    if paper == before.paper:
        return before
    return Statement(
        now.source,
        min(before.first_said_at, now.first_said_at),
        max(before.said_at, now.said_at),
        paper,
    )


def _is_newer(one: Statement, other: Statement) -> bool:
    """Whether a statement is of a later version; else whether it was made later."""
    version, known = one.paper.version, other.paper.version
    if version and known and version != known:
        return version > known
    return one.said_at > other.said_at


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
    for field in FIELDS:
        if field in _NEWEST_VERSION and getattr(newest, field):
            decided[field] = getattr(newest, field)
            continue
        for source in sorted(papers, key=lambda source: (trust(source, field), source)):
            value = getattr(papers[source], field)
            if value or field not in decided:
                decided[field] = value
            if value:
                break
    return Paper(id=newest.id, **decided)  # pyright: ignore[reportArgumentType]


def _overlay(older: Paper, newer: Paper) -> Paper:
    values = {name: getattr(newer, name) or getattr(older, name) for name in FIELDS}
    if older.withdrawn and (newer.version or 0) > (older.version or newer.version or 0):
        # The comment on a withdrawn version is why it was withdrawn.
        values |= {"withdrawn": newer.withdrawn, "comment": newer.comment}
    return Paper(id=newer.id, **values)
