"""What a reader may be typing: papers by id and title, authors, topics; typos allowed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from string import ascii_lowercase, digits

import tantivy
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bot.models import title_key
from bot.search.index import KEY_SEPARATOR, LONGEST_BEGUN, Snapshot, all_of, any_of, term
from bot.search.spelling import corrected_word, likely_beginnings, slips_allowed
from bot.search.text import storable, words_of

CANDIDATES = 40
"""Papers by their words, and by how they begin, that rapidfuzz ranks; each takes some 20 µs."""
EXPANSIONS = 8
"""Words that the last, perhaps unfinished word is taken for."""
EXPANSIONS_OF_TWO = 3
"""The same of one or two letters: these words are the commonest, and each takes long."""
SHORTEST_BEGUN = 2
"""Letters from which on it is looked up how the last of several words goes on: one letter begins a
tenth of all words, and going through these takes milliseconds."""
NAMES = 2_000
"""Names by how they begin that rapidfuzz ranks, those of most papers."""
SHORTEST_KEY = 6
"""Characters from which on titles are also looked up by how they begin: fewer begin thousands …"""
SHORTEST_WORD_KEY = 12
"""… as does a single word that is shorter than this."""
LONGEST_TYPED = 200
"""Characters that count; autocomplete sends no more of use."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A paper that a reader may mean."""

    paper_id: str
    title: str


def suggest_papers(snapshot: Snapshot, typed: str, *, limit: int) -> list[Suggestion]:
    """Return papers whose id or title ``typed`` may begin or hold, likeliest first."""
    typed = storable(typed[:LONGEST_TYPED]).strip()
    wanted = title_key(typed)
    if not wanted:
        return []
    found = {each.paper_id: each for each in _candidates(snapshot, typed, wanted)}
    ranked = sorted(found.values(), key=lambda each: _likeness(typed, wanted, each), reverse=True)
    return ranked[:limit]


def prepare(snapshot: Snapshot) -> None:
    """Look up how one and two letters go on, so that nobody who types them waits for it."""
    for length in range(1, LONGEST_BEGUN + 1):
        for letters in product(ascii_lowercase + digits, repeat=length):
            _going_on(snapshot, "".join(letters))


def suggest_names(snapshot: Snapshot, field: str, typed: str, *, limit: int) -> list[str]:
    """Return names in a field of keys that begin with ``typed``, those of most papers first.

    Where none does, these are names that begin nearly so, the nearest first.
    """
    wanted = title_key(storable(typed[:LONGEST_TYPED]))
    if not wanted:
        return []
    keys = list(snapshot.words_from(field, wanted, most=2 * limit))
    names = (key.partition(KEY_SEPARATOR)[2] for key in keys or _near_keys(snapshot, field, wanted))
    return list({name.casefold(): name for name in names}.values())[:limit]


def _near_keys(snapshot: Snapshot, field: str, wanted: str) -> list[str]:
    """Return keys that begin with ``wanted`` less a slip or two, the nearest first."""
    slips = slips_allowed(wanted)
    if not slips:
        return []
    keys = {
        key: papers
        for prefix in likely_beginnings(wanted)
        for key, papers in snapshot.words_from(field, prefix, most=NAMES).items()
    }
    near: dict[str, float] = {}
    # With a letter too many or too few, as much of the key is meant as is typed, less or more one.
    for length in (len(wanted), len(wanted) - 1, len(wanted) + 1):
        beginnings = {key: key[:length] for key in keys}
        found = process.extract(
            wanted, beginnings, scorer=OSA.distance, score_cutoff=slips, limit=NAMES
        )
        for _, distance, key in found:
            near[key] = min(distance, near.get(key, distance))
    return sorted(near, key=lambda key: (near[key], -keys[key]))


def _likeness(typed: str, wanted: str, suggestion: Suggestion) -> float:
    title = title_key(suggestion.title)
    begins = title.startswith(wanted) or suggestion.paper_id.startswith(typed)
    return 100 * begins + fuzz.partial_ratio(wanted, title) + 0.1 * fuzz.ratio(wanted, title)


def _candidates(snapshot: Snapshot, typed: str, wanted: str) -> Iterator[Suggestion]:
    yield from _papers_by_id(snapshot, snapshot.words_from("id", typed, most=CANDIDATES))
    if len(wanted) >= (SHORTEST_KEY if " " in wanted else SHORTEST_WORD_KEY):
        keys = snapshot.words_from("title_key", wanted, most=CANDIDATES)
        yield from _papers_by_id(snapshot, (key.partition(KEY_SEPARATOR)[2] for key in keys))
        if len(keys) == CANDIDATES:
            return  # no title is likelier than those that begin so
    for query in _searches(snapshot, words_of(wanted)):
        found = list(_papers(snapshot, query))
        yield from found
        if found:
            return


def _searches(snapshot: Snapshot, words: list[str]) -> Iterator[tantivy.Query]:
    """Yield what a title must hold, from strict to lenient: the first with papers is meant."""
    if not words:
        return
    yield _holds_all(snapshot, words)
    right = [corrected_word(word, "title_words", snapshot) for word in words]
    if right != words:
        yield _holds_all(snapshot, right)
    yield any_of(term("title_words", word) for word in right)


def _holds_all(snapshot: Snapshot, words: list[str]) -> tantivy.Query:
    """Return what titles match that hold all words, the last of them perhaps unfinished."""
    *whole, last = words
    if whole and len(last) < SHORTEST_BEGUN:
        return all_of(term("title_words", word) for word in whole)
    ends = _going_on(snapshot, last)
    last_query = any_of(term("title_words", word) for word in {last: 0} | ends)
    if not whole:
        return last_query  # inside of a demand, tantivy would read it to its end
    return all_of([*(term("title_words", word) for word in whole), last_query])


def _going_on(snapshot: Snapshot, begun: str) -> dict[str, int]:
    """Return the commonest words of titles that begin so."""
    most = EXPANSIONS if len(begun) > LONGEST_BEGUN else EXPANSIONS_OF_TWO
    return snapshot.words_from("title_words", begun, most=most)


def _papers_by_id(snapshot: Snapshot, paper_ids: Iterable[str]) -> Iterator[Suggestion]:
    wanted = [term("id", paper_id) for paper_id in paper_ids]
    return _papers(snapshot, any_of(wanted)) if wanted else iter(())


def _papers(snapshot: Snapshot, query: tantivy.Query) -> Iterator[Suggestion]:
    for address in snapshot.search(query, CANDIDATES).addresses:
        shown = snapshot.shown(address)
        if shown.title:
            yield Suggestion(shown.paper_id, shown.title)
