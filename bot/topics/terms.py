"""How text becomes terms: the same for papers and for topics."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import tantivy

_STOP_WORDS = (
    "a an the and of for in on to with by from at as is are be it its this that these those "
    "into via about what which how when where why who do does can we our you i me my all any "
    "some paper papers article articles new latest recent novel"
)
STOP_WORDS = frozenset(_STOP_WORDS.split())
"""Words that tell no paper from another; a topic's plain words leave them out."""
_ADDRESS = re.compile(r"https?://\S+|www\.\S+|\b[\w-]+\.(?:github\.io|com|org)\b\S*", re.IGNORECASE)
_PREFIX = re.compile(
    r"\b(co|fine(?=\W+tun)|hyper|inter|intra|meta|multi|non|post|pre|semi|ultra)[-‐‑–\s]+(?=[^\W_])"
)
"""What is hardly a word of its own: ``multi-modal``, ``multi modal``, ``multimodal`` are one."""
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


def without_addresses(text: str) -> str:
    """Return text without links: ``github`` in one says nothing of the paper."""
    return _ADDRESS.sub(" ", text) if "." in text else text


def fold(text: str) -> str:
    """Return text in small letters, without accents; ``Ｇ`` is ``g``."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in apart if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """Return the text's words, folded; compounds in their parts, but for prefixes."""
    return _WORD.findall(_PREFIX.sub(r"\1", fold(text)))


@lru_cache(100_000)
def term(word: str) -> str:
    """Return what a folded word has in common with its plural and its other forms."""
    word = _IRREGULAR.get(word, word)
    if len(word) > 3 and word[-1] == "s" and word[-2] != "s" and not _VOWEL.search(word):
        word = word[:-1]  # llms, vlms: the stemmer takes an s only after a vowel
    found = _STEMMER.analyze(word)
    return _even(found[0]) if found else word


def _even(stem: str) -> str:
    """Return a long stem without its last e, as which the stemmer sees only some: ``keyfram``."""
    return stem[:-1] if len(stem) > 6 and stem[-1] == "e" else stem


def joined(word: str, following: str) -> str:
    """Return the term of a word and the following term written as one: ``kvcach``."""
    return _even(word + following)


def terms(text: str) -> list[str]:
    """Return the terms of the text's words, in order."""
    return [term(word) for word in words(text)]
