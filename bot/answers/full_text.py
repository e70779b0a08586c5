"""A paper's full text, cut for answers once and then kept that way."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.answers.hostile import order_in, unseen, without_orders
from bot.answers.passages import FullText, Passage, passages_of
from bot.models import Paper


@dataclass(frozen=True, slots=True)
class Body:
    """What a full text says beyond the abstract, or the part of it that a question is about."""

    passages: tuple[Passage, ...]
    """In the paper's order, less the sentences that give orders."""
    gives_orders: bool = False
    """Whether the whole text gives orders to language models."""


def cut(paper: Paper, full_text: FullText) -> Body:
    """Cut a full text into passages; about a second of computing for the longest.

    What the abstract or the AI summary says already is left out.
    """
    told = len(passages_of(paper))
    passages = passages_of(paper, full_text)[told:]
    headings = {passage.section for passage in passages}
    evil = {heading for heading in headings if order_in(heading)}
    honest = [_unnamed(without_orders(passage), evil) for passage in passages]
    hidden = order_in(unseen(full_text.text)) is not None
    gives_orders = hidden or bool(evil) or any(order_in(passage.text) for passage in passages)
    return Body(tuple(passage for passage in honest if passage.sentences), gives_orders)


def _unnamed(passage: Passage, evil: Collection[str]) -> Passage:
    """Return a passage without its heading, if that gives orders."""
    if passage.section not in evil:
        return passage
    sentences = tuple(replace(sentence, section="") for sentence in passage.sentences)
    return replace(passage, section="", sentences=sentences)
