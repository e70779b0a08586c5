"""Feeds, and what was decided of each paper for each."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from sqlite_utils import Database

from bot.models import Feed
from bot.store.rows import at, marks, moment, to_feed

_COLUMNS = (
    "guild_id",
    "channel_id",
    "created_by",
    "created_at",
    "topic",
    "style",
    "hour",
    "timezone",
    "days",
    "min_votes",
    "max_papers",
    "role_id",
)
EDITABLE = frozenset(
    ("topic", "style", "hour", "timezone", "days", "min_votes", "max_papers", "role_id")
)


def add(db: Database, feed: Feed) -> Feed:
    """Make a feed and return it with its id."""
    values = {**_values(feed), "created_at": moment(feed.created_at)}
    cursor = db.execute(
        f"INSERT INTO feed ({', '.join(_COLUMNS)})"
        f" VALUES ({', '.join(':' + name for name in _COLUMNS)})",
        values,
    )
    found = get(db, int(cursor.lastrowid or 0))
    assert found is not None
    return found


def _values(feed: Feed) -> dict[str, object]:
    values = {name: getattr(feed, name) for name in _COLUMNS}
    return {**values, "days": json.dumps(sorted(feed.days))}


def get(db: Database, feed_id: int) -> Feed | None:
    return next(
        (to_feed(row) for row in db.query("SELECT * FROM feed WHERE id = ?", [feed_id])), None
    )


def of_guild(db: Database, guild_id: int) -> list[Feed]:
    """Return a server's feeds, oldest first."""
    rows = db.query("SELECT * FROM feed WHERE guild_id = ? ORDER BY id", [guild_id])
    return [to_feed(row) for row in rows]


def of_channel(db: Database, channel_id: int) -> list[Feed]:
    rows = db.query("SELECT * FROM feed WHERE channel_id = ? ORDER BY id", [channel_id])
    return [to_feed(row) for row in rows]


def running(db: Database) -> list[Feed]:
    """Return the feeds that are not paused, oldest first."""
    return [
        to_feed(row) for row in db.query("SELECT * FROM feed WHERE paused_at IS NULL ORDER BY id")
    ]


def lost(db: Database) -> list[Feed]:
    """Return the feeds that are paused since they lost their channel, oldest first."""
    rows = db.query("SELECT * FROM feed WHERE paused_because IS NOT NULL ORDER BY id")
    return [to_feed(row) for row in rows]


def edit(db: Database, feed: Feed) -> None:
    """Write a feed's wishes as they are now."""
    values = {**_values(feed), "id": feed.id}
    sets = ", ".join(f"{name} = :{name}" for name in sorted(EDITABLE))
    db.execute(f"UPDATE feed SET {sets} WHERE id = :id", values)


def remove(db: Database, feed_id: int) -> bool:
    """Remove a feed and hold what it still owes. False if there is no such feed."""
    db.execute(
        "UPDATE delivery SET state = 'held', reason = 'the feed was removed'"
        " WHERE feed_id = ? AND state = 'owed'",
        [feed_id],
    )
    return db.execute("DELETE FROM feed WHERE id = ?", [feed_id]).rowcount == 1


def pause(db: Database, feed_id: int, *, now: datetime, because: str | None = None) -> bool:
    """Pause a feed. False if it is paused already.

    Args:
        because: What is wrong, in words; None when a person wanted it.
    """
    return (
        db.execute(
            "UPDATE feed SET paused_at = ?, paused_because = ? WHERE id = ? AND paused_at IS NULL",
            [moment(now), because, feed_id],
        ).rowcount
        == 1
    )


def resume(db: Database, feed_id: int) -> bool:
    """Let a paused feed run again. False if it is running."""
    return (
        db.execute(
            "UPDATE feed SET paused_at = NULL, paused_because = NULL"
            " WHERE id = ? AND paused_at IS NOT NULL",
            [feed_id],
        ).rowcount
        == 1
    )


def decide(
    db: Database,
    feed_id: int,
    verdicts: Iterable[tuple[str, str | None]],
    *,
    now: datetime,
    delivery_id: int | None = None,
) -> None:
    """Write verdicts on papers: ``(paper id, reason)``, where None as the reason means posted.

    What was posted stays posted. The same verdict again writes nothing.
    """
    wrote = db.conn.executemany(
        "INSERT INTO feed_paper (feed_id, paper_id, verdict, reason, decided_at, delivery_id)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET verdict = excluded.verdict,"
        " reason = excluded.reason, decided_at = excluded.decided_at,"
        " delivery_id = excluded.delivery_id"
        " WHERE verdict = 'held' AND reason IS NOT excluded.reason",
        [
            (
                feed_id,
                paper_id,
                "held" if reason else "post",
                reason,
                moment(now),
                None if reason else delivery_id,
            )
            for paper_id, reason in verdicts
        ],
    )
    if wrote.rowcount > 0:
        _note_decided(db, [feed_id], now=now)


def _note_decided(db: Database, feed_ids: Sequence[int], *, now: datetime) -> None:
    db.execute(
        "UPDATE feed SET decided_at = max(coalesce(decided_at, ''), ?)"
        f" WHERE id IN ({marks(feed_ids)})",
        [moment(now), *feed_ids],
    )


def decided(
    db: Database, feed_id: int, paper_ids: Collection[str]
) -> dict[str, tuple[str, str | None]]:
    """Return the verdict and reason so far, of the papers that have one."""
    rows = db.query(
        "SELECT paper_id, verdict, reason FROM feed_paper"
        f" WHERE feed_id = ? AND paper_id IN ({marks(list(paper_ids))})",
        [feed_id, *paper_ids],
    )
    return {row["paper_id"]: (row["verdict"], row["reason"]) for row in rows}


def held_at(db: Database, feed_id: int, paper_ids: Collection[str]) -> dict[str, datetime]:
    """Return when some papers were last held back, of those that are."""
    rows = db.query(
        "SELECT paper_id, decided_at FROM feed_paper WHERE verdict = 'held'"
        f" AND feed_id = ? AND paper_id IN ({marks(list(paper_ids))})",
        [feed_id, *paper_ids],
    )
    return {row["paper_id"]: at(row["decided_at"]) for row in rows}


def posted_in_channel(db: Database, channel_id: int, paper_ids: Collection[str]) -> set[str]:
    """Return which papers the feeds of a channel have posted or owe it."""
    rows = db.query(
        "SELECT DISTINCT fp.paper_id FROM feed_paper AS fp JOIN feed AS f ON f.id = fp.feed_id"
        f" WHERE f.channel_id = ? AND fp.verdict = 'post' AND fp.paper_id IN"
        f" ({marks(list(paper_ids))})",
        [channel_id, *paper_ids],
    )
    return {row["paper_id"] for row in rows}


def has_decided_since(db: Database, feed_id: int, since: datetime) -> bool:
    """Whether anything was decided for a feed from a moment on."""
    rows = db.query("SELECT 1 FROM feed WHERE id = ? AND decided_at >= ?", [feed_id, moment(since)])
    return any(True for _ in rows)


def posted_since(db: Database, feed_id: int, since: datetime) -> int:
    """Return how many papers were chosen for a feed from a moment on."""
    rows = db.query(
        "SELECT count(*) AS n FROM feed_paper"
        " WHERE feed_id = ? AND verdict = 'post' AND decided_at >= ?",
        [feed_id, moment(since)],
    )
    return next(rows)["n"]


def withdraw(db: Database, delivery_id: int, reason: str, *, now: datetime) -> int:
    """Turn the papers of a delivery that will not go out from posted into held; returns how many."""
    rows = db.query(
        "UPDATE feed_paper SET verdict = 'held', reason = ?, decided_at = ?, delivery_id = NULL"
        " WHERE delivery_id = ? RETURNING feed_id",
        [reason, moment(now), delivery_id],
    )
    feed_ids = [row["feed_id"] for row in rows]
    _note_decided(db, list(set(feed_ids)), now=now)
    return len(feed_ids)
