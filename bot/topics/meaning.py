"""How near a topic is to a paper in meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.models import Strictness
from bot.topics.codes import ReadPaper
from bot.topics.query import TopicQuery, wish
from bot.topics.terms import without_addresses

Vectors = NDArray[np.float32]
Steps = NDArray[np.int8]
"""Vectors in whole steps: sums of their products are exact, in whatever order they are made."""

STEPS = 400
"""Steps in a length of 1; what is longer than 127 in one dimension is cut there."""
CLOSE = {Strictness.NORMAL: 0.46, Strictness.BROAD: 0.33}
"""From which similarity on meaning stands in for words. Chosen for WordLlama's vectors: see
``tests/benchmarks/topics_quality.py``."""


class Embedder(Protocol):
    """Whatever turns texts into vectors."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one row of length 1 a text, in order; zeros for a text without known words."""
        ...


def topic_steps(wishes: Sequence[str], embedder: Embedder) -> Steps:
    """Return one row a wish."""
    return _steps(embedder.embed(wishes))


def paper_steps(papers: Sequence[ReadPaper], embedder: Embedder) -> Steps:
    """Return one row a paper: title, abstract and keywords weigh the same."""
    parts = (
        [each.paper.title for each in papers],
        [without_addresses(each.paper.abstract) for each in papers],
        [" ".join(each.paper.ai_keywords) for each in papers],
    )
    total = sum((embedder.embed(part) for part in parts[1:]), start=embedder.embed(parts[0]))
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    return _steps(np.divide(total, lengths, where=lengths > 0, out=total))


def _steps(vectors: Vectors) -> Steps:
    return np.clip(np.rint(vectors * STEPS), -127, 127).astype(np.int8)


def least_product(strictness: Strictness) -> int:
    """Return the least product of two rows of steps that is close enough."""
    return round(CLOSE[strictness] * STEPS**2)


def similarities(query: TopicQuery, papers: Steps, embedder: Embedder) -> list[tuple[float, ...]]:
    """Return for each paper how near each of the topic's alternatives is, about −1 to 1.

    An alternative without plain words has no meaning: −1.

    Args:
        papers: What ``paper_steps`` gave for them.
    """
    wishes = [wish(each) for each in query.alternatives]
    if not wishes:
        return [()] * len(papers)
    near = nearness(papers, topic_steps(wishes, embedder))
    near[:, [not each for each in wishes]] = -1
    return [tuple(map(float, row)) for row in near]


def nearness(some: Steps, others: Steps) -> Vectors:
    """Return how near each row is to each of the others, about −1 to 1: a row for each of some."""
    return some.astype(np.float32) @ others.astype(np.float32).T / np.float32(STEPS**2)


def is_close(similarity: float | None, strictness: Strictness) -> bool:
    """Whether meaning can stand in for words; never where strict."""
    if similarity is None or strictness is Strictness.STRICT:
        return False
    return round(similarity * STEPS**2) >= least_product(strictness)
