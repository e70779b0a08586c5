"""A paper in two sentences: what it brings, and what came out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.answers.cues import cue
from bot.answers.passages import ABSTRACT, AI_SUMMARY, Passage, Sentence
from bot.answers.patterns import any_of
from bot.answers.question import Kind, Question
from bot.search.embed import Embedder

_SHOWS = Question("", Kind.RESULT)
_EARLY = 0.15
"""How much the abstract's first sentence is ahead of its last as what a paper brings."""
_SUBJECT = (
    r"\b(?:we|(?:this|the|our)(?: (?:present|current))? (?:paper|article|work|study|report|survey"
    r"|review|tutorial))\s+(?:\w+ly\s+|(?:also|thus|then|first|therefore|hereby|aims? to)\s+)?"
)
# What a paper is for, surest first, with what each counts.
_BRINGS = (
    (
        1.0,
        any_of(
            _SUBJECT + r"(?:introduc|present|propos|develop|unveil|describ|releas|contribut"
            r"|advocat|launch)\w*\b",
            r"\b(?:is|are) (?:proposed|introduced|presented)\b",
        ),
    ),
    (
        0.8,
        any_of(
            _SUBJECT + r"(?:design|buil[dt]|creat|construct|establish|investigat|stud[yi]|explor"
            r"|examin|analy[sz]|conduct|address|tackl|survey|review|provid|offer|devis|formulat"
            r"|ask|argue|undertak|extend|pioneer|reveal|show|demonstrat|find|discover)\w*\b",
        ),
    ),
    (0.4, any_of(r"\b(?:we|our|ours|this (?:paper|work|study|article|report|survey))\b")),
)
_BACKGROUND = any_of(
    r"^(?:recent(?:ly)?|existing|current(?:ly)?|traditional(?:ly)?|prior|previous|conventional"
    r"|most|many|while|although|despite|however|yet|unfortunately)\b",
    r"\b(?:have|has) (?:\w+ )?(?:achieved|emerged|become|shown|demonstrated|revolutionized|made"
    r"|attracted|gained|enabled)\b",
    r"\b(?:had|were|was|usually|traditionally)\b",
)
_IS_BACKGROUND = -0.4
"""What a sentence counts that tells of the field and has none of the signs."""


def outline(passages: Sequence[Passage], title: str, *, embedder: Embedder) -> list[Sentence]:
    """Return what a paper brings and what came out, in its own words where there are some.

    Only the abstract is read; the AI summary, else the full text's first passage, where there is
    none. Empty for no text.
    """
    found = _sentences(passages)
    if not found:
        return []
    near, late = _near(found, title, embedder), np.linspace(0, 1, len(found))
    first = _bringing(found, near)
    shows = 0.5 * near + [cue(_SHOWS, s.text) for s in found] + _EARLY * late
    shows[first] = -np.inf
    second = int(np.argmax(shows))
    return [found[i] for i in sorted({first, second})]


def what_it_brings(
    passages: Sequence[Passage], title: str, *, embedder: Embedder
) -> Sentence | None:
    """Return the sentence that tells best what a paper brings; None for no text."""
    found = _sentences(passages)
    return found[_bringing(found, _near(found, title, embedder))] if found else None


def _sentences(passages: Sequence[Passage]) -> list[Sentence]:
    found = _of_section(passages, ABSTRACT) or _of_section(passages, AI_SUMMARY)
    return found or [s for passage in passages[:1] for s in passage.sentences]


def _near(found: Sequence[Sentence], title: str, embedder: Embedder) -> NDArray[np.float32]:
    """Return how near each sentence is to the title in meaning."""
    vectors = embedder.embed([title, *(s.text for s in found)])
    return vectors[1:] @ vectors[0]


def _bringing(found: Sequence[Sentence], near: NDArray[np.float32]) -> int:
    late = np.linspace(0, 1, len(found))
    return int(np.argmax(near + [_brings(s.text) for s in found] - _EARLY * late))


def _brings(sentence: str) -> float:
    """Return how much a sentence looks like what a paper brings rather than what was before."""
    told = next((much for much, sign in _BRINGS if sign.search(sentence)), 0.0)
    return told or (_IS_BACKGROUND if _BACKGROUND.search(sentence) else 0.0)


def _of_section(passages: Sequence[Passage], section: str) -> list[Sentence]:
    return [s for passage in passages if passage.section == section for s in passage.sentences]
