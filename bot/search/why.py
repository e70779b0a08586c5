"""Why a search found a paper, where no quote of its text says it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.models import Paper
from bot.search.index import category_parts
from bot.search.query import Clause, Field, Query
from bot.search.text import stems_of, telling, words_of

MOST_KEYWORDS = 3


def facts_matched(query: Query, paper: Paper) -> list[str]:
    """Return what of a paper's record was asked for, in words: who, where, which field.

    Names are as the source gave them: hostile.
    """
    if paper.id in query.paper_ids:
        return ["named by its id"]
    clauses = [clause for clause in query.clauses if not clause.is_excluded]
    return [fact for clause in clauses for fact in _facts(clause, paper)]


def keywords_matched(query: Query, paper: Paper) -> list[str]:
    """Return the paper's keywords that hold a word of the query, three at most."""
    stems = set(stems_of(telling(query.wishes)))
    found = [word for word in paper.ai_keywords if stems & set(stems_of(word))]
    return found[:MOST_KEYWORDS]


def _facts(clause: Clause, paper: Paper) -> Iterator[str]:
    match clause.field:
        case Field.AUTHOR:
            yield from (f"by {name}" for name in paper.authors if _has(name, clause.text))
        case Field.ORGANIZATION:
            yield f"from {paper.organization}"
        case Field.CATEGORY:
            wanted = category_parts(clause.text)[-1]
            yield from (f"in {c}" for c in paper.categories if wanted in category_parts(c))
        case Field.CODE:
            yield "with code"
        case Field.TEXT:
            pass


def _has(name: str, text: str) -> bool:
    return set(words_of(text)) <= set(words_of(name))
