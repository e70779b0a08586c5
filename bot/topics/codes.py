"""What a paper has and what a topic asks for, as numbers that are equal where they agree.

A number is the hash of what it stands for: a word, two words near each other, words in a row.
Python salts the hashes of words, so the numbers are good for this process only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bot.models import Paper, Strictness
from bot.topics.names import Name
from bot.topics.query import Alternative, Clause, Kind, TopicQuery
from bot.topics.terms import STOP_WORDS, joined, term, terms, without_addresses, words

Codes = NDArray[np.int64]
Hashes = NDArray[np.uint64]

NEAR = 4
"""Words in which two words of an abstract must stand to be near each other."""
NEAR_IN_HEAD = 16
"""The same for a title and a keyword: nearly always all of it."""
ROW = 3
"""Words in a row that one number stands for; a longer phrase is all rows of three in it."""
OFTEN = 2
"""Times that an abstract must say what is stressed; the title says it once."""

_ODD = 0x9E3779B97F4A7C15
"""2^64 / golden ratio: a product with it depends on all lower bits."""
_64_BITS = (1 << 64) - 1


class _What(IntEnum):
    """What a number stands for."""

    ALWAYS = 1
    HAS_CODE = 2
    WORD = 3
    NEAR = 4
    ROW = 5
    STRESSED = 6
    CATEGORY = 7
    ORGANIZATION = 8
    AUTHOR = 9
    VOTES = 10


def _code(what: _What, *parts: int) -> int:
    """Return one number; ``_codes`` gives the same for each of many."""
    mixed = int(what)
    for part in parts:
        mixed = ((mixed ^ (part & _64_BITS)) * _ODD) & _64_BITS
        mixed ^= mixed >> 32
    return mixed - (1 << 64) if mixed >> 63 else mixed


def _codes(what: _What, *columns: Hashes) -> Hashes:
    mixed: Hashes = np.full(len(columns[0]), int(what), np.uint64)
    for column in columns:
        mixed = (mixed ^ column) * np.uint64(_ODD)
        mixed ^= mixed >> np.uint64(32)
    return mixed


MOST_OF_ORGANIZATION = 24
"""Words of its name: each run of them can be asked for, 300 in all. The recorded names have ten at
the most; a hostile one of 150 words would have 11,000 runs, which take half a second to hash."""
ALWAYS = _code(_What.ALWAYS)
"""Every paper has this."""
HAS_CODE = _code(_What.HAS_CODE)


def author_code(name: Name) -> int:
    return _code(_What.AUTHOR, *map(hash, name))


def votes_code(least: int) -> int:
    return _code(_What.VOTES, least)


@dataclass(frozen=True, slots=True)
class ReadPaper:
    """A paper, ready to be matched with any number of topics in this process."""

    paper: Paper
    codes: Codes
    """All it has, ascending."""
    names: tuple[Name, ...]
    """Each author's words, folded."""

    @property
    def id(self) -> str:
        return self.paper.id

    def has(self, code: int) -> bool:
        place = int(np.searchsorted(self.codes, code))
        return place < len(self.codes) and int(self.codes[place]) == code


def read_paper(paper: Paper) -> ReadPaper:
    """Look at all that topics can ask for; about a millisecond."""
    title = words(paper.title)
    head = _Texts([title, *map(words, paper.ai_keywords)])
    abstract = _Texts([words(without_addresses(paper.abstract))])
    in_abstract = abstract.in_order()
    stressed = (*_Texts([title]).all(NEAR_IN_HEAD), _often(in_abstract))
    everything = (
        *head.all(NEAR_IN_HEAD),
        in_abstract,
        abstract.near(NEAR),
        _codes(_What.STRESSED, np.concatenate(stressed)),
        np.array([ALWAYS, *_mark_codes(paper)], np.int64).view(np.uint64),
    )
    return ReadPaper(
        paper=paper,
        codes=np.unique(np.concatenate(everything).view(np.int64)),
        names=tuple(tuple(words(name)) for name in paper.authors),
    )


def _often(said: Hashes) -> Hashes:
    found, times = np.unique(said, return_counts=True)
    return found[times >= OFTEN]


class _Texts:
    """The words of texts, one after the other, as hashes."""

    def __init__(self, texts: Sequence[Sequence[str]]) -> None:
        them = [word for text in texts for word in text]
        stems = [term(word) for word in them]
        self._words = _hashes(stems)
        self._compounds = _hashes(map(joined, them, stems[1:]))
        self._text = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
        self._telling = np.array([word not in STOP_WORDS for word in them], np.bool_)

    def all(self, reach: int) -> tuple[Hashes, Hashes]:
        return self.in_order(), self.near(reach)

    def in_order(self) -> Hashes:
        """Return words, each two and three in a row, telling words next to each other."""
        one, two, three = self._words[:-2], self._words[1:-1], self._words[2:]
        rows = _codes(_What.ROW, one, two, three)[self._text[:-2] == self._text[2:]]
        compounds = self._compounds[self._text[:-1] == self._text[1:]]
        singles = _codes(_What.WORD, np.concatenate((self._words, compounds)))
        return np.concatenate((singles, rows, self._pairs(1, 1)))

    def near(self, reach: int) -> Hashes:
        """Return each two telling words within ``reach`` words, but not next to each other."""
        return self._pairs(2, reach)

    def _pairs(self, least: int, most: int) -> Hashes:
        count = len(self._words)
        apart = np.arange(least, min(most, count - 1) + 1)
        one = np.repeat(np.arange(count), len(apart))
        other = one + np.tile(apart, count)
        one, other = one[other < count], other[other < count]
        kept = self._telling[one] & self._telling[other] & (self._text[one] == self._text[other])
        first, second = self._words[one[kept]], self._words[other[kept]]
        return _codes(_What.NEAR, np.minimum(first, second), np.maximum(first, second))


def _hashes(strings: Iterable[str]) -> Hashes:
    return np.array([hash(each) for each in strings], np.int64).view(np.uint64)


def _mark_codes(paper: Paper) -> Iterator[int]:
    if paper.code_url is not None:
        yield HAS_CODE
    for category in paper.categories:
        folded = category.casefold()
        yield _category_code(folded)
        yield _category_code(folded.partition(".")[0])
    organization = terms(paper.organization or "")[:MOST_OF_ORGANIZATION]
    for start in range(len(organization)):
        for end in range(start + 1, len(organization) + 1):
            yield _organization_code(organization[start:end])


def _category_code(folded: str) -> int:
    return _code(_What.CATEGORY, hash(folded))


def _organization_code(name: Sequence[str]) -> int:
    return _code(_What.ORGANIZATION, *map(hash, name))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What one alternative of a topic asks of a paper."""

    words: tuple[int, ...]
    """For its plain words; nearness of meaning can stand in for these."""
    others: tuple[int, ...]
    """For the rest; nothing can stand in."""
    authors: tuple[tuple[str, ...], ...]
    """Words of names, folded."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What a topic leaves out."""

    said: tuple[tuple[int, ...], ...]
    """One is enough, if the paper has all of its codes."""
    authors: tuple[tuple[str, ...], ...]


def wanted(query: TopicQuery, alternative: Alternative, strictness: Strictness) -> Wanted:
    """Return what ``alternative`` asks for.

    Plain words must be in the paper (broad); near each other (normal); all in the title, or next
    to each other more than once in the abstract (strict). A phrase must be in the paper; where
    strict, in the title, or more than once in the abstract.
    """
    plain = [clause for clause in alternative if clause.kind is Kind.WORD]
    stress = _stressed if strictness is Strictness.STRICT else int
    said = {*_clauses_said(plain)} if strictness is Strictness.BROAD else {*_said_together(plain)}
    phrases = [clause for clause in alternative if clause.kind is Kind.PHRASE]
    marks = {code for clause in alternative for code in _mark(clause)}
    return Wanted(
        tuple(sorted(map(stress, said))),
        (
            *sorted({*map(stress, _clauses_said(phrases)), *marks}),
            *([HAS_CODE] if query.has_code else []),
        ),
        tuple(tuple(words(c.text)) for c in alternative if c.kind is Kind.AUTHOR),
    )


def refused(query: TopicQuery) -> Refused:
    """Return what a paper must not have, not even once."""
    said = [tuple(_codes_of(clause)) for clause in query.excluded]
    authors = [tuple(words(c.text)) for c in query.excluded if c.kind is Kind.AUTHOR]
    return Refused(tuple(filter(None, said)), tuple(authors))


def _codes_of(clause: Clause) -> Iterator[int]:
    yield from _clauses_said([clause])
    yield from _mark(clause)


def _stressed(code: int) -> int:
    return _code(_What.STRESSED, code)


def _near_code(one: str, other: str) -> int:
    hashes = (hash(one) & _64_BITS, hash(other) & _64_BITS)
    return _code(_What.NEAR, min(hashes), max(hashes))


def _said_together(plain: Sequence[Clause]) -> Iterator[int]:
    """Yield each two neighbours near each other, and what is a compound by itself."""
    parts = list({tuple(terms(c.text)): words(c.text) for c in plain}.values())
    for one, other in pairwise(parts):
        yield _near_code(_telling(one)[-1], _telling(other)[0])
    for part in parts:
        if len(part) > 1 or len(parts) == 1:
            yield from _row(part)


def _telling(text: Sequence[str]) -> list[str]:
    return [term(word) for word in text if word not in STOP_WORDS] or [term(text[0])]


def _clauses_said(clauses: Iterable[Clause]) -> Iterator[int]:
    for clause in clauses:
        if clause.kind in (Kind.WORD, Kind.PHRASE):
            yield from _row(words(clause.text))


def _row(text: Sequence[str]) -> Iterator[int]:
    """Yield what says that the words stand in a row."""
    if len(text) == 1:
        yield _code(_What.WORD, hash(term(text[0])))
    elif len(text) == 2:
        yield _code(_What.WORD, hash(joined(text[0], term(text[1]))))
    else:
        them = [hash(term(word)) for word in text]
        for start in range(len(them) - ROW + 1):
            yield _code(_What.ROW, *them[start : start + ROW])


def _mark(clause: Clause) -> Iterator[int]:
    if clause.kind is Kind.CATEGORY:
        yield _category_code(clause.text.casefold())
    elif clause.kind is Kind.ORGANIZATION:
        yield _organization_code(terms(clause.text))
