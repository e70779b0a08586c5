"""Why a hit matched: the title or the sentence with the words that were asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.search import text
from bot.search.index import Shown

LONGEST = 240
"""Characters of a highlight."""
_SENTENCE = re.compile(r"\S.*?(?:[.!?](?=\s)|$)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Highlight:
    """A piece of a paper's text with the words that matched."""

    field: str
    """``title``, ``abstract`` or ``summary``."""
    text: str
    """The whole title, or a sentence, cut at a word."""
    spans: tuple[tuple[int, int], ...]
    """Where in ``text`` the words begin and end, in characters, in order."""


class Highlighter:
    """Finds a search's words in papers' text."""

    def __init__(self, stems: Iterable[str]) -> None:
        self._stems = frozenset(stems)
        beginnings = sorted({_beginning(stem) for stem in self._stems}, key=len, reverse=True)
        self._near = re.compile(
            rf"(?<![^\W_])(?:{'|'.join(map(re.escape, beginnings))})[^\W_]*", re.IGNORECASE
        )

    def highlights(self, shown: Shown) -> tuple[Highlight, ...]:
        """Return the title, and the best sentence of the text, where they have such words."""
        if not self._stems:
            return ()
        found = (
            self._whole("title", shown.title),
            self._best("abstract", shown.abstract) or self._best("summary", shown.summary),
        )
        return tuple(each for each in found if each is not None)

    def _whole(self, field: str, running: str) -> Highlight | None:
        spans = tuple((start, end) for start, end, _ in self._matches(running))
        return Highlight(field, running, spans) if spans else None

    def _best(self, field: str, running: str) -> Highlight | None:
        matches = list(self._matches(running))
        if not matches:
            return None
        start, end = max(_sentences(running), key=lambda s: _variety(matches, *s))
        return _cut(field, running[start:end], [(a - start, b - start) for a, b, _ in matches])

    def _matches(self, running: str) -> Iterator[tuple[int, int, str]]:
        for match in self._near.finditer(running):
            stem = _stem(match[0])
            if stem in self._stems:
                yield match.start(), match.end(), stem


def _cut(field: str, sentence: str, spans: list[tuple[int, int]]) -> Highlight:
    begin = max(0, min((a for a, _ in spans if a >= 0), default=0) - LONGEST // 4)
    if len(sentence) <= LONGEST:
        begin = 0
    elif begin:
        begin = sentence.find(" ", begin) + 1
    piece = sentence[begin : begin + LONGEST]
    if begin + LONGEST < len(sentence):
        piece = piece.rpartition(" ")[0] or piece
    inside = ((a - begin, b - begin) for a, b in spans)
    return Highlight(field, piece, tuple((a, b) for a, b in inside if a >= 0 and b <= len(piece)))


def _sentences(running: str) -> Iterator[tuple[int, int]]:
    return (match.span() for match in _SENTENCE.finditer(running))


def _variety(matches: list[tuple[int, int, str]], start: int, end: int) -> tuple[int, int]:
    inside = [stem for a, b, stem in matches if start <= a and b <= end]
    return len(set(inside)), len(inside)


def _beginning(stem: str) -> str:
    """Return letters that every word of this stem begins with: stemming changes ends only."""
    return stem[: max(1, min(4, len(stem) - 1))]


@lru_cache(20_000)
def _stem(word: str) -> str:
    stems = text.stems().analyze(word)
    return stems[0] if stems else ""
