"""What sources showed and when: listings, their entries, snapshots, and how each source does."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime

from sqlite_utils import Database

from bot.feeds import JOINS_SEEN_WITHIN
from bot.listing_days import closes_at
from bot.models import Listing, Paper, Record, Snapshot, SourceState, Submission
from bot.store import events, papers, submissions
from bot.store.papers import Took
from bot.store.rows import Row, at, json_list, marks, moment, parsed, to_day, to_paper

DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording a listing came to, in papers."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0

    def __add__(self, other: Recorded) -> Recorded:
        return Recorded(
            self.new + other.new,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.refused + other.refused,
        )


def record(db: Database, listing: Listing) -> Recorded:
    """Take in a listing: its papers, what it says of their popularity, and their places.

    The same listing again writes nothing.
    """
    took = hear(db, listing.source, listing.records, seen_at=listing.seen_at)
    _place_all(db, listing, took.ids)
    return Recorded(took.new, took.updated, took.unchanged, len(listing.refusals))


def hear(db: Database, source: str, records: Sequence[Record], *, seen_at: datetime) -> Took:
    """Take in what a source says of some papers outside of any list: they are no news by it."""
    said = [record.paper for record in records]
    took = papers.take_in(db, source, said, said_at=seen_at)
    latest = latest_snapshots(db, source, took.ids, until=seen_at)
    taken: list[Snapshot] = []
    for paper_id, record in zip(took.ids, records, strict=True):
        snapshot = _to_snapshot(source, seen_at, paper_id, record)
        if snapshot and not _same(snapshot, latest.get(paper_id)):
            latest[paper_id] = snapshot
            taken.append(snapshot)
    _add_snapshots(db, taken)
    said_beside = {
        paper_id: record.submission
        for paper_id, record in zip(took.ids, records, strict=True)
        if record.submission != _NOT_SAID
    }
    submissions.take_in(db, said_beside, said_at=seen_at)
    return took


_NOT_SAID = Submission()


def _add_snapshots(db: Database, snapshots: Iterable[Snapshot]) -> None:
    db.conn.executemany(
        "INSERT INTO snapshot (paper_id, source, taken_at, upvotes, comments, stars)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            (s.paper_id, s.source, moment(s.taken_at), s.upvotes, s.comments, s.stars)
            for s in snapshots
        ],
    )


def _to_snapshot(source: str, seen_at: datetime, paper_id: str, record: Record) -> Snapshot | None:
    numbers = (record.upvotes, record.comments, record.stars)
    if all(number is None for number in numbers):
        return None
    return Snapshot(paper_id, source, seen_at, *numbers)


def _same(one: Snapshot, other: Snapshot | None) -> bool:
    return other is not None and (one.upvotes, one.comments, one.stars) == (
        other.upvotes,
        other.comments,
        other.stars,
    )


def latest_snapshots(
    db: Database, source: str, paper_ids: Sequence[str], *, until: datetime
) -> dict[str, Snapshot]:
    """Return each paper's last snapshot by a source, at or before a moment."""
    rows = db.query(
        "SELECT *, max(taken_at) FROM snapshot WHERE source = ? AND taken_at <= ?"
        f" AND paper_id IN ({marks(paper_ids)}) GROUP BY paper_id",
        [source, moment(until), *paper_ids],
    )
    return {row["paper_id"]: _row_to_snapshot(row) for row in rows}


def snapshots_of(
    db: Database, paper_ids: Sequence[str], *, since: datetime | None = None
) -> dict[str, list[Snapshot]]:
    """Return the papers' snapshots, oldest first; papers without any are left out."""
    rows = db.query(
        "SELECT * FROM snapshot WHERE paper_id IN (SELECT value FROM json_each(?))"
        " AND taken_at >= ? ORDER BY taken_at, source",
        [json_list(paper_ids), moment(since) or ""],
    )
    found: dict[str, list[Snapshot]] = {}
    for row in rows:
        found.setdefault(row["paper_id"], []).append(_row_to_snapshot(row))
    return found


_SNAPSHOT = tuple(field.name for field in fields(Snapshot))


def _row_to_snapshot(row: Row) -> Snapshot:
    values = {name: row[name] for name in _SNAPSHOT}
    values["taken_at"] = at(row["taken_at"])
    return Snapshot(**values)


def _place_all(db: Database, listing: Listing, paper_ids: Sequence[str]) -> None:
    """Note which papers the listing shows and where.

    What was seen before the list last changed (an old file imported late) only adds papers.
    """
    key = (listing.source, listing.name, listing.day.isoformat())
    seen_at = moment(listing.seen_at)
    assert seen_at is not None
    changed_at = _changed_at(db, key, seen_at)
    before = _ranks(db, key, paper_ids)
    now = {paper_id: rank for rank, paper_id in enumerate(dict.fromkeys(paper_ids), 1)}
    new = [paper_id for paper_id in now if paper_id not in before]
    is_later = seen_at > changed_at
    moved = [id_ for id_, rank in before.items() if is_later and rank != now[id_]]
    left = _leave(db, key, now, seen_at) if listing.whole and is_later else 0
    if not new and not moved and not left:
        return
    _enter(db, key, {paper_id: now[paper_id] for paper_id in (*new, *moved)}, seen_at)
    db.execute(
        "UPDATE listing SET changed_at = max(changed_at, ?)"
        " WHERE source = ? AND name = ? AND day = ?",
        [seen_at, *key],
    )
    if listing.name == DAILY and listing.seen_at.date() - listing.day <= JOINS_SEEN_WITHIN:
        events.note_listed(db, new, detail=key[2], seen_at=listing.seen_at)


_Key = tuple[str, str, str]


def _changed_at(db: Database, key: _Key, seen_at: str) -> str:
    """Return when a listing last changed; if it is new, note it."""
    db.execute(
        "INSERT INTO listing (source, name, day, seen_at, changed_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        [*key, seen_at, seen_at],
    )
    rows = db.query(
        "SELECT changed_at FROM listing WHERE source = ? AND name = ? AND day = ?", list(key)
    )
    return next(rows)["changed_at"]


def _ranks(db: Database, key: _Key, paper_ids: Sequence[str]) -> dict[str, int]:
    """Return the places that some papers have in a listing; 0 for those that have left it."""
    rows = db.query(
        "SELECT paper_id, iif(left_at IS NULL, rank, 0) AS rank FROM listing_entry"
        f" WHERE source = ? AND name = ? AND day = ? AND paper_id IN ({marks(paper_ids)})",
        [*key, *paper_ids],
    )
    return {row["paper_id"]: row["rank"] for row in rows}


def _enter(db: Database, key: _Key, ranks: Mapping[str, int], seen_at: str) -> None:
    """Give some papers their places in a listing; who came back has come when they first did."""
    db.conn.executemany(
        "INSERT INTO listing_entry (source, name, day, paper_id, rank, seen_at)"
        " VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET rank = excluded.rank, left_at = NULL",
        [(*key, paper_id, rank, seen_at) for paper_id, rank in ranks.items()],
    )


def _leave(db: Database, key: _Key, now: Collection[str], seen_at: str) -> int:
    """Note which papers a listing does not show any more; returns how many.

    A list that has lost more than half is taken for one that its source gave half-filled, as
    happens: then nobody has left.
    """
    there = {row["paper_id"] for row in db.query(f"{_ENTRIES} AND day = ?", list(key))}
    gone = sorted(there - set(now))
    if 2 * len(gone) > len(there):
        return 0
    db.conn.executemany(
        "UPDATE listing_entry SET left_at = ? WHERE source = ? AND name = ? AND day = ?"
        " AND paper_id = ?",
        [(seen_at, *key, paper_id) for paper_id in gone],
    )
    return len(gone)


_THERE = "left_at IS NULL"
_NEWS = f"{_THERE} AND name NOT LIKE '% replace%'"
"""Entries that are on their lists and make a paper news; a new version is an event of its own."""
_ENTRIES = f"SELECT * FROM listing_entry WHERE {_THERE} AND source = ? AND name = ?"


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper's place in a listing."""

    source: str
    name: str
    day: date
    paper_id: str
    rank: int
    seen_at: datetime
    """When it joined the list, as far as we saw."""


def entries(db: Database, source: str, name: str, day: date) -> list[Entry]:
    """Return one listing's papers in its own order."""
    rows = db.query(
        f"{_ENTRIES} AND day = ? ORDER BY rank, paper_id", [source, name, day.isoformat()]
    )
    return [_to_entry(row) for row in rows]


def listed_at(db: Database, paper_ids: Sequence[str]) -> dict[str, datetime]:
    """Return when daily lists first showed some papers; those that none showed are left out.

    A list that we saw only later, at the first start or in a file, has shown them by its close.
    """
    rows = db.query(
        "SELECT paper_id, day, seen_at FROM listing_entry WHERE source = 'huggingface' AND name = ?"
        " AND paper_id IN (SELECT value FROM json_each(?))",
        [DAILY, json_list(paper_ids)],
    )
    found: dict[str, datetime] = {}
    for row in rows:
        shown_at = min(at(row["seen_at"]), closes_at(to_day(row["day"])))
        found[row["paper_id"]] = min(shown_at, found.get(row["paper_id"], shown_at))
    return found


def entries_since(db: Database, day: date, *, daily_since: date | None = None) -> list[Entry]:
    """Return the papers in all listings of a day or later, by day, source, name and rank.

    Replaced papers, as arXiv announces new versions, are left out.

    Args:
        daily_since: An earlier day from which on daily lists count too.
    """
    rows = db.query(
        "SELECT * FROM listing_entry WHERE day >= :since AND (day >= :day OR name = :daily)"
        f" AND {_NEWS} ORDER BY day, source, name, rank, paper_id",
        {"since": (daily_since or day).isoformat(), "day": day.isoformat(), "daily": DAILY},
    )
    return [_to_entry(row) for row in rows]


def listed_since(db: Database, day: date) -> list[str]:
    """Return the papers in all listings of a day or later, those listed last first."""
    rows = db.query(
        "SELECT paper_id FROM listing_entry WHERE day >= ? GROUP BY paper_id"
        " ORDER BY max(day) DESC, paper_id",
        [day.isoformat()],
    )
    return [row["paper_id"] for row in rows]


def _to_entry(row: Row) -> Entry:
    values = {name: row[name] for name in _ENTRY}
    values["day"] = to_day(row["day"])
    values["seen_at"] = at(row["seen_at"])
    return Entry(**values)


_ENTRY = tuple(field.name for field in fields(Entry))


def days(db: Database, source: str, name: str, *, limit: int) -> list[tuple[date, int]]:
    """Return the latest days of a list and how many papers each has, latest first."""
    rows = db.query(
        "SELECT day, count(*) AS n FROM listing_entry WHERE source = ? AND name = ?"
        f" AND {_THERE} GROUP BY day ORDER BY day DESC LIMIT ?",
        [source, name, limit],
    )
    return [(to_day(row["day"]), row["n"]) for row in rows]


def changes_of_days(db: Database, source: str, name: str, *, since: date) -> dict[date, datetime]:
    """Return when a list last brought something new, for each of its days since one."""
    rows = db.query(
        "SELECT day, changed_at FROM listing WHERE source = ? AND name = ? AND day >= ?",
        [source, name, since.isoformat()],
    )
    return {to_day(row["day"]): at(row["changed_at"]) for row in rows}


def source_states(db: Database) -> list[SourceState]:
    """Return how each list of each source has been doing, by source and name."""
    rows = db.query("SELECT * FROM source_state ORDER BY source, name")
    return [_to_state(row) for row in rows]


def states_of(db: Database, source: str) -> dict[str, SourceState]:
    """Return how each list of one source has been doing, by the list's name."""
    rows = db.query("SELECT * FROM source_state WHERE source = ?", [source])
    return {row["name"]: _to_state(row) for row in rows}


def source_state(db: Database, source: str, name: str) -> SourceState:
    """Return how one list has been doing; all unknown before its first time."""
    rows = db.query("SELECT * FROM source_state WHERE source = ? AND name = ?", [source, name])
    return next((_to_state(row) for row in rows), SourceState(source, name))


def _to_state(row: Row) -> SourceState:
    return SourceState(
        row["source"],
        row["name"],
        parsed(row["tried_at"]),
        parsed(row["good_at"]),
        row["error"],
        parsed(row["retry_at"]),
        row["etag"],
        row["last_modified"],
        tuple((etag, modified) for etag, modified in json.loads(row["further"])),
    )


def note_state(db: Database, state: SourceState) -> None:
    """Write how a list is doing now."""
    db.execute(
        "INSERT OR REPLACE INTO source_state"
        " (source, name, tried_at, good_at, error, retry_at, etag, last_modified, further)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            state.source,
            state.name,
            moment(state.tried_at),
            moment(state.good_at),
            state.error,
            moment(state.retry_at),
            state.etag,
            state.last_modified,
            json.dumps(state.further),
        ],
    )


def first_import(db: Database, digest: str, *, now: datetime) -> datetime:
    """Return when a file of this content was first taken in, noting it if that is now."""
    db.execute(
        "INSERT INTO import (digest, imported_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [digest, moment(now)],
    )
    rows = db.query("SELECT imported_at FROM import WHERE digest = ?", [digest])
    return at(next(rows)["imported_at"])


def last_taken_at(db: Database) -> datetime | None:
    """Return when the last numbers came in; None before the first."""
    return parsed(next(db.query("SELECT max(taken_at) AS at FROM snapshot"))["at"])


def noticed_between(db: Database, since: datetime, until: datetime) -> list[str]:
    """Return the papers of which any source gave numbers in a stretch of time."""
    rows = db.query(
        "SELECT DISTINCT paper_id FROM snapshot WHERE taken_at BETWEEN ? AND ?",
        [moment(since), moment(until)],
    )
    return [row["paper_id"] for row in rows]


def latest_entries(db: Database, source: str) -> list[Entry]:
    """Return the papers of a source's newest day, by list and rank."""
    rows = db.query(
        f"SELECT * FROM listing_entry WHERE source = :source AND {_THERE}"
        " AND day = (SELECT max(day) FROM listing WHERE source = :source)"
        " ORDER BY name, rank, paper_id",
        {"source": source},
    )
    return [_to_entry(row) for row in rows]


def unmatched(db: Database, *, since: date, limit: int) -> list[tuple[Paper, int]]:
    """Return listed papers that the topics have not seen with this text, and their votes.

    Args:
        since: The first list day to take from.
    """
    rows = list(
        db.query(
            "SELECT * FROM paper WHERE id IN"
            f" (SELECT paper_id FROM listing_entry WHERE day >= ? AND {_NEWS})"
            " AND NOT EXISTS (SELECT 1 FROM matched AS m"
            "  WHERE m.paper_id = paper.id AND m.revision >= paper.revision)"
            " ORDER BY revision LIMIT ?",
            [since.isoformat(), limit],
        )
    )
    snapshots = snapshots_of(db, [row["id"] for row in rows])
    votes = {id_: max(s.upvotes or 0 for s in them) for id_, them in snapshots.items()}
    return [(to_paper(row), votes.get(row["id"], 0)) for row in rows]


def note_matched(db: Database, paper_ids: Sequence[str], *, now: datetime) -> None:
    """Note that the topics have seen some papers as they are now."""
    db.execute(
        "INSERT INTO matched (paper_id, revision, seen_on) SELECT id, revision, ? FROM paper"
        f" WHERE id IN ({marks(paper_ids)})"
        " ON CONFLICT DO UPDATE SET revision = excluded.revision",
        [_day(now), *paper_ids],
    )


def note_seen(db: Database, paper_ids: Sequence[str], *, now: datetime) -> None:
    """Note that topics may want some papers from now on, where that was not known before.

    That is before the topics have seen them on a list: for their votes alone.
    """
    db.execute(
        "INSERT INTO matched (paper_id, revision, seen_on) SELECT id, 0, ? FROM paper"
        f" WHERE id IN ({marks(paper_ids)}) ON CONFLICT DO NOTHING",
        [_day(now), *paper_ids],
    )


def seen_before(db: Database, paper_ids: Sequence[str], day: date) -> set[str]:
    """Return which papers were seen among what may be news before a day in UTC."""
    rows = db.query(
        "SELECT paper_id FROM matched WHERE seen_on < ?"
        " AND paper_id IN (SELECT value FROM json_each(?))",
        [day.isoformat(), json_list(paper_ids)],
    )
    return {row["paper_id"] for row in rows}


def _day(now: datetime) -> str:
    return now.astimezone(UTC).date().isoformat()


def most_voted(db: Database) -> list[str]:
    """Return the ids of all papers with votes, by what was last said of them, the most first."""
    rows = db.query(
        "SELECT paper_id, upvotes, max(taken_at) FROM snapshot WHERE upvotes IS NOT NULL"
        " GROUP BY paper_id HAVING upvotes > 0 ORDER BY upvotes DESC, paper_id"
    )
    return [row["paper_id"] for row in rows]
