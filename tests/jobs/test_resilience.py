"""Sources that misbehave over real HTTP: one line in the status, and the next run recovers."""

from __future__ import annotations

import asyncio
import gzip
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from functools import partial

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from sqlite_utils import Database

from bot.jobs.refresh import Look, Refresh
from bot.models import Listing, Paper, Record, SourceState
from bot.render.status import status_page
from bot.sources.arxiv_xml import parse_announcement
from bot.sources.http import Fetched, Validators
from bot.sources.huggingface import parse_daily
from bot.status import take
from bot.store import listings, papers
from bot.store.pace import PaceInFiles
from bot.store.rows import to_paper
from bot.store.store import Store
from tests.builders import TODAY
from tests.conftest import NOON, Clock
from tests.jobs.web import Handler, Net, a_net, json_answer, xml_answer
from tests.sources.samples import a_page, an_entry, an_item, an_rss_feed
from tests.sources.test_fuzz import ENTRIES, assert_whole, mutated, torn

DAY = timedelta(days=1)
GOOD_JSON = a_page([1, 2])
GOOD_XML = an_rss_feed(an_item(), an_item("2604.00002v1"))
BOMB = gzip.compress(b"[" + b" " * 2**24 + b"]")
ENTITIES = b'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><rss>&b;</rss>'


async def never(request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def cut_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = 10_000
    await response.prepare(request)
    await response.write(b'[{"paper": {"id": "25')
    assert request.transport is not None
    request.transport.close()
    return response


async def says_its_type_in_no_text(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.write(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/\xff\xfe\r\n\r\n[]"
    )
    request.transport.close()
    return await never(request)


def status(code: int, **headers: str) -> web.Response:
    return web.Response(status=code, headers=headers)


MISBEHAVIOURS: dict[str, tuple[web.Response | Handler, str]] = {
    "never answers": (never, "did not answer in time"),
    "is busy": (status(429), "asks us to wait 60 s"),
    "is busy for a while": (status(429, **{"Retry-After": "90"}), "asks us to wait 90 s"),
    "is busy, and says so as a failure": (
        status(503, **{"Retry-After": "30"}),
        "asks us to wait 30 s",
    ),
    "fails": (status(500), "has trouble of its own (status 500)"),
    "is overloaded": (status(503), "has trouble of its own (status 503)"),
    "refuses": (status(403), "refused the request (status 403)"),
    "is cut off": (cut_off, "broke off its answer"),
    "gives a page": (
        web.Response(text="<html>", content_type="text/html"),
        "answered with text/html",
    ),
    "gives a bomb": (json_answer(BOMB, **{"Content-Encoding": "gzip"}), "answered with more than"),
    "gives too much": (json_answer(b" " * (2**22 + 1)), "answered with more than"),
    "gives nothing": (json_answer(b""), "did not give valid JSON"),
    "gives no text": (json_answer(b"\xff\xfe\x00[" * 9), "did not give valid JSON"),
    "nests without end": (json_answer(b"[" * 200_000), "did not give valid JSON"),
    "gives an error": (json_answer(b'{"error": "Oops"}'), "gave no list of papers: Oops"),
    "gives a list without end": (
        json_answer(b"[" + b"0," * 400_000 + b"0]"),
        "gave a list of 400,001, which is not read",
    ),
    "says its type in no text": (says_its_type_in_no_text, "answered with text/??"),
    "says that nothing is new though it was never read": (status(304), "(status 304)"),
    "redirects elsewhere": (
        status(302, Location="http://elsewhere.example/x"),
        "redirects to elsewhere.example",
    ),
    "redirects in circles": (status(302, Location="/again"), "redirects in circles"),
}
MISBEHAVIOURS_IN_XML: dict[str, tuple[web.Response | Handler, str]] = {
    "defines entities": (xml_answer(ENTITIES), "defines entities, which is refused"),
    "breaks off": (xml_answer(GOOD_XML[:-30]), "did not give valid XML"),
    "gives another feed": (xml_answer(b"<feed/>"), "instead of an RSS feed"),
    "names attributes without end": (
        xml_answer(b"<rss" + b" a=''" * 2**19 + b"/>"),
        "tags and attributes, which is not read",
    ),
    "gives a feed without end": (
        xml_answer(b"<rss><channel>" + b"<a/>" * 2**19 + b"</channel></rss>"),
        "tags and attributes, which is not read",
    ),
    "gives no text": (xml_answer(b"<rss>\xff\xfe</rss>"), "did not give valid XML"),
}


@pytest.fixture
async def net(clock: Clock, store: Store) -> AsyncIterator[Net]:
    async with a_net(clock, patience=1, pace=PaceInFiles(store)) as net:
        net.pages.will(json_answer(GOOD_JSON))
        net.papers.will(xml_answer(GOOD_XML))
        yield net


@pytest.fixture
def refresh(net: Net, store: Store, clock: Clock) -> Refresh:
    trending = Look("huggingface", "trending", lambda v: net.hugging_face.trending(validators=v))
    announced = Look("arxiv", "cs.CL", lambda v: net.arxiv.announced("cs.CL", validators=v))
    return Refresh(store, lambda now: [trending, announced], clock)


async def states(store: Store) -> dict[str, SourceState]:
    return {state.source: state for state in await store.read(listings.source_states)}


async def assert_one_line_and_recovery(
    failing: str, why: str, net: Net, refresh: Refresh, store: Store, clock: Clock
) -> None:
    """The other source was read; the failing one has its line, and is read the next time."""
    assert await refresh.all()
    (other,) = {"huggingface", "arxiv"} - {failing}
    found = await states(store)
    assert found[other].error is None
    assert why in (found[failing].error or "")
    assert await store.read(papers.count) == 2

    seen = await store.read(take, now=clock(), unchanged=refresh.unchanged)
    text = str(status_page(seen, None, indexed=2).to_components())
    assert text.count("now failing") == 1

    net.pages.will(json_answer(GOOD_JSON))
    net.papers.will(xml_answer(GOOD_XML))
    clock.now += DAY
    assert await refresh.all()
    assert [state.error for state in (await states(store)).values()] == [None, None]
    assert await store.read(papers.count) == 4


@pytest.mark.parametrize("how", MISBEHAVIOURS)
async def test_a_json_source_that_misbehaves_is_one_line(
    how: str, net: Net, refresh: Refresh, store: Store, clock: Clock
) -> None:
    answer, why = MISBEHAVIOURS[how]
    net.pages.will(answer)
    await assert_one_line_and_recovery("huggingface", why, net, refresh, store, clock)


@pytest.mark.parametrize("how", MISBEHAVIOURS_IN_XML)
async def test_an_xml_source_that_misbehaves_is_one_line(
    how: str, net: Net, refresh: Refresh, store: Store, clock: Clock
) -> None:
    answer, why = MISBEHAVIOURS_IN_XML[how]
    net.papers.will(answer)
    await assert_one_line_and_recovery("arxiv", why, net, refresh, store, clock)


async def test_a_source_that_is_not_there_is_one_line(
    net: Net, refresh: Refresh, store: Store
) -> None:
    await net.papers.server.close()
    assert await refresh.all()
    assert (await states(store))["arxiv"].error == "arXiv could not be reached."


async def test_a_source_that_asks_for_patience_is_not_asked_until_then(
    net: Net, refresh: Refresh, store: Store, clock: Clock
) -> None:
    net.pages.will(status(429, **{"Retry-After": "90"}))
    await refresh.all()
    net.pages.will(json_answer(GOOD_JSON))
    clock.now += timedelta(seconds=80)
    await refresh.all()
    assert net.pages.requests == []
    clock.now += timedelta(seconds=20)
    await refresh.all()
    assert len(net.pages.requests) == 1


def version(connection: sqlite3.Connection) -> int:
    """Return what any write to the file changes, by whomever but this connection."""
    return connection.execute("PRAGMA data_version").fetchone()[0]


@pytest.mark.parametrize("knows_etags", [True, False])
async def test_an_unchanged_source_costs_one_request_and_no_write(
    knows_etags: bool, net: Net, refresh: Refresh, store: Store, clock: Clock
) -> None:
    headers = {"ETag": '"1"', "Last-Modified": "Mon, 02 Mar 2026 00:00:00 GMT"}
    given = headers if knows_etags else {}
    net.pages.will(json_answer(GOOD_JSON, **given))
    net.papers.will(xml_answer(GOOD_XML, **given))
    await refresh.all()
    stored = await states(store)
    with closing(sqlite3.connect(store.path)) as other:
        before = version(other)
        clock.now += DAY / 24
        net.pages.will(status(304, **given) if knows_etags else json_answer(GOOD_JSON))
        net.papers.will(status(304, **given) if knows_etags else xml_answer(GOOD_XML))
        assert await refresh.all()
        assert version(other) == before

    assert await states(store) == stored
    seen = await store.read(take, now=clock(), unchanged=refresh.unchanged)
    assert [state.good_at for state in seen.sources] == [clock(), clock()], "as /status tells it"
    for source in (net.pages, net.papers):
        [request] = source.requests
        assert request.headers.get("If-None-Match") == ('"1"' if knows_etags else None)
        assert ("If-Modified-Since" in request.headers) is knows_etags


def whole(db: Database) -> None:
    """Check that every paper is whole, and nothing hangs in the air."""
    assert_whole(Record(to_paper(row)) for row in db.query("SELECT * FROM paper"))
    ids: list[str] = [row["id"] for row in db.query("SELECT id FROM paper")]
    for paper_id in ids:
        assert papers.statements_of(db, paper_id)
    assert list(db.query("PRAGMA foreign_key_check")) == []
    listed = db.query(
        "SELECT count(*) AS n FROM listing_entry WHERE rank < 1"
        " OR paper_id NOT IN (SELECT id FROM paper)"
    )
    assert next(listed)["n"] == 0


def daily(body: str, seen_at: Clock) -> Fetched:
    records, refusals = parse_daily(body, day=TODAY)
    return Fetched((Listing("huggingface", "daily", TODAY, seen_at(), records, refusals),))


def announced(body: bytes, seen_at: Clock) -> Fetched:
    return Fetched(parse_announcement(body).listings(seen_at=seen_at()))


async def shown(store: Store, clock: Clock, *looks: Look) -> None:
    clock.now += DAY / 24
    await Refresh(store, lambda now: looks, clock).all()
    await store.read(whole)


GOOD_ENTRIES = [an_entry(number) for number in (1, 3, 4)]


@given(value=mutated(ENTRIES), feed=torn(GOOD_XML))
@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whatever_the_sources_show_nothing_breaks_and_no_paper_is_half_written(
    value: object, feed: bytes, store: Store, clock: Clock
) -> None:
    async def fetch_daily(body: str, validators: Validators) -> Fetched:
        return daily(body, clock)

    async def fetch_announced(body: bytes, validators: Validators) -> Fetched:
        return announced(body, clock)

    for entries, xml in ((value, feed), (GOOD_ENTRIES, GOOD_XML)):
        await shown(
            store,
            clock,
            Look("huggingface", "daily", partial(fetch_daily, json.dumps(entries))),
            Look("arxiv", "cs.CL", partial(fetch_announced, xml)),
        )
    assert {state.error for state in await store.read(listings.source_states)} == {None}
    good: list[Paper] = await store.read(papers.get_many, ["2501.00001", "2604.00001"])
    assert [paper.id for paper in good] == ["2501.00001", "2604.00001"]
    assert clock() > NOON
