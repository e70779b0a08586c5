"""People: their hour and DM channel, topics, matches and saved papers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

from sqlite_utils import Database

from bot.models import Match, Schedule, Strictness, Topic, Way
from bot.store.rows import Row, at, marks, moment, parsed, to_match, to_schedule, to_topic


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who used the bot for themselves."""

    user_id: int
    schedule: Schedule
    dm_channel_id: int | None
    """None until their own command opened it."""
    dm_closed_at: datetime | None
    """Since when Discord refuses our messages to them; None while it takes them."""
    dm_closed_because: str | None
    created_at: datetime
    way: Way = Way.DM
    """What they chose; whether the operator lets e-mail go out is another matter."""

    @property
    def kept_back_because(self) -> str | None:
        """Why alerts wait in the inbox; None while they reach the person one way or the other."""
        return self.dm_closed_because if self.way is Way.DM else None

    def reached(self, *, by_email: bool) -> Person:
        """Return the person as alerts reach them.

        Args:
            by_email: Whether the operator lets e-mail go out.
        """
        return self if by_email else replace(self, way=Way.DM)


def ensure(db: Database, user_id: int, *, now: datetime) -> Person:
    """Return a person, made with the defaults if new."""
    db.execute(
        "INSERT INTO person (user_id, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [user_id, moment(now)],
    )
    found = get(db, user_id)
    assert found is not None
    return found


def get(db: Database, user_id: int) -> Person | None:
    rows = db.query(f"{_SELECT} WHERE person.user_id = ?", [user_id])
    return next((_to_person(row) for row in rows), None)


def _to_person(row: Row) -> Person:
    values = {name: row[name] for name in _PERSON}
    values["schedule"] = to_schedule(row)
    values["created_at"] = at(row["created_at"])
    values["dm_closed_at"] = parsed(row["dm_closed_at"])
    if row["keeps_dm"] is not None:
        values["way"] = Way.BOTH if row["keeps_dm"] else Way.EMAIL
    return Person(**values)


_PERSON = tuple(f.name for f in fields(Person) if f.name not in ("schedule", "way"))
_SELECT = (
    "SELECT person.*, mailbox.keeps_dm FROM person LEFT JOIN mailbox"
    " ON mailbox.user_id = person.user_id AND mailbox.stopped_at IS NULL"
)


def with_matches_waiting(db: Database, *, also: Collection[int] = ()) -> list[Person]:
    """Return everybody who follows something and has matches that no alert carries.

    Args:
        also: Others to return, where they follow something.
    """
    rows = db.query(
        f"{_SELECT} WHERE person.user_id IN (SELECT user_id FROM topic) AND (EXISTS"
        " (SELECT 1 FROM match WHERE match.user_id = person.user_id AND match.delivery_id IS NULL)"
        " OR person.user_id IN (SELECT value FROM json_each(?)))",
        [json.dumps(sorted(also))],
    )
    return [_to_person(row) for row in rows]


def set_schedule(db: Database, user_id: int, schedule: Schedule) -> None:
    db.execute(
        "UPDATE person SET frequency = ?, hour = ?, timezone = ?, quiet_days = ?, max_papers = ?"
        " WHERE user_id = ?",
        [
            schedule.frequency,
            schedule.hour,
            schedule.timezone,
            json.dumps(sorted(schedule.quiet_days)),
            schedule.max_papers,
            user_id,
        ],
    )


def dm_opened(db: Database, user_id: int, channel_id: int) -> None:
    """Note the channel that a person's own command opened."""
    db.execute(
        "UPDATE person SET dm_channel_id = ?, dm_closed_at = NULL, dm_closed_because = NULL"
        " WHERE user_id = ?",
        [channel_id, user_id],
    )


def dm_closed(db: Database, user_id: int, *, now: datetime, because: str) -> None:
    """Note that Discord refuses our messages to a person."""
    db.execute(
        "UPDATE person SET dm_closed_at = ?, dm_closed_because = ?"
        " WHERE user_id = ? AND dm_closed_at IS NULL",
        [moment(now), because, user_id],
    )


def follow(
    db: Database, user_id: int, query: str, strictness: Strictness, *, now: datetime
) -> Topic | None:
    """Add a topic; None if the person follows the very same words already."""
    cursor = db.execute(
        "INSERT INTO topic (user_id, query, strictness, created_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [user_id, query, strictness, moment(now)],
    )
    if cursor.rowcount != 1:
        return None
    return Topic(int(cursor.lastrowid or 0), user_id, query, now, strictness)


def set_strictness(db: Database, topic_id: int, strictness: Strictness) -> None:
    db.execute("UPDATE topic SET strictness = ? WHERE id = ?", [strictness, topic_id])


def pause_topic(db: Database, user_id: int, topic_id: int, *, until: datetime) -> Topic | None:
    """Let a person's topic rest until a moment and return it; None if it is not theirs.

    What it finds until then no alert brings, also later. A moment that has come ends a pause.
    """
    db.execute(
        "UPDATE topic SET paused_until = ? WHERE id = ? AND user_id = ?",
        [moment(until), topic_id, user_id],
    )
    rows = db.query("SELECT * FROM topic WHERE id = ? AND user_id = ?", [topic_id, user_id])
    return next((to_topic(row) for row in rows), None)


def match_counts(db: Database, user_id: int) -> dict[int, int]:
    """Return how many papers each of a person's topics has brought; none for those without."""
    rows = db.query(
        "SELECT topic_id, count(*) AS n FROM match WHERE user_id = ? GROUP BY topic_id", [user_id]
    )
    return {row["topic_id"]: row["n"] for row in rows}


def unfollow(db: Database, user_id: int, topic_id: int) -> Topic | None:
    """Remove a person's topic and return it; None if it is not theirs."""
    rows = db.query("SELECT * FROM topic WHERE id = ? AND user_id = ?", [topic_id, user_id])
    topic = next((to_topic(row) for row in rows), None)
    if topic is not None:
        db.execute("DELETE FROM topic WHERE id = ?", [topic_id])
    return topic


def topics_of(db: Database, user_id: int) -> list[Topic]:
    """Return a person's topics, oldest first."""
    rows = db.query("SELECT * FROM topic WHERE user_id = ? ORDER BY id", [user_id])
    return [to_topic(row) for row in rows]


def topics_older_than(db: Database, user_id: int, paper_id: str) -> list[Topic]:
    """Return a person's topics that were followed before a paper was first seen, oldest first."""
    rows = db.query(
        "SELECT * FROM topic WHERE user_id = ?"
        " AND created_at <= (SELECT first_seen_at FROM paper WHERE id = ?) ORDER BY id",
        [user_id, paper_id],
    )
    return [to_topic(row) for row in rows]


def topics_by_id(db: Database, topic_ids: Sequence[int]) -> dict[int, Topic]:
    """Return topics by their ids; those that are gone are left out."""
    wanted = json.dumps(list(topic_ids))  # there can be more than a statement takes values
    rows = db.query("SELECT * FROM topic WHERE id IN (SELECT value FROM json_each(?))", [wanted])
    return {row["id"]: to_topic(row) for row in rows}


def topics_changed_since(
    db: Database, revision: int, *, limit: int
) -> tuple[list[Topic], list[int], int]:
    """Return topics that came or changed after a revision, ids of those that went, and until when.

    Oldest change first, each topic as it is now. The revision returned is the one asked for when
    there is nothing new.
    """
    rows = list(
        db.query(
            "SELECT change.topic_id, change.revision, topic.* FROM topic_change AS change"
            " LEFT JOIN topic ON topic.id = change.topic_id"
            " WHERE change.revision > ? ORDER BY change.revision LIMIT ?",
            [revision, limit],
        )
    )
    here = [to_topic(row) for row in rows if row["id"] is not None]
    gone = [row["topic_id"] for row in rows if row["id"] is None]
    return here, gone, rows[-1]["revision"] if rows else revision


def all_topics(db: Database) -> list[Topic]:
    """Return every topic, oldest first."""
    return [to_topic(row) for row in db.query("SELECT * FROM topic ORDER BY id")]


def add_matches(db: Database, matches: Iterable[Match]) -> int:
    """Note matches, each once; returns how many are new. Topics that are gone are left out."""
    return db.conn.executemany(
        "INSERT INTO match (topic_id, paper_id, user_id, reason, matched_at)"
        " SELECT id, ?, user_id, ?, ? FROM topic WHERE id = ? ON CONFLICT DO NOTHING",
        [(m.paper_id, m.reason, moment(m.matched_at), m.topic_id) for m in matches],
    ).rowcount


def waiting_matches(db: Database, user_id: int) -> list[Match]:
    """Return the papers that no alert carries yet, each with its first match, oldest first.

    A paper that an earlier alert brought, under whatever topic, is left out, and so are those that
    are held back and what a topic found before its pause ends.
    """
    rows = db.query(
        "SELECT m.*, min(m.matched_at) FROM match AS m INDEXED BY match_waiting"
        " JOIN topic ON topic.id = m.topic_id WHERE m.user_id = :user AND m.delivery_id IS NULL"
        " AND m.matched_at > coalesce(topic.paused_until, '')"
        " AND NOT EXISTS (SELECT 1 FROM told WHERE told.user_id = :user"
        "  AND told.paper_id = m.paper_id AND told.event_id = 0)"
        " AND NOT EXISTS (SELECT 1 FROM held_back WHERE held_back.user_id = :user"
        "  AND held_back.paper_id = m.paper_id)"
        " GROUP BY m.paper_id ORDER BY m.matched_at, m.topic_id, m.paper_id",
        {"user": user_id},
    )
    return [to_match(row) for row in rows]


def matches_in(db: Database, delivery_id: int) -> list[Match]:
    """Return what an alert carries, by topic."""
    rows = db.query(
        "SELECT * FROM match WHERE delivery_id = ? ORDER BY topic_id, paper_id", [delivery_id]
    )
    return [to_match(row) for row in rows]


def matches_of_paper(db: Database, user_id: int, paper_ids: Sequence[str]) -> list[Match]:
    """Return why a person's topics want some papers, whatever was sent of that, by topic."""
    rows = db.query(
        f"SELECT * FROM match WHERE user_id = ? AND paper_id IN ({marks(paper_ids)})"
        " ORDER BY topic_id, paper_id",
        [user_id, *paper_ids],
    )
    return [to_match(row) for row in rows]


def save(db: Database, user_id: int, paper_id: str, *, now: datetime) -> bool:
    """Put a paper on a person's reading list; False if it is there already."""
    return (
        db.execute(
            "INSERT INTO saved (user_id, paper_id, saved_at) VALUES (?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            [user_id, paper_id, moment(now)],
        ).rowcount
        == 1
    )


def unsave(db: Database, user_id: int, paper_id: str) -> bool:
    """Take a paper off a person's reading list; False if it is not on it."""
    return (
        db.execute(
            "DELETE FROM saved WHERE user_id = ? AND paper_id = ?", [user_id, paper_id]
        ).rowcount
        == 1
    )


def saved(db: Database, user_id: int, *, limit: int = 25) -> list[str]:
    """Return the ids of a person's saved papers, the latest first."""
    rows = db.query(
        "SELECT paper_id FROM saved WHERE user_id = ? ORDER BY saved_at DESC, paper_id LIMIT ?",
        [user_id, limit],
    )
    return [row["paper_id"] for row in rows]


def toggle_saved(db: Database, user_id: int, paper_id: str, *, now: datetime) -> bool:
    """Save a paper, or take it off the list if it is on it; whether it is on it now."""
    return save(db, user_id, paper_id, now=now) or not unsave(db, user_id, paper_id)


def count_matched(db: Database, user_id: int) -> int:
    """Return how many papers a person's topics have brought."""
    rows = db.query("SELECT count(DISTINCT paper_id) AS n FROM match WHERE user_id = ?", [user_id])
    return next(rows)["n"]


def latest_matches(
    db: Database, user_id: int, *, since: datetime | None = None, first: int = 0, limit: int = -1
) -> list[Match]:
    """Return papers that a person's topics brought, each with its latest match, latest first.

    Args:
        since: Leave out what matched before.
        first: How many papers to pass over.
        limit: How many papers at the most; −1 for all.
    """
    rows = db.query(
        "SELECT *, max(matched_at) FROM match WHERE user_id = ? AND matched_at >= ?"
        " GROUP BY paper_id ORDER BY matched_at DESC, paper_id LIMIT ? OFFSET ?",
        [user_id, moment(since) or "", limit, first],
    )
    return [to_match(row) for row in rows]
