"""Recorded answers of every source with anything in them changed: whole papers, or an error."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import SourceError
from bot.models import Record
from bot.paper_ids import arxiv_id
from bot.sources import huggingface
from bot.sources.arxiv_xml import atom_updated_at
from bot.sources.huggingface import parse_daily, understand
from bot.sources.page import read_page
from bot.sources.saved import read_saved
from bot.sources.semantic_scholar import parse_batch
from bot.store import listings, receptions
from bot.store.store import Store
from tests.conftest import NOON
from tests.jobs.test_resilience import whole
from tests.sources.conftest import unpacked
from tests.sources.samples import Json
from tests.sources.test_fuzz import (
    assert_whole,
    atom_records,
    emptied,
    mutated,
    oai_records,
    rss_records,
    torn,
)

pytestmark = pytest.mark.data

DAYS = ("2024-05-27", "2024-06-13", "2025-03-12", "2025-06-25", "2025-10-03", "2026-04-30")
"""Days around which Hugging Face's answers changed their shape."""
FEWEST_AUTHORS = 8
"""Records with more have the same fields over and over."""
parts = settings(deadline=None, max_examples=60)


@cache
def recorded_entries(folder: Path) -> list[Json]:
    """Return an entry of each shape that the daily and trending lists had."""
    entries: list[Json] = json.loads((folder / "hf/trending_2026-09_first2.json").read_bytes())
    for day in DAYS:
        found: list[Json] = json.loads(unpacked(folder / f"hf/daily_papers/{day}.json.gz"))
        entries.append(min(found, key=_authors))
    return entries


def _authors(entry: Json) -> int:
    paper = cast("dict[str, list[object]]", entry["paper"])
    return abs(len(paper["authors"]) - FEWEST_AUTHORS)


@given(data=st.data())
@parts
def test_a_recorded_list_gives_whole_papers_or_refusals(data: st.DataObject, shared_data: Path):
    entries = recorded_entries(shared_data)
    some = data.draw(st.lists(st.sampled_from(entries), min_size=1, max_size=2))
    value = data.draw(mutated(some))
    with suppress(SourceError):
        records, refusals = parse_daily(json.dumps(value))
        assert_whole(records)
        assert not isinstance(value, list) or len(records) + len(refusals) == len(value)
        huggingface.absent_fields(records)
        huggingface.unknown_fields_of(records)


@given(data=st.data())
@parts
def test_one_recorded_paper_is_whole_or_has_a_reason(data: st.DataObject, shared_data: Path):
    entry = data.draw(st.sampled_from(recorded_entries(shared_data)))
    outcome = understand(data.draw(mutated(entry["paper"])))
    if isinstance(outcome, Record):
        assert_whole([outcome])
    else:
        assert outcome


XML: dict[str, Callable[[bytes], list[Record]]] = {
    "api": atom_records,
    "rss": rss_records,
    "oai": oai_records,
}


@pytest.mark.parametrize("kind", XML)
@given(data=st.data())
@parts
def test_recorded_xml_gives_whole_papers_or_an_error(
    kind: str, data: st.DataObject, shared_data: Path
):
    path = data.draw(st.sampled_from(sorted((shared_data / "arxiv" / kind).glob("*.xml"))))
    body = path.read_bytes()[:60_000]
    body = data.draw(st.one_of(torn(body), emptied(body)))
    with suppress(SourceError):
        assert_whole(XML[kind](body))
    with suppress(SourceError):
        moment = atom_updated_at(body)
        assert moment is None or moment.utcoffset() is not None


@given(data=st.data())
@parts
def test_recorded_summaries_and_citations_are_known_unknown_or_an_error(
    data: st.DataObject, shared_data: Path
):
    value = data.draw(mutated([data.draw(st.sampled_from(recorded_receptions(shared_data)))]))
    with suppress(SourceError):
        for reception in parse_batch(json.dumps(value), ["2501.00001"]).values():
            assert reception.title
            assert reception.citations is None or reception.citations >= 0


@cache
def recorded_receptions(folder: Path) -> list[Json]:
    """Return Semantic Scholar's papers, without lists of authors and citations: not asked for."""
    found: list[Json] = []
    for name in ("s2_Paper", "s2_PaperWithNullValues"):
        paper: Json = json.loads(unpacked(folder / f"metadata_apis/{name}.json.gz"))
        found.append({name: value for name, value in paper.items() if not isinstance(value, list)})
    return found


@cache
def recorded_files(folder: Path) -> list[bytes]:
    """Return a recorded file of every kind that can be imported, cut to a few papers."""
    lines = unpacked(folder / "arxiv_corpus/2025-03.jsonl.gz").splitlines(keepends=True)[:4]
    xml = ("api/two_entries_2025-10-17.xml", "rss/cs.CL_2026-04-27_first3.xml",
           "oai/sample_arxiv_record.xml", "oai/arxiv-single.xml")  # fmt: skip
    page = (folder / "trending_page.txt").read_bytes()[:9_000]
    return [
        page,
        b"".join(lines),
        json.dumps(recorded_entries(folder)).encode(),
        *((folder / "arxiv" / name).read_bytes() for name in xml),
    ]


@st.composite
def damaged(draw: st.DrawFn, folder: Path) -> bytes:
    """Tear a recorded file, its lines of JSON or its packing."""
    body = draw(st.sampled_from(recorded_files(folder)))
    if body.startswith(b"{") and draw(st.booleans()):
        values = [draw(mutated(json.loads(line))) for line in body.splitlines()]
        return b"\n".join(json.dumps(value).encode() for value in values)
    if draw(st.booleans()):
        return draw(torn(body))
    return draw(torn(gzip.compress(body, mtime=0)))


@given(data=st.data())
@settings(
    deadline=None,
    max_examples=120,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whatever_a_saved_file_holds_no_paper_is_half_written(
    data: st.DataObject, shared_data: Path, store: Store, tmp_path: Path
):
    path = tmp_path / data.draw(st.sampled_from(["2026-03-02.json.gz", "page.txt", "a.xml"]))
    path.write_bytes(data.draw(damaged(shared_data)))
    with suppress(SourceError):
        for listing in read_saved(path, now=NOON):
            assert_whole(listing.records)
            await store.run(listings.record, listing)
    await store.read(whole)


@given(data=st.data())
@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whatever_is_said_of_a_papers_reception_it_is_kept_whole(
    data: st.DataObject, shared_data: Path, store: Store
):
    entry = recorded_entries(shared_data)[0]
    await store.run(listings.hear, "huggingface", _records([entry]), seen_at=NOON)
    value = data.draw(mutated(recorded_receptions(shared_data)[:1]))
    ids = [str(cast("Json", entry["paper"])["id"])]
    with suppress(SourceError):
        found = parse_batch(json.dumps(value), ids)
        await store.run(receptions.take_in, ids, found, now=NOON)
    await store.read(whole)


def _records(entries: list[Json]) -> tuple[Record, ...]:
    return parse_daily(json.dumps(entries))[0]


@given(data=st.data())
@parts
def test_any_piece_of_the_recorded_page_is_papers_or_refusals(
    data: st.DataObject, shared_data: Path
):
    body = data.draw(torn((shared_data / "trending_page.txt").read_bytes()[:20_000]))
    records, refusals = read_page(body.decode("utf-8", "replace"))
    assert_whole(records)
    assert all(refusal.reason for refusal in refusals)


def test_every_shape_is_among_the_entries(shared_data: Path):
    keys = set(_keys(recorded_entries(shared_data)))
    assert {"mediaUrl", "thumbnail", "ai_summary_model", "githubStars", "organization"} <= keys
    assert all(arxiv_id(record.paper.id) for record in _records(recorded_entries(shared_data)))


def _keys(entries: list[Json]) -> Iterator[str]:
    for entry in entries:
        yield from entry
        yield from cast("Json", entry["paper"])
