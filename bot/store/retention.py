"""What a database lets go, so that it grows with what it has to know and not with every day it runs.

Each ``find`` reads, and may take a while; the ``drop`` that follows writes for some milliseconds, and
looks again whether what was found may still go.

For ever stay papers, their places on lists, the day on which each first was news (``matched``), and
what each message of a feed is about (``old_post``): its buttons and its thread work for ever.

What feeds posted and people were told goes after ``TOLD``, and none of it comes again:

1. Whatever is posted or brings an alert was seen among what may be news before, on ``seen_on``. That
   day never becomes a later one, and its row stays for as long as the paper.
2. From ``NEWS_FOR`` after that day on, feeds hold the paper as old and no topic matches it, whatever
   lists it comes back to, gains in votes or says anew.
3. A row that says that a paper was posted or told goes only where that day is more than ``TOLD`` ago.
   ``TOLD`` is the longer by a week, so that a clock that is set back does not come between.
4. A match that no alert has carried could be told once nobody knows that its paper was: so what was
   told of a paper goes after all of the person's matches with it.
5. The keys of messages name a day, or a paper for which 2 holds: neither is owed again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlite_utils import Database

from bot.feeds import NEWS_FOR, NEWS_WINDOW
from bot.store.rows import at, marks, moment

HISTORY = timedelta(days=90)
"""For how long ``/feeds history`` says why a paper was held back, and we know of words to people."""
UNREAD_WORDS = timedelta(days=365)
"""For how long words wait that nobody could be told: they are shown under a next command."""
EVERY_SNAPSHOT = timedelta(days=30)
"""For how long every snapshot stays, as far back as trending looks; then the last of each day."""
TOLD = NEWS_FOR + timedelta(days=7)
"""For how long we know what feeds posted and people's topics found and brought them."""
MAY_BE_LISTED = 2 * NEWS_WINDOW
"""A paper on the lists of these days may still be a candidate: what was decided of it stays."""

Key = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last time of letting go has left for the next."""

    at: datetime
    topics: int
    """``topic_change.revision``: whoever keeps topics in memory has seen this by the next time."""
    snapshots: str
    """The first day, YYYY-MM-DD in UTC, whose snapshots are all there; empty before the first."""


_NAME = "let_go"


def last_run(db: Database) -> LastRun | None:
    for row in db.query("SELECT value FROM meta WHERE name = ?", [_NAME]):
        said = json.loads(row["value"])
        return LastRun(at(said["at"]), said["topics"], said["snapshots"])
    return None


def note_run(db: Database, run: LastRun) -> None:
    said = {"at": moment(run.at), "topics": run.topics, "snapshots": run.snapshots}
    db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", [_NAME, json.dumps(said)])


@dataclass(frozen=True, slots=True)
class Rule:
    """Which rows of a table go."""

    table: str
    key: tuple[str, ...]
    where: str
    """SQL; ``this`` is the row."""
    keep: str = ""
    """SQL that takes down elsewhere what is kept of a row: all up to its WHERE."""

    def find(self, db: Database, *, now: datetime, limit: int) -> list[Key]:
        """Return the keys of some rows that may go."""
        rows = db.execute(
            f"SELECT {', '.join(self.key)} FROM {self.table} AS this WHERE {self.where}"
            " LIMIT :limit",
            {**_moments(now), "limit": limit},
        )
        return [tuple(row) for row in rows]

    def drop(self, db: Database, keys: Sequence[Key], *, now: datetime) -> int:
        """Remove rows; returns how many. One that has changed and is wanted again stays."""
        same = " AND ".join(f"{name} = :key{n}" for n, name in enumerate(self.key))
        removed = 0
        for key in keys:
            values = {**_moments(now), **{f"key{n}": value for n, value in enumerate(key)}}
            if self.keep:
                db.execute(f"{self.keep} WHERE {same} AND ({self.where})", values)
            removed += db.execute(
                f"DELETE FROM {self.table} AS this WHERE {same} AND ({self.where})", values
            ).rowcount
        return removed


def _moments(now: datetime) -> dict[str, str | None]:
    return {
        "history": moment(now - HISTORY),
        "unread": moment(now - UNREAD_WORDS),
        "listed": (now - MAY_BE_LISTED).date().isoformat(),
        "told": moment(now - TOLD),
        "old": (now - TOLD).date().isoformat(),
    }


HELD_PAPERS = Rule(
    "feed_paper",
    ("feed_id", "paper_id"),
    "verdict = 'held' AND decided_at < :history AND NOT EXISTS"
    " (SELECT 1 FROM listing_entry AS e WHERE e.paper_id = this.paper_id AND e.day >= :listed)",
)
_IS_OLD = (
    "EXISTS (SELECT 1 FROM matched AS seen WHERE seen.paper_id = this.{} AND seen.seen_on < :old)"
)
_PAPER_IS_OLD = _IS_OLD.format("paper_id")
_HAS_NO_MATCH = (
    "NOT EXISTS (SELECT 1 FROM match AS m"
    " WHERE m.user_id = this.user_id AND m.paper_id = this.paper_id)"
)
POSTED_PAPERS = Rule(
    "feed_paper",
    ("feed_id", "paper_id"),
    f"verdict = 'post' AND decided_at < :told AND {_PAPER_IS_OLD}",
)
MATCHES = Rule("match", ("topic_id", "paper_id"), f"matched_at < :told AND {_PAPER_IS_OLD}")
TOLD_PAPERS = Rule(
    "told",
    ("user_id", "paper_id", "event_id"),
    # What happened to a paper is news for two weeks anyway.
    f"told_at < :told AND (event_id != 0 OR ({_PAPER_IS_OLD} AND {_HAS_NO_MATCH}))",
)
HELD_BACK = Rule(
    "held_back",
    ("user_id", "paper_id"),
    f"held_at < :told AND {_PAPER_IS_OLD} AND {_HAS_NO_MATCH}",
)
_CARRIES_NOTHING = (
    "NOT EXISTS (SELECT 1 FROM feed_paper AS f WHERE f.delivery_id = this.id)"
    " AND NOT EXISTS (SELECT 1 FROM match AS m WHERE m.delivery_id = this.id)"
    " AND NOT EXISTS (SELECT 1 FROM told AS t WHERE t.delivery_id = this.id)"
)
MESSAGES = Rule(
    "delivery",
    ("id",),
    "created_at < :history AND state NOT IN ('owed', 'sending') AND"
    " CASE WHEN kind = 'code' THEN 1"
    " WHEN kind = 'notice' THEN state != 'held' OR created_at < :unread"
    " WHEN kind = 'alert' THEN created_at < :told ELSE state != 'sent' END"
    f" AND {_CARRIES_NOTHING}",
)
_IDS = (
    "digest_id, papers, more) SELECT {}, iif(kind = 'digest', id, NULL),"
    " iif(kind = 'digest', json_extract(payload, '$.papers'), json_array(subject)),"
    " coalesce(json_extract(payload, '$.more'), '[]') FROM (SELECT * FROM delivery WHERE message_id IS NOT NULL) AS this"
)
POSTS = Rule(
    "delivery",
    ("id",),
    "created_at < :told AND state = 'sent' AND kind IN ('digest', 'card', 'post')"
    f" AND (kind = 'digest' OR {_IS_OLD.format('subject')}) AND {_CARRIES_NOTHING}",
    keep="INSERT OR IGNORE INTO old_post (message_id, "
    + _IDS.format("coalesce(iif(kind = 'post', place_id, NULL), message_id)"),
)
FORMER_TITLES = Rule(
    "title_place",
    ("hash", "revision"),
    "NOT EXISTS (SELECT 1 FROM paper AS p WHERE p.revision = this.revision)",
)
RULES = (
    HELD_PAPERS,
    POSTED_PAPERS,
    MATCHES,
    TOLD_PAPERS,
    HELD_BACK,
    MESSAGES,
    POSTS,
    FORMER_TITLES,
)
"""In an order in which each finds gone what stands in its way."""


def next_day(db: Database, day: str, *, now: datetime) -> str | None:
    """Return the first day from ``day`` on with snapshots of which most may go; None for none."""
    until = (now - EVERY_SNAPSHOT).date().isoformat()
    rows = db.query(
        "SELECT min(taken_at) AS at FROM snapshot WHERE taken_at >= ? AND taken_at < ?",
        [day, until],
    )
    found = next(rows)["at"]
    return None if found is None else found[: len("2026-03-03")]


def day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


_NUMBERS = ("upvotes", "comments", "stars")


def find_snapshots(db: Database, day: str, *, limit: int) -> list[Key]:
    """Return some of a day's snapshots after which the same source said all they say anew."""
    says_as_much = " AND ".join(f"(l.{n} IS NOT NULL OR s.{n} IS NULL)" for n in _NUMBERS)
    rows = db.execute(
        "SELECT paper_id, source, taken_at FROM snapshot AS s"
        " WHERE taken_at >= :day AND taken_at < :after AND EXISTS (SELECT 1 FROM snapshot AS l"
        "  WHERE l.paper_id = s.paper_id AND l.source = s.source AND l.taken_at > s.taken_at"
        f"  AND l.taken_at < :after AND {says_as_much}) LIMIT :limit",
        {"day": day, "after": day_after(day), "limit": limit},
    )
    return [tuple(row) for row in rows]


def drop_snapshots(db: Database, keys: Sequence[Key]) -> int:
    for key in keys:
        db.execute(
            "DELETE FROM snapshot WHERE paper_id = ? AND source = ? AND taken_at = ?", list(key)
        )
    return len(keys)


def latest_topic_change(db: Database) -> int:
    rows = db.query("SELECT coalesce(max(revision), 0) AS n FROM topic_change")
    return next(rows)["n"]


def find_gone_topics(db: Database, until: int, *, limit: int) -> list[int]:
    """Return topics that are gone, as everybody has seen who looked since a revision.

    The last change stays, since the next one counts from it.
    """
    rows = db.query(
        "SELECT topic_id FROM topic_change WHERE revision <= ? AND revision < ?"
        " AND topic_id NOT IN (SELECT id FROM topic) LIMIT ?",
        [until, latest_topic_change(db), limit],
    )
    return [row["topic_id"] for row in rows]


def drop_gone_topics(db: Database, topic_ids: Sequence[int]) -> int:
    """Forget that topics changed; their ids are never used again."""
    return db.execute(
        f"DELETE FROM topic_change WHERE topic_id IN ({marks(topic_ids)})", list(topic_ids)
    ).rowcount
