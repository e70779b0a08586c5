"""A full-text page of arxiv.org/html, as LaTeXML makes them, into blocks of text.

A small reader of its own, since it must be quick on pages of megabytes and never slow on hostile
ones: it looks at each character a bounded number of times.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from bot.answers.blocks import Block
from bot.answers.patterns import word_set

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_PIECE = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>|<[!?][^<>]*>|([^<]+)|<")
_ATTRIBUTE = re.compile(r"\s(id|class|alttext)=\"([^\"]*)\"")
_LOST_SPACE = re.compile(r" (?=[.,;:)])")
_ANCHOR = re.compile(r"[A-Za-z][\w.]{0,60}$", re.ASCII)

_EMPTY = word_set("area base br col embed hr img input link meta source track wbr")
_HIDDEN = word_set(
    "script style head nav header footer svg table cite sup button form template noscript"
)
_HIDDEN_CLASSES = word_set(
    "ltx_bibliography ltx_authors ltx_note ltx_pagination ltx_tag_item ltx_TOC ltx_dates"
    " ltx_title_document infobox"
)
_BREAKS = word_set(
    "p li div figcaption section article blockquote dt dd h1 h2 h3 h4 h5 h6 figure br ul ol"
)
_HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


@dataclass(slots=True)
class _Open:
    """An element that has begun."""

    tag: str
    hides: bool
    anchor: str = ""
    """Set for sections, with the anchor that a link can name."""
    name: str = ""
    """A section's heading, once it was read."""


def blocks_of_page(html: str, *, url: str) -> Iterator[Block]:
    """Yield the page's paragraphs, items and captions with their section, in order.

    Tables, references, footnotes, the authors and marks of citation are left out; a formula is
    its LaTeX between dollar signs.
    """
    reader = _Reader(url)
    article = max(0, html.find("<article"))
    for piece in _PIECE.finditer(_COMMENT.sub("", html[article:])):
        slash, tag, attributes, text = piece.groups()
        if text is not None:
            reader.read(text)
        elif slash:
            yield from reader.close(tag.lower())
        elif tag:
            yield from reader.open(tag.lower(), attributes)
    yield from reader.flush()


class _Reader:
    """Where in the page we are, and the text since the last break."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._stack: list[_Open] = []
        self._sections: list[_Open] = []
        self._count: Counter[str] = Counter()
        self._hidden = 0
        self._text: list[str] = []

    def read(self, text: str) -> None:
        if not self._hidden:
            self._text.append(unescape(text))

    def open(self, tag: str, attributes: str) -> Iterator[Block]:
        if tag in _BREAKS:
            yield from self.flush()
        if tag in _EMPTY or attributes.endswith("/"):
            return
        named = dict(_ATTRIBUTE.findall(attributes))
        if tag == "math":
            self.read(f"${named.get('alttext', '')}$")
        element = _element(tag, named)
        self._stack.append(element)
        self._count[tag] += 1
        self._hidden += element.hides
        if element.anchor:
            self._sections.append(element)

    def close(self, tag: str) -> Iterator[Block]:
        if tag in _HEADINGS and self._count[tag]:
            self._name_section()
        elif tag in _BREAKS:
            yield from self.flush()
        if not self._count[tag]:
            return
        while self._stack:
            element = self._stack.pop()
            self._count[element.tag] -= 1
            self._hidden -= element.hides
            if element.anchor:
                self._sections.pop()
            if element.tag == tag:
                return

    def _name_section(self) -> None:
        name = " ".join("".join(self._text).split())
        if self._sections and name and not self._sections[-1].name:
            self._sections[-1].name = name
        self._text.clear()

    def flush(self) -> Iterator[Block]:
        text = _LOST_SPACE.sub("", " ".join("".join(self._text).split()))
        self._text.clear()
        if text:
            yield Block(*self._place(), text)

    def _place(self) -> tuple[str, str]:
        if not self._sections:
            return "", self._url
        section = self._sections[-1]
        return section.name, f"{self._url}#{section.anchor}"


def _element(tag: str, named: dict[str, str]) -> _Open:
    classes = named.get("class", "").split()
    hides = tag in _HIDDEN or tag == "math" or not _HIDDEN_CLASSES.isdisjoint(classes)
    if tag == "section" or "ltx_abstract" in classes:
        anchor = named.get("id", "")
        return _Open(tag, hides, anchor if _ANCHOR.match(anchor) else "")
    return _Open(tag, hides)
