"""How text becomes words: the same for papers and for searches."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import tantivy

LONGEST_WORD = 60
"""Bytes; what is longer is no word."""
SHORTEST_COMPOUND = 4
"""Letters; a shorter compound (``e.g``, ``a/b``) says too little joined."""

_STOP_WORDS = """
a about above after again against all also am an and any are as at be because been before being
below between both but by can cannot could did do does doing down during each few for from further
had has have having he her here hers him his how i if in into is it its itself just me more most my
no nor not now of off on once only or other our ours out over own per please same she should so some
such than that the their theirs them then there these they this those through to too under until up
upon very via was we were what when where whether which while who whom whose why will with within
without would you your yours
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that a search leaves out, unless it has no others."""

_WORD = re.compile(r"[^\W_]+")
_COMPOUND = re.compile(r"(?<![^\W_])[^\W_]+(?:[-‐‑–/.+'’][^\W_]+)+")
_CAMEL = re.compile(r"(?<![^\W_])[^\W_]*?[a-z][A-Z][^\W_]*")
_PUNCTUATION = ".,;:!?()[]{}\"'`"
_NUMBERED = re.compile(r"(?<![^\W_])([^\W\d_]{2,})( ?)(\d+)(?![^\W_])")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(1)
def stem_analyzer() -> tantivy.TextAnalyzer:
    """Return the analyzer of running text: words, small, without accents, stemmed."""
    return _word_builder().filter(tantivy.Filter.stemmer("english")).build()


@lru_cache(1)
def word_analyzer() -> tantivy.TextAnalyzer:
    """Return the analyzer of words as they are: small, without accents."""
    return _word_builder().build()


def _word_builder() -> tantivy.TextAnalyzerBuilder:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(LONGEST_WORD))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
    )


def stems_of(text: str) -> list[str]:
    """Return the stems of all words, in order."""
    return stem_analyzer().analyze(text)


def words_of(text: str) -> list[str]:
    """Return all words in small letters, in order."""
    return word_analyzer().analyze(text)


def telling(text: str) -> str:
    """Return the words of ``text`` that are no stop words; all of it if none is left."""
    left = [word for word in text.split() if is_telling(word)]
    return " ".join(left) or text


def is_telling(text: str) -> bool:
    """Return whether ``text`` has a word that is no stop word."""
    return any(map(_tells, _WORD.findall(text)))


def compounds(text: str) -> Iterator[str]:
    """Yield compound words in their other spellings.

    ``pre-training`` gives ``pretraining`` and ``SkillClaw`` gives ``Skill Claw``, so that each
    is found by either.
    """
    for piece in dict.fromkeys(text.split()):
        core = piece.strip(_PUNCTUATION)
        if not (core.isalpha() and (core.islower() or core.istitle())):
            yield from _respelled(piece)


def spellings(text: str) -> Iterator[str]:
    """Yield what words of a query may be written as in papers: compounds, and names with a number.

    ``llama3`` gives ``llama 3``, and that the other.
    """
    yield from compounds(text)
    for match in _NUMBERED.finditer(text):
        yield match[1] + ("" if match[2] else " ") + match[3]


def _respelled(piece: str) -> Iterator[str]:
    for match in _COMPOUND.finditer(piece):
        joined = "".join(_WORD.findall(match[0]))
        if len(joined) >= SHORTEST_COMPOUND:
            yield joined
    for match in _CAMEL.finditer(piece):
        yield _HUMP.sub(" ", match[0])


def storable(text: str) -> str:
    """Return text as the index takes it: letters with their accents are one character each.

    Text copied from PDF files or macOS has them apart, and each would end a word. Half surrogate
    pairs, which UTF-8 cannot hold, become question marks.
    """
    whole = text.encode("utf-8", "replace").decode("utf-8")
    return unicodedata.normalize("NFC", whole)


def _tells(word: str) -> bool:
    return word.casefold() not in STOP_WORDS
