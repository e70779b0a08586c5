"""What an answer cannot do without: the kind of thing asked for, or all that a yes is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.answers.patterns import word_set
from bot.answers.words import split

_WHICH = re.compile(
    r"^\W*(?:(?:in|on|at|by|for|from|to|under|with|after|of)\s+)?(?:which|what|how many|how much)"
    r"\s+((?:[\w-]+\s+){0,3}[\w-]+)",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"^\W*(?:is|are|was|were|does|do|did|can|could|will|has|have|had)\b", re.IGNORECASE
)
_ENDS_A_THING = word_set(
    "is are was were do does did has have had can could will would must should of in on for to"
    " from by with the a an"
)


def untold(
    question: str, asked: Sequence[str], touched: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how far each text leaves out what an answer must speak of, 0 to 1.

    That is the thing in *which thing …?* and *how many things …?*, and every word in *does it
    …?*. Zeros for other questions.

    Args:
        asked: The question's words.
        touched: Texts × asked words, 0 to 1.
    """
    thing = [place for place, word in enumerate(asked) if word in thing_asked_for(question)]
    if thing:
        return 1 - touched[:, thing].max(axis=1)
    if asked and _YES_OR_NO.search(question):
        return 1 - touched.min(axis=1)
    return np.zeros(len(touched), np.float32)


def thing_asked_for(question: str) -> list[str]:
    """Return the words for the thing in *which thing* or *how many things*; empty for none."""
    found = _WHICH.search(question)
    thing = ""
    for word in found[1].split() if found else ():
        if word.casefold() in _ENDS_A_THING:
            break
        thing = word
    return split(thing)
