"""A paper in two sentences: what it brings, and what came out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bot.answers.cues import cue
from bot.answers.passages import ABSTRACT, AI_SUMMARY, Passage, Sentence
from bot.answers.question import Kind, Question
from bot.search.embed import Embedder

_BRINGS = Question("", Kind.SUMMARY)
_SHOWS = Question("", Kind.RESULT)
_EARLY = 0.15
"""How much the abstract's first sentence is ahead of its last as what a paper brings."""


def outline(passages: Sequence[Passage], title: str, *, embedder: Embedder) -> list[Sentence]:
    """Return what a paper brings and what came out, in its own words where there are some.

    Only the abstract is read; the AI summary, else the full text's first passage, where there is
    none. Empty for no text.
    """
    sentences = _of_section(passages, ABSTRACT) or _of_section(passages, AI_SUMMARY)
    sentences = sentences or [s for passage in passages[:1] for s in passage.sentences]
    if not sentences:
        return []
    vectors = embedder.embed([title, *(s.text for s in sentences)])
    near = vectors[1:] @ vectors[0]
    late = np.linspace(0, 1, len(sentences))
    brings = near + [cue(_BRINGS, s.text) for s in sentences] - _EARLY * late
    shows = 0.5 * near + [cue(_SHOWS, s.text) for s in sentences] + _EARLY * late
    first = int(np.argmax(brings))
    shows[first] = -np.inf
    second = int(np.argmax(shows))
    return [sentences[i] for i in sorted({first, second})]


def _of_section(passages: Sequence[Passage], section: str) -> list[Sentence]:
    return [s for passage in passages if passage.section == section for s in passage.sentences]
