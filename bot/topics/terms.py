"""How text becomes terms: the same for papers and for topics."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import tantivy

STOP_WORDS = frozenset(
    "a an the and of for in on to with by from at as is are be it its this that these those into"
    " via using use about what which how when where who why do does can we our you your i me my"
    " all any some paper papers article articles new latest recent novel".split()
)
"""Words that tell no paper from another; plain words of a topic leave them out."""

_WORD = re.compile(r"(?<![^\W_])[cf](?:\+\+|#)|[^\W_]+")
_VOWEL = re.compile(r"[aeiouy]")
_IRREGULAR = {
    "analyses": "analysis",
    "corpora": "corpus",
    "cpus": "cpu",
    "gpus": "gpu",
    "hypotheses": "hypothesis",
    "indices": "index",
    "matrices": "matrix",
    "npus": "npu",
    "tpus": "tpu",
    "vertices": "vertex",
}
_STEMMER = (
    tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    .filter(tantivy.Filter.stemmer("english"))
    .build()
)


def fold(text: str) -> str:
    """Return text in small letters, without accents; ``Ｇ`` is ``g``."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in apart if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """Return the text's words, folded, compounds in their parts."""
    return _WORD.findall(fold(text))


def stem(word: str) -> str:
    """Return what a folded word has in common with its plural and its other forms."""
    word = _IRREGULAR.get(word, word)
    if len(word) > 3 and word[-1] == "s" and word[-2] != "s" and not _VOWEL.search(word):
        word = word[:-1]  # llms, vlms: the stemmer takes an s only after a vowel
    found = _STEMMER.analyze(word)
    return found[0] if found else word


_stem_often_seen = lru_cache(100_000)(stem)


def terms(text: str) -> tuple[str, ...]:
    """Return the stems of the text's words, in order."""
    return tuple(map(_stem_often_seen, words(text)))


def joined(parts: Sequence[str]) -> str:
    """Return the stem of folded words written as one: ``kv``, ``caches`` gives ``kvcach``."""
    return stem("".join(parts))


def running(terms_: Sequence[str]) -> str:
    """Return terms as one text in which a run of them can be found: `` kv cach ``."""
    return f" {' '.join(terms_)} "


def vocabulary(text: str) -> set[str]:
    """Return the text's terms, also those of each two neighbours written as one."""
    found = words(text)
    return {*map(_stem_often_seen, found), *(joined(pair) for pair in pairwise(found))}
