"""How the scores of words and of meaning become one order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.search.embed import Vectors, unit

FIRST_WEIGHT = 0.5
"""What nearness to the query counts while the models are chosen, against the words' best score."""
MEANING_WEIGHT = 1.0
"""What nearness to query and models counts in the end."""
MODELS = 3
"""Best papers that show what the query means."""
MODELS_SHARE = 0.75
"""How much of the meaning is theirs; the rest is the query's own."""
WORDS_TO_TRUST = 8
"""Words of a query from which on its meaning counts in full: a name alone has none."""
RECENCY_WEIGHT = 0.05
"""What a paper of today has over an old one, against the words' best score."""
RECENCY_HALF_LIFE = 180.0
"""Days."""


def fused(words: Vectors, papers: Vectors, query: Vectors, *, query_words: int) -> Vectors:
    """Return one score a paper: its words', at most 1, plus how near it is in meaning.

    Nearness is measured twice: to the query, which picks a few model papers, then to the query
    and those together (Rocchio's pseudo-relevance feedback, as in
    https://nlp.stanford.edu/IR-book/html/htmledition/pseudo-relevance-feedback-1.html).

    Args:
        words: Scores by words, above zero; shape ``(n,)``, n at least 1.
        papers: The papers' directions, zeros where unknown; shape ``(n, dims)``.
        query: The query's direction, zeros where unknown; shape ``(dims,)``.
        query_words: How many telling words the query has.
    """
    trust = min(1.0, query_words / WORDS_TO_TRUST)
    by_words = words / words.max()
    first = by_words + FIRST_WEIGHT * trust * (papers @ query)
    models = papers[np.argsort(-first, kind="stable")[:MODELS]]
    meant = (1 - MODELS_SHARE) * query + MODELS_SHARE * models.mean(axis=0)
    return by_words + MEANING_WEIGHT * trust * (papers @ unit(meant[None])[0])


def recency_gain(published: Sequence[int | None], *, today: int) -> Vectors:
    """Return what each paper gains by being recent; nothing where its day is not known.

    Args:
        published: Days since 1970-01-01.
        today: The same; later days count as today.
    """
    days = np.array([-np.inf if day is None else day for day in published], np.float32)
    ages = np.maximum(0, today - days)
    return (RECENCY_WEIGHT * 0.5 ** (ages / RECENCY_HALF_LIFE)).astype(np.float32)
