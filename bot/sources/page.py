"""The trending-papers page as people save it: a title and its abstract in turn, line by line."""

from __future__ import annotations

from bot.models import Paper, Record, Refusal, clean_text
from bot.paper_ids import title_only_id
from bot.sources.untrusted import LONGEST_TEXT, LONGEST_TITLE, line

NAME = "page"
CHROME = "Get trending papers in your email inbox"
"""Begins the lines that belong to the page and not to a paper."""
_FEWEST_PAPERS = 2
"""What a text must hold to be taken for a page without the page's own first lines."""
_BUTTON = "Subscribe"
"""Stands before the first title, glued to it."""
_SHORTEST_LONG = 300
"""Characters: a title has fewer, so a longer line is an abstract. Recorded: titles up to 143,
abstracts from 584."""
_SHORTEST_PROSE = 80
"""Characters from which a line that ends like a sentence is a short abstract and no title."""


def is_page(text: str) -> bool:
    """Tell whether a text (its beginning is enough) is a saved trending page.

    It is if it begins as one, or if titles and abstracts stand in it in turn.
    """
    if text.lstrip("\ufeff \t\r\n").startswith(CHROME):
        return True
    records, refusals = read_page(text)
    return len(records) >= _FEWEST_PAPERS and len(records) > len(refusals)


def read_page(text: str) -> tuple[tuple[Record, ...], tuple[Refusal, ...]]:
    """Understand a saved page.

    A title without an abstract (the page was cut there, or the abstract is missing) and an
    abstract without a title are refused with their line; the papers around them are not.

    Returns:
        The papers in the page's order, known by their titles alone, and the refusals.
    """
    records: list[Record] = []
    refusals: list[Refusal] = []
    title: tuple[int, str] | None = None
    for number, words in _content(text):
        if not _is_abstract(words):
            refusals += _unfinished(title)
            title = (number, words)
        elif title is None:
            refusals.append(Refusal(f"line {number}", "an abstract without a title before it"))
        else:
            outcome = _understand(title, words)
            if isinstance(outcome, Record):
                records.append(outcome)
            else:
                refusals.append(outcome)
            title = None
    return tuple(records), (*refusals, *_unfinished(title))


def _content(text: str) -> list[tuple[int, str]]:
    """Return the lines that say something, less the page's own, with their numbers."""
    content: list[tuple[int, str]] = []
    for number, given in enumerate(text.split("\n"), 1):
        words = clean_text(given.removeprefix("\ufeff"))
        if not content and words.startswith(_BUTTON):
            words = words.removeprefix(_BUTTON).strip()
        if words and not words.startswith(CHROME):
            content.append((number, words))
    return content


def _is_abstract(words: str) -> bool:
    return len(words) > _SHORTEST_LONG or (len(words) >= _SHORTEST_PROSE and words.endswith("."))


def _understand(title: tuple[int, str], abstract: str) -> Record | Refusal:
    number, words = title
    name = line(words, most=LONGEST_TITLE)
    if not any(character.isalnum() for character in name):
        return Refusal(f"line {number}", "a title without a word")
    return Record(Paper(title_only_id(name), name, line(abstract, most=LONGEST_TEXT)))


def _unfinished(title: tuple[int, str] | None) -> list[Refusal]:
    return [Refusal(f"line {title[0]}", "a title without an abstract after it")] if title else []
