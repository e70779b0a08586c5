"""Patterns and sets of words."""

from __future__ import annotations

import re


def any_of(*patterns: str) -> re.Pattern[str]:
    """Return a pattern that finds the first of some; case does not count."""
    return re.compile("|".join(patterns), re.IGNORECASE)


def word_set(words: str) -> frozenset[str]:
    """Return the words of a text, which white space parts."""
    return frozenset(words.split())
