"""Answers with anything in them changed: a paper, a refusal or a source error, nothing else."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import SourceError
from bot.models import Record
from bot.paper_ids import arxiv_id
from bot.sources.arxiv_xml import parse_announcement, parse_atom, parse_oai
from bot.sources.huggingface import parse_daily, parse_linked
from bot.sources.saved import read_saved
from bot.sources.semantic_scholar import parse_batch
from bot.sources.starter import parse_starter
from bot.sources.untrusted import is_list, is_object
from tests.conftest import NOON
from tests.sources import samples
from tests.sources.samples import a_paper, an_entry

odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**30),
    st.floats(),
    st.text(st.characters()),
    st.just("\ud800\x00\u202e"),
    st.just("x" * 200_000),
    st.just("9999-12-31T23:59:59-14:00"),
    st.just([]),
    st.just([[[[None]]]]),
    st.just({}),
    st.just({"name": {"name": []}}),
    st.just([None, 1, "a", {"name": 1}, {"name": "x", "hidden": "no"}]),
)


Way = tuple[str | int, ...]
GONE = object()


def paths(value: object) -> list[Way]:
    """Return the way to every part of a JSON value."""
    ways: list[Way] = []
    for key, inner in parts(value):
        ways += [(key,), *((key, *way) for way in paths(inner))]
    return ways


def parts(value: object) -> list[tuple[str | int, object]]:
    if is_object(value):
        return list(value.items())
    return list(enumerate(value)) if is_list(value) else []


def changed(value: object, way: Way, change: Callable[[object], object]) -> object:
    """Return a copy of a JSON value with one part changed, or left out where that gives GONE."""
    if not way:
        return change(value)
    kept = {
        key: changed(inner, way[1:], change) if key == way[0] else inner
        for key, inner in parts(value)
    }
    left = {key: inner for key, inner in kept.items() if inner is not GONE}
    return list(left.values()) if is_list(value) else left


def at(value: object, way: Way) -> object:
    for step in way:
        value = dict(parts(value))[step]
    return value


@st.composite
def mutated(draw: st.DrawFn, original: object) -> object:
    """Drop, swap, null, blow up or nest some of a JSON value's parts."""
    value = original
    for _ in range(draw(st.integers(1, 6))):
        ways = paths(value)
        if not ways:
            break
        other, odd = at(value, draw(st.sampled_from(ways))), draw(odd_values)
        changes: list[Callable[[object], object]] = [
            lambda _, odd=odd: odd,
            lambda _, other=other: other,
            lambda _: GONE,
            lambda inner: [{"paper": inner}],
        ]
        value = changed(value, draw(st.sampled_from(ways)), draw(st.sampled_from(changes)))
    return value


def assert_whole(records: Iterable[Record]) -> None:
    for record in records:
        paper = record.paper
        assert arxiv_id(paper.id) == paper.id or not paper.has_arxiv_id
        assert paper.title.strip() == paper.title != ""
        repr(record).encode()
        for moment in (paper.published_at, paper.updated_at, record.submission.submitted_at):
            assert moment is None or moment.utcoffset() is not None
        for number in (record.upvotes, record.comments, record.stars):
            assert number is None or 0 <= number < 2**63


ENTRIES = [an_entry(1), a_paper(2), an_entry(3)]


@given(mutated(ENTRIES))
@settings(deadline=None)
def test_a_mutated_daily_list_gives_whole_papers_or_refusals(value: object):
    try:
        records, refusals = parse_daily(json.dumps(value))
    except SourceError:
        return
    assert_whole(records)
    assert not isinstance(value, list) or len(records) + len(refusals) == len(value)


@given(mutated([{"id": "a/b"}, {"modelId": "c/d"}]))
@settings(deadline=None)
def test_mutated_repositories_are_names_or_nothing(value: object):
    linked = parse_linked(json.dumps(value), full=9)
    assert all(linked.names)


@given(mutated([{"title": "T", "tldr": {"text": "S"}, "citationCount": 1, "journal": {"name": 1}}]))
@settings(deadline=None)
def test_a_mutated_batch_is_known_unknown_or_an_error(value: object):
    try:
        found = parse_batch(json.dumps(value), ["2501.00001"])
    except SourceError:
        return
    assert all(reception.title for reception in found.values())


@given(mutated([{"id": "2501.00001", "title": "T", "authors": ["A"], "more_authors": 3}]))
@settings(deadline=None)
def test_a_mutated_library_is_papers_or_refusals(value: object):
    assert_whole(parse_starter(json.dumps(value).encode(), now=NOON).records)


def atom_records(body: bytes) -> list[Record]:
    return list(parse_atom(body)[0])


def rss_records(body: bytes) -> list[Record]:
    return [record for records in parse_announcement(body).records.values() for record in records]


def announced_records(body: bytes) -> list[Record]:
    return rss_records(body)


def oai_records(body: bytes) -> list[Record]:
    return list(parse_oai(body).records)


FEEDS: dict[Callable[[bytes], list[Record]], bytes] = {
    atom_records: samples.an_atom_feed(samples.an_atom_entry(), samples.an_atom_entry()),
    announced_records: samples.an_announcement_as_atom(
        samples.an_announced_entry(), samples.an_announced_entry("2604.00002v3", "cross")
    ),
    rss_records: samples.an_rss_feed(samples.an_item(), samples.an_item("2604.00002v3", "cross")),
    oai_records: samples.an_oai_page(
        samples.an_oai_record(samples.ARXIV_RAW.format(paper_id="2501.00001")),
        samples.an_oai_record(samples.ARXIV_FORMAT.format(paper_id="2501.2", created="2025-01-01")),
        samples.an_oai_record(samples.DUBLIN_CORE),
        token="t",
    ),
}
SCRAPS = [b"", b"<", b">", b"</entry>", b"&", b"<!DOCTYPE a>", b"\xff", b"9" * 50, b"v99999999",
          b"<x/>", b"]]>", b"\x00", b" ", b"2413.00001", b"xmlns='y' "]  # fmt: skip


@st.composite
def torn(draw: st.DrawFn, body: bytes) -> bytes:
    """Cut pieces out of a text and put scraps in."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(body)))
        end = min(len(body), start + draw(st.integers(0, 60)))
        body = body[:start] + draw(st.sampled_from(SCRAPS)) + body[end:]
    return body


@st.composite
def emptied(draw: st.DrawFn, body: bytes) -> bytes:
    """Change words between tags and within attributes, so that the XML stays whole."""
    words = body.split(b">")
    for _ in range(draw(st.integers(1, 8))):
        index = draw(st.integers(0, len(words) - 1))
        text, tag, rest = words[index].partition(b"<")
        if tag and text.strip():
            words[index] = (
                draw(st.sampled_from([b"", b"9", b"-1", b"\xc3\xa9" * 90_000])) + tag + rest
            )
    return b">".join(words)


@pytest.mark.parametrize("parse", FEEDS)
@given(data=st.data())
@settings(deadline=None)
def test_torn_xml_gives_whole_papers_or_an_error(
    parse: Callable[[bytes], list[Record]], data: st.DataObject
):
    body = data.draw(st.one_of(torn(FEEDS[parse]), emptied(FEEDS[parse])))
    with suppress(SourceError):
        assert_whole(parse(body))


FILES = [
    *FEEDS.values(),
    json.dumps(ENTRIES).encode(),
    b"\n".join(json.dumps(a_paper(number)).encode() for number in (1, 2, 3)),
    b"Get trending papers in your email inbox!\nSubscribeA Title\n" + b"Some words. " * 40,
]


@given(data=st.data())
@settings(deadline=None)
def test_a_torn_file_gives_whole_papers_or_an_error(data: st.DataObject):
    body = data.draw(torn(data.draw(st.sampled_from(FILES))))
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        with suppress(SourceError):
            for listing in read_saved(Path(file.name), now=NOON):
                assert_whole(listing.records)
                assert listing.seen_at <= NOON
