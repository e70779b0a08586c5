"""What a query asks of the word index, in tantivy's terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

import tantivy

from bot.search.index import EPOCH, SCHEMA, all_of, all_papers, any_of, category_parts, term
from bot.search.query import Clause, Field, Query
from bot.search.text import is_telling, spellings, stems_of, telling, words_of

EXACT_WEIGHT = 0.5
"""How much a word counts more when it is in the paper in this very form."""
MOST_WORDS = 64
"""Words of a query that count."""
MOST_TOGETHER = 5
"""Words that enough papers may have all of; of more words hardly any paper has every one."""

_MUST, _SHOULD, _NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot


@dataclass(frozen=True, slots=True)
class Wanted:
    """The words of a query, without stop words, each once."""

    stems: tuple[str, ...]
    """Of plain words, and of their other spellings."""
    phrase_stems: tuple[str, ...]
    words: tuple[str, ...]
    """Of plain words and phrases, as they were typed."""

    @property
    def all_stems(self) -> tuple[str, ...]:
        return self.stems + self.phrase_stems


def wanted(query: Query) -> Wanted:
    plain = telling(" ".join(clause.text for clause in query.clauses if clause.is_wish))
    phrases = " ".join(clause.text for clause in query.clauses if clause.is_phrase_of_text)
    return Wanted(
        _once(stems_of(" ".join((plain, *spellings(plain))))),
        _once(stems_of(telling(phrases))),
        _once(words_of(telling(query.wishes))),
    )


def matches(query: Query, stems: Sequence[str], *, strict: bool = False) -> tantivy.Query | None:
    """Return what papers must match, scored by ``stems``; None when nothing is asked for.

    Args:
        strict: Whether a paper must have every plain word, and not only any of them.
    """
    demands = _demands(query)
    if strict:
        demands += [(_MUST, wish) for wish in _wishes(query)]
    if not stems:
        return _demanding(demands, all_papers()) if demands else None
    return _demanding(demands, any_of(term("text", stem) for stem in stems))


def matches_of_every_word(query: Query) -> tantivy.Query | None:
    """Return what papers with all of the plain words match; they score as by ``matches``.

    tantivy finds them in a fraction of the time that papers with any of the words take.

    Returns:
        None for a single word, for too many, and where one of them has another spelling.
    """
    plain = " ".join(clause.text for clause in query.clauses if clause.is_wish)
    stems = _once(stems_of(telling(plain)))
    if any(spellings(plain)) or not 1 < len(stems) <= MOST_TOGETHER:
        return None
    return _demanding(_demands(query), all_of(term("text", stem) for stem in stems))


def _demanding(
    demands: Sequence[tuple[tantivy.Occur, tantivy.Query]], base: tantivy.Query
) -> tantivy.Query:
    return tantivy.Query.boolean_query([(_MUST, base), *demands]) if demands else base


def closer_look(rows: Iterable[int], words: Iterable[str]) -> tantivy.Query:
    """Return what scores the papers in ``rows`` by words in their exact form.

    Each word is nested into the next: tantivy then looks every word up for these papers only.
    Side by side they would be one union, of which it reads large parts.
    """
    query = tantivy.Query.const_score_query(any_of(term("row", row) for row in rows), 0.0)
    for word in words:
        wish = tantivy.Query.boost_query(term("exact", word), EXACT_WEIGHT)
        query = tantivy.Query.boolean_query([(_MUST, query), (_SHOULD, wish)])
    return query


def _demands(query: Query) -> list[tuple[tantivy.Occur, tantivy.Query]]:
    demands = [
        (_NOT if clause.is_excluded else _MUST, demand)
        for clause in query.clauses
        if not clause.is_wish and (demand := _demand(clause)) is not None
    ]
    if query.since or query.until:
        demands.append((_MUST, _published(query.since, query.until)))
    if query.among:
        demands.append((_MUST, _any_without_score(query.among)))
    return demands


def _any_without_score(paper_ids: Iterable[str]) -> tantivy.Query:
    named = any_of(term("id", paper_id) for paper_id in paper_ids)
    return tantivy.Query.const_score_query(named, 0.0)


def _wishes(query: Query) -> Iterator[tantivy.Query]:
    """Yield for each plain word what papers that have it match, in any spelling."""
    for clause in query.clauses:
        if clause.is_wish and is_telling(clause.text):
            texts = (clause.text, *spellings(clause.text))
            phrases = (_phrase(stems_of(text)) for text in texts)
            yield any_of(phrase for phrase in phrases if phrase is not None)


def _demand(clause: Clause) -> tantivy.Query | None:
    match clause.field:
        case Field.CODE:
            return term("code", "yes")
        case Field.CATEGORY:
            return term("cat", category_parts(clause.text)[-1])
        case Field.AUTHOR | Field.ORGANIZATION:
            words = words_of(clause.text)
            return all_of(term(clause.field.value, word) for word in words) if words else None
        case Field.TEXT:
            return _phrase(stems_of(clause.text))


def _phrase(stems: list[str]) -> tantivy.Query | None:
    if len(stems) > 1:
        return tantivy.Query.phrase_query(SCHEMA, "text", [*stems])
    return term("text", stems[0]) if stems else None


def _published(since: date | None, until: date | None) -> tantivy.Query:
    return tantivy.Query.range_query(
        SCHEMA,
        "published",
        tantivy.FieldType.Integer,
        None if since is None else (since - EPOCH).days,
        None if until is None else (until - EPOCH).days,
    )


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(islice(dict.fromkeys(words), MOST_WORDS))
