"""Which papers a message is about: one of ours by what we know of it, any by what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlite_utils import Database

from bot.models import Delivery, DeliveryKind
from bot.paper_ids import find_arxiv_ids, find_dois
from bot.store import exchanges, outbox, papers

MOST_FOUND = 1_000
"""Papers that are looked for in one message: more than one has room for."""
_OF_ONE_PAPER = re.compile(r"(?:show|ask|similar|save):(?P<paper>.+)", re.DOTALL)


def papers_of(
    db: Database, message_id: int, custom_ids: Iterable[str] = (), *, user_id: int, now: datetime
) -> tuple[str, ...]:
    """Return the papers that a message of ours is about; empty if about none.

    Args:
        message_id: The message, or the thread that it opened.
        custom_ids: Its buttons', for a message that the tables know nothing of (any more).
        user_id: Who wants to know: what we told others privately is not theirs.
    """
    said = exchanges.answered_by(db, message_id, user_id=user_id, now=now)
    if said is not None:
        return said.paper_ids
    delivery = outbox.posted_as(db, message_id)
    return (_in_delivery(delivery) if delivery else ()) or _on_buttons(custom_ids)


def _in_delivery(delivery: Delivery) -> tuple[str, ...]:
    if delivery.kind in (DeliveryKind.CARD, DeliveryKind.POST):
        return (delivery.subject,)
    ids: list[str] = []
    for part in ("papers", "more"):
        value = delivery.payload.get(part, [])
        ids += [str(paper_id) for paper_id in value] if isinstance(value, list) else []
    return tuple(ids)


def _on_buttons(custom_ids: Iterable[str]) -> tuple[str, ...]:
    found = (_OF_ONE_PAPER.fullmatch(custom_id) for custom_id in custom_ids)
    return tuple(dict.fromkeys(match["paper"] for match in found if match))


def papers_named(db: Database, texts: Sequence[str]) -> tuple[str, ...]:
    """Return the papers that texts name, in order: by arXiv id, link or DOI.

    An arXiv id counts whether or not the library has it; another DOI if it does.
    """
    text = "\n".join(texts)
    ids = find_arxiv_ids(text, limit=MOST_FOUND)
    known = papers.with_dois(db, find_dois(text, limit=MOST_FOUND))
    return tuple(dict.fromkeys([*ids, *known]))[:MOST_FOUND]
