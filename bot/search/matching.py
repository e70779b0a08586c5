"""What a query asks of the word index, in tantivy's terms."""

from __future__ import annotations

from datetime import date

import tantivy

from bot.search import text
from bot.search.index import EPOCH, SCHEMA, all_papers, category_parts, term
from bot.search.query import Clause, Field, Query

TITLE_WEIGHT = 2.0
"""How much a word in the title counts, against one in the text."""
RUNNING_TEXT = ("title", "body")

_MUST, _SHOULD, _NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
_Subqueries = list[tuple[tantivy.Occur, tantivy.Query]]


def wished_stems(query: Query) -> list[str]:
    """Return the stems of the words a paper is better for having, without stop words."""
    wishes = " ".join(c.text for c in query.clauses if c.is_wish)
    wanted = " ".join(w for w in wishes.split() if text.says_something(w.strip(".,;:!?()"))) 
    running = wanted or wishes
    stems = text.stems().analyze(" ".join((running, *text.compounds(running))))
    return list(dict.fromkeys(stems))


def word_query(query: Query, stems: list[str]) -> tantivy.Query | None:
    """Return what a paper must match; None when the query asks for nothing."""
    demands = _demands(query)
    wishes: _Subqueries = [(_SHOULD, each) for stem in stems for each in _anywhere(stem)]
    if not wishes and not demands:
        return None
    if not wishes:
        return tantivy.Query.boolean_query([(_MUST, all_papers()), *demands])
    if not demands:
        return tantivy.Query.boolean_query(wishes)
    return tantivy.Query.boolean_query([(_MUST, tantivy.Query.boolean_query(wishes)), *demands])


def _anywhere(stem: str) -> list[tantivy.Query]:
    return [
        tantivy.Query.boost_query(term("title", stem), TITLE_WEIGHT),
        term("body", stem),
    ]


def _demands(query: Query) -> _Subqueries:
    demands = [
        (_NOT if clause.is_excluded else _MUST, demand)
        for clause in query.clauses
        if not clause.is_wish and (demand := _demand(clause)) is not None
    ]
    if query.since or query.until:
        demands.append((_MUST, _published(query.since, query.until)))
    return demands


def _demand(clause: Clause) -> tantivy.Query | None:
    match clause.field:
        case Field.CODE:
            return term("code", "yes")
        case Field.CATEGORY:
            return term("cat", category_parts(clause.text)[-1])
        case Field.AUTHOR | Field.ORGANIZATION:
            return _all_words(clause.field.value, clause.text)
        case Field.TEXT:
            return _phrase(clause.text)


def _all_words(field: str, words: str) -> tantivy.Query | None:
    terms = [term(field, word) for word in text.words().analyze(words)]
    return tantivy.Query.boolean_query([(_MUST, each) for each in terms]) if terms else None


def _phrase(words: str) -> tantivy.Query | None:
    stems = text.stems().analyze(words)
    if not stems:
        return None
    if len(stems) == 1:
        either = [term(field, stems[0]) for field in RUNNING_TEXT]
    else:
        phrase: list[str | tuple[int, str]] = list(stems)
        either = [tantivy.Query.phrase_query(SCHEMA, field, phrase) for field in RUNNING_TEXT]
    return tantivy.Query.boolean_query([(_SHOULD, each) for each in either])


def _published(since: date | None, until: date | None) -> tantivy.Query:
    return tantivy.Query.range_query(
        SCHEMA,
        "published",
        tantivy.FieldType.Integer,
        None if since is None else (since - EPOCH).days,
        None if until is None else (until - EPOCH).days,
    )
