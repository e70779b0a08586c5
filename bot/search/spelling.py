"""Words that no paper has, put right: the nearest word that papers do have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.search.index import Snapshot
from bot.search.query import Clause, Field, Query
from bot.search.text import stems_of, words_of

SHORTEST = 4
"""Letters; shorter words have too many neighbours."""
SHORTEST_FOR_TWO = 8
"""Letters from which on two slips are allowed."""
FIELDS = {Field.TEXT: "exact", Field.AUTHOR: "author", Field.ORGANIZATION: "org"}


def corrected(query: Query, snapshot: Snapshot) -> Query:
    """Return the query with its unknown words replaced; those without a near word stay."""
    clauses = tuple(_corrected_clause(clause, snapshot) for clause in query.clauses)
    return query if clauses == query.clauses else replace(query, clauses=clauses)


def _corrected_clause(clause: Clause, snapshot: Snapshot) -> Clause:
    field = FIELDS.get(clause.field)
    if field is None or clause.is_excluded or snapshot.knows(field, clause.text.lower()):
        return clause
    words = words_of(clause.text)
    right = [corrected_word(word, field, snapshot) for word in words]
    return clause if right == words else replace(clause, text=" ".join(right))


def corrected_word(word: str, field: str, snapshot: Snapshot) -> str:
    """Return ``word``, or the likeliest word of ``field`` that it is a slip of."""
    if len(word) < SHORTEST or not word.isalpha() or _is_known(word, field, snapshot):
        return word
    for prefixes in (likely_beginnings(word), [word[:1]]):
        near = dict(_near_words(word, field, prefixes, snapshot))
        if near:
            return min(near, key=lambda other: near[other])
    return word


def _is_known(word: str, field: str, snapshot: Snapshot) -> bool:
    """Return whether a search for the word finds something, in this form or in another."""
    if snapshot.knows(field, word):
        return True
    return field == "exact" and any(snapshot.knows("text", stem) for stem in stems_of(word))


def likely_beginnings(word: str) -> list[str]:
    """Return how a word of three letters or more may begin with a slip in none or one of its first two letters."""
    first, second, third = word[:3]
    return list(dict.fromkeys((first + second, second + first, first + third, second + third)))


def slips_allowed(text: str) -> int:
    """Return how many letters may be wrong, lost, doubled or swapped."""
    return 0 if len(text) < SHORTEST else 1 if len(text) < SHORTEST_FOR_TWO else 2


def _near_words(
    word: str, field: str, prefixes: list[str], snapshot: Snapshot
) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield near words with their number of slips and, negative, their number of papers."""
    slips = slips_allowed(word)
    for prefix in prefixes:
        papers = snapshot.words_from(field, prefix)
        near = process.extract(
            word, papers.keys(), scorer=OSA.distance, score_cutoff=slips, limit=8
        )
        for other, distance, _ in near:
            yield other, (int(distance), -papers[other])
