"""Answers as Discord components: what the papers say, where it stands, and what was read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby

from discord import ui

from bot.answers.answer import FULL_TEXT, Answer, Claim, Read
from bot.answers.passages import ABSTRACT
from bot.answers.record import RECORD
from bot.asking import Scope
from bot.models import ARXIV_URL, HUGGING_FACE_URL
from bot.posts import Shown
from bot.render.cards import (
    ACCENT,
    LONGEST_LINK,
    MOST_TEXT,
    Page,
    brief_texts,
    words,
)
from bot.render.text import count, escape, excerpt, link, plain, shorten

Titles = Mapping[str, str]
"""Paper id → its title, hostile."""
Button = ui.Button[ui.LayoutView]

MOST_CLAIMS = 6
MOST_NAMED = 4
"""Papers with a button of their own below an answer."""
LONGEST_LABEL = 34
"""Characters that Discord shows of a button's label."""
QUESTION = 200
READING = "Reading the papers …"
HOW_TO = (
    "Ask me about papers: mention me with a question, reply to one of my posts, or use /ask."
    " In direct messages, just write it. For example: “What is new in speculative decoding?”"
)
_ORDERS = "Warning: the text of {titles} gives orders to language models. They are not followed."
_ONE_SILENT = "Ask in other words, or about recent papers with /ask."
_ALL_SILENT = (
    "Ask in other words, or name one paper: /ask has an option for it, each card a button."
)


@dataclass(frozen=True, slots=True)
class _Lengths:
    """How many characters an answer shows of each part."""

    text: int
    quote: int
    title: int


_LENGTHS = (
    _Lengths(700, 700, 110),
    _Lengths(400, 500, 90),
    _Lengths(250, 300, 70),
    _Lengths(120, 160, 50),
    _Lengths(60, 80, 25),
)


def answer_page(
    answer: Answer,
    titles: Titles,
    *,
    question: str | None = None,
    about: Sequence[str] = (),
    scope: Scope = Scope.RECENT,
) -> Page:
    """Return an answer with its quotes, what was read, and buttons that work for ever.

    Args:
        titles: Of the papers cited and of those read.
        question: Shown above it, where the reader does not see it otherwise.
        about: The papers that were asked about; none for those of the scope.
        scope: Where the next question looks if no paper is cited.
    """
    body = next(
        (body for length in _LENGTHS if _fits(body := _body(answer, titles, question, length))),
        _body(answer, titles, question, _LENGTHS[-1]),
    )
    cited = _cited(answer) or tuple(about[:1] if len(about) == 1 else ())
    box: ui.Container[ui.LayoutView] = ui.Container(
        *(ui.TextDisplay(part) for part in body),
        ui.ActionRow(*_buttons(cited, titles, scope)),
        accent_colour=ACCENT,
    )
    return Page(box)


def _fits(body: Sequence[str]) -> bool:
    return sum(map(len, body)) <= MOST_TEXT


def _cited(answer: Answer) -> tuple[str, ...]:
    return tuple(dict.fromkeys(claim.paper_id for claim in answer.claims[:MOST_CLAIMS]))


def draft_page(so_far: Answer | None, titles: Titles, user_id: int) -> Page:
    """Return what is known while the rest is being read, with a button that stops it."""
    parts = [READING]
    if so_far is not None and so_far.claims:
        parts = next(
            (body for most in _LENGTHS[2:] if _fits(body := _draft(so_far, titles, most))),
            _draft(so_far, titles, _LENGTHS[-1]),
        )
    box: ui.Container[ui.LayoutView] = ui.Container(
        *(ui.TextDisplay(part) for part in parts),
        ui.ActionRow(Button(label="Stop", custom_id=f"stop:{user_id}")),
        accent_colour=ACCENT,
    )
    return Page(box)


def _draft(so_far: Answer, titles: Titles, most: _Lengths) -> list[str]:
    return [*_claims(so_far, titles, most), "-# More is being read …"]


def stopped_page(scope: Scope = Scope.RECENT, about: Sequence[str] = ()) -> Page:
    """Return what stands where an answer was stopped."""
    box: ui.Container[ui.LayoutView] = ui.Container(
        ui.TextDisplay("Stopped."),
        ui.ActionRow(_ask_again(about[:1] if len(about) == 1 else (), scope)),
        accent_colour=ACCENT,
    )
    return Page(box)


def _body(answer: Answer, titles: Titles, question: str | None, most: _Lengths) -> list[str]:
    parts = [f"-# {excerpt(question, QUESTION)}" if question else ""]
    if answer.abstained:
        hint = _ONE_SILENT if len(answer.read) == 1 else _ALL_SILENT
        parts += [f"### {excerpt(answer.answer, most.title)}\n{hint}"]
    else:
        parts += _claims(answer, titles, most)
    parts += ["\n".join(_small_print(answer, titles, most))]
    return [part for part in parts if part]


def _claims(answer: Answer, titles: Titles, most: _Lengths) -> list[str]:
    """Return a text for each run of claims from the same section of the same paper."""
    runs = groupby(answer.claims[:MOST_CLAIMS], key=lambda c: (c.paper_id, c.section, c.url))
    return [_run(list(claims), titles, most) for _, claims in runs]


def _run(claims: Sequence[Claim], titles: Titles, most: _Lengths) -> str:
    # A blank line between: two quotes need not follow each other in the paper.
    said = "\n\n".join(_said(claim, most) for claim in claims)
    return f"{said}\n-# {_source(claims[0], titles, most.title)}"


def _said(claim: Claim, most: _Lengths) -> str:
    lines: list[str] = []
    if claim.text != claim.quote:
        lines.append(excerpt(claim.text, most.text))
    if claim.section != RECORD:
        lines.append(f"> {excerpt(claim.quote, most.quote)}")
    return "\n".join(lines)


def _source(claim: Claim, titles: Titles, most: int) -> str:
    title = shorten(plain(titles.get(claim.paper_id, "")), most) or claim.paper_id
    ours = claim.url.startswith((ARXIV_URL, HUGGING_FACE_URL, _ARXIV_PAGES))
    url = claim.url if ours and len(claim.url) <= LONGEST_LINK else None
    return f"{excerpt(claim.section, 80)} · {link(title, url)}"


_ARXIV_PAGES = "https://arxiv.org/"


def _small_print(answer: Answer, titles: Titles, most: _Lengths) -> list[str]:
    """Return what was read and by whom, and the badge of papers that give orders."""
    lines: list[str] = []
    if answer.read:
        lines.append(f"-# {_read(answer.read, titles, most.title, named=answer.abstained)}")
    if answer.note:
        lines.append(f"-# {excerpt(answer.note, 200)}")
    if answer.model and not answer.abstained:
        model = excerpt(answer.model, 60)
        lines.append(f"-# Worded by {model}; each quote stands in the paper.")
    if answer.suspicious:
        named = [titles.get(paper_id, paper_id) for paper_id in answer.suspicious[:2]]
        more = len(answer.suspicious) - len(named)
        texts = [f"“{excerpt(title, most.title)}”" for title in named]
        texts += [count(more, "other paper")] if more else []
        lines.append(f"-# {_ORDERS.format(titles=_listed(texts))}")
    return lines


def _read(read: Sequence[Read], titles: Titles, most: int, *, named: bool) -> str:
    """Return what was read.

    Args:
        named: Whether a single paper is named: nothing else in the answer names it.
    """
    if len(read) > 1:
        whole = sum(FULL_TEXT in each.parts for each in read)
        texts = f" and the full text of {whole}" if whole else ""
        return f"Read: what is known of {count(len(read), 'paper')}{texts}"
    parts = _listed([_PARTS.get(part, part) for part in read[0].parts] or ["title"])
    title = shorten(plain(titles.get(read[0].paper_id, "")), most) or read[0].paper_id
    return f"Read: {parts} of {escape(title)}" if named else f"Read: {parts}"


_PARTS = {ABSTRACT: "abstract", RECORD: "record", FULL_TEXT: "full text"}


def _listed(parts: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _buttons(cited: Sequence[str], titles: Titles, scope: Scope) -> list[Button]:
    if len(cited) != 1:
        return [
            _ask_again((), scope),
            *(_opener(paper_id, titles) for paper_id in cited[:MOST_NAMED]),
        ]
    return [
        _ask_again(cited, scope),
        Button(label="Show", custom_id=f"show:{cited[0]}"),
        Button(label="Similar", custom_id=f"similar:{cited[0]}"),
    ]


def _ask_again(about: Sequence[str], scope: Scope) -> Button:
    custom_id = f"ask:{about[0]}" if about else f"again:{scope.name.lower()}"
    return Button(label="Ask again", custom_id=custom_id)


def _opener(paper_id: str, titles: Titles) -> Button:
    label = shorten(plain(titles.get(paper_id, "")), LONGEST_LABEL) or paper_id
    return Button(label=label, custom_id=f"show:{paper_id}")


MOST_IN_MESSAGE = 6
"""Papers with buttons in the answer to *Papers in this message*: each takes five components."""


def found_in_message(known: Sequence[Shown], unknown: Sequence[str]) -> Page:
    """Return the papers of a message, each with its buttons.

    Args:
        known: Those that the library has.
        unknown: The arXiv ids of those that it does not have.
    """
    first, rest = known[:MOST_IN_MESSAGE], known[MOST_IN_MESSAGE:]
    rows: list[ui.Item[ui.LayoutView]] = []
    for shown, text in zip(first, brief_texts(first, room=_ROOM_IN_MESSAGE), strict=True):
        rows += [ui.TextDisplay(text), ui.ActionRow(*_all_buttons(shown.paper.id))]
    for paper_id in unknown[: MOST_IN_MESSAGE - len(first)]:
        rows += [ui.TextDisplay(_unknown(paper_id)), ui.ActionRow(_ask(paper_id))]
    left = [*map(_brief_link, rest), *map(_id_link, unknown[MOST_IN_MESSAGE - len(first) :])]
    note = [_and_more(left)] if left else []
    heading = ui.TextDisplay[ui.LayoutView](
        f"## {count(len(known) + len(unknown), 'paper')} in this message"
    )
    box: ui.Container[ui.LayoutView] = ui.Container(heading, *rows, *note, accent_colour=ACCENT)
    return Page(box)


_ROOM_IN_MESSAGE = 2_000
"""Characters for the papers with buttons."""
_ROOM_FOR_LINKS = 1_500
_SHORT_TITLE = 40


def _unknown(paper_id: str) -> str:
    name = link(f"arXiv {paper_id}", ARXIV_URL + paper_id)
    return f"{name}\n-# The library does not have it yet."


def _id_link(paper_id: str) -> str:
    return link(paper_id, ARXIV_URL + paper_id)


def _brief_link(shown: Shown) -> str:
    """Return a link with the paper's id, or with its title where that is all that is known."""
    paper = shown.paper
    if paper.has_arxiv_id:
        return _id_link(paper.id)
    label = shorten(plain(paper.title), _SHORT_TITLE) or paper.id
    return link(label, paper.url if len(paper.url) <= LONGEST_LINK else None)


def _and_more(links: Sequence[str]) -> ui.TextDisplay[ui.LayoutView]:
    """Return as many links as there is room for, and how many are left out."""
    ends = [0, *accumulate(len(each) + len(", ") for each in links)]
    fitting = bisect_right(ends, _ROOM_FOR_LINKS) - 1
    left_out = len(links) - fitting
    also = f" and {left_out} more that there is no room for" if left_out else ""
    return ui.TextDisplay(f"-# And {', '.join(links[:fitting])}{also}")


def _ask(paper_id: str) -> Button:
    return Button(label="Ask", custom_id=f"ask:{paper_id}")


def _all_buttons(paper_id: str) -> list[Button]:
    return [
        _ask(paper_id),
        Button(label="Similar", custom_id=f"similar:{paper_id}"),
        Button(label="Save", custom_id=f"save:{paper_id}"),
    ]


def how_to() -> Page:
    """Return how to ask, for who addressed the bot without a question."""
    return words(HOW_TO)
