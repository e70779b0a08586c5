"""What papers are about, by their keywords: how often each occurs."""

from __future__ import annotations

from datetime import date

from sqlite_utils import Database

_COUNTED = (
    "SELECT min(word.value) AS keyword FROM paper, json_each(paper.ai_keywords) AS word"
    " WHERE paper.id IN ({papers}) AND word.value <> '' GROUP BY lower(word.value)"
    " ORDER BY count(*) DESC, lower(word.value) LIMIT :limit"
)


def of_saved(db: Database, user_id: int, *, limit: int) -> list[str]:
    """Return the keywords of a person's saved papers, the most frequent first."""
    papers = "SELECT paper_id FROM saved WHERE user_id = :user"
    rows = db.query(_COUNTED.format(papers=papers), {"user": user_id, "limit": limit})
    return [row["keyword"] for row in rows]


def of_listed(db: Database, *, since: date, limit: int) -> list[str]:
    """Return the keywords of the papers listed on a day or later, the most frequent first."""
    papers = "SELECT paper_id FROM listing_entry WHERE day >= :since"
    values = {"since": since.isoformat(), "limit": limit}
    rows = db.query(_COUNTED.format(papers=papers), values)
    return [row["keyword"] for row in rows]
