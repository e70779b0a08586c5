"""The ledger: what became of each paper for each feed, and of every other message."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bot.models import Delivery, DeliveryState
from bot.store.rows import Row, at, marks, to_delivery


@dataclass(frozen=True, slots=True)
class Line:
    """A paper that a feed has decided on, or a message that belongs to none."""

    state: DeliveryState
    at: datetime
    """When it was sent; else when it was decided or owed."""
    reason: str | None
    """Why it is held, late or given up: one of ``feeds.Held``, or a delivery's own words."""
    feed_id: int | None
    """None for messages to people."""
    paper_id: str | None
    """None for a message that is about no paper, or about many people's papers."""
    title: str | None
    """The paper's; hostile."""
    delivery: Delivery | None
    """The message that carries the paper, or is the line; None while the paper is held."""


_PAPERS = (
    "SELECT fp.feed_id, fp.paper_id, d.id AS delivery_id,"
    " CASE WHEN fp.verdict = 'held' THEN 'held' ELSE coalesce(d.state, 'sent') END AS state,"
    " CASE WHEN fp.verdict = 'held' THEN fp.reason ELSE d.reason END AS reason,"
    " coalesce(d.sent_at, fp.decided_at) AS at"
    " FROM feed_paper AS fp LEFT JOIN delivery AS d ON d.id = fp.delivery_id"
)
_OTHERS = (
    "SELECT d.feed_id, NULL AS paper_id, d.id AS delivery_id, d.state, d.reason,"
    " coalesce(d.sent_at, d.created_at) AS at FROM delivery AS d"
    " WHERE NOT EXISTS (SELECT 1 FROM feed_paper AS fp WHERE fp.delivery_id = d.id)"
)
_OF_FEED = f"WITH line AS ({_PAPERS} WHERE fp.feed_id = :feed)"
_ALL = f"WITH line AS ({_PAPERS} UNION ALL {_OTHERS})"


def lines(
    db: Database, *, limit: int, states: Collection[DeliveryState] = tuple(DeliveryState)
) -> list[Line]:
    """Return what was decided and owed to all feeds and people, the latest first."""
    return _lines(db, _ALL, {"limit": limit, "first": 0}, states)


def of_feed(
    db: Database,
    feed_id: int,
    *,
    limit: int,
    first: int = 0,
    states: Collection[DeliveryState] = tuple(DeliveryState),
) -> list[Line]:
    """Return what became of a feed's papers, the latest first.

    Args:
        first: How many of the latest to leave out.
    """
    return _lines(db, _OF_FEED, {"feed": feed_id, "limit": limit, "first": first}, states)


def _lines(
    db: Database, table: str, values: dict[str, int], states: Collection[DeliveryState]
) -> list[Line]:
    wanted = ", ".join(f"'{state}'" for state in states)
    found = db.query(
        f"{table} SELECT line.*, p.title FROM line LEFT JOIN paper AS p ON p.id = line.paper_id"
        f" WHERE line.state IN ({wanted})"
        " ORDER BY line.at DESC, line.feed_id, line.paper_id, line.delivery_id DESC"
        " LIMIT :limit OFFSET :first",
        values,
    )
    rows = list(found)
    deliveries = _deliveries(db, {row["delivery_id"] for row in rows if row["delivery_id"]})
    return [_to_line(row, deliveries.get(row["delivery_id"])) for row in rows]


def _deliveries(db: Database, ids: Collection[int]) -> dict[int, Delivery]:
    wanted = list(ids)
    rows = db.query(f"SELECT * FROM delivery WHERE id IN ({marks(wanted)})", wanted)
    return {row["id"]: to_delivery(row) for row in rows}


def _to_line(row: Row, delivery: Delivery | None) -> Line:
    return Line(
        DeliveryState(row["state"]),
        at(row["at"]),
        row["reason"],
        row["feed_id"],
        row["paper_id"],
        row["title"],
        delivery,
    )


def counts(db: Database, feed_id: int) -> dict[tuple[DeliveryState, str | None], int]:
    """Return how many of a feed's papers are in each state, by reason; the most first."""
    rows = db.query(
        f"{_OF_FEED} SELECT state, reason, count(*) AS n FROM line"
        " GROUP BY state, reason ORDER BY n DESC, state, reason",
        {"feed": feed_id},
    )
    return {(DeliveryState(row["state"]), row["reason"]): row["n"] for row in rows}
