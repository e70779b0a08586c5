"""Which papers a message is about: one of ours by what we know of it, any by what it says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlite_utils import Database

from bot.models import Delivery, DeliveryKind
from bot.paper_ids import find_arxiv_ids, find_dois
from bot.store import exchanges, old_posts, outbox, papers

MOST_FOUND = 1_000
"""Papers that are looked for in one message: more than one has room for."""
_OF_ONE_PAPER = re.compile(r"(?:show|ask|similar|save|about):(?P<paper>.+)", re.DOTALL)


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
    known = _in_delivery(delivery) if delivery else old_posts.papers_of(db, message_id)
    return known or _on_buttons(custom_ids)


def rest_of(db: Database, digest_id: int) -> list[str] | None:
    """Return the papers that a digest's last button opens; None where the digest is not known.

    Args:
        digest_id: Its delivery.
    """
    delivery = outbox.get(db, digest_id)
    if delivery is None:
        return old_posts.more_of(db, digest_id)
    return _ids(delivery, "more")


def _ids(delivery: Delivery, part: str) -> list[str]:
    value = delivery.payload.get(part, [])
    return [str(paper_id) for paper_id in value] if isinstance(value, list) else []


def _in_delivery(delivery: Delivery) -> tuple[str, ...]:
    if delivery.kind in (DeliveryKind.CARD, DeliveryKind.POST):
        return (delivery.subject,)
    return (*_ids(delivery, "papers"), *_ids(delivery, "more"))


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
