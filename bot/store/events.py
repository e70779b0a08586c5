"""What happened to papers after we heard of them: code, weights, new versions, withdrawals."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlite_utils import Database

from bot.models import TITLE_ONLY_PREFIX, EventKind, Paper, PaperEvent
from bot.store.rows import at, marks, moment

KNOWN_BEFORE = timedelta(days=1)
"""A daily list that takes a paper which we had at least this long has taken it late."""


def changes(
    before: Paper, now: Paper, *, first_seen_at: datetime, said_at: datetime
) -> list[PaperEvent]:
    """Return what happened to a paper, by what is said of it before and now.

    Args:
        first_seen_at: When we heard of it first: the first version number that any source
            names is news only if that version appeared later.
        said_at: When a source told us.
    """
    found: list[PaperEvent] = []
    if now.code_url and not before.code_url:
        found.append(PaperEvent(now.id, EventKind.CODE, said_at, now.code_url))
    if _is_new_version(before, now, first_seen_at):
        found.append(PaperEvent(now.id, EventKind.VERSION, said_at, f"v{now.version}"))
    if now.withdrawn and not before.withdrawn:
        found.append(PaperEvent(now.id, EventKind.WITHDRAWN, said_at))
    return found


def _is_new_version(before: Paper, now: Paper, first_seen_at: datetime) -> bool:
    if now.version is None or now.version == 1:
        return False
    if before.version is None:
        return now.updated_at is not None and now.updated_at > first_seen_at
    return now.version > before.version


def dated(
    db: Database, events: Sequence[PaperEvent], first_words: Mapping[str, datetime]
) -> Sequence[PaperEvent]:
    """Date code back that a source has had since its first words of a paper, as a first look does.

    Nobody had asked that source before; where somebody has (``note_found``), it is news.

    Args:
        first_words: The papers that the source speaks of for the first time, and when we first
            heard of each.
    """
    early = {
        event.paper_id for event in events if event.kind is EventKind.CODE
    } & first_words.keys()
    if not early:
        return events
    looks = f"SELECT paper_id FROM paper_look WHERE paper_id IN ({marks(list(early))})"
    early -= {row["paper_id"] for row in db.query(looks, list(early))}
    return [
        replace(event, at=first_words[event.paper_id])
        if event.kind is EventKind.CODE and event.paper_id in early
        else event
        for event in events
    ]


def add(db: Database, events: Iterable[PaperEvent]) -> int:
    """Note events, each once whenever it is told; returns how many are new."""
    return max(
        0,
        db.conn.executemany(
            "INSERT INTO paper_event (paper_id, kind, at, detail) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            [(event.paper_id, event.kind, moment(event.at), event.detail) for event in events],
        ).rowcount,
    )


def add_first(db: Database, event: PaperEvent) -> bool:
    """Note an event unless the paper has had one of its kind: what appears, appears once."""
    values = [event.paper_id, event.kind, moment(event.at), event.detail]
    return (
        db.execute(
            "INSERT INTO paper_event (paper_id, kind, at, detail) SELECT ?1, ?2, ?3, ?4"
            " WHERE NOT EXISTS (SELECT 1 FROM paper_event WHERE paper_id = ?1 AND kind = ?2)",
            values,
        ).rowcount
        == 1
    )


def since(
    db: Database,
    after: datetime,
    *,
    kinds: Collection[EventKind] = tuple(EventKind),
    paper_ids: Collection[str] | None = None,
    limit: int = 1_000,
) -> list[PaperEvent]:
    """Return what happened after a moment, oldest first.

    What came from an old file happened when that file was made, so a backlog is no news here.

    Args:
        paper_ids: Of these papers only; None for all.
    """
    wanted = "" if paper_ids is None else f" AND paper_id IN ({marks(list(paper_ids))})"
    rows = db.query(
        f"SELECT paper_id, kind, at, detail FROM paper_event WHERE at > ? AND kind IN"
        f" ({marks(list(kinds))}){wanted} ORDER BY at, id LIMIT ?",
        [moment(after), *kinds, *(paper_ids or ()), limit],
    )
    return [
        PaperEvent(row["paper_id"], EventKind(row["kind"]), at(row["at"]), row["detail"])
        for row in rows
    ]


def note_listed(
    db: Database, paper_ids: Collection[str], *, detail: str, seen_at: datetime
) -> None:
    """Note that a daily list took some papers, for those that we knew before."""
    known = db.query(
        f"SELECT id FROM paper WHERE id IN ({marks(list(paper_ids))}) AND first_seen_at <= ?",
        [*paper_ids, moment(seen_at - KNOWN_BEFORE)],
    )
    add(db, [PaperEvent(row["id"], EventKind.LISTED, seen_at, detail) for row in known])


def worth_a_look(
    db: Database, *, posted_since: datetime, looked_before: datetime, limit: int
) -> list[str]:
    """Return papers that somebody saved, was told of or that were posted.

    Those not looked at for longest come first.

    Args:
        posted_since: What was posted or told before is left out, unless somebody saved it.
        looked_before: So are papers that were looked at since then.
    """
    rows = db.query(
        "SELECT wanted.paper_id FROM (SELECT paper_id FROM saved"
        # By feeds, and by the messages to people: not through all that was ever posted or told.
        " UNION SELECT fp.paper_id FROM feed CROSS JOIN feed_paper AS fp ON fp.feed_id = feed.id"
        "  WHERE fp.verdict = 'post' AND fp.decided_at >= ?1"
        " UNION SELECT told.paper_id FROM person"
        "  CROSS JOIN delivery AS d ON d.user_id = person.user_id AND d.created_at >= ?1"
        "  CROSS JOIN told ON told.delivery_id = d.id) AS wanted"
        " LEFT JOIN paper_look AS look ON look.paper_id = wanted.paper_id"
        " WHERE wanted.paper_id NOT LIKE ?2 AND coalesce(look.looked_at, '') <= ?3"
        " ORDER BY look.looked_at, wanted.paper_id LIMIT ?4",
        [moment(posted_since), TITLE_ONLY_PREFIX + "%", moment(looked_before), limit],
    )
    return [row["paper_id"] for row in rows]


def note_found(
    db: Database, paper_id: str, found: Mapping[EventKind, str], *, looked_at: datetime
) -> int:
    """Note what a look at a paper found; returns how many things have appeared.

    What the first look finds was there before anybody asked: it is dated back to when we first
    heard of the paper, and is no news.

    Args:
        found: One example of each kind of thing that there is.
    """
    rows = db.query(
        "SELECT first_seen_at, looked_at FROM paper LEFT JOIN paper_look ON paper_id = id"
        " WHERE id = ?",
        [paper_id],
    )
    paper = next(rows)
    is_first = paper["looked_at"] is None
    happened_at = at(paper["first_seen_at"]) if is_first else looked_at
    appeared = [
        add_first(db, PaperEvent(paper_id, kind, happened_at, detail))
        for kind, detail in found.items()
    ]
    db.execute(
        "INSERT OR REPLACE INTO paper_look (paper_id, looked_at) VALUES (?, ?)",
        [paper_id, moment(looked_at)],
    )
    return 0 if is_first else sum(appeared)
