"""Which papers have a title: kept up in large steps, so that it costs the same at any size.

An ordinary index on titles is written anywhere in its whole width by the papers that come, and
they came in more and more slowly. Here the newest papers' titles are looked through, and every few
thousand of them go into a narrow table together, in its order.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection

from sqlite_utils import Database

from bot.store.rows import marks

STEP = 5_000
"""Changes of text. Looking through as many papers takes about 20 ms."""
_NAME = "titles_placed_until"


def hash_of(key: str) -> int:
    """Return what ``title_place`` knows a title by; the table keeps it, so it must not change.

    Args:
        key: From ``models.title_key``.
    """
    return zlib.crc32(key.encode()) - 2**31  # signed, SQLite needs four bytes for it instead of six


def having(db: Database, keys: Collection[str]) -> dict[str, list[str]]:
    """Return the ids of the papers with each title; an empty list where there are none.

    Args:
        keys: From ``models.title_key``.
    """
    found: dict[str, list[str]] = {key: [] for key in keys}
    if not keys:
        return found
    same = f"title_key IN ({marks(list(keys))})"
    hashes = sorted({hash_of(key) for key in keys})
    rows = db.query(
        f"SELECT title_key, id FROM paper WHERE {same} AND revision IN"
        f" (SELECT revision FROM title_place WHERE hash IN ({marks(hashes)}))"
        f" UNION ALL SELECT title_key, id FROM paper WHERE revision > ? AND {same}",
        [*keys, *hashes, _placed_until(db), *keys],
    )
    for row in rows:
        found[row["title_key"]].append(row["id"])
    return found


def keep_up(db: Database, revision: int) -> None:
    """Place the titles of the newest papers once they are many.

    Args:
        revision: Of the last change of text.
    """
    if revision - _placed_until(db) >= STEP:
        place(db, revision)


def place(db: Database, revision: int) -> None:
    """Place all titles up to a revision."""
    rows = db.query("SELECT title_key, revision FROM paper WHERE revision > ?", [_placed_until(db)])
    # A text that changes leaves its old line behind: no paper has its revision any more.
    placed = sorted((hash_of(row["title_key"]), row["revision"]) for row in rows)
    db.conn.executemany("INSERT OR IGNORE INTO title_place (hash, revision) VALUES (?, ?)", placed)
    db.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", [_NAME, str(revision)])


def _placed_until(db: Database) -> int:
    rows = db.query("SELECT value FROM meta WHERE name = ?", [_NAME])
    return next((int(row["value"]) for row in rows), 0)
