"""What people were told, by their alerts, and what has become news about that since."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from bot.models import EventKind, PaperEvent
from bot.store.rows import Row, at, json_list, marks, moment

NEWS = (EventKind.CODE, EventKind.WEIGHTS, EventKind.DEMO, EventKind.VERSION, EventKind.WITHDRAWN)
"""What happens to a paper that is worth telling somebody who knows the paper."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to a paper after a person was told of it."""

    event_id: int
    event: PaperEvent


def who_has_news(db: Database, *, since: datetime) -> set[int]:
    """Return the people for whom there may be news: all others have none.

    Goes from what has happened to whom was told of it, since that is little and the other much.
    """
    rows = db.query(
        "SELECT DISTINCT told.user_id FROM paper_event AS event"
        " CROSS JOIN told ON told.paper_id = event.paper_id AND told.event_id = 0"
        f" WHERE event.at > ? AND event.kind IN ({marks(NEWS)}) AND event.at > told.told_at"
        " AND NOT EXISTS (SELECT 1 FROM told AS known WHERE known.user_id = told.user_id"
        "  AND known.paper_id = told.paper_id AND known.event_id = event.id)",
        [moment(since), *NEWS],
    )
    return {row["user_id"] for row in rows}


def news_for(db: Database, user_id: int, *, since: datetime) -> list[News]:
    """Return what happened to papers that a person was told of, oldest first.

    Only papers that one of their topics wants which does not rest, of which they do not want
    less, and only what no alert has carried.
    """
    rows = db.query(
        # From what happened lately, which is less than a person was ever told of.
        "SELECT event.* FROM paper_event AS event CROSS JOIN told"
        " ON told.user_id = ? AND told.paper_id = event.paper_id AND told.event_id = 0"
        f" WHERE event.kind IN ({marks(NEWS)}) AND event.at > told.told_at AND event.at > ?"
        " AND EXISTS (SELECT 1 FROM match JOIN topic ON topic.id = match.topic_id"
        "  WHERE match.user_id = told.user_id AND match.paper_id = told.paper_id"
        "  AND event.at > coalesce(topic.paused_until, ''))"
        " AND NOT EXISTS (SELECT 1 FROM told AS known WHERE known.user_id = told.user_id"
        "  AND known.paper_id = told.paper_id AND known.event_id = event.id)"
        " AND NOT EXISTS (SELECT 1 FROM disliked WHERE disliked.user_id = told.user_id"
        "  AND disliked.paper_id = told.paper_id) ORDER BY event.at, event.id",
        [user_id, *NEWS, moment(since)],
    )
    return [News(row["id"], _to_event(row)) for row in rows]


def _to_event(row: Row) -> PaperEvent:
    return PaperEvent(row["paper_id"], EventKind(row["kind"]), at(row["at"]), row["detail"])


def events_by_id(db: Database, event_ids: Sequence[int]) -> list[PaperEvent]:
    """Return events, oldest first."""
    rows = db.query(
        f"SELECT * FROM paper_event WHERE id IN ({marks(event_ids)}) ORDER BY at, id",
        list(event_ids),
    )
    return [_to_event(row) for row in rows]


def carry(
    db: Database,
    user_id: int,
    paper_ids: Sequence[str],
    news: Collection[News],
    delivery_id: int,
    *,
    now: datetime,
) -> None:
    """Note that an alert carries papers, whatever topics matched them, and news of papers."""
    db.execute(
        "UPDATE match SET delivery_id = ? WHERE user_id = ? AND delivery_id IS NULL"
        " AND paper_id IN (SELECT value FROM json_each(?))",
        [delivery_id, user_id, json_list(paper_ids)],
    )
    told = [(paper_id, 0) for paper_id in paper_ids]
    told += [(each.event.paper_id, each.event_id) for each in news]
    db.conn.executemany(
        "INSERT INTO told (user_id, paper_id, event_id, delivery_id, told_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [(user_id, *each, delivery_id, moment(now)) for each in told],
    )


def withdraw(db: Database, delivery_id: int) -> None:
    """Let what an alert carries wait for the next one, since it was never sent.

    One that goes to the person by e-mail as well stays told, unless that was not sent either.
    """
    same = [row["id"] for row in db.query(_SAME_ALERT, [delivery_id])]
    others = [id_ for id_ in same if id_ != delivery_id]
    if any(True for _ in db.query(_MAY_ARRIVE.format(marks(others)), others)):
        return
    db.execute(f"UPDATE match SET delivery_id = NULL WHERE delivery_id IN ({marks(same)})", same)
    db.execute(f"DELETE FROM told WHERE delivery_id IN ({marks(same)})", same)


_SAME_ALERT = (
    "SELECT other.id FROM delivery AS this JOIN delivery AS other ON other.user_id = this.user_id"
    " AND other.kind = this.kind AND other.subject = this.subject WHERE this.id = ?"
)
_MAY_ARRIVE = (
    "SELECT 1 FROM delivery WHERE id IN ({}) AND (state NOT IN ('held', 'gave_up')"
    " OR EXISTS (SELECT 1 FROM mail_handed_over AS m WHERE m.delivery_id = delivery.id))"
)
