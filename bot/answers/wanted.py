"""What an answer cannot do without: the kind of thing asked for, or all that a yes is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.answers.patterns import word_set
from bot.answers.question import Kind, Question
from bot.answers.words import Reading, split

_WHICH = re.compile(
    r"^\W*(?:(?:in|on|at|by|for|from|to|under|with|after|of)\s+)?(?:which|what|how many|how much)"
    r"\s+((?:[\w-]+\s+){0,4}[\w-]+)",
    re.IGNORECASE,
)
_WHAT_IS_THE = re.compile(
    r"^\W*what(?:['’]s|\s+(?:is|are|was|were))\s+(?:the|its)\s+((?:[\w-]+\s){0,3}?[\w-]+)"
    r"\s(?:of|in|for|with|on|does|do|did|used|to|that|between|when|from|at)\b",
    re.IGNORECASE,
)
_HOW_MUCH = re.compile(
    r"^\W*(?:by\s+)?how\s+(?:much|many)\s+(?:\w+er|more|less|worse|does|do|did|can|is|are|was"
    r"|were)\b",
    re.IGNORECASE,
)
"""*How much faster* asks for a number, not for a thing called *faster*."""
_YES_OR_NO = re.compile(
    r"^\W*(?:is|are|was|were|does|do|did|can|could|will|has|have|had)\b", re.IGNORECASE
)
_ENDS_A_THING = word_set(
    "is are was were do does did has have had can could will would must should of in on for to"
    " from by with the a an and that than make makes use uses used go went get gets got give gives"
    " need needs happen happens gain gained work works cover covers win wins change changes"
    " produce produces"
)
_THING_OF_KIND = (Kind.LIMITATION, Kind.REASON)
"""Kinds whose *what is the …?* names nothing that an answer would name (*the problem with*)."""


def untold(
    question: Question, asked: Sequence[str], reading: Reading, touched: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how far each text leaves out what an answer must speak of, 0 to 1.

    That is each word for the thing in *which thing …?*, *how many things …?* and *what is the
    thing of …?*, and, by weight, all words in *does it …?*. Zeros for other questions.

    Args:
        asked: The question's words.
        touched: Texts × asked words, 0 to 1.
    """
    named = thing_asked_for(question)
    thing = [place for place, word in enumerate(asked) if word in named]
    if thing:
        return 1 - touched[:, thing].min(axis=1)
    if asked and not named and _YES_OR_NO.search(question.text):
        return 1 - reading.share(touched)
    return np.zeros(len(touched), np.float32)


def thing_asked_for(question: Question) -> list[str]:
    """Return the words for the thing that is asked for by name; empty for none."""
    if _HOW_MUCH.search(question.text):
        return []
    if found := _WHICH.search(question.text):
        named = _until_it_ends(found[1].split())
        if named:
            return split(" ".join(named))
    found = _WHAT_IS_THE.search(question.text)
    return split(found[1]) if found and question.kind not in _THING_OF_KIND else []


def _until_it_ends(words: Sequence[str]) -> Sequence[str]:
    ends = (n for n, word in enumerate(words) if word.casefold() in _ENDS_A_THING)
    return words[: next(ends, len(words))]
