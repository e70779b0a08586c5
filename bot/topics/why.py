"""The reason for a match, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.models import Strictness
from bot.topics.meaning import is_close
from bot.topics.query import Alternative, Clause, Kind, TopicQuery
from bot.topics.reading import MatchPaper, Part, author_of, place_of
from bot.topics.terms import running, terms


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a topic wants a paper."""

    text: str
    """Plain, not escaped: parts of the paper and of the topic stand in it."""
    by_words: bool
    """Whether all words of the topic are in the paper; else meaning spoke for some."""
    similarity: float | None
    """How near the meanings are; None where it was not asked."""

    def __str__(self) -> str:
        return self.text


def reason(
    query: TopicQuery,
    alternative: Alternative,
    paper: MatchPaper,
    *,
    votes: int,
    similarity: float | None,
) -> Reason:
    """Say why ``paper`` fits ``alternative``; whether it does is the caller's to know."""
    said = [c for c in alternative if c.kind in (Kind.WORD, Kind.PHRASE)]
    places = [(clause, place_of(clause, paper)) for clause in said]
    by_words = all(place is not None for _, place in places)
    parts = [
        *_found(places, paper),
        *_meaning(similarity, by_words=by_words),
        *_names(alternative, paper),
        *(["has code"] if query.has_code else []),
        *([f"{votes} votes"] if query.min_votes else []),
    ]
    return Reason("; ".join(parts) or "you follow all papers", by_words, similarity)


def _found(places: Sequence[tuple[Clause, Part | None]], paper: MatchPaper) -> list[str]:
    """Return ``“kv cache” in the title`` and the like, a line for each part of the paper."""
    lines: list[str] = []
    for part in paper.parts:
        here = [clause for clause, place in places if place is part]
        if here:
            lines.append(f"{_quoted(here, part)} in the {part.name}")
    return lines


def _quoted(clauses: Sequence[Clause], part: Part) -> str:
    """Return the clauses' words, those that stand next to each other in one pair of quotes."""
    runs: list[str] = []
    for clause in clauses:
        longer = f"{runs[-1]} {clause.text}" if runs else clause.text
        if runs and running(terms(longer)) in part.running:
            runs[-1] = longer
        else:
            runs.append(clause.text)
    quoted = [f"“{run}”" for run in runs]
    return " and ".join(filter(None, (", ".join(quoted[:-1]), quoted[-1])))


def _meaning(similarity: float | None, *, by_words: bool) -> list[str]:
    if is_close(similarity, Strictness.NORMAL):
        return ["close in meaning to your topic"]
    return [] if by_words else ["near your topic in meaning"]


def _names(alternative: Alternative, paper: MatchPaper) -> list[str]:
    lines: list[str] = []
    for clause in alternative:
        match clause.kind:
            case Kind.AUTHOR:
                lines.append(f"by {author_of(clause, paper)}, whom you follow")
            case Kind.ORGANIZATION:
                lines.append(f"from {paper.organization_name}")
            case Kind.CATEGORY:
                lines.append(f"in {clause.text}")
            case Kind.WORD | Kind.PHRASE:
                pass
    return lines
