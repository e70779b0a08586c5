"""How papers were taken up: citations and venues, as Semantic Scholar knows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlite_utils import Database

from bot.models import TITLE_ONLY_PREFIX, Paper, Reception
from bot.store import papers
from bot.store.papers import Took
from bot.store.rows import json_list, moment

SOURCE = "semantic_scholar"


def wanting(db: Database, *, listed_since: date, asked_before: datetime, limit: int) -> list[str]:
    """Return listed papers to ask about: never asked first, then longest ago, newest list first."""
    rows = db.query(
        "SELECT listed.paper_id FROM (SELECT paper_id, max(day) AS day FROM listing_entry"
        " WHERE day >= ? AND paper_id NOT LIKE ? GROUP BY paper_id) AS listed"
        " LEFT JOIN reception ON reception.paper_id = listed.paper_id"
        " WHERE coalesce(asked_at, '') <= ? ORDER BY asked_at, day DESC, listed.paper_id LIMIT ?",
        [listed_since.isoformat(), TITLE_ONLY_PREFIX + "%", moment(asked_before), limit],
    )
    return [row["paper_id"] for row in rows]


def take_in(
    db: Database, asked: Iterable[str], found: Mapping[str, Reception], *, now: datetime
) -> Took:
    """Take in what is known of some papers; what is not known any more is kept.

    Args:
        asked: All papers that were asked about, found or not.
    """
    rows = [(paper_id, found.get(paper_id, Reception(paper_id))) for paper_id in asked]
    db.conn.executemany(
        "INSERT INTO reception (paper_id, citations, influential_citations, venue, asked_at)"
        " VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET asked_at = excluded.asked_at,"
        " citations = coalesce(excluded.citations, citations), influential_citations ="
        " coalesce(excluded.influential_citations, influential_citations),"
        " venue = coalesce(excluded.venue, venue)",
        [
            (paper_id, r.citations, r.influential_citations, r.venue, moment(now))
            for paper_id, r in rows
        ],
    )
    said = [Paper(id_, r.title, ai_summary=r.tldr) for id_, r in rows if r.title and r.tldr]
    return papers.take_in(db, SOURCE, said, said_at=now)


def get_many(db: Database, paper_ids: Sequence[str]) -> dict[str, Reception]:
    """Return how some papers were taken up, in numbers; those never asked about are left out."""
    rows = db.query(
        "SELECT * FROM reception WHERE paper_id IN (SELECT value FROM json_each(?))",
        [json_list(paper_ids)],
    )
    return {
        row["paper_id"]: Reception(
            row["paper_id"],
            citations=row["citations"],
            influential_citations=row["influential_citations"],
            venue=row["venue"],
        )
        for row in rows
    }
