"""Files that people have saved: recognised by what is in them, never by their names.

A trending page as text, Hugging Face's JSON, arXiv's XML, and arXiv listings as JSON lines
(``id``, ``first_listed``, ``title``, ``authors``, ``categories``, ``comment``, ``summary``),
each plain or gzipped.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from pathlib import Path
from typing import BinaryIO, cast

from bot.errors import SourceError
from bot.models import Listing, Paper, Record, Refusal
from bot.paper_ids import arxiv_id, version_of
from bot.sources import arxiv_xml, huggingface, page, untrusted
from bot.sources.untrusted import is_object

BATCH = 500
"""Records in a listing of a file that is read in passing."""
_LARGEST_WHOLE = 64 * 2**20
"""Bytes, unpacked, of a file that has to be read at once."""
_LARGEST_STREAM = 4 * 2**30
_LONGEST_LINE = 2**20
_HEAD = 64 * 2**10
_LARGEST_LISTING = 1_000
_LISTED = "listed"
# The day's list of Hugging Face is closed by then: 01:30 UTC in summer, 02:30 in winter.
_CLOSED_BY = time(2, 30, tzinfo=UTC)
_DATED_NAME = re.compile(r"(\d{4}-\d\d-\d\d)(?:__captured_(\d{8}T\d{6})Z)?", re.ASCII)
_ROOT_TAG = re.compile(rb"<([A-Za-z][\w:.-]{0,40})")


@dataclass(frozen=True, slots=True)
class _File:
    """An open file, seen as unpacked, and what its name says."""

    path: Path
    stream: BinaryIO
    now: datetime

    def whole(self) -> bytes:
        body = self.stream.read(_LARGEST_WHOLE + 1)
        if len(body) > _LARGEST_WHOLE:
            raise SourceError(f"more than {_LARGEST_WHOLE:,} bytes")
        return body


_Reader = Callable[[_File], Iterator[Listing]]


def saved_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Give the files among some paths, and those within folders, in the order of their names.

    Hidden files and folders (``.git``) within folders are passed over.

    Raises:
        SourceError: A path does not exist, or a folder may not be read.
    """
    for path in paths:
        inside = _inside(path)
        if inside is None:
            yield path
        else:
            yield from saved_files(inside)


def _inside(path: Path) -> list[Path] | None:
    """Return what a folder holds, in order; None for a file, and for a link that leads nowhere."""
    try:
        if path.is_dir():
            return sorted(child for child in path.iterdir() if not _is_passed_over(child))
        if path.exists() or path.is_symlink():
            return None
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}.") from error
    raise SourceError(f"{path} does not exist.")


def _is_passed_over(path: Path) -> bool:
    """Tell whether a path is hidden, or a link to a folder, which could lead in circles."""
    return path.name.startswith(".") or (path.is_symlink() and path.is_dir())


def read_saved(path: Path, *, now: datetime) -> Iterator[Listing]:
    """Give what a saved file shows, in order and in pieces, so that progress can be told.

    The same file always gives the same listings: their moments come from its name
    (``2024-06-12__captured_20240612T170641Z``) or its records. ``now`` stands in for a page,
    which has no date and no votes, so hand in the moment of the first import.

    Args:
        path: A file.
        now: No listing was seen later than this.

    Raises:
        SourceError: The file cannot be read, is of no known kind, or breaks off. What was
            given before holds. The text names the file.
    """
    try:
        with ExitStack() as stack:
            file = _File(path, _open(path, stack), now)
            head = file.stream.read(_HEAD)
            file.stream.seek(0)
            for listing in _reader(head)(file):
                yield from _pieces(replace(listing, seen_at=min(listing.seen_at, now)))
    except SourceError as error:
        raise SourceError(f"{path}: {str(error).rstrip('.')}.") from error
    except (EOFError, zlib.error) as error:
        raise SourceError(f"{path}: the packed file breaks off or is damaged.") from error
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror or 'the packed file is damaged'}.") from error


def _open(path: Path, stack: ExitStack) -> BinaryIO:
    if path.exists() and not path.is_file():
        raise SourceError("this is not a file")
    stream = stack.enter_context(path.open("rb"))
    packed = stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    return cast("BinaryIO", stack.enter_context(gzip.open(stream))) if packed else stream


def _reader(head: bytes) -> _Reader:
    """Return who understands a file that begins like this."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise SourceError("the file is empty")
    if start.startswith(b"["):
        return _read_hugging_face
    if start.startswith(b"{"):
        return _read_lines if _has_lines_of_json(start) else _read_hugging_face
    if start.startswith(b"<"):
        return _xml_reader(start)
    if page.is_page(head.decode("utf-8", "replace")):
        return _read_page
    raise SourceError(
        "this is neither a saved trending page nor Hugging Face's JSON nor arXiv's XML"
    )


def _xml_reader(start: bytes) -> _Reader:
    found = _ROOT_TAG.search(start)
    tag = found[1].decode() if found else "nothing"
    readers: dict[str, _Reader] = {"feed": _read_atom, "rss": _read_rss, "OAI-PMH": _read_oai}
    if tag not in readers:
        raise SourceError(f"XML with <{tag}> is none of arXiv's")
    return readers[tag]


def _has_lines_of_json(head: bytes) -> bool:
    """Tell whether some line is a JSON object by itself; the first may be the broken one."""
    return any(line.startswith(b"{") and _is_json(line) for line in head.splitlines())


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _pieces(listing: Listing) -> Iterator[Listing]:
    """Cut a listing that is too long for one transaction; its places then count by piece."""
    if len(listing.records) <= _LARGEST_LISTING:
        yield listing
        return
    for start in range(0, len(listing.records), BATCH):
        yield replace(
            listing,
            records=listing.records[start : start + BATCH],
            refusals=listing.refusals if start == 0 else (),
        )


def _read_page(file: _File) -> Iterator[Listing]:
    records, refusals = page.read_page(file.whole().decode("utf-8", "replace"))
    yield Listing(page.NAME, "trending", file.now.date(), file.now, records, refusals)


def _read_hugging_face(file: _File) -> Iterator[Listing]:
    day, seen_at = _dated(file.path.name)
    found = untrusted.load_json(file.whole(), source="the file")
    items = found if isinstance(found, list) else [found]
    records, refusals = huggingface.understand_all(items, day=day)
    if refusals and not records:
        raise SourceError(f"no paper in it makes sense; the first: {refusals[0].reason}")
    name = "daily"
    if day is None:
        name, day = _told_by(records, file.now)
    seen_at = seen_at or _closed_at(day)
    yield Listing(huggingface.NAME, name, day, seen_at, records, refusals)


def _dated(name: str) -> tuple[date | None, datetime | None]:
    """Return the day and the moment that a file's name begins with."""
    found = _DATED_NAME.match(name)
    if found is None:
        return None, None
    try:
        day = date.fromisoformat(found[1])
        captured_at = datetime.fromisoformat(found[2]).replace(tzinfo=UTC) if found[2] else None
    except ValueError:
        return None, None
    return day, captured_at


def _told_by(records: Sequence[Record], now: datetime) -> tuple[str, date]:
    """Return which list some records are, and its day: a day's list names one day only."""
    days = {record.submitted_on for record in records}
    latest = huggingface.latest_day(records)
    if latest is not None and len(days) == 1:
        return "daily", latest
    published = (record.paper.published_at for record in records)
    known = [moment.date() for moment in published if moment]
    return "trending", latest or max(known, default=now.date())


def _closed_at(day: date) -> datetime:
    """Return a moment at which a day's list was complete."""
    return datetime.combine(day + timedelta(days=1), _CLOSED_BY)


def _read_atom(file: _File) -> Iterator[Listing]:
    body = file.whole()
    if arxiv_xml.is_announcement(body):
        yield from _announced(file, body)
        return
    records, refusals = arxiv_xml.parse_atom(body)
    seen_at = arxiv_xml.atom_updated_at(body) or file.now
    yield Listing(arxiv_xml.NAME, "query", seen_at.date(), seen_at, records, refusals)


def _read_rss(file: _File) -> Iterator[Listing]:
    yield from _announced(file, file.whole())


def _announced(file: _File, body: bytes) -> Iterator[Listing]:
    announcement = arxiv_xml.parse_announcement(body)
    seen_at = _closed_at(announcement.day) if announcement.day else file.now
    yield from announcement.listings(seen_at=seen_at)


def _read_oai(file: _File) -> Iterator[Listing]:
    harvest = arxiv_xml.parse_oai(file.whole())
    yield harvest.listing(seen_at=harvest.dated or file.now)


def _read_lines(file: _File) -> Iterator[Listing]:
    """Read arXiv listings line by line: a listing for each run of one day, cut at ``BATCH``."""
    outcomes = (_understand_line(number, line) for number, line in _lines(file.stream))
    for day, run in groupby(_with_days(outcomes, file.now.date()), key=_day_of):
        for records, refusals in _batches(outcome for _, outcome in run):
            yield Listing(arxiv_xml.NAME, _LISTED, day, _closed_at(day), records, refusals)


_Outcome = Record | Refusal


def _with_days(
    outcomes: Iterable[tuple[date | None, _Outcome]], day: date
) -> Iterator[tuple[date, _Outcome]]:
    """Let a line that names no day belong to that of the line before."""
    for named, outcome in outcomes:
        day = named or day
        yield day, outcome


def _day_of(outcome: tuple[date, _Outcome]) -> date:
    return outcome[0]


def _lines(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = total = 0
    while line := stream.readline(_LONGEST_LINE + 1):
        number += 1
        total += len(line)
        if len(line) > _LONGEST_LINE or total > _LARGEST_STREAM:
            raise SourceError(f"line {number:,} is too long, or the file is")
        if line.strip():
            yield number, line


def _batches(outcomes: Iterable[_Outcome]) -> Iterator[huggingface.Understood]:
    records: list[Record] = []
    refusals: list[Refusal] = []
    for outcome in outcomes:
        if isinstance(outcome, Record):
            records.append(outcome)
        else:
            refusals.append(outcome)
        if len(records) + len(refusals) == BATCH:
            yield tuple(records), tuple(refusals)
            records, refusals = [], []
    if records or refusals:
        yield tuple(records), tuple(refusals)


def _understand_line(number: int, line: bytes) -> tuple[date | None, _Outcome]:
    """Return a line's day and record, or why it makes no sense."""
    where = f"line {number}"
    try:
        item = untrusted.load_json(line, source="the line")
    except SourceError:
        return None, Refusal(where, "not valid JSON")
    if not is_object(item):
        return None, Refusal(where, "not an object")
    listed_on = untrusted.day(item.get("first_listed"))
    given_id = untrusted.line(item.get("id"), most=100)
    paper_id = arxiv_id(given_id)
    if paper_id is None:
        return listed_on, Refusal(where, f"no arXiv id ({given_id or 'none of use'})")
    title = untrusted.line(item.get("title"), most=untrusted.LONGEST_TITLE)
    if not title:
        return listed_on, Refusal(where, f"{paper_id} has no title of use")
    return listed_on, Record(_paper(paper_id, title, item))


def _paper(paper_id: str, title: str, item: dict[str, object]) -> Paper:
    listed_at = untrusted.moment(item.get("first_listed"))
    is_first = listed_at is not None and arxiv_xml.may_be_first(listed_at, paper_id)
    comment = untrusted.line(item.get("comment"), most=2_000)
    abstract = untrusted.line(item.get("summary"), most=untrusted.LONGEST_TEXT)
    return Paper(
        id=paper_id,
        title=title,
        abstract=abstract,
        authors=untrusted.lines(item.get("authors")),
        published_at=listed_at if is_first else None,
        version=version_of(str(item["id"])),
        categories=untrusted.lines(item.get("categories")),
        comment=comment or None,
        withdrawn=arxiv_xml.is_withdrawn(comment, abstract),
    )
