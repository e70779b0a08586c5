"""Why a hit matched: its title and its best sentence, with the words that were asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.search.index import Shown
from bot.search.text import stems_of

LONGEST = 240
"""Characters of a highlight from a sentence."""
LEAD = 60
"""Characters shown before the first word that matched, where a sentence is cut."""

_SENTENCE_END = re.compile(r"[.!?]\s+(?=[^a-z])")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Highlight:
    """A piece of a paper's text with the words that matched."""

    field: str
    """``title``, ``abstract`` or ``summary``."""
    text: str
    """The whole title, or a sentence, cut between words."""
    spans: tuple[tuple[int, int], ...]
    """Where in ``text`` the words begin and end, in characters, in order."""


@dataclass(frozen=True, slots=True)
class _Match:
    start: int
    end: int
    stem: str


class Highlighter:
    """Finds a search's words in papers' text.

    Args:
        stems: What the words become by ``text.stems_of``.
    """

    def __init__(self, stems: Iterable[str]) -> None:
        self._stems = frozenset(stems)
        self._beginnings = sorted({_beginning(stem) for stem in self._stems})

    def highlights(self, shown: Shown) -> tuple[Highlight, ...]:
        """Return the title and the best sentence, where they have any of the words."""
        if not self._stems:
            return ()
        sentence = self._sentence("abstract", shown.abstract)
        found = (
            self._whole("title", shown.title),
            sentence or self._sentence("summary", shown.summary),
        )
        return tuple(highlight for highlight in found if highlight is not None)

    def _whole(self, field: str, text: str) -> Highlight | None:
        spans = tuple((match.start, match.end) for match in self._matches(text))
        return Highlight(field, text, spans) if spans else None

    def _sentence(self, field: str, text: str) -> Highlight | None:
        matches = self._matches(text)
        if not matches:
            return None
        start, end = max(_sentences(text), key=lambda span: _worth(_within(matches, *span)))
        start, end = _cut(text, start, end, first=_within(matches, start, end)[0].start)
        within = _within(matches, start, end)
        return Highlight(
            field, text[start:end], tuple((m.start - start, m.end - start) for m in within)
        )

    def _matches(self, text: str) -> list[_Match]:
        """Return the words of these stems, in order."""
        small = _small(text)
        starts = {start for begin in self._beginnings for start in _starts(small, begin)}
        words = (word for start in sorted(starts) if (word := _WORD.match(small, start)))
        return [
            _Match(word.start(), word.end(), stem)
            for word in words
            if (stem := _stem(word[0])) in self._stems
        ]


def _starts(text: str, beginning: str) -> Iterator[int]:
    """Yield where words begin so; ``str.find`` is much faster here than a regular expression."""
    at = text.find(beginning)
    while at >= 0:
        if not (at and text[at - 1].isalnum()):
            yield at
        at = text.find(beginning, at + 1)


def _small(text: str) -> str:
    """Return text in small letters and of the same length."""
    small = text.lower()
    if len(small) == len(text):
        return small
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for end in _SENTENCE_END.finditer(text):
        yield start, end.start() + 1
        start = end.end()
    yield start, len(text)


def _within(matches: Sequence[_Match], start: int, end: int) -> list[_Match]:
    return [match for match in matches if start <= match.start and match.end <= end]


def _worth(matches: Sequence[_Match]) -> tuple[int, int]:
    return len({match.stem for match in matches}), len(matches)


def _cut(text: str, start: int, end: int, *, first: int) -> tuple[int, int]:
    """Return the part of a long sentence around its first match, from word to word."""
    if end - start <= LONGEST:
        return start, end
    if first - start > LEAD:
        start = text.find(" ", first - LEAD, first) + 1 or first
    if end - start > LONGEST:
        end = max(text.rfind(" ", start, start + LONGEST), start + LEAD)
    return start, end


def _beginning(stem: str) -> str:
    """Return letters that all words of this stem begin with: stemming changes only ends."""
    return stem[: max(1, min(4, len(stem) - 1))]


@lru_cache(50_000)
def _stem(word: str) -> str:
    stems = stems_of(word)
    return stems[0] if stems else ""
