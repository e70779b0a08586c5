"""Papers as Discord components: a card, and a numbered list of papers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import discord
from discord import ui

from bot.models import Paper, byline
from bot.posts import Shown
from bot.render.text import count, excerpt, link, marked, moment, plain, shorten

ACCENT = discord.Colour(0x2F6F8F)
MOST_TEXT = 3_600
"""Discord refuses 4,000 displayed characters in a message; rendered mentions count longer."""
MOST_COMPONENTS = 40
"""Discord's limit on a message, nested ones counted."""
MOST_LISTED = 8
"""Papers in a list: each takes a section of three components and a button, of 40 in all."""
SUMMARY = 750
QUOTE = 240
TITLE = 300
LONGEST_LINK = 120
"""Characters of an address in a text; a search for a title in Chinese has more than the title."""


class Page(ui.LayoutView):
    """Components to send. Nothing waits on it: buttons find their way by their ``custom_id``.

    It is stopped from the start, so that discord.py keeps no hold of it.
    """

    def __init__(self, *items: ui.Item[ui.LayoutView]) -> None:
        super().__init__(timeout=None)
        for item in items:
            self.add_item(item)
        self.stop()


def words(text: str) -> Page:
    """Return a message of words alone; the text is ours or escaped."""
    return Page(ui.TextDisplay(text))


def numbers(shown: Shown) -> str:
    """Return ``▲ 148 · ★ 346 · 3 comments``; empty where nothing was said."""
    parts = [
        f"▲ {shown.votes:,}" if shown.votes is not None else "",
        f"★ {shown.stars:,}" if shown.stars else "",
        count(shown.comments, "comment") if shown.comments else "",
    ]
    return " · ".join(part for part in parts if part)


def card(
    shown: Shown,
    *,
    role_id: int | None = None,
    mark: int | None = None,
    shortened: bool = False,
    above: str = "",
) -> Page:
    """Return a paper's card, with buttons that work for ever.

    Args:
        role_id: A role to name above it.
        mark: A number to find the message by later.
        shortened: Leave out the summary and what leads to addresses from outside.
        above: A line of ours to say first.
    """
    paper = shown.paper
    text = f"### {_title(paper, TITLE)}\n-# {_facts(shown)}"
    rows = [ui.TextDisplay(text) if shortened else _with_thumbnail(text, paper)]
    summary = "" if shortened else excerpt(paper.ai_summary or paper.abstract, SUMMARY)
    said = (numbers(shown), shown.cited, excerpt(shown.reason or "", 200))
    last = " · ".join(part for part in said if part)
    quote = "" if shortened else _quoted(shown, QUOTE)
    rows += [ui.TextDisplay(part) for part in (summary, quote and f"> {quote}", last) if part]
    rows.append(ui.ActionRow(*_buttons(paper, shortened=shortened)))
    box: ui.Container[ui.LayoutView] = ui.Container(*rows, accent_colour=ACCENT, id=mark)
    first = [ui.TextDisplay(f"-# {above}")] if above else []
    return Page(*_ping(role_id), *first, box)


def _quoted(shown: Shown, most: int) -> str:
    """Return the sentence for which a search found the paper, its words in bold."""
    return marked(shown.quote.text, shown.quote.spans, most) if shown.quote and most else ""


def _ping(role_id: int | None) -> list[ui.TextDisplay[ui.LayoutView]]:
    return [ui.TextDisplay(f"<@&{role_id}>")] if role_id else []


def _title(paper: Paper, most: int) -> str:
    words = shorten(plain(paper.title), most) or paper.id
    return link(words, paper.url if len(paper.url) <= LONGEST_LINK else None)


def _facts(shown: Shown) -> str:
    paper = shown.paper
    parts = [
        excerpt(byline(paper.authors), 120),
        excerpt(paper.organization or "", 60),
        moment(paper.published_at, "D") if paper.published_at else "",
        excerpt(", ".join(paper.categories[:3]), 60),
        excerpt(shown.venue, 80),
        "**withdrawn by its authors**" if paper.withdrawn else "",
    ]
    return " · ".join(part for part in parts if part) or "No authors are known yet"


def _with_thumbnail(text: str, paper: Paper) -> ui.Item[ui.LayoutView]:
    """Return a text beside the paper's picture, where it has one."""
    if paper.thumbnail_url and is_web_url(paper.thumbnail_url):
        return ui.Section(text, accessory=ui.Thumbnail(paper.thumbnail_url))
    return ui.TextDisplay(text)


def _buttons(paper: Paper, *, shortened: bool) -> list[ui.Button[ui.LayoutView]]:
    row: list[ui.Button[ui.LayoutView]] = []
    if paper.url:
        row.append(ui.Button(label="Open", url=paper.url))
    if paper.code_url and is_web_url(paper.code_url) and not shortened:
        row.append(ui.Button(label="Code", url=paper.code_url))
    row.append(ui.Button(label="Ask", custom_id=f"ask:{paper.id}"))
    row.append(ui.Button(label="Similar", custom_id=f"similar:{paper.id}"))
    row.append(ui.Button(label="Save", custom_id=f"save:{paper.id}"))
    return row


def is_web_url(url: str) -> bool:
    """Whether Discord takes an address for a link or an image."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return False
    # urlsplit overlooks line breaks and spaces; Discord does not.
    return bool(known) and len(url) <= 512 and url.isprintable() and " " not in url


def listed(
    heading: str,
    shown: Sequence[Shown],
    *,
    first: int = 1,
    below: Sequence[ui.Button[ui.LayoutView]] = (),
    note: str = "",
    opener: Callable[[str], str] = "show:{}".format,
    role_id: int | None = None,
    mark: int | None = None,
    shortened: bool = False,
) -> Page:
    """Return a numbered list of papers with a button for each one's card.

    Args:
        heading: Markdown, ours.
        shown: Some ten; from ``MOST_LISTED`` on, not every picture has room.
        first: The first paper's number.
        below: Buttons for the last row, at most five.
        note: A closing line, ours.
        opener: From a paper's id to the ``custom_id`` of the button for its card.
        role_id: A role to name above it.
        mark: A number to find the message by later.
        shortened: Leave out the summaries and what leads to addresses from outside.
    """
    ping = _ping(role_id)
    rows = [
        *_rows([_opener(s, number, opener) for number, s in enumerate(shown, first)]),
        *_rows(below),
    ]
    # Two for each paper's text and button, two for the box and the heading.
    used = len(ping) + 2 + 2 * len(shown) + bool(note) + len(rows) + len(below)
    pictures = 0 if shortened else (MOST_COMPONENTS - used) // 2
    room = MOST_TEXT - sum(len(p.content) for p in ping) - len(heading) - len(f"-# {note}")
    texts = _fitting(shown, first, room, _LENGTHS[3:] if shortened else _LENGTHS)
    box: ui.Container[ui.LayoutView] = ui.Container(
        ui.TextDisplay(heading),
        *_beside_pictures(texts, shown, pictures),
        *([ui.TextDisplay(f"-# {note}")] if note else []),
        *rows,
        accent_colour=ACCENT,
        id=mark,
    )
    return Page(*ping, box)


def _opener(shown: Shown, number: int, opener: Callable[[str], str]) -> ui.Button[ui.LayoutView]:
    return ui.Button(label=str(number), custom_id=opener(shown.paper.id))


def _rows(buttons: Sequence[ui.Button[ui.LayoutView]]) -> list[ui.ActionRow[ui.LayoutView]]:
    """Return buttons in rows of five, as many as Discord takes."""
    return [ui.ActionRow(*buttons[i : i + 5]) for i in range(0, len(buttons), 5)]


def _beside_pictures(
    texts: Sequence[str], shown: Sequence[Shown], pictures: int
) -> list[ui.Item[ui.LayoutView]]:
    """Return the papers' texts, the first so many beside their pictures."""
    items: list[ui.Item[ui.LayoutView]] = []
    for text, s in zip(texts, shown, strict=True):
        item = _with_thumbnail(text, s.paper) if pictures > 0 else ui.TextDisplay(text)
        pictures -= isinstance(item, ui.Section)
        items.append(item)
    return items


@dataclass(frozen=True, slots=True)
class _Lengths:
    """How many characters of a paper a list shows; 0 leaves the part out."""

    title: int
    authors: int
    summary: int
    reason: int


_LENGTHS = (
    _Lengths(160, 60, 220, 180),
    _Lengths(160, 60, 150, 180),
    _Lengths(160, 60, 90, 120),
    _Lengths(160, 60, 0, 120),
    _Lengths(100, 30, 0, 60),
    _Lengths(60, 0, 0, 0),
)


def texts_of(shown: Sequence[Shown], *, room: int, shortened: bool = False) -> list[str]:
    """Return numbered texts of papers that together take ``room`` characters at the most.

    Args:
        shortened: Leave out the summaries.
    """
    return _fitting(shown, 1, room, _LENGTHS[3:] if shortened else _LENGTHS)


def _fitting(
    shown: Sequence[Shown], first: int, room: int, lengths: Sequence[_Lengths]
) -> list[str]:
    """Return a text for each paper, as long as the message has room for."""
    texts: list[str] = []
    for length in lengths:
        texts = [_text(s, number, length) for number, s in enumerate(shown, first)]
        if sum(map(len, texts)) <= room:
            break
    return texts


def brief_texts(shown: Sequence[Shown], *, room: int) -> list[str]:
    """Return a few lines on each paper, numbered, together no longer than ``room`` characters."""
    return _fitting(shown, 1, room, _LENGTHS[2:])


def _text(shown: Shown, number: int, most: _Lengths) -> str:
    paper = shown.paper
    authors = excerpt(byline(paper.authors, most=1), most.authors)
    facts = " · ".join(part for part in (numbers(shown), authors) if part)
    about = _quoted(shown, most.summary) or excerpt(
        paper.ai_summary or paper.abstract, most.summary
    )
    reason = excerpt(shown.reason or "", most.reason)
    lines = [
        f"**{number}.** {_title(paper, most.title)}",
        f"-# {facts}" if facts else "",
        about,
        f"-# {reason}" if reason else "",
    ]
    return "\n".join(line for line in lines if line)
