from __future__ import annotations

import numpy as np
import pytest

from bot.search.embed import unit
from bot.search.ranking import RECENCY_HALF_LIFE, RECENCY_WEIGHT, fused, recency_gain

EAST, NORTH = np.eye(2, dtype=np.float32)
NOWHERE = np.zeros(2, np.float32)


def order(words: list[float], papers: list[np.ndarray], query: np.ndarray, many: int) -> list[int]:
    scores = fused(np.array(words, np.float32), np.stack(papers), query, query_words=many)
    return np.argsort(-scores, kind="stable").tolist()


def test_meaning_decides_between_equal_words() -> None:
    assert order([5, 5], [NORTH, EAST], EAST, 8) == [1, 0]


def test_a_single_word_has_little_meaning() -> None:
    assert order([5, 4], [NORTH, EAST], EAST, 1) == [0, 1]
    assert order([5, 4], [NORTH, EAST], EAST, 8) == [1, 0]


def test_what_is_near_the_best_papers_rises() -> None:
    best, near, far = EAST, unit(np.array([[4, 1]], np.float32))[0], NORTH
    assert order([5, 2, 2], [best, far, near], NOWHERE, 8) == [0, 2, 1]


def test_papers_without_a_vector_keep_the_order_of_words() -> None:
    assert order([1, 3, 2], [NOWHERE] * 3, EAST, 8) == [1, 2, 0]


@pytest.mark.parametrize(
    ("published", "gain"),
    [
        (100, RECENCY_WEIGHT),
        (105, RECENCY_WEIGHT),
        (100 - RECENCY_HALF_LIFE, RECENCY_WEIGHT / 2),
        (None, 0),
    ],
)
def test_recent_papers_gain(published: int | None, gain: float) -> None:
    assert recency_gain([published], today=100)[0] == pytest.approx(gain)
