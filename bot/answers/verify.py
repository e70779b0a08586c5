"""Whether a quote stands in a text, whatever was lost on the way between the two."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

SHORTEST_QUOTE = 12
"""Letters and digits; less proves nothing."""
LONGEST_QUOTE = 2_000
"""Characters."""

# LaTeX that only dresses words, and the signs that it spells out.
_DRESSING = re.compile(
    r"\\(?:(?:text|math|emph|operator|bold)[a-z]*(?=\s*\{)|(?:left|right"
    r"|[bB]ig{1,2}[lr]?)(?![a-z]))"
)
_SIGNS = {"times": "×", "sim": "~", "approx": "≈", "pm": "±", "leq": "≤", "geq": "≥", "le": "≤"}
_SIGN = re.compile(rf"\\({'|'.join(_SIGNS)})(?![a-zA-Z])")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
# A word, a point in a number, a minus (but no hyphen), or a sign that changes what is meant.
_PIECE = re.compile(r"[^\W_]+|(?<=\d)[.,](?=\d)|(?<![\w)\]}])[-−](?=[\d.])|[%×~≈±≤≥<>=+]")
_MINUS = "−"


@dataclass(frozen=True, slots=True)
class _Normal:
    """What is compared, and where in it words begin and end."""

    text: str
    starts: frozenset[int]
    ends: frozenset[int]


def normalized(text: str) -> str:
    """Return what is compared: small letters, digits and the signs that change what is meant.

    White space, quotation marks, hyphens, case, accents, ligatures and the LaTeX that only dresses
    words do not count. Points and signs in numbers do.
    """
    return _normal(text).text


def _normal(text: str) -> _Normal:
    text = _SIGN.sub(lambda found: _SIGNS[found[1]], _DRESSING.sub("", text))
    text = unicodedata.normalize("NFKD", text).casefold()
    text = "".join(c for c in text if not unicodedata.combining(c))
    kept: list[str] = []
    starts: list[int] = []
    ends = [0]
    for piece in _PIECE.finditer(_THOUSANDS.sub("", text)):
        kept.append(_MINUS if piece[0] in "-−" else piece[0])
        starts.append(ends[-1])
        ends.append(ends[-1] + len(piece[0]))
    return _Normal("".join(kept), frozenset(starts), frozenset(ends))


class Text:
    """Parts of a text that quotes can be looked up in; a quote stands within one part."""

    def __init__(self, parts: Iterable[str]) -> None:
        self._parts = [_normal(part) for part in parts]

    def find(self, quote: str) -> int | None:
        """Return the place of the first part where a quote stands, from 0; None for nowhere.

        It stands in one piece, from the start of a word to the end of one. Nothing may be left out
        within it, since what is left out can be the *not*. A quote that is too short to prove
        anything, or too long, stands nowhere.
        """
        if len(quote) > LONGEST_QUOTE:
            return None
        wanted = normalized(quote)
        if sum(c.isalnum() for c in wanted) < SHORTEST_QUOTE:
            return None
        found = (place for place, part in enumerate(self._parts) if _stands(wanted, part))
        return next(found, None)


def _stands(wanted: str, part: _Normal) -> bool:
    place = part.text.find(wanted)
    while place >= 0:
        if place in part.starts and place + len(wanted) in part.ends:
            return True
        place = part.text.find(wanted, place + 1)
    return False


def stands_in(quote: str, text: str) -> bool:
    """Whether a quote stands in a text; see ``Text.find``."""
    return Text([text]).find(quote) is not None
