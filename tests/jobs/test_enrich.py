"""Semantic Scholar is asked about recent papers, and is missed by nobody when it is silent."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import web

from bot import posts
from bot.jobs.enrich import ASK_EVERY, ENRICHED, Enrich
from bot.models import Reception
from bot.store import listings, papers, receptions
from bot.store.store import Store
from tests.builders import a_listing
from tests.conftest import Clock
from tests.jobs.web import Net, a_net, json_answer

ONE, TWO = "2403.00001", "2403.00002"
KNOWN = {"title": "T", "tldr": {"text": "In short."}, "citationCount": 3, "venue": "Some Venue"}


@pytest.fixture
async def net(clock: Clock) -> AsyncIterator[Net]:
    async with a_net(clock) as net:
        net.pages.will(json_answer(json.dumps([KNOWN, None])))
        yield net


@pytest.fixture
def enrich(net: Net, store: Store, clock: Clock) -> Enrich:
    return Enrich(store, net.semantic_scholar, clock)


async def test_summaries_and_citations_of_listed_papers_are_kept(
    enrich: Enrich, net: Net, store: Store, clock: Clock
) -> None:
    await store.run(listings.record, a_listing(papers=[ONE, TWO]))
    await enrich()
    assert json.loads(net.pages.bodies[0]) == {"ids": [f"ARXIV:{ONE}", f"ARXIV:{TWO}"]}
    paper = await store.read(papers.get, ONE)
    assert paper is not None
    assert paper.ai_summary == "In short."
    assert await store.read(receptions.get_many, [ONE, TWO]) == {
        ONE: Reception(ONE, citations=3, venue="Some Venue"),
        TWO: Reception(TWO),
    }
    shown, unknown = await store.read(posts.show, [ONE, TWO])
    assert (shown.cited, shown.venue) == ("cited 3 times", "Some Venue")
    assert (unknown.cited, unknown.venue) == ("", "")
    await enrich()
    assert len(net.pages.requests) == 1, "both were asked about a moment ago"
    clock.now += ASK_EVERY
    await enrich()
    assert len(net.pages.requests) == 2


async def test_nobody_is_asked_when_nothing_is_listed(enrich: Enrich, net: Net) -> None:
    await enrich()
    assert net.pages.requests == []


async def test_a_refusal_is_one_line_and_the_papers_are_asked_about_later(
    enrich: Enrich, net: Net, store: Store, clock: Clock
) -> None:
    await store.run(listings.record, a_listing(papers=[ONE, TWO]))
    answer = net.pages.answers
    net.pages.will(web.Response(status=429))
    await enrich()
    state = await store.read(listings.source_state, "semantic_scholar", ENRICHED)
    assert state.error == "Semantic Scholar asks us to wait 60 s (status 429)."
    assert await store.read(receptions.get_many, [ONE]) == {}

    net.pages.will(*answer)
    clock.now += timedelta(hours=1)
    await enrich()
    assert list(await store.read(receptions.get_many, [ONE])) == [ONE]
    state = await store.read(listings.source_state, "semantic_scholar", ENRICHED)
    assert state.error is None
