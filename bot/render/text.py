"""Text from outside, made harmless where it is shown; plain functions without Discord."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime

# Marks that turn the direction of what follows, and characters nobody sees.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_MARKDOWN = re.compile(r"([\\*_~`|>#\[\]()<{}:@])")
_LIST_START = re.compile(r"^(\d*)([-+.])(?=\s|$)")


def plain(text: str) -> str:
    """Return text on one line, without control, direction and invisible characters.

    What LaTeX wants escaped stands there as in print: ``90%`` for ``90\\%``, as one recorded abstract
    of 23 writes it.

    For places where Discord reads no markdown: button labels, choices, titles of posts.
    """
    seen = _INVISIBLE.sub("", text)
    kept = "".join(" " if unicodedata.category(c) in _CONTROL else c for c in seen)
    return _LATEX_ESCAPE.sub(r"\1", " ".join(kept.split()))


_LATEX_ESCAPE = re.compile(r"\\+([%&$#_])")
_CONTROL = ("Cc", "Cs", "Co", "Cn", "Zl", "Zp")


def escape(text: str) -> str:
    """Return text that Discord shows as it stands: no markdown, mention, link or emoji.

    A colon is escaped too: it begins emoji names and the ``//`` of links.
    """
    escaped = _MARKDOWN.sub(r"\\\1", plain(text))
    return _LIST_START.sub(r"\1\\\2", escaped)


def excerpt(text: str, most: int) -> str:
    """Return at most ``most`` characters of a text as Discord shows them; escapes count on top."""
    return escape(shorten(plain(text), most))


def marked(text: str, spans: Sequence[tuple[int, int]], most: int) -> str:
    """Return a text with the parts in ``spans`` in bold, cut like ``excerpt``.

    Args:
        spans: Where the parts begin and end, in characters, in order.
    """
    cut = len(text) if len(text) <= most else max(text.rfind(" ", 0, most), 0) or most
    pieces: list[str] = []
    at = 0
    for start, end in (*((s, e) for s, e in spans if e <= cut), (cut, cut)):
        pieces += [_escape_inside(text[at:start]), f"**{escape(text[start:end])}**"]
        at = end
    return "".join(pieces[:-1]).strip() + ("…" if cut < len(text) else "")


def _escape_inside(text: str) -> str:
    """Return a piece of a text, escaped, with a space where it begins or ends with any."""
    words = escape(text)
    if not words:
        return " " if text else ""
    return " " * text[0].isspace() + words + " " * text[-1].isspace()


def shorten(text: str, most: int) -> str:
    """Return at most ``most`` characters, cut at a word, with an ellipsis if anything is left out.

    Args:
        most: 0 leaves everything out, the ellipsis too.
    """
    if len(text) <= most or not most:
        return text[:most]
    cut = text[:most]
    head = cut.rsplit(" ", 1)[0] if " " in cut[most // 2 :] else cut[:-1]
    return head.rstrip(" ,;:.") + "…"


def link(label: str, url: str | None) -> str:
    """Return a link with hostile words as its label; the words alone where there is no address."""
    words = escape(label) or "untitled"
    return f"[{words}](<{url}>)" if url else words


def day(value: date) -> str:
    """Return a day in words: ``3 March 2026``."""
    return f"{value.day} {value:%B %Y}"


def moment(value: datetime, style: str = "R") -> str:
    """Return a moment as Discord shows it in each reader's own zone.

    https://discord.com/developers/docs/reference#message-formatting-timestamp-styles
    """
    return f"<t:{int(value.timestamp())}:{style}>"


def count(number: int, one: str, many: str | None = None) -> str:
    """Return ``1 paper``, ``1,204 papers``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
