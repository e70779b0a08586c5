"""What questions are asked of: the papers of a server."""

from __future__ import annotations

from sqlite_utils import Database


def on_server(db: Database, guild_id: int, *, limit: int) -> list[str]:
    """Return the ids of the papers that a server's feeds posted, the latest first."""
    rows = db.query(
        "SELECT fp.paper_id, max(fp.decided_at) AS at FROM feed_paper AS fp"
        " JOIN feed AS f ON f.id = fp.feed_id WHERE f.guild_id = ? AND fp.verdict = 'post'"
        " GROUP BY fp.paper_id ORDER BY at DESC, fp.paper_id LIMIT ?",
        [guild_id, limit],
    )
    return [row["paper_id"] for row in rows]
