"""What speaks for a sentence, and against it, as the answer to a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bot.answers.cues import carries_on, cue, proposes
from bot.answers.passages import AI_SUMMARY, Passage, Sentence
from bot.answers.question import Question
from bot.answers.subject import lacks_name, names_in
from bot.answers.wanted import untold
from bot.answers.words import Reading, asked_words, split
from bot.search.embed import Embedder

Numbers = NDArray[np.float32]

NOBODY: Mapping[str, str] = {}
MOST_COMPARED = 400
"""Sentences whose meaning is looked at: those with the most of the question's words."""


@dataclass(frozen=True, slots=True)
class Signs:
    """What each sign counts."""

    words: float
    """How much of the question's words the sentence has, rare words counting more."""
    beyond_title: float
    """The same of the words that its paper's title has not."""
    around: float
    """The same as the first of the sentence with its neighbours and its paper's title."""
    carried: float
    """How much the sentence before it adds to its words, where it goes on with that one."""
    meaning: float
    """The cosine of the sentence's and the question's vectors."""
    cue: float
    """How much it looks like an answer of the kind asked for."""
    proposes: float
    """Whether it tells what the paper brings: it has many words, and answers few questions."""
    opening: float
    """Whether it is the paper's first, which says what everybody knows."""
    ai_summary: float
    """Whether a model wrote it where there are the authors' own words, which come first."""
    untold: float
    """How far it and its surroundings leave out the thing that is asked for."""
    lacks_name: float
    """Whether the question has a name that its paper has nowhere."""
    found: float
    """How early its paper stands among several: 1, a half, a third, …"""


def read_signs(
    question: Question,
    passages: Sequence[Passage],
    *,
    embedder: Embedder,
    titles: Mapping[str, str],
    people: Mapping[str, str] = NOBODY,
) -> tuple[list[Sentence], Numbers]:
    """Return sentences and, a row each, their signs of being an answer, in the order of ``Signs``.

    Args:
        titles: Paper id → title, for the papers that the passages are of, the likeliest first.
        people: Paper id → names that stand on the paper and in no passage: of its authors.
    """
    sentences = [sentence for passage in passages for sentence in passage.sentences]
    if not sentences:
        return [], np.zeros((0, len(fields(Signs))), np.float32)
    asked, faint = asked_words(question.text), split(question.cues)
    texts = [*(s.text for s in sentences), *titles.values()]
    reading = Reading.of(asked, texts, embedder, faint=faint)
    touched, shown = np.split(reading.touched, [len(sentences)])
    kept = np.sort(np.argsort(-reading.share(touched), kind="stable")[:MOST_COMPARED])
    picked = [sentences[i] for i in kept]
    of_titles = dict(zip(titles, shown, strict=True))
    columns = {
        **_of_words(question, asked, reading, touched, kept, passages, of_titles),
        **_of_sentences(question, picked, passages, embedder),
        **_of_papers(question, picked, passages, titles, people),
    }
    ordered = [columns[sign.name] for sign in fields(Signs)]
    return picked, np.column_stack(ordered).astype(np.float32)


def _of_words(
    question: Question,
    asked: Sequence[str],
    reading: Reading,
    touched: Numbers,
    kept: NDArray[np.intp],
    passages: Sequence[Passage],
    of_titles: Mapping[str, Numbers],
) -> dict[str, Numbers]:
    wider = _around(touched, passages, of_titles)[kept]
    known = [of_titles[p.paper_id] for p in passages for _ in p.sentences]
    own, carried = touched[kept], _with_what_is_carried_on(touched, passages)[kept]
    return {
        "words": reading.share(own),
        "beyond_title": reading.share_beyond(own, np.array(known)[kept]),
        "around": reading.share(wider),
        "carried": reading.share(carried) - reading.share(own),
        "untold": untold(question, asked, reading, wider),
    }


def _of_sentences(
    question: Question,
    picked: Sequence[Sentence],
    passages: Sequence[Passage],
    embedder: Embedder,
) -> dict[str, Numbers]:
    authors_speak = {p.paper_id for p in passages if p.section != AI_SUMMARY}
    vectors = embedder.embed([question.text, *(s.text for s in picked)])
    signs = [
        (
            cue(question, s.text),
            proposes(s.text),
            s.position == 0,
            s.section == AI_SUMMARY and s.paper_id in authors_speak,
        )
        for s in picked
    ]
    names = ("cue", "proposes", "opening", "ai_summary")
    columns = dict(zip(names, np.array(signs, np.float32).T, strict=True))
    return {"meaning": vectors[1:] @ vectors[0], **columns}


def _of_papers(
    question: Question,
    picked: Sequence[Sentence],
    passages: Sequence[Passage],
    titles: Mapping[str, str],
    people: Mapping[str, str],
) -> dict[str, Numbers]:
    lacking = _lacking(question.text, passages, titles, people)
    places = {paper_id: place for place, paper_id in enumerate(titles)}
    return {
        "lacks_name": np.array([lacking[s.paper_id] for s in picked], np.float32),
        "found": np.array([1 / (1 + places[s.paper_id]) for s in picked], np.float32),
    }


def _around(
    touched: Numbers, passages: Sequence[Passage], titles: Mapping[str, Numbers]
) -> Numbers:
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


def _with_what_is_carried_on(touched: Numbers, passages: Sequence[Passage]) -> Numbers:
    """Return what each sentence touches together with the one that it goes on with."""
    carried = touched.copy()
    row = 0
    for passage in passages:
        for place, sentence in enumerate(passage.sentences):
            if place and carries_on(sentence.text):
                carried[row] = np.maximum(carried[row], touched[row - 1])
            row += 1
    return carried


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
