"""How papers came to Hugging Face, and what else their pages there say."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.models import Account, Submission
from bot.store.rows import Row, at, marks, moment, parsed

_FIELDS = tuple(field.name for field in fields(Submission))
_NOTHING = Submission()


def take_in(db: Database, said: Mapping[str, Submission], *, said_at: datetime) -> int:
    """Take in what is said of some papers; returns how many it changes.

    What is said later counts, field by field; what is not mentioned any more keeps its last
    value, and an old file read late fills only what was empty. The same again writes nothing.

    Args:
        said: By paper id.
    """
    rows = db.query(f"SELECT * FROM submission WHERE paper_id IN ({marks(list(said))})", list(said))
    known = {row["paper_id"]: (_to_submission(row), at(row["said_at"])) for row in rows}
    writes: list[tuple[str, str | None, str, bytes | None]] = []
    for paper_id, now in said.items():
        before, before_at = known.get(paper_id, (_NOTHING, said_at))
        merged = _overlay(before, now) if said_at > before_at else _overlay(now, before)
        if merged != before:
            since = moment(max(said_at, before_at))
            writes.append((paper_id, since, _to_json(merged), _packed(merged.rest)))
    db.conn.executemany(
        "INSERT OR REPLACE INTO submission (paper_id, said_at, fields, rest) VALUES (?, ?, ?, ?)",
        writes,
    )
    return len(writes)


def get_many(db: Database, paper_ids: Sequence[str]) -> dict[str, Submission]:
    """Return what is known of some papers; those that Hugging Face said nothing of are left out."""
    rows = db.query(
        f"SELECT * FROM submission WHERE paper_id IN ({marks(paper_ids)})",
        list(paper_ids),
    )
    return {row["paper_id"]: _to_submission(row) for row in rows}


def _overlay(older: Submission, newer: Submission) -> Submission:
    said = {name: value for name in _FIELDS if (value := getattr(newer, name)) not in (None, ())}
    if older.rest and newer.rest and older.rest != newer.rest:
        said["rest"] = _overlay_rest(older.rest, newer.rest)
    return replace(older, **said)


def _overlay_rest(older: str, newer: str) -> str:
    """Return the newer fields over the older: a list's entry has more than a paper's own page."""
    before, now = json.loads(older), json.loads(newer)
    merged = before | now
    if "paper" in before and "paper" in now:
        merged["paper"] = before["paper"] | now["paper"]
    return json.dumps(merged, sort_keys=True, separators=(",", ":"))


def _to_json(submission: Submission) -> str:
    values = {name: value for name, value in asdict(submission).items() if value not in (None, ())}
    values.pop("rest", None)  # has a column of its own, packed
    if submission.submitted_at:
        values["submitted_at"] = moment(submission.submitted_at)
    if submission.accounts:
        values["accounts"] = [[a.author, a.user, a.status] for a in submission.accounts]
    return json.dumps(values, ensure_ascii=False)


def _packed(rest: str | None) -> bytes | None:
    return None if rest is None else zlib.compress(rest.encode())


def _to_submission(row: Row) -> Submission:
    values: dict[str, Any] = json.loads(row["fields"])
    values["submitted_at"] = parsed(values.get("submitted_at"))
    values["accounts"] = tuple(Account(*account) for account in values.get("accounts", ()))
    rest = row["rest"]
    return Submission(**values, rest=None if rest is None else zlib.decompress(rest).decode())
