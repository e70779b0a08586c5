"""Papers and what the sources say of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from bot.merging import Age, Statement, merge, restate
from bot.models import TITLE_ONLY_PREFIX, Paper, PaperEvent, title_key
from bot.paper_ids import title_only_id
from bot.store import events, title_places
from bot.store.rows import Row, at, json_list, marks, moment, paper_values, to_paper, to_papers

SAME_TITLE_MIN_WORDS = 3
"""A shorter title ("Introduction") may well belong to two papers."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the store holds of a paper before it hears of it again."""

    row: Row
    statements: Mapping[str, Statement]


def get(db: Database, paper_id: str) -> Paper | None:
    """Return a paper by its id, or by one that it had before."""
    return next(iter(get_many(db, [paper_id])), None)


def get_many(db: Database, paper_ids: Sequence[str]) -> list[Paper]:
    """Return the papers in the order asked; unknown ids are left out."""
    names = resolve(db, paper_ids)
    wanted = [names.get(paper_id, paper_id) for paper_id in paper_ids]
    rows = db.query(
        "SELECT * FROM paper WHERE id IN (SELECT value FROM json_each(?))", [json_list(wanted)]
    )
    found = {row["id"]: to_paper(row) for row in rows}
    return [found[paper_id] for paper_id in dict.fromkeys(wanted) if paper_id in found]


def with_dois(db: Database, dois: Sequence[str]) -> list[str]:
    """Return the ids of the papers that have these DOIs, in their order; of several the newest.

    Args:
        dois: In lower case.
    """
    # The index holds papers with a DOI only, and SQLite must be told that no other is meant.
    rows = db.query(
        "SELECT id, lower(doi) AS doi FROM paper"
        f" WHERE doi IS NOT NULL AND lower(doi) IN ({marks(dois)}) ORDER BY published_at, id DESC",
        list(dois),
    )
    newest = {row["doi"]: row["id"] for row in rows}
    return [newest[doi] for doi in dict.fromkeys(dois) if doi in newest]


def resolve(db: Database, paper_ids: Sequence[str]) -> dict[str, str]:
    """Return the present id of each id that is an alias."""
    aliases = [paper_id for paper_id in paper_ids if paper_id.startswith(TITLE_ONLY_PREFIX)]
    rows = db.query(
        "SELECT alias, paper_id FROM paper_alias WHERE alias IN (SELECT value FROM json_each(?))",
        [json_list(aliases)],
    )
    return {row["alias"]: row["paper_id"] for row in rows}


def count(db: Database) -> int:
    """Return how many papers there are, by a count that is kept: to go through all takes longer
    with every day."""
    return next(db.query("SELECT papers FROM total"))["papers"]


def newest(db: Database, *, limit: int) -> list[Paper]:
    """Return the papers with the latest publication dates, latest first."""
    return to_papers(
        db.query("SELECT * FROM paper ORDER BY published_at DESC, id LIMIT ?", [limit])
    )


def changed_since(db: Database, revision: int, *, limit: int) -> tuple[list[Paper], list[str], int]:
    """Return what an index must take in after a revision, in order, at most ``limit`` of it.

    Returns:
        The papers with new text, the ids that are no more, and the revision
        up to which this is complete (the one given when nothing changed).
    """
    rows = list(
        db.query(
            "SELECT revision, NULL AS alias, id FROM paper WHERE revision > :after"
            " UNION ALL SELECT revision, alias, paper_id FROM paper_alias WHERE revision > :after"
            " ORDER BY 1 LIMIT :limit",
            {"after": revision, "limit": limit},
        )
    )
    gone = [row["alias"] for row in rows if row["alias"]]
    ids = [row["id"] for row in rows if not row["alias"]]
    papers = to_papers(db.query(f"SELECT * FROM paper WHERE id IN ({marks(ids)})", ids))
    return papers, gone, rows[-1]["revision"] if rows else revision


def latest_revision(db: Database) -> int:
    """Return the revision of the last change of text; 0 for an empty store."""
    return next(
        db.query(
            "SELECT max(coalesce((SELECT max(revision) FROM paper), 0),"
            " coalesce((SELECT max(revision) FROM paper_alias), 0)) AS n"
        )
    )["n"]


@dataclass(frozen=True, slots=True)
class Took:
    """What taking papers in came to."""

    ids: tuple[str, ...]
    """The papers' ids in the order given: a title may turn out to be a known paper."""
    new: int = 0
    updated: int = 0
    unchanged: int = 0


def take_in(db: Database, source: str, papers: Sequence[Paper], *, said_at: datetime) -> Took:
    """Merge what a source says of some papers into the store, and note what happened to them.

    A paper that is known by its title alone gets its arXiv id as soon as a
    source gives it; the old id stays valid. Where two papers have the title,
    it is the one that is told first, and none if both were known before: then
    nobody knows. Saying the same again writes nothing.

    Args:
        source: Whose words these are.
        papers: At most about a thousand; the same paper twice is fine.
        said_at: When the source said so.
    """
    names = _names(db, papers)
    ids = tuple(names[paper.id] for paper in papers)
    known = _known(db, ids)
    writes = _Writes(latest_revision(db))
    outcomes = {"new": 0, "updated": 0, "unchanged": 0}
    for paper_id, paper in zip(ids, papers, strict=True):
        paper = paper if paper.id == paper_id else replace(paper, id=paper_id)
        outcome, now = _take_in_one(writes, source, paper, known.get(paper_id), said_at)
        outcomes[outcome] += 1
        if now:
            known[paper_id] = now
    writes.flush(db)
    _remember_names(db, names)
    return Took(ids, **outcomes)


def _take_in_one(
    writes: _Writes, source: str, paper: Paper, known: Known | None, said_at: datetime
) -> tuple[str, Known | None]:
    before = known.statements.get(source) if known else None
    statement = restate(before, Statement(source, said_at, said_at, paper))
    if known and statement is before:
        return "unchanged", None
    statements = {**(known.statements if known else {}), source: statement}
    merged = merge(statements)
    first_seen_at = at(known.row["first_seen_at"]) if known else said_at
    old = to_paper(known.row) if known else None
    changed = merged != old
    now = Known(
        writes.paper(merged, first_seen_at) if changed or not known else known.row, statements
    )
    if old and changed:
        writes.events += events.changes(old, merged, first_seen_at=first_seen_at, said_at=said_at)
        if before is None:
            writes.first_words[merged.id] = first_seen_at
    writes.statements_of(known, statement, merged)
    return ("new" if known is None else "updated" if changed else "unchanged"), now


_COLUMNS = (*(field.name for field in fields(Paper)), "title_key", "first_seen_at", "revision")
_WRITE_PAPER = (
    f"INSERT INTO paper ({', '.join(_COLUMNS)}) VALUES ({', '.join(':' + c for c in _COLUMNS)})"
    f" ON CONFLICT (id) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in _COLUMNS[1:])}"
)
_WRITE_STATEMENT = (
    "INSERT INTO statement (paper_id, source, first_said_at, said_at, fields, earlier)"
    " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (paper_id, source) DO UPDATE SET"
    " first_said_at = excluded.first_said_at, said_at = excluded.said_at,"
    " fields = excluded.fields, earlier = excluded.earlier"
)


@dataclass
class _Writes:
    """What some papers come to, gathered to be written at once."""

    revision: int
    papers: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    statements: dict[tuple[str, str], tuple[str | None, ...]] = field(
        default_factory=dict[tuple[str, str], tuple[str | None, ...]]
    )
    events: list[PaperEvent] = field(default_factory=list[PaperEvent])
    first_words: dict[str, datetime] = field(default_factory=dict[str, datetime])
    """Known papers of which the source speaks for the first time, and when we heard of them."""

    def paper(self, merged: Paper, first_seen_at: datetime) -> Row:
        """Write a paper, with the next revision; return its row."""
        self.revision += 1
        row = {
            **paper_values(merged),
            "title_key": title_key(merged.title),
            "first_seen_at": moment(first_seen_at),
            "revision": self.revision,
        }
        self.papers[merged.id] = row
        return row

    def statements_of(self, known: Known | None, statement: Statement, merged: Paper) -> None:
        """Write a source's words; the paper's row stands for them while only one source speaks."""
        others = {
            name: said
            for name, said in (known.statements if known else {}).items()
            if name != statement.source
        }
        if known and len(known.statements) == len(others) == 1:
            for first in others.values():
                self.statement(first, as_row=False)
        self.statement(statement, as_row=not others and statement.paper == merged)

    def statement(self, statement: Statement, *, as_row: bool) -> None:
        self.statements[statement.paper.id, statement.source] = (
            statement.paper.id,
            statement.source,
            moment(statement.first_said_at),
            moment(statement.said_at),
            None if as_row else json.dumps(_said(statement.paper), ensure_ascii=False),
            _ages_to_json(statement.earlier) if statement.earlier else None,
        )

    def flush(self, db: Database) -> None:
        db.conn.executemany(_WRITE_PAPER, self.papers.values())
        db.conn.executemany(_WRITE_STATEMENT, self.statements.values())
        events.add(db, events.dated(db, self.events, self.first_words))
        title_places.keep_up(db, self.revision)


def _said(paper: Paper) -> dict[str, object]:
    """Return the fields that a source said anything of."""
    return {name: value for name, value in paper_values(paper).items() if value not in _SILENT}


_SILENT = (None, "", "[]", False)


def _known(db: Database, paper_ids: Sequence[str]) -> dict[str, Known]:
    rows = {
        row["id"]: row
        for row in db.query(
            f"SELECT * FROM paper WHERE id IN ({marks(paper_ids)})", list(paper_ids)
        )
    }
    statements: dict[str, dict[str, Statement]] = {paper_id: {} for paper_id in rows}
    for row in db.query(
        f"SELECT * FROM statement WHERE paper_id IN ({marks(paper_ids)})", list(paper_ids)
    ):
        statement = _to_statement(row, rows[row["paper_id"]])
        statements[row["paper_id"]][row["source"]] = statement
    return {paper_id: Known(row, statements[paper_id]) for paper_id, row in rows.items()}


def _to_statement(row: Row, paper_row: Row) -> Statement:
    paper = to_paper(paper_row)
    if row["fields"] is not None:
        empty = paper_values(Paper(id=paper.id, title=""))
        paper = to_paper({**empty, **json.loads(row["fields"]), "id": paper.id})
    said = at(row["first_said_at"]), at(row["said_at"])
    return Statement(row["source"], *said, paper, _ages_from_json(row["earlier"] or "{}"))


def _ages_to_json(ages: Mapping[str, Age]) -> str:
    return json.dumps({name: [age.version, moment(age.at)] for name, age in ages.items()})


def _ages_from_json(text: str) -> dict[str, Age]:
    return {name: Age(version, at(said)) for name, (version, said) in json.loads(text).items()}


def statements_of(db: Database, paper_id: str) -> list[Statement]:
    """Return what each source says of a paper, by source."""
    known = _known(db, [paper_id]).get(paper_id)
    return [] if known is None else [known.statements[name] for name in sorted(known.statements)]


def _names(db: Database, papers: Sequence[Paper]) -> dict[str, str]:
    """Return the ids that the store has or will have papers by: a title may be a known paper's."""
    same = _same_titles(db, papers)
    # Those with arXiv ids first: the others may be the same papers.
    ranked = sorted(papers, key=lambda paper: not paper.has_arxiv_id)
    aliases = resolve(db, [paper.id for paper in papers])
    return {paper.id: aliases.get(paper.id) or _named(db, paper, same) for paper in ranked}


def _same_titles(db: Database, papers: Sequence[Paper]) -> dict[str, list[str]]:
    """Return who has the papers' titles, where the store or ``papers`` know one by title alone.

    All other papers have their own ids, whoever has the same title.
    """
    by_id = {title_only_id(paper.title): title_key(paper.title) for paper in papers}
    rows = db.query(f"SELECT id FROM paper WHERE id IN ({marks(list(by_id))})", list(by_id))
    ids = {row["id"] for row in rows} | {paper.id for paper in papers}
    keys = {by_id[id_] for id_ in ids if id_ in by_id}
    return title_places.having(
        db, {key for key in keys if len(key.split()) >= SAME_TITLE_MIN_WORDS}
    )


def _named(db: Database, paper: Paper, same: dict[str, list[str]]) -> str:
    key = title_key(paper.title)
    ids = same.get(key, [])
    if not paper.has_arxiv_id:
        return ids[0] if len(ids) == 1 else paper.id
    others = [id_ for id_ in ids if id_ != paper.id]
    if len(others) == 1 and others[0].startswith(TITLE_ONLY_PREFIX):
        _rename(db, others[0], paper.id)
        ids.remove(others[0])
    if paper.id not in ids:
        ids.append(paper.id)
    return paper.id


def _rename(db: Database, alias: str, paper_id: str) -> None:
    """Give a paper that was known by its title its arXiv id; the old one stays valid."""
    if _known(db, [paper_id]):
        _fold(db, alias, paper_id)
    else:
        db.execute(
            "UPDATE paper SET id = ?, revision = ? WHERE id = ?",
            [paper_id, latest_revision(db) + 1, alias],
        )
    _remember_names(db, {alias: paper_id})


def _fold(db: Database, alias: str, paper_id: str) -> None:
    """Make one paper of two that turn out to be the same: all that is known of both is kept."""
    both = _known(db, [alias, paper_id])
    statements = dict(both[paper_id].statements)
    for name, said in both[alias].statements.items():
        same = replace(said, paper=replace(said.paper, id=paper_id))
        statements[name] = restate(statements.get(name), same)
    _move(db, alias, paper_id)
    writes = _Writes(latest_revision(db))
    writes.paper(merge(statements), at(both[paper_id].row["first_seen_at"]))
    for statement in statements.values():
        writes.statement(statement, as_row=False)
    writes.flush(db)


def _move(db: Database, alias: str, paper_id: str) -> None:
    """Let everything that names one paper name another, and remove the first."""
    # What was posted must not be posted again.
    db.execute(
        "UPDATE OR REPLACE feed_paper SET paper_id = ? WHERE paper_id = ? AND verdict = 'post'",
        [paper_id, alias],
    )
    # Whichever was seen first tells for how long either can be news.
    db.execute(
        "UPDATE matched SET seen_on = min(seen_on, coalesce("
        "(SELECT seen_on FROM matched WHERE paper_id = ?), seen_on)) WHERE paper_id = ?",
        [alias, paper_id],
    )
    for table in db.tables:
        for key in table.foreign_keys:
            if key.other_table == "paper" and table.name != "statement":
                db.execute(
                    f"UPDATE OR IGNORE {table.name} SET {key.column} = ? WHERE {key.column} = ?",
                    [paper_id, alias],
                )
    db.execute("DELETE FROM paper WHERE id = ?", [alias])


def _remember_names(db: Database, names: Mapping[str, str]) -> None:
    """Keep the ids by title of papers that have another, also when their titles change."""
    by_title = [alias for alias, paper_id in names.items() if alias != paper_id]
    known = resolve(db, by_title)
    for alias in by_title:
        if alias not in known:
            db.execute(
                "INSERT INTO paper_alias (alias, paper_id, revision) VALUES (?, ?, ?)",
                [alias, names[alias], latest_revision(db) + 1],
            )


def titles(db: Database, paper_ids: Iterable[str]) -> dict[str, str]:
    """Return the titles of the papers that are known."""
    return {paper.id: paper.title for paper in get_many(db, list(paper_ids))}


def listed_elsewhere(db: Database, source: str, paper_ids: Sequence[str]) -> bool:
    """Whether any of the papers stands in a listing of another source."""
    rows = db.query(
        "SELECT 1 FROM listing_entry WHERE source != ?"
        f" AND paper_id IN ({marks(paper_ids)}) LIMIT 1",
        [source, *paper_ids],
    )
    return any(True for _ in rows)


def said_by(db: Database, source: str, paper_ids: Sequence[str]) -> set[str]:
    """Return those of the papers that a source has shown."""
    rows = db.query(
        f"SELECT paper_id FROM statement WHERE source = ? AND paper_id IN ({marks(paper_ids)})",
        [source, *paper_ids],
    )
    return {row["paper_id"] for row in rows}
