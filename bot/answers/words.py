"""Words of questions and sentences, and how near in meaning two words are."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from bot.answers.patterns import word_set
from bot.search.embed import Embedder
from bot.search.text import STOP_WORDS, compounds, stems_of, words_of

LONGEST_WORD = 40
"""Characters; what is longer is no word."""

_FILLING = word_set(
    "many much paper papers article preprint please tell me say says said does do did done mean"
    " meant kind kinds type types call called use used using get got give given one thing things"
    " there any anything something let know want need help explain describe summarize summarise"
    " make made take taken go really actually exactly author authors work works"
)
"""Words of questions that say nothing of what the answer is about."""
_FAINT = word_set(
    "happen happens happened handle handles cover covers covered support supports contain contains"
    " include includes hold holds come comes came reach reaches reached run runs try tried perform"
    " performs performed achieve achieves show shows shown find found different new good well best"
    " most large small big high low long way ways part parts able possible current present today"
    " existing earlier previous prior other others common main important simply ever still yet also"
    " keep kept put set look looks see seen like different same own whole full overall certain"
    " approach approaches method methods system systems model models study studies research result"
    " results performance propose proposed introduce introduced present presented based"
)
"""Words that are everywhere in papers and questions."""
_FAINT_WEIGHT = 0.4
_LEAST_WEIGHT = 0.3
"""Of a word that every sentence has."""
_PULLS = (0.2, 3.0)
"""The least and the most that a word's pull counts."""
_PLAIN = "paper"
"""The word that others' pull is measured against."""
_SAME_FROM = 0.4
"""Cosine of two words' vectors below which they have nothing to do with each other."""
_SYNONYM = 0.8
"""What a word of the same meaning counts, where the same word counts 1."""
_ENDINGS = re.compile(r"(?<=\w)(?:n['’]t|['’](?:s|re|ve|ll|d|m))\b", re.IGNORECASE)
_LEAST_LEFT = 0.05
"""Of the question's weight: what is left of it when its title's words are taken away."""
_RUNNING = re.compile(r"[^\W_]+(?:[-.+][^\W_]+)*")


def asked_words(text: str) -> list[str]:
    """Return a question's words that an answer should touch, small, each once, in order."""
    found = [
        word
        for word in split(without_endings(text))
        if word not in STOP_WORDS and word not in _FILLING
    ]
    return list(dict.fromkeys(found))


def search_words(question: str, *, names: Collection[str] = ()) -> str:
    """Return what to search for, to find the papers that a question is about.

    Args:
        names: Words that are kept although they say nothing elsewhere (*Describe Anything*).
    """
    kept = [
        word
        for word in _RUNNING.findall(without_endings(question))
        if word in names or (word.casefold() not in STOP_WORDS and word.casefold() not in _FILLING)
    ]
    return " ".join(kept) or question


def without_endings(text: str) -> str:
    """Return a text with *what's* as *what* and *LoRA's* as *LoRA*."""
    return _ENDINGS.sub("", text)


def split(text: str) -> list[str]:
    """Return a text's words, small and without accents; compounds also as one word."""
    whole = " ".join((text, *compounds(text)))
    return [word for word in words_of(whole) if len(word) <= LONGEST_WORD]


@lru_cache(50_000)
def stem(word: str) -> str:
    return next(iter(stems_of(word)), word)


@dataclass(frozen=True, slots=True)
class Reading:
    """How far sentences touch the words of a question."""

    weights: NDArray[np.float32]
    """What each asked word counts: more the fewer sentences have it and the more it says."""
    touched: NDArray[np.float32]
    """Sentences × asked words, 0 to 1: whether the word is there, or one of like meaning."""

    @classmethod
    def of(
        cls,
        asked: Sequence[str],
        texts: Sequence[str],
        embedder: Embedder,
        *,
        faint: Collection[str] = (),
    ) -> Reading:
        """Read some sentences; there must be one at least.

        Args:
            faint: Those of the asked words that count for less.
        """
        places: dict[str, int] = {}
        members = [[places.setdefault(w, len(places)) for w in split(text)] for text in texts]
        # A column for nothing, so that a sentence without words has something to look up.
        near = np.pad(_nearness(asked, list(places), embedder), ((0, 0), (0, 1)))
        members = [member or [len(places)] for member in members]
        starts = np.cumsum([0, *(len(member) for member in members[:-1])])
        touched = np.maximum.reduceat(near[:, np.concatenate(members)], starts, axis=1).T
        having = (touched >= 1).sum(axis=0)
        weights = np.log1p((len(texts) - having + 0.5) / (having + 0.5)) + _LEAST_WEIGHT
        weights *= [_FAINT_WEIGHT if w in _FAINT or w in faint else 1 for w in asked]
        weights *= _pull(asked, embedder)
        return cls(weights.astype(np.float32), touched)

    def share(self, touched: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return which part of the question each row touches, by weight; 0 for no asked words."""
        return touched @ self.weights / max(float(self.weights.sum()), 1e-6)

    def share_beyond(
        self, touched: NDArray[np.float32], known: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return the same of the words that are not known already.

        Where nearly all are known, it is the part of all words.

        Args:
            known: How far each row's words are, as a title says them; like ``touched``.
        """
        weights = (1 - known) * self.weights
        left = weights.sum(axis=1)
        share = (touched * weights).sum(axis=1) / np.maximum(left, 1e-6)
        enough = left > _LEAST_LEFT * float(self.weights.sum())
        return np.where(enough, share, self.share(touched))


def _pull(asked: Sequence[str], embedder: Embedder) -> NDArray[np.float32]:
    """Return how much each word says: how far it turns the vector of a plain word beside it.

    In units of the plain word's own pull. Words such as *get* turn it little, *satellite* much,
    since models learn short vectors for words that go with anything.
    """
    if not asked:
        return np.ones(0, np.float32)
    alone, beside = embedder.embed(asked), embedder.embed([f"{_PLAIN} {word}" for word in asked])
    cosines = np.clip((alone * beside).sum(axis=1), 0, 0.99)
    return np.clip(cosines / np.sqrt(1 - cosines**2), *_PULLS)


def _nearness(
    asked: Sequence[str], known: Sequence[str], embedder: Embedder
) -> NDArray[np.float32]:
    """Return how well each known word stands for each asked one, 0 to 1; asked × known."""
    if not asked or not known:
        return np.zeros((len(asked), len(known)), np.float32)
    cosines = embedder.embed(asked) @ embedder.embed(known).T
    near = np.clip((cosines - _SAME_FROM) / (1 - _SAME_FROM), 0, 1) * _SYNONYM
    known_stems = np.array([stem(word) for word in known])
    for row, word in enumerate(asked):
        near[row, known_stems == stem(word)] = 1
    return near.astype(np.float32)
