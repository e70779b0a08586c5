"""Builders that name only what a test is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from bot.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Feed,
    Listing,
    Match,
    Paper,
    Record,
)
from bot.store.outbox import Owed, nonce
from tests.conftest import NOON

TODAY = NOON.date()


def a_paper(id: str = "2403.00001", title: str | None = None, **kw: Any) -> Paper:
    return Paper(id=id, title=title or f"What paper {id} is about", **kw)


def a_record(id: str = "2403.00001", upvotes: int | None = None, **kw: Any) -> Record:
    return Record(a_paper(id, **kw), upvotes=upvotes)


def a_listing(
    *records: Record,
    day: date = TODAY,
    papers: Sequence[str] = (),
    source: str = "huggingface",
    name: str = "daily",
    seen_at: datetime = NOON,
) -> Listing:
    """Return a listing of records, or of papers by their ids."""
    shown = records or tuple(a_record(id) for id in papers)
    return Listing(source=source, name=name, day=day, seen_at=seen_at, records=shown)


def a_feed(**kw: Any) -> Feed:
    """Return a feed; the store gives it another id."""
    feed = Feed(id=1, guild_id=10, channel_id=100, created_by=7, created_at=NOON)
    return replace(feed, **kw)


def owed(target: str = "channel:100", subject: str = "a", **kw: Any) -> Owed:
    """Return a message to put into the outbox: a notice, which needs nothing else."""
    user_id = int(target.partition(":")[2]) if target.startswith("user:") else None
    message = Owed(
        target=target,
        kind=DeliveryKind.NOTICE,
        subject=subject,
        payload={"text": subject},
        due_at=NOON,
        user_id=user_id,
    )
    return replace(message, **kw)


def a_delivery(target: str = "channel:100", subject: str = "a", **kw: Any) -> Delivery:
    delivery = Delivery(
        id=1,
        target=target,
        kind=DeliveryKind.NOTICE,
        subject=subject,
        payload={"text": subject},
        state=DeliveryState.OWED,
        due_at=NOON,
        created_at=NOON,
        nonce=nonce(target, DeliveryKind.NOTICE, subject),
        user_id=int(target.partition(":")[2]) if target.startswith("user:") else None,
    )
    return replace(delivery, **kw)


def a_match(paper_id: str = "2403.00001", *, topic_id: int = 1, at: datetime = NOON) -> Match:
    return Match(topic_id, paper_id, "its title says so", at)
