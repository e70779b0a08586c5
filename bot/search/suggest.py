"""What a reader may be typing: papers by id and title, with typos; authors; keywords."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import tantivy
from rapidfuzz import fuzz

from bot.models import title_key
from bot.search import text
from bot.search.index import KEY_SEPARATOR, Snapshot, term

CANDIDATES = 150
"""Papers that rapidfuzz ranks; each costs about 13 µs to read."""
EXPANSIONS = 8
"""Words that the last, perhaps unfinished word is taken for."""
SHORTEST_KEY = 3
"""Characters before titles are looked up by their beginning."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A paper that a reader may mean."""

    paper_id: str
    title: str


def suggest_papers(snapshot: Snapshot, typed: str, *, limit: int) -> list[Suggestion]:
    """Return papers whose id or title ``typed`` may begin or hold, likeliest first."""
    wanted = title_key(typed)
    if not wanted:
        return []
    found = {each.paper_id: each for each in _candidates(snapshot, typed, wanted)}
    ranked = sorted(found.values(), key=lambda each: _likeness(wanted, each), reverse=True)
    return ranked[:limit]


def _likeness(wanted: str, suggestion: Suggestion) -> float:
    title = title_key(suggestion.title)
    begins = 100 if title.startswith(wanted) or suggestion.paper_id.startswith(wanted) else 0
    return begins + fuzz.partial_ratio(wanted, title) + 0.1 * fuzz.ratio(wanted, title)


def _candidates(snapshot: Snapshot, typed: str, wanted: str) -> Iterator[Suggestion]:
    for paper_id, _ in snapshot.searcher.terms_with_prefix("id", typed.strip(), limit=CANDIDATES):
        yield from _papers(snapshot, term("id", paper_id), 1)
    if len(wanted) >= SHORTEST_KEY:
        keys = snapshot.searcher.terms_with_prefix("title_key", wanted, limit=CANDIDATES)
        for key, _ in keys:
            yield from _papers(snapshot, term("id", key.partition(KEY_SEPARATOR)[2]), 1)
    query = _words_query(snapshot, text.words().analyze(typed))
    if query is not None:
        yield from _papers(snapshot, query, CANDIDATES)


def _words_query(snapshot: Snapshot, words: list[str]) -> tantivy.Query | None:
    if not words:
        return None
    *whole, last = words
    ends = snapshot.searcher.terms_with_prefix("title_words", last, limit=EXPANSIONS)
    either = [term("title_words", word) for word, _ in ends] or [term("title_words", last)]
    last_query = tantivy.Query.boolean_query([(tantivy.Occur.Should, each) for each in either])
    demands = [(tantivy.Occur.Must, term("title_words", word)) for word in whole]
    return tantivy.Query.boolean_query([*demands, (tantivy.Occur.Must, last_query)])


def _papers(snapshot: Snapshot, query: tantivy.Query, limit: int) -> Iterator[Suggestion]:
    for candidate in snapshot.search(query, limit):
        shown = snapshot.shown(candidate.address)
        yield Suggestion(shown.paper_id, shown.title)
