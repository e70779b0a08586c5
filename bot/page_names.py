"""Semantic Scholar's pages, whose addresses name a paper by words instead of an arXiv id.

``…/paper/Chain-of-Thought-Prompting-Elicits-Reasoning-in-Wei-Wang/1b6e810c…``: the title, some of its
words left out where it is long, then the names of the first two authors, or of the only one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from bot.models import Paper, title_key

_PAGE = re.compile(
    r"(?:^|[\s/<(.])semanticscholar\.org/paper/([^/\s?#]{1,300})/[0-9a-f]{40}(?![0-9a-f])",
    re.ASCII | re.IGNORECASE,
)
_FEWEST_WORDS = 2
"""Words of a title without which any paper of the same authors could be meant."""


def page_words(text: str) -> list[str]:
    """Return the words in the name of the page that a text links to; none for any other text."""
    found = _PAGE.search(text[:1_000])
    return title_key(unquote(found[1])).split() if found else []


def is_called(paper: Paper, words: Sequence[str]) -> bool:
    """Tell whether a page's name is that of a paper: its title and its first authors.

    Args:
        words: As ``page_words`` returns them.
    """
    names = set(title_key(" ".join(paper.authors)).split())
    return any(
        names.issuperset(words[-count:]) and _leaves_out_of(paper.title, words[:-count])
        for count in (2, 1)
    )


def _leaves_out_of(title: str, words: Sequence[str]) -> bool:
    """Whether words stand in a title in their order, perhaps with others between."""
    rest = iter(title_key(title).split())
    return len(words) >= _FEWEST_WORDS and all(word in rest for word in words)
