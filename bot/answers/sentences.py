"""Running scientific text into sentences, each as it stands in the text."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

LONGEST_SENTENCE = 1_000
"""Characters; what is longer is cut at a word. The longest in 7,800 abstracts has 1,100."""

# Repeats are bounded everywhere: this text may be made to be slow.
_END = re.compile(r"[.!?…]{1,4}[\"'”’)\]}*]{0,3}(?=\s)|[。！？]")
_GLUED_END = re.compile(
    r"(?<=[a-z\d%)\]])\.(?=(?:We|Our|The|This|These|In|To|It|However|Experiments?|Code)\s)"
)
_LATEX = re.compile(r"\$[^\s$](?:[^$]{0,300}[^\s\\$])?\$(?!\d)|\\\([^()]{0,300}\\\)")
_BRACKETS = re.compile(r"\([^()]{0,300}\)|\[[^\[\]]{0,300}\]")

_NEVER_LAST = re.compile(
    r"(?:^|[\s(\[~])(?:e\.g|i\.e|i\.\s?e|e\.\s?g|cf|vs|viz|figs?|eqs?|eqns?|secs?|sects?|tabs?"
    r"|refs?|algs?|apps?|thms?|props?|defs?|lem|chap|ch|nos?|vols?|pp|dr|prof|mrs?|ms|st|approx"
    r"|resp|ca|incl|w\.r\.t|a\.k\.a|s\.t)$",
    re.IGNORECASE,
)
_SELDOM_LAST = re.compile(
    r"(?:^|[\s(\[])(?:et\.?\sal|etc|inc|ltd|co|corp|jr|sr|u\.s|u\.k|i\.i\.d|[A-Z])$",
    re.IGNORECASE,
)
_SURE_START = re.compile(
    r"(?:We|Our|The|This|These|Those|In|To|It|However|By|For|While|Although|Moreover|Furthermore"
    r"|Experiments?|Code|Here|Thus|Finally|Additionally|Despite)\b"
)
_NAME_IN_SMALL = re.compile(r"[^\W\d_A-Z]{1,4}-?[A-Z\d]")
"""A name like vLLM, iPhone, t-SNE or mT5, which keeps its small letter at a sentence's start."""


def sentences(text: str) -> list[str]:
    """Return the sentences of one paragraph, in order, each a piece of ``text``.

    A full stop after *et al.*, *Fig.*, *e.g.* or an initial, in a decimal, in brackets or in LaTeX
    does not end one.
    """
    found: list[str] = []
    start = 0
    for end in (*_ends(text), len(text)):
        found.extend(_pieces(text[start:end].strip()))
        start = end
    return found


def _ends(text: str) -> list[int]:
    inside = _Spans(text)
    marked = [
        match.end()
        for match in _END.finditer(text)
        if not inside.hold(match.start(), match.end()) and _ends_sentence(text, match)
    ]
    glued = [
        match.end()
        for match in _GLUED_END.finditer(text)
        if not inside.hold(match.start(), match.end())
    ]
    return sorted({*marked, *glued})


class _Spans:
    """Where LaTeX and brackets are: an end within them is none."""

    def __init__(self, text: str) -> None:
        spans = [match.span() for part in (_LATEX, _BRACKETS) for match in part.finditer(text)]
        self._spans = list(_merged(sorted(spans)))
        self._starts = [start for start, _ in self._spans]

    def hold(self, start: int, end: int) -> bool:
        place = bisect_right(self._starts, start) - 1
        return place >= 0 and end < self._spans[place][1]


def _merged(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start, end = -1, -1
    for next_start, next_end in spans:
        if next_start >= end:
            if end > 0:
                yield start, end
            start, end = next_start, next_end
        else:
            end = max(end, next_end)
    if end > 0:
        yield start, end


def _ends_sentence(text: str, mark: re.Match[str]) -> bool:
    if mark[0][0] in "。！？":
        return True
    before = text[max(0, mark.start() - 16) : mark.start()]
    after = text[mark.end() : mark.end() + 24].lstrip()
    if not after:
        return True
    if mark[0].startswith("."):
        if _NEVER_LAST.search(before):
            return False
        if _SELDOM_LAST.search(before):
            return bool(_SURE_START.match(after))
    return _starts_sentence(after, before)


def _starts_sentence(after: str, before: str) -> bool:
    first = after[0]
    if first.isalpha():
        ended = before[-1:].isalnum() or before[-1:] in "%)]$"
        return not first.islower() or (ended and bool(_NAME_IN_SMALL.match(after)))
    return first.isdigit() or first in "\"'“‘([$\\•*–-"


def _pieces(sentence: str) -> Iterator[str]:
    while len(sentence) > LONGEST_SENTENCE:
        cut = sentence.rfind(" ", LONGEST_SENTENCE // 2, LONGEST_SENTENCE)
        cut = cut if cut > 0 else LONGEST_SENTENCE
        yield sentence[:cut]
        sentence = sentence[cut:].lstrip()
    if sentence:
        yield sentence
