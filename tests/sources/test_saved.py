"""Files that people have saved."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from bot.errors import SourceError
from bot.models import Listing, Refusal
from bot.sources.saved import BATCH, read_saved, saved_files
from tests.conftest import NOON
from tests.sources import samples
from tests.sources.conftest import utc
from tests.sources.samples import (
    a_page,
    a_paper,
    an_atom_entry,
    an_atom_feed,
    an_entry,
    an_item,
    an_oai_page,
    an_oai_record,
    an_rss_feed,
)

PAGE = "Get trending papers in your email inbox!\nSubscribeOn Things\n" + "Words. " * 99


def saved(folder: Path, name: str, body: str | bytes, *, packed: bool = False) -> Path:
    body = body.encode() if isinstance(body, str) else body
    path = folder / name
    path.write_bytes(gzip.compress(body) if packed else body)
    return path


def read(path: Path) -> list[Listing]:
    listings = list(read_saved(path, now=NOON))
    assert listings == list(read_saved(path, now=NOON))
    return listings


def ids(listings: Sequence[Listing]) -> list[str]:
    return [record.paper.id for listing in listings for record in listing.records]


def a_line(number: int, day: str = "2025-01-03", **fields: object) -> str:
    line = {
        "id": f"2501.{number:05}",
        "first_listed": day,
        "title": f"Thing\n{number}",
        "authors": ["Ada First"],
        "categories": ["cs.CL"],
        "comment": None,
        "summary": "Some\nwords.",
    }
    return json.dumps({**line, **fields})


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "day", "seen_at"),
    [
        ("2025-01-03.json", date(2025, 1, 3), utc(2025, 1, 4, 2, 30)),
        ("2025-02-02", date(2025, 2, 2), utc(2025, 2, 3, 2, 30)),
        (
            "2025-01-03__captured_20250103T170641Z.json.gz",
            date(2025, 1, 3),
            utc(2025, 1, 3, 17, 6, 41),
        ),
        ("papers.txt", date(2025, 1, 3), utc(2025, 1, 4, 2, 30)),
        ("2025-13-45.json", date(2025, 1, 3), utc(2025, 1, 4, 2, 30)),
        ("2026-03-03.json", date(2026, 3, 3), NOON),
    ],
)
def test_a_daily_list_has_the_day_of_its_name_or_its_records(
    tmp_path: Path, name: str, day: date, seen_at: object, packed: bool
):
    [listing] = read(saved(tmp_path, name, a_page([1, 2]), packed=packed))
    assert (listing.source, listing.name, listing.day) == ("huggingface", "daily", day)
    assert listing.seen_at == seen_at
    assert ids([listing]) == ["2501.00001", "2501.00002"]


def test_papers_of_many_days_are_a_trending_list(tmp_path: Path):
    entries = [an_entry(1, paper={"submittedOnDailyAt": None}), an_entry(2)]
    [listing] = read(saved(tmp_path, "x", json.dumps(entries)))
    assert (listing.name, listing.day) == ("trending", date(2025, 1, 3))
    undated = [an_entry(1, paper={"submittedOnDailyAt": None})]
    [listing] = read(saved(tmp_path, "y", json.dumps(undated)))
    assert (listing.name, listing.day) == ("trending", date(2025, 1, 2))


def test_one_papers_page_is_a_list_of_one(tmp_path: Path):
    body = json.dumps(a_paper(3), indent=1)
    assert ids(read(saved(tmp_path, "x", body))) == ["2501.00003"]


def test_a_bad_record_is_refused_and_the_others_taken(tmp_path: Path):
    [listing] = read(saved(tmp_path, "x", json.dumps([an_entry(1), {}, an_entry(2)])))
    assert len(listing.records) == 2
    assert listing.refusals == (Refusal("record 2", "no arXiv id (none of use)"),)


def test_a_long_list_comes_in_pieces(tmp_path: Path):
    listings = read(saved(tmp_path, "x", json.dumps([{}, *map(an_entry, range(1, 1_202))])))
    assert [len(listing.records) for listing in listings] == [500, 500, 201]
    assert [len(listing.refusals) for listing in listings] == [1, 0, 0]


def test_a_saved_page_is_read_as_of_its_first_import(tmp_path: Path):
    [listing] = read(saved(tmp_path, "x.json", PAGE))
    assert (listing.source, listing.name) == ("page", "trending")
    assert (listing.day, listing.seen_at) == (NOON.date(), NOON)
    assert listing.records[0].paper.title == "On Things"


@pytest.mark.parametrize(
    ("body", "names", "day"),
    [
        (an_atom_feed(an_atom_entry()), ["query"], date(2025, 3, 1)),
        (
            an_rss_feed(an_item(), an_item("2604.00002v1", "cross")),
            ["cs.CL", "cs.CL cross"],
            NOON.date(),
        ),
        (
            samples.an_announcement_as_atom(
                samples.an_announced_entry(), samples.an_announced_entry("2604.00002v1", "cross")
            ),
            ["cs.CL", "cs.CL cross"],
            NOON.date(),
        ),
        (an_oai_page(an_oai_record(samples.DUBLIN_CORE)), ["catalogue"], date(2025, 3, 6)),
    ],
)
def test_arxivs_xml_is_told_apart_by_its_root(
    tmp_path: Path, body: bytes, names: list[str], day: date
):
    listings = read(
        saved(tmp_path, "x", b"\xef\xbb\xbf\n" + body if b"<?xml" not in body else body)
    )
    assert [listing.name for listing in listings] == names
    assert all(listing.source == "arxiv" and listing.seen_at <= NOON for listing in listings)
    assert day in {listings[0].day, NOON.date()}


def test_listed_papers_come_by_day_and_in_batches(tmp_path: Path):
    lines = [a_line(number) for number in range(1, BATCH + 3)]
    lines += [a_line(9_000, "2025-01-06"), a_line(9_001, "2025-01-06")]
    listings = read(saved(tmp_path, "x.jsonl", "\n".join(lines), packed=True))
    assert [(listing.day.isoformat(), len(listing.records)) for listing in listings] == [
        ("2025-01-03", 500),
        ("2025-01-03", 2),
        ("2025-01-06", 2),
    ]
    paper = listings[0].records[0].paper
    assert (paper.title, paper.abstract, paper.categories) == ("Thing 1", "Some words.", ("cs.CL",))
    assert paper.published_at == utc(2025, 1, 3)
    assert listings[0].seen_at == utc(2025, 1, 4, 2, 30)


def test_a_bad_line_is_refused_with_its_number(tmp_path: Path):
    lines = [
        a_line(1)[:40],
        a_line(2),
        "",
        "[]",
        "{nope}",
        a_line(3, id="x"),
        a_line(4, title=None),
        a_line(5, comment="This paper has been withdrawn by the authors", id="2501.00005v2"),
        a_line(6, "2029-01-01"),
    ]
    listings = read(saved(tmp_path, "x", "\n".join(lines)))
    assert ids(listings) == ["2501.00002", "2501.00005", "2501.00006"]
    assert [refusal for listing in listings for refusal in listing.refusals] == [
        Refusal("line 1", "not valid JSON"),
        Refusal("line 4", "not an object"),
        Refusal("line 5", "not valid JSON"),
        Refusal("line 6", "no arXiv id (x)"),
        Refusal("line 7", "2501.00004 has no title of use"),
    ]
    withdrawn = next(r.paper for x in listings for r in x.records if r.paper.id == "2501.00005")
    assert (withdrawn.withdrawn, withdrawn.version) == (True, 2)
    assert listings[-1].records[-1].paper.published_at is None


CUT = gzip.compress(b"\n".join(a_line(number).encode() for number in range(1, 5_000)))[:-2_000]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (b"hello", "neither a saved trending page nor"),
        (b"\x00\x01\x02", "neither a saved trending page nor"),
        (b"<html></html>", "XML with <html> is none of arXiv's"),
        (b"<!DOCTYPE html><HTML>", "XML with <HTML> is none of arXiv's"),
        (b"<", "XML with <nothing> is none of arXiv's"),
        (b"<feed>", "arXiv did not give valid XML"),
        (b"<rss></rss>", "arXiv gave an RSS feed without a channel"),
        (b"[", "the file did not give valid JSON"),
        (b'[{"a": 1}]', "no paper in it makes sense; the first: no arXiv id"),
        (b"{\n}", "no paper in it makes sense"),
        (b"\x1f\x8b", "the packed file breaks off or is damaged"),
        (b"\x1f\x8b\x00nonsense", "the packed file is damaged"),
        (CUT, "the packed file breaks off or is damaged"),
        (gzip.compress(b"[" + b" " * 65 * 2**20), "more than 67,108,864 bytes"),
        (gzip.compress(a_line(1).encode() + b"\n" + b" " * 2**21), "line 2 is too long"),
    ],
)
def test_a_broken_file_is_named_with_its_trouble(tmp_path: Path, body: bytes, reason: str):
    path = saved(tmp_path, "broken.bin", body)
    with pytest.raises(SourceError) as caught:
        list(read_saved(path, now=NOON))
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_what_came_before_a_break_was_given(tmp_path: Path):
    given: list[Listing] = []
    with pytest.raises(SourceError):
        given.extend(read_saved(saved(tmp_path, "x", CUT), now=NOON))
    assert len(given) > 1


def test_a_file_that_the_system_refuses_is_named(tmp_path: Path):
    path = tmp_path / ("x" * 300)
    with pytest.raises(SourceError, match="File name too long"):
        list(read_saved(path, now=NOON))
    with pytest.raises(SourceError, match="File name too long"):
        list(saved_files([path]))


def test_what_is_no_file_is_an_error(tmp_path: Path):
    with pytest.raises(SourceError, match=r"absent: No such file or directory\.$"):
        list(read_saved(tmp_path / "absent", now=NOON))
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(SourceError, match="this is not a file"):
            list(read_saved(path, now=NOON))


def test_folders_are_walked_in_order_without_what_is_hidden(tmp_path: Path):
    for name in ("b/2", "b/10", "a", ".git/x", "b/.hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    found = [str(path.relative_to(tmp_path)) for path in saved_files([tmp_path])]
    assert found == ["a", "b/10", "b/2"]
    assert list(saved_files([tmp_path / "a", tmp_path / "a"])) == [tmp_path / "a"] * 2
    with pytest.raises(SourceError, match=r"nowhere does not exist\.$"):
        list(saved_files([tmp_path / "nowhere"]))


@pytest.mark.data
def test_everything_recorded_is_recognised(shared_data: Path):
    papers: dict[str, int] = {}
    for path in saved_files([shared_data / "hf", shared_data / "trending_page.txt"]):
        for listing in read_saved(path, now=NOON):
            assert not listing.refusals
            papers[listing.name] = papers.get(listing.name, 0) + len(listing.records)
    assert papers == {"daily": 7_876 + 301, "trending": 2 + 527}


@pytest.mark.data
def test_all_of_the_recorded_arxiv_listings_are_read(shared_data: Path):
    count = 0
    for path in saved_files([shared_data / "arxiv_corpus"]):
        for listing in read_saved(path, now=NOON.replace(year=2027)):
            assert not listing.refusals
            assert len(listing.records) <= BATCH
            assert listing.day.isoformat()[:7] == path.name[:7]
            count += len(listing.records)
    assert count == 54_002
