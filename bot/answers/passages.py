"""A paper's texts as passages of sentences, each with its section and where it can be read.

Full texts come from outside and are hostile: what they say is only ever quoted, and reading them
takes time in proportion to their length, which is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from bot.answers.arxiv_page import blocks_of_page
from bot.answers.blocks import Block, anchor_of
from bot.answers.sentences import sentences
from bot.models import Paper, clean_text

LONGEST_FULL_TEXT = 1_000_000
"""Characters of markdown or plain text that are read; a long thesis has 800,000."""
LONGEST_PAGE = 5_000_000
"""Characters of HTML that are read; formulas make pages long."""
MOST_SENTENCES = 6_000
"""Of one paper."""
LONGEST_BLOCK = 100_000
"""Characters of a paragraph, or of a PDF's section."""
LONGEST_PASSAGE = 8
"""Sentences."""
LONGEST_SECTION = 100
"""Characters of a section's name."""

ABSTRACT = "Abstract"
AI_SUMMARY = "AI summary"
"""Not the authors' words: a model wrote it, so a quote from it must say so."""

ARXIV_PAGE_URL = "https://arxiv.org/html/"
ARXIV_PDF_URL = "https://arxiv.org/pdf/"


class Form(StrEnum):
    """How a full text is written."""

    MARKDOWN = "markdown"
    HTML = "html"
    """A page of arxiv.org/html, made by LaTeXML."""
    TEXT = "text"
    """What was drawn out of a PDF."""


@dataclass(frozen=True, slots=True)
class FullText:
    """A paper's whole text as it came; hostile."""

    text: str
    form: Form


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a paper, in the paper's words."""

    text: str
    paper_id: str
    section: str
    url: str
    """Where it can be read, down to the section where that is known."""
    position: int
    """Its place among the paper's sentences, from 0."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Neighbouring sentences of one section."""

    paper_id: str
    section: str
    url: str
    sentences: tuple[Sentence, ...]

    @property
    def text(self) -> str:
        return " ".join(sentence.text for sentence in self.sentences)


def passages_of(paper: Paper, full_text: FullText | None = None) -> list[Passage]:
    """Return what is known of a paper's text: abstract, AI summary, full text, in that order.

    A sentence that comes again, as the abstract does in most full texts, is left out.
    """
    blocks = list(_of_record(paper))
    if full_text is not None:
        blocks.extend(_of_full_text(paper, full_text))
    return list(_passages(paper.id, blocks))


def _of_record(paper: Paper) -> Iterator[Block]:
    yield Block(ABSTRACT, paper.url, paper.abstract)
    yield Block(AI_SUMMARY, paper.hugging_face_url or paper.url, paper.ai_summary or "")


def _of_full_text(paper: Paper, full_text: FullText) -> Iterator[Block]:
    text = full_text.text
    if not paper.has_arxiv_id:
        page = pdf = paper.url
    else:
        page, pdf = ARXIV_PAGE_URL + paper.id, ARXIV_PDF_URL + paper.id
    match full_text.form:
        case Form.MARKDOWN:
            return blocks_of_markdown(text[:LONGEST_FULL_TEXT], url=page)
        case Form.HTML:
            return blocks_of_page(text[:LONGEST_PAGE], url=page)
        case Form.TEXT:
            return blocks_of_text(text[:LONGEST_FULL_TEXT], url=pdf)


def _passages(paper_id: str, blocks: Iterable[Block]) -> Iterator[Passage]:
    seen: set[str] = set()
    for block in blocks:
        fresh: list[Sentence] = []
        section = clean_text(block.section)[:LONGEST_SECTION]
        for text in sentences(clean_text(_INVISIBLE.sub("", block.text[:LONGEST_BLOCK]))):
            key = _NOT_LETTERS.sub("", text).casefold()
            if key and key not in seen and len(seen) < MOST_SENTENCES:
                fresh.append(Sentence(text, paper_id, section, block.url, len(seen)))
                seen.add(key)
        for some in _batched(fresh):
            yield Passage(paper_id, section, block.url, some)


def _batched(found: Iterable[Sentence]) -> Iterator[tuple[Sentence, ...]]:
    rest = iter(found)
    while some := tuple(islice(rest, LONGEST_PASSAGE)):
        yield some


_NOT_LETTERS = re.compile(r"[\W_]+")
# Soft hyphens, zero-width and direction marks, tags: nobody sees them, so no quote has them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f\u00ad\u034f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e0fff]"
)


_HEADING = re.compile(r"(#{1,6})\s+(\S.{0,300})$")
_FENCES = ("```", "~~~")
_IMAGE = re.compile(r"!\[[^\[\]]{0,500}\]\([^()\s]{0,1000}(?:\s[^()]{0,300})?\)")
_LINK = re.compile(r"\[([^\[\]]{0,500})\]\([^()\s]{0,1000}(?:\s[^()]{0,300})?\)")
_TAG = re.compile(
    r"</?(?:a|b|i|u|em|strong|su[bp]|span|div|p|img|font|center|details|summary|figure|figcaption)\b"
    r"[^<>]{0,1000}>",
    re.IGNORECASE,
)
_LINE_BREAK = re.compile(r"<br\s{0,9}/?>", re.IGNORECASE)
_EMPHASIS = re.compile(r"(?<![\w\\])(\*{1,3}|_{1,3})(?=[^\s*_])([^*_]{1,500}?)(?<=\S)\1(?![\w*])")
_ITEM = re.compile(r"^(?:[-*+•]|\d{1,3}[.)])\s+")
_REFERENCES = re.compile(r"(?:[\dA-Z.]{1,8}\s+)?(?:references|bibliography)\W*$", re.IGNORECASE)


def blocks_of_markdown(text: str, *, url: str) -> Iterator[Block]:
    """Yield a markdown text's paragraphs and list items; tables, code and references are left out.

    Args:
        url: The paper's page on arxiv.org/html; numbered headings give the anchor.
    """
    section, address, skipped_level = "", url, 0
    for lines in _groups(text):
        heading = _HEADING.match(lines[0])
        if heading:
            level, name = len(heading[1]), _without_marks(heading[2].rstrip(" #"))
            if not skipped_level or level <= skipped_level:
                skipped_level = level if _REFERENCES.match(name) else 0
            section, address = name, url + anchor_of(name)
        elif not skipped_level:
            yield Block(section, address, _without_marks(" ".join(lines)))


def _groups(text: str) -> Iterator[list[str]]:
    """Yield the lines that belong together: a heading, a paragraph, a list item."""
    group: list[str] = []
    for line in _without_code(text):
        alone = bool(_HEADING.match(line))
        if group and (alone or not line or _ITEM.match(line)):
            yield group
            group = []
        if alone:
            yield [line]
        elif line:
            group.append(_ITEM.sub("", line, count=1))
    if group:
        yield group


def _without_code(text: str) -> Iterator[str]:
    in_code = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith(_FENCES):
            in_code = not in_code
        elif not in_code:
            yield "" if line.startswith("|") else line


_DRESSING = (
    (_IMAGE, ""),
    (_LINK, r"\1"),
    (_LINE_BREAK, " "),
    (_TAG, ""),
    (_EMPHASIS, r"\2"),
)


def _without_marks(text: str) -> str:
    for pattern, kept in _DRESSING:
        text = pattern.sub(kept, text)
    return text.strip()


# A letter A or I alone begins a title or a sentence more often than an appendix.
_NUMBERED = re.compile(
    r"(?:(?:\d{1,2}|[B-HJ-Z])(?:\.\d{1,2}){0,3}|[AI](?:\.\d{1,2}){1,3})\.?\s+[A-Z][^.!?]{2,80}$"
)
_NAMED = re.compile(
    r"(?:abstract|introduction|related work|background|methods?|methodology|experiments?|results"
    r"|discussion|limitations|conclusions?|acknowledge?ments?|references|bibliography"
    r"|appendix|supplementary material)$",
    re.IGNORECASE,
)
_PAGE_NUMBER = re.compile(r"\d{1,4}$")
_BROKEN_WORD = re.compile(r"(?<=[a-z])-\n(?=[a-z])")


def blocks_of_text(text: str, *, url: str) -> Iterator[Block]:
    """Yield the sections of plain text out of a PDF, less its references.

    Lines are joined and words that a line's end broke are mended.
    """
    section, lines = "", list[str]()
    for line in [*text.splitlines(), "References"]:
        line = line.strip()
        if _NUMBERED.match(line) or _NAMED.match(line):
            if lines and not _REFERENCES.match(section):
                yield Block(section, url, _BROKEN_WORD.sub("", "\n".join(lines)))
            section, lines = line, []
        elif line and not _PAGE_NUMBER.match(line):
            lines.append(line)
