"""Pieces of running text with the section that they stand in, and sections' addresses."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a caption or an item of a list."""

    section: str
    """Its heading as the paper has it; empty before the first."""
    url: str
    text: str


_NUMBER = re.compile(
    r"(?P<top>\d{1,2}|(?<=Appendix )[A-Z]|[A-Z](?=\.\d))(?P<rest>(?:\.\d{1,2}){0,3})\.?\s"
)


def anchor_of(heading: str) -> str:
    """Return where a numbered section stands on its page of arxiv.org/html, or nothing.

    LaTeXML names sections by their numbers: ``3.2`` is ``#S3.SS2``, ``B.1`` is ``#A2.SS1``. A
    letter alone may as well be an article.
    """
    found = _NUMBER.match(heading, len("Appendix ") if heading.startswith("Appendix ") else 0)
    if not found:
        return ""
    first, rest = found["top"], found["rest"].split(".")[1:]
    top = f"S{first}" if first.isdigit() else f"A{ord(first) - ord('A') + 1}"
    return "#" + ".".join([top, *(f"{'S' * (depth + 2)}{n}" for depth, n in enumerate(rest))])
