"""The sentences that answer a question best: by words, meaning and what an answer looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bot.answers.cues import cue
from bot.answers.passages import AI_SUMMARY, Passage, Sentence
from bot.answers.question import Kind, Question
from bot.answers.subject import lacks_name, names_in
from bot.answers.wanted import untold
from bot.answers.words import Reading, asked_words, split
from bot.search.embed import Embedder

Scores = NDArray[np.float32]

NOBODY: Mapping[str, str] = {}
MOST_COMPARED = 400
"""Sentences whose meaning is looked at: those with the most of the question's words."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What each sign counts, in the order of ``read_signs``' columns."""

    words: float
    """How much of the question's words the sentence has, rare words counting more."""
    around: float
    """The same of the sentence with its neighbours and its paper's title."""
    meaning: float
    """The cosine of the sentence's and the question's vectors."""
    cue: float
    """How much it looks like an answer of the kind asked for."""
    ai_summary: float
    """Whether a model wrote it: the authors' own words come first."""
    untold: float
    """How far it and its surroundings leave out the thing that is asked for."""
    lacks_name: float
    """Whether the question has a name that its paper has nowhere."""
    found: float
    """How early its paper stands among several: 1, a half, a third, …"""


WEIGHTS = Weights(
    words=0.6,
    around=1.6,
    meaning=1.2,
    cue=1.0,
    ai_summary=-0.1,
    untold=-0.7,
    lacks_name=-1.2,
    found=1.0,
)
"""Found on the tuning part of ``tests/benchmarks/answers_questions.json``."""
NUMBER_IS_HARDER = 0.7
"""How much surer of a number one must be: papers hold many, and a wrong one misleads most."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A sentence, and how well it answers."""

    sentence: Sentence
    score: float
    """Comparable between questions; ``bot.answers.choose`` says how much is enough."""


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
    scores = signs @ np.array(astuple(WEIGHTS), np.float32)
    if question.kind is Kind.NUMBER:
        scores -= NUMBER_IS_HARDER
    return [Evidence(found[i], float(scores[i])) for i in np.argsort(-scores, kind="stable")]


def read_signs(
    question: Question,
    passages: Sequence[Passage],
    *,
    embedder: Embedder,
    titles: Mapping[str, str],
    people: Mapping[str, str] = NOBODY,
) -> tuple[list[Sentence], Scores]:
    """Return sentences and, a row each, their signs of being an answer, in ``Weights``' order.

    Args:
        titles: As for ``rank``, and ``people``.
    """
    sentences = [sentence for passage in passages for sentence in passage.sentences]
    if not sentences:
        return [], np.zeros((0, len(fields(Weights))), np.float32)
    asked, faint = asked_words(question.text), split(question.cues)
    texts = [*(s.text for s in sentences), *titles.values()]
    reading = Reading.of(asked, texts, embedder, faint=faint)
    touched, shown = np.split(reading.touched, [len(sentences)])
    own = reading.share(touched)
    wider = _around(touched, passages, dict(zip(titles, shown, strict=True)))
    kept = np.sort(np.argsort(-own, kind="stable")[:MOST_COMPARED])
    picked = [sentences[i] for i in kept]
    vectors = embedder.embed([question.text, *(s.text for s in picked)])
    lacking = _lacking(question.text, passages, titles, people)
    places = {paper_id: place for place, paper_id in enumerate(titles)}
    columns = (
        own[kept],
        reading.share(wider[kept]),
        vectors[1:] @ vectors[0],
        [cue(question, s.text) for s in picked],
        [s.section == AI_SUMMARY for s in picked],
        untold(question.text, asked, wider[kept]),
        [lacking[s.paper_id] for s in picked],
        [1 / (1 + places[s.paper_id]) for s in picked],
    )
    return picked, np.column_stack(columns).astype(np.float32)


def _around(touched: Scores, passages: Sequence[Passage], titles: Mapping[str, Scores]) -> Scores:
    """Return what each sentence touches together with its neighbours and its paper's title."""
    around = touched.copy()
    start = 0
    for passage in passages:
        rows = slice(start, start + len(passage.sentences))
        own, wider = touched[rows], around[rows]
        wider[1:] = np.maximum(wider[1:], own[:-1])
        wider[:-1] = np.maximum(wider[:-1], own[1:])
        np.maximum(wider, titles[passage.paper_id], out=wider)
        start = rows.stop
    return around


def _lacking(
    question: str,
    passages: Sequence[Passage],
    titles: Mapping[str, str],
    people: Mapping[str, str],
) -> dict[str, bool]:
    """Return of which papers nothing has one of the question's names."""
    names = names_in(question)
    if not names:
        return dict.fromkeys(titles, False)
    texts = {paper_id: [title, people.get(paper_id, "")] for paper_id, title in titles.items()}
    for passage in passages:
        texts[passage.paper_id] += (passage.section, passage.text)
    return {paper_id: lacks_name(names, " ".join(parts)) for paper_id, parts in texts.items()}
