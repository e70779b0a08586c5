"""A paper's texts, ready to be asked: in passages, less the sentences that give orders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bot.answers.full_text import Body
from bot.answers.hostile import order_in, without_orders
from bot.answers.passages import Passage, passages_of
from bot.models import Paper

_KEPT = 200
"""Papers whose abstract is kept ready for the next question."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What can be quoted of a paper."""

    passages: tuple[Passage, ...]
    """Less the sentences that give orders."""
    gives_orders: bool


def understand(paper: Paper, body: Body | None = None) -> Understood:
    """Return what can be quoted of a paper: abstract, AI summary, and of its full text."""
    known = _of_record(paper)
    if body is None:
        return known
    passages = (*known.passages, *body.passages)
    return Understood(passages, known.gives_orders or body.gives_orders)


@lru_cache(_KEPT)
def _of_record(paper: Paper) -> Understood:
    passages = passages_of(paper)
    told = (paper.title, *(passage.text for passage in passages))
    gives_orders = any(map(order_in, (*told, paper.abstract, paper.ai_summary or "")))
    if gives_orders:
        passages = [without_orders(passage) for passage in passages]
    return Understood(tuple(passages), gives_orders)
