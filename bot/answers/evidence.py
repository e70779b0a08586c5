"""The sentences that answer a question best: by words, meaning and what an answer looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np

from bot.answers.passages import Passage, Sentence
from bot.answers.question import Kind, Question
from bot.answers.signs import NOBODY, Signs, read_signs
from bot.search.embed import Embedder

# Both were found by ``tests/benchmarks/answers_weights.py``.
ORDER = Signs(
    words=1.8,
    beyond_title=3.2,
    around=2.1,
    carried=1.4,
    meaning=1.7,
    cue=2.5,
    proposes=-0.8,
    opening=-0.7,
    ai_summary=-2.1,
    untold=-0.4,
    lacks_name=-0.8,
    found=2.5,
)
"""For which sentence answers best: a sum's exponential is a sentence's odds against the others."""
SURE = Signs(
    words=-0.7,
    beyond_title=2.9,
    around=1.8,
    carried=1.2,
    meaning=5.1,
    cue=2.2,
    proposes=-0.7,
    opening=-0.7,
    ai_summary=-1.8,
    untold=-1.8,
    lacks_name=-4.0,
    found=2.2,
)
"""For whether the best sentence answers at all: the sum and ``SURE_OF_NOTHING`` are log odds."""
SURE_OF_NOTHING = -5.9
NUMBER_IS_HARDER = 1.0
"""How much surer of a number one must be: papers hold many, and a wrong one misleads most."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence, and how well it answers."""

    sentence: Sentence
    score: float
    """For its place among the sentences that the same question found."""
    sure: float
    """How sure one can be that it answers; comparable between questions.

    ``bot.answers.choose`` says how much is enough.
    """


def rank(
    question: Question,
    passages: Sequence[Passage],
    *,
    embedder: Embedder,
    titles: Mapping[str, str],
    people: Mapping[str, str] = NOBODY,
) -> list[Evidence]:
    """Return the sentences that may answer, best first.

    Args:
        titles: Paper id → title, for the papers that the passages are of, the likeliest first.
        people: Paper id → names that stand on the paper and in no passage: of its authors.
    """
    found, signs = read_signs(question, passages, embedder=embedder, titles=titles, people=people)
    scores = signs @ np.array(astuple(ORDER), np.float32)
    sure = signs @ np.array(astuple(SURE), np.float32) + SURE_OF_NOTHING
    if question.kind is Kind.NUMBER:
        sure -= NUMBER_IS_HARDER
    order = np.argsort(-scores, kind="stable")
    return [Evidence(found[i], float(scores[i]), float(sure[i])) for i in order]
