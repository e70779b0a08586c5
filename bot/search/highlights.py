"""Why a hit matched: its title and its best sentence, with the words that were asked for."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from bot.search.index import Shown
from bot.search.text import stems_of

LONGEST = 240
"""Characters of a highlight from a sentence."""
LEAD = 60
"""Characters shown before the first word that matched, where a sentence is cut."""

_SENTENCE_END = re.compile(r"[.!?]\s+(?![a-z])")
_FULL_STOP = re.compile(r"\.\s+(?![a-z])")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Highlight:
    """A piece of a paper's text with the words that matched."""

    field: str
    """``title``, ``abstract`` or ``summary``."""
    text: str
    """The whole title, or a sentence, cut between words, with an ellipsis where it is cut."""
    spans: tuple[tuple[int, int], ...]
    """Where in ``text`` the words begin and end, in characters, in order."""


class _Match(NamedTuple):
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
        self._beginnings = {_beginning(stem) for stem in self._stems}

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
        (begins, ends), within = max(_by_sentence(text, matches), key=_worth)
        start, end = _cut(text, begins, ends, first=within[0])
        before, after = "…" * (start > begins), "…" * (end < ends)
        at = start - len(before)
        spans = ((match.start - at, match.end - at) for match in within if match.end <= end)
        return Highlight(field, f"{before}{text[start:end]}{after}", tuple(spans))

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


_Part = tuple[tuple[int, int], list[_Match]]
"""A sentence's place in the text, and its matches."""


def _by_sentence(text: str, matches: list[_Match]) -> Iterator[_Part]:
    """Yield the sentences that have matches."""
    # Beginning with one certain letter, an expression is twice as fast.
    end = _SENTENCE_END if "!" in text or "?" in text else _FULL_STOP
    ends = [(found.start() + 1, found.end()) for found in end.finditer(text)]
    starts = [0, *(following for _, following in ends)]
    ends.append((len(text), len(text)))
    for place, within in groupby(matches, lambda match: bisect_right(starts, match.start) - 1):
        yield (starts[place], ends[place][0]), list(within)


def _worth(part: _Part) -> tuple[int, int]:
    _, matches = part
    return len({match.stem for match in matches}), len(matches)


def _cut(text: str, start: int, end: int, *, first: _Match) -> tuple[int, int]:
    """Return the part of a long sentence around its first match, from word to word."""
    if end - start > LONGEST and first.start - start > LEAD:
        start = text.find(" ", first.start - LEAD, first.start) + 1 or first.start
    if end - start > LONGEST:
        end = max(text.rfind(" ", start, start + LONGEST), first.end)
    return start, end


def _starts(text: str, beginning: str) -> Iterator[int]:
    """Yield where words begin so; ``str.find`` is much faster here than a regular expression."""
    at = text.find(beginning)
    while at >= 0:
        if not (at and text[at - 1].isalnum()):
            yield at
        at = text.find(beginning, at + 1)


def _small(text: str) -> str:
    """Return text in small letters without accents, of the same length."""
    return text.lower() if text.isascii() else _NOT_ASCII.sub(_small_letter, text).lower()


def _small_letter(letter: re.Match[str]) -> str:
    return unicodedata.normalize("NFKD", letter[0])[0].lower()[0]


def _beginning(stem: str) -> str:
    """Return letters that all words of this stem begin with: stemming changes only ends."""
    return stem[: max(1, len(stem) - 1)]


@lru_cache(50_000)
def _stem(word: str) -> str:
    stems = stems_of(word)
    return stems[0] if stems else ""
