"""Rendered pages, looked at as Discord and a reader do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import discord
from discord import ui
from hypothesis import strategies as st

from bot.models import Paper, Reception
from bot.posts import Shown
from bot.render.cards import MOST_COMPONENTS, MOST_TEXT, Page
from tests.builders import a_paper
from tests.conftest import NOON

HOSTILE = [
    "*bold* _it_ __u__ ~~gone~~ ||secret|| `code` ```block```",
    "@everyone @here <@1> <@&2> <#3> </help:4> <id:customize>",
    "[click](https://evil.example) [click](<https://evil.example>)",
    "https://evil.example http://evil.example/a_b discord.gg/evil <https://evil.example>",
    "# heading\n## heading\n-# small\n> quote\n>>> quote\n- item\n+ item\n* item\n1. item",
    "<t:1:R> <:a:1> <a:b:2> :smile: \\*escaped\\*",
    "\u202egnp.exe\u202c \u2066\u2069 a\u200bb\u200d\u2060\ufeff \u00ad\u034f\u061c",
    "line\r\nbreaks\x0b\x0c\x85\u2028\u2029\x00\x1b[31m",
    "\ue000 \U000e0041 \u3164 \uffa0",
    "\\",
    "\\\\*a*",
]

_ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")
_LINK = re.compile(
    r"\[([^\[\]<>]*)\]"
    r"\(<https://(?:arxiv\.org/(?:abs/|search/)|huggingface\.co/papers/)[\w./?=&%+~-]+>\)"
)
_OURS = re.compile(
    r"^(?:#{2,3}|-#) |^\*\*\d+\.\*\* |\*\*withdrawn by its authors\*\*|<t:-?\d+:[RDFf]>|<@&\d+>",
    re.MULTILINE,
)
_MARKUP = re.compile(r"[*_~`|>#\[\]()<{}@\\]|:(?!\s)|^\s*(?:[-+]|\d+\.)\s", re.MULTILINE)
_UNSEEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def texts(page: Page) -> list[str]:
    return [i.content for i in page.walk_children() if isinstance(i, ui.TextDisplay)]


def buttons(page: Page) -> list[ui.Button[Any]]:
    return [i for i in page.walk_children() if isinstance(i, ui.Button)]


def pictures(page: Page) -> list[str]:
    return [i.media.url for i in page.walk_children() if isinstance(i, ui.Thumbnail)]


def components(page: Page) -> Iterator[dict[str, Any]]:
    """Yield every component that goes over the wire, nested ones too."""
    waiting = list(page.to_components())
    while waiting:
        component = waiting.pop()
        yield component
        waiting += component.get("components", [])
        waiting += [component["accessory"]] if "accessory" in component else []


def check(page: Page) -> None:
    """See that Discord takes a page, and that its hostile words do nothing."""
    sent = list(components(page))
    assert len(sent) <= MOST_COMPONENTS
    assert page.content_length() <= MOST_TEXT
    for text in texts(page):
        assert text
        assert markup(text) is None, text
    for button in buttons(page):
        assert 1 <= len(button.label or "") <= 80
        assert not _UNSEEN.search(button.label or "")
        assert bool(button.url) != bool(button.custom_id)
        assert len(button.custom_id or "") <= 100
    rows = [c for c in sent if c["type"] == discord.ComponentType.action_row.value]
    assert all(1 <= len(row["components"]) <= 5 for row in rows)


def markup(text: str) -> str | None:
    """Return what in a text does more than show itself, our own markup aside."""
    rest = _OURS.sub("", _LINK.sub(r"\1", _ESCAPED.sub("x", text)))
    found = _MARKUP.search(rest) or _UNSEEN.search(rest)
    return found.group() if found else None


def a_shown(id: str = "2403.00001", **kw: Any) -> Shown:
    numbers = {
        name: kw.pop(name) for name in ("votes", "comments", "stars", "reason") if name in kw
    }
    return Shown(a_paper(id, **kw), **numbers)


def the_longest(id: str = "2403.00001", character: str = "*") -> Shown:
    """Return a paper of which everything is too long."""
    word = character * 1_000
    paper = Paper(
        id,
        word,
        abstract=word,
        authors=(word,) * 664,
        published_at=NOON,
        categories=(word,) * 9,
        ai_summary=word,
        organization=word,
        code_url="https://a.org/" + "c" * 490,
        thumbnail_url="https://a.org/" + "t" * 490,
        withdrawn=True,
    )
    most = 2**63 - 1
    reception = Reception(id, citations=most, influential_citations=most, venue=word)
    return Shown(paper, most, most, most, reason=word, reception=reception)


hostile = st.sampled_from(HOSTILE) | st.text() | st.sampled_from([h * 400 for h in HOSTILE])
ids = st.sampled_from(["2403.00001", "cond-mat/9901001", "title-0123456789ab"])
papers = st.builds(
    Paper,
    id=ids,
    title=hostile,
    abstract=hostile,
    authors=st.lists(hostile, max_size=3).map(tuple) | st.just(("Ann",) * 664),
    published_at=st.none() | st.just(NOON),
    categories=st.lists(hostile, max_size=2).map(tuple),
    ai_summary=st.none() | hostile,
    organization=st.none() | hostile,
    code_url=st.none() | hostile | st.just("https://a.org/code"),
    thumbnail_url=st.none() | hostile | st.just("https://a.org/a.png"),
    withdrawn=st.booleans(),
)
votes = st.none() | st.integers(0, 2**63 - 1)
receptions = st.builds(
    Reception,
    paper_id=ids,
    citations=votes,
    influential_citations=votes,
    venue=st.none() | hostile,
)
showns = st.builds(
    Shown,
    paper=papers,
    votes=votes,
    comments=votes,
    stars=votes,
    reason=st.none() | hostile,
    reception=st.none() | receptions,
)
