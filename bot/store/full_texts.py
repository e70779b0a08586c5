"""Full texts of papers that were asked about: kept in passages, for a while, within a limit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sqlite_utils import Database

from bot.answers.full_text import Body
from bot.answers.passages import Passage, Sentence
from bot.store.rows import Row, marks, moment

_BETWEEN = "\n"
"""Parts the sentences of a passage: none has a line break."""


def keep(db: Database, paper_id: str, body: Body | None, *, now: datetime, most: int) -> int:
    """Keep a paper's full text in the place of an older one, and make room for it.

    Args:
        body: None where nobody has the text: that is also kept, so that nobody is asked again.
        most: Characters of all texts together; those not used for longest go first.

    Returns:
        How many other texts had to go.
    """
    db.execute("DELETE FROM full_text WHERE paper_id = ?", [paper_id])
    size = sum(len(passage.text) for passage in body.passages) if body else None
    db.execute(
        "INSERT INTO full_text (paper_id, version, gives_orders, size, fetched_at, used_at)"
        " SELECT id, version, ?, ?, ?, ? FROM paper WHERE id = ?",
        [bool(body and body.gives_orders), size, moment(now), moment(now), paper_id],
    )
    db.conn.executemany(
        "INSERT INTO passage (paper_id, section, url, position, text)"
        " SELECT paper_id, ?, ?, ?, ? FROM full_text WHERE paper_id = ?",
        [(*_values(passage), paper_id) for passage in (body.passages if body else ())],
    )
    return _make_room(db, most, besides=paper_id)


def _values(passage: Passage) -> tuple[str, str, int, str]:
    text = _BETWEEN.join(sentence.text for sentence in passage.sentences)
    return passage.section, passage.url, passage.sentences[0].position, text


def _make_room(db: Database, most: int, *, besides: str) -> int:
    rows = db.query(
        "SELECT paper_id FROM (SELECT paper_id, sum(size) OVER (ORDER BY paper_id = ? DESC,"
        " used_at DESC, paper_id) AS total FROM full_text WHERE size IS NOT NULL)"
        " WHERE total > ? AND paper_id != ?",
        [besides, most, besides],
    )
    gone = [row["paper_id"] for row in rows]
    db.execute(f"DELETE FROM full_text WHERE paper_id IN ({marks(gone)})", gone)
    return len(gone)


def fresh(
    db: Database, paper_ids: Sequence[str], *, since: datetime, absent_since: datetime
) -> set[str]:
    """Return which papers' texts need not be fetched: kept, or known to be nowhere.

    A text of an older version than the paper's is not fresh.

    Args:
        since: Texts fetched before this are too old.
        absent_since: The same for what nobody had.
    """
    rows = db.query(
        "SELECT t.paper_id FROM full_text AS t JOIN paper AS p ON p.id = t.paper_id"
        f" WHERE t.paper_id IN ({marks(paper_ids)}) AND coalesce(p.version <= t.version, TRUE)"
        " AND t.fetched_at >= iif(t.size IS NULL, ?, ?)",
        [*paper_ids, moment(absent_since), moment(since)],
    )
    return {row["paper_id"] for row in rows}


def kept(db: Database, paper_ids: Sequence[str]) -> set[str]:
    """Return which papers' texts are there."""
    rows = db.query(
        f"SELECT paper_id FROM full_text WHERE paper_id IN ({marks(paper_ids)})"
        " AND size IS NOT NULL",
        list(paper_ids),
    )
    return {row["paper_id"] for row in rows}


def read(
    db: Database, paper_ids: Sequence[str], question: str, *, most: int, whole: bool = True
) -> dict[str, Body]:
    """Return what is kept of papers' texts, or of long ones what a question is about.

    Args:
        question: Any text.
        most: Passages a paper.
        whole: Whether texts of fewer passages are given whole. If not, only passages with a
            word of the question.

    Returns:
        Paper id → its text; papers without any are left out.
    """
    rows = db.query(
        f"SELECT paper_id, gives_orders FROM full_text WHERE paper_id IN ({marks(paper_ids)})"
        " AND size IS NOT NULL",
        list(paper_ids),
    )
    found: dict[str, Body] = {}
    for row in list(rows):
        passages = _passages(db, row["paper_id"], question, most=most, whole=whole)
        found[row["paper_id"]] = Body(tuple(map(_to_passage, passages)), bool(row["gives_orders"]))
    return found


def _passages(
    db: Database, paper_id: str, question: str, *, most: int, whole: bool
) -> Iterable[Row]:
    """Return a paper's passages in its order; of more than ``most``, the nearest by words."""
    first, last, number = db.execute(
        "SELECT min(id), max(id), count(*) FROM passage WHERE paper_id = ?", [paper_id]
    ).fetchone()
    if whole and number <= most:
        return db.query("SELECT * FROM passage WHERE paper_id = ? ORDER BY id", [paper_id])
    return db.query(
        "SELECT p.* FROM passage AS p WHERE p.paper_id = ? AND p.id IN (SELECT rowid FROM"
        " passage_words WHERE passage_words MATCH ? AND rowid BETWEEN ? AND ?"
        " ORDER BY rank LIMIT ?) ORDER BY p.id",
        [paper_id, _any_word_of(question), first, last, most],
    )


_WORD = re.compile(r"\w{2,40}")
_MOST_WORDS = 40


def _any_word_of(question: str) -> str:
    """Return a query for passages with one of the words; quoted, so that none is an operator."""
    words = dict.fromkeys(_WORD.findall(question)[:_MOST_WORDS])
    return " OR ".join(f'"{word}"' for word in words) or '""'


def _to_passage(row: Row) -> Passage:
    return Passage(row["paper_id"], row["section"], row["url"], tuple(_sentences(row)))


def _sentences(row: Row) -> Iterator[Sentence]:
    for place, text in enumerate(row["text"].split(_BETWEEN), row["position"]):
        yield Sentence(text, row["paper_id"], row["section"], row["url"], place)


def note_used(db: Database, paper_ids: Sequence[str], *, now: datetime) -> None:
    """Note that texts were read, so that they are kept before others."""
    db.execute(
        f"UPDATE full_text SET used_at = ? WHERE paper_id IN ({marks(paper_ids)})",
        [moment(now), *paper_ids],
    )


def forget_old(db: Database, *, before: datetime) -> int:
    """Take away the texts that were fetched before a moment; returns how many."""
    return db.execute("DELETE FROM full_text WHERE fetched_at < ?", [moment(before)]).rowcount
