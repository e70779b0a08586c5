"""How near a topic is to a paper in meaning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from bot.models import Strictness
from bot.topics.query import TopicQuery, wish
from bot.topics.reading import MatchPaper

Vectors = NDArray[np.float32]
Codes = NDArray[np.int8]

STEPS = 400
"""Steps a unit of length in a code: 127 of them reach the largest value that is told apart."""
CLOSE = {Strictness.NORMAL: 0.45, Strictness.BROAD: 0.3}
"""From which similarity on a paper is wanted for its meaning alone."""


class Embedder(Protocol):
    """Whatever turns texts into vectors."""

    @property
    def dims(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit row a text, in order."""
        ...


def encode(vectors: Vectors) -> Codes:
    """Return unit vectors in whole steps, so that every way to add them up gives the same."""
    return np.clip(np.rint(vectors * STEPS), -127, 127).astype(np.int8)


def similarities(
    query: TopicQuery, papers: Sequence[MatchPaper], embedder: Embedder
) -> list[tuple[float, ...]]:
    """Return for each paper how near each of the topic's alternatives is: about −1 to 1.

    An alternative without plain words has no meaning of its own, and −1.
    """
    wishes = [wish(each) for each in query.alternatives]
    topics = encode(embedder.embed(wishes)).astype(np.float32)
    them = encode(embedder.embed([paper.meaning for paper in papers])).astype(np.float32)
    near = (them @ topics.T) / STEPS**2
    near[:, [not wish_ for wish_ in wishes]] = -1
    return [tuple(map(float, row)) for row in near]


def is_close(similarity: float | None, strictness: Strictness) -> bool:
    """Whether meaning alone is enough."""
    return similarity is not None and similarity >= CLOSE.get(strictness, 2)
