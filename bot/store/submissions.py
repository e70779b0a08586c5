"""How papers came to Hugging Face, and what else their pages there say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.models import Account, Submission
from bot.store.rows import at, marks, moment, parsed

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
    known = {row["paper_id"]: (_from_json(row["fields"]), at(row["said_at"])) for row in rows}
    writes: list[tuple[str, str | None, str]] = []
    for paper_id, now in said.items():
        before, before_at = known.get(paper_id, (_NOTHING, said_at))
        merged = _overlay(before, now) if said_at > before_at else _overlay(now, before)
        if merged != before:
            writes.append((paper_id, moment(max(said_at, before_at)), _to_json(merged)))
    db.conn.executemany(
        "INSERT OR REPLACE INTO submission (paper_id, said_at, fields) VALUES (?, ?, ?)", writes
    )
    return len(writes)


def get_many(db: Database, paper_ids: Sequence[str]) -> dict[str, Submission]:
    """Return what is known of some papers; those that Hugging Face said nothing of are left out."""
    rows = db.query(
        f"SELECT paper_id, fields FROM submission WHERE paper_id IN ({marks(paper_ids)})",
        list(paper_ids),
    )
    return {row["paper_id"]: _from_json(row["fields"]) for row in rows}


def _overlay(older: Submission, newer: Submission) -> Submission:
    said = {name: value for name in _FIELDS if (value := getattr(newer, name)) not in (None, ())}
    return replace(older, **said)


def _to_json(submission: Submission) -> str:
    values = {name: value for name, value in asdict(submission).items() if value not in (None, ())}
    if submission.submitted_at:
        values["submitted_at"] = moment(submission.submitted_at)
    if submission.accounts:
        values["accounts"] = [[a.author, a.user, a.status] for a in submission.accounts]
    return json.dumps(values, ensure_ascii=False)


def _from_json(text: str) -> Submission:
    values: dict[str, Any] = json.loads(text)
    values["submitted_at"] = parsed(values.get("submitted_at"))
    values["accounts"] = tuple(Account(*account) for account in values.get("accounts", ()))
    return Submission(**values)
