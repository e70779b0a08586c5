"""Single papers are looked at for what has appeared, a few at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.jobs.watch import LOOK_EVERY, MOST_PAPERS, WATCHED, Watch
from bot.models import EventKind
from bot.store import events, listings, papers, people
from bot.store.papers import take_in
from bot.store.store import Store
from tests.builders import a_listing, a_paper
from tests.conftest import NOON, Clock
from tests.jobs.web import Net, a_net, by_path, json_answer, xml_answer
from tests.sources import samples

ONE = "2501.00001"
CODE = "https://github.com/owner/things"


@pytest.fixture
async def net(clock: Clock) -> AsyncIterator[Net]:
    async with a_net(clock) as net:
        net.papers.will(xml_answer(samples.an_atom_feed()))
        net.pages.will(by_path({"/api/models": [], "/api/datasets": [], "/api/spaces": []}))
        yield net


@pytest.fixture
def watch(net: Net, store: Store, clock: Clock) -> Watch:
    return Watch(store, net.hugging_face, net.arxiv, clock)


async def save(store: Store, *ids: str) -> None:
    await store.run(listings.record, a_listing(papers=ids))
    for paper_id in ids:
        await store.run(people.save, 7, paper_id, now=NOON)


async def test_what_appears_between_two_looks_is_an_event(
    watch: Watch, net: Net, store: Store, clock: Clock
) -> None:
    await save(store, ONE)
    await watch()
    assert len(net.pages.requests) == 4
    assert [r.path for r in net.papers.requests] == ["/api/query"]

    clock.now += LOOK_EVERY
    net.pages.will(
        by_path(
            {
                "/api/models": [{"id": "lab/model"}, {"id": "other/copy"}],
                "/api/datasets": [{"id": "lab/data"}],
                "/api/spaces": [{"id": "lab/demo"}],
                f"/api/papers/{ONE}": samples.a_paper(1, upvotes=12),
            }
        )
    )
    entry = samples.an_atom_entry(f"{ONE}v2", comment="This paper has been withdrawn by Ada")
    dated = entry.replace("2025-02-03", f"{clock():%Y-%m-%d}").replace("04:05:06", "23:00:00")
    net.papers.will(xml_answer(samples.an_atom_feed(dated)))
    await watch()

    found = {e.kind: e.detail for e in await store.read(events.since, NOON)}
    assert found == {
        EventKind.CODE: CODE,
        EventKind.WEIGHTS: "lab/model",
        EventKind.DATA: "lab/data",
        EventKind.DEMO: "lab/demo",
        EventKind.VERSION: "v2",
        EventKind.WITHDRAWN: "",
    }
    [snapshots] = (await store.read(listings.snapshots_of, [ONE])).values()
    assert [s.upvotes for s in snapshots] == [12]


async def test_what_the_first_look_finds_was_there_before_code_too(
    watch: Watch, net: Net, store: Store
) -> None:
    await store.run(take_in, "arxiv", [a_paper(ONE)], said_at=NOON)
    await store.run(people.save, 7, ONE, now=NOON)
    there: dict[str, object] = {
        "/api/models": [{"id": "lab/model"}],
        f"/api/papers/{ONE}": samples.a_paper(1),
        "/api/": [],
    }
    net.pages.will(by_path(there))
    await watch()
    assert await store.read(events.since, NOON) == []
    dated = await store.read(events.since, NOON - LOOK_EVERY)
    assert {event.kind for event in dated} == {EventKind.CODE, EventKind.WEIGHTS}


async def test_a_run_asks_for_a_few_papers_and_the_next_for_the_others(
    watch: Watch, net: Net, store: Store
) -> None:
    await save(store, *(f"2501.{n:05}" for n in range(1, MOST_PAPERS + 3)))
    await watch()
    assert (len(net.pages.requests), len(net.papers.requests)) == (4 * MOST_PAPERS, 1)
    await watch()
    assert len(net.pages.requests) == 4 * (MOST_PAPERS + 2)
    await watch()
    assert len(net.pages.requests) == 4 * (MOST_PAPERS + 2), "all were looked at a moment ago"


async def test_nobody_is_asked_where_nobody_cares(watch: Watch, net: Net, store: Store) -> None:
    await store.run(take_in, "arxiv", [a_paper(ONE)], said_at=NOON)
    await watch()
    assert net.pages.requests == net.papers.requests == []


async def test_a_source_that_fails_is_one_line_and_holds_up_no_other(
    watch: Watch, net: Net, store: Store, clock: Clock
) -> None:
    await save(store, ONE)
    net.papers.will(web.Response(status=429, headers={"Retry-After": "90"}))
    await watch()
    state = await store.read(listings.source_state, "arxiv", WATCHED)
    assert state.error == "arXiv asks us to wait 90 s (status 429)."
    other = await store.read(listings.source_state, "huggingface", WATCHED)
    assert (other.error, other.good_at) == (None, NOON)

    clock.now += LOOK_EVERY
    net.papers.will(xml_answer(samples.an_atom_feed()))
    await watch()
    assert (await store.read(listings.source_state, "arxiv", WATCHED)).error is None


async def test_a_paper_whose_page_makes_no_sense_holds_up_no_other(
    watch: Watch, net: Net, store: Store, clock: Clock
) -> None:
    others = [f"2501.{n:05}" for n in range(2, MOST_PAPERS + 2)]
    await save(store, ONE, *others)
    nothing = {"/api/models": [], "/api/datasets": [], "/api/spaces": []}
    net.pages.will(by_path({f"/api/papers/{ONE}": {"id": "nonsense"}, **nothing}))
    await watch()
    state = await store.read(listings.source_state, "huggingface", WATCHED)
    assert state.error == (
        "Hugging Face's page of 2501.00001 makes no sense: no arXiv id (nonsense)."
    )
    asked = len(net.pages.requests)
    await watch()
    assert {r.path for r in net.pages.requests[asked:]} > {f"/api/papers/{others[-1]}"}

    clock.now += LOOK_EVERY
    await watch()
    assert f"/api/papers/{ONE}" in {r.path for r in net.pages.requests[-4 * MOST_PAPERS :]}


async def test_a_source_that_wants_peace_is_left_alone(
    watch: Watch, net: Net, store: Store, clock: Clock
) -> None:
    await save(store, ONE)
    net.pages.will(web.Response(status=429, headers={"Retry-After": "80000"}))
    await watch()
    clock.now += LOOK_EVERY
    net.pages.will(json_answer("[]"))
    await watch()
    assert net.pages.requests == []


async def test_what_a_page_says_of_another_paper_is_not_believed(
    watch: Watch, net: Net, store: Store
) -> None:
    await save(store, ONE)
    net.pages.will(by_path({f"/api/papers/{ONE}": samples.a_paper(2), "/api/": []}))
    await watch()
    assert await store.read(papers.get, "2501.00002") is None
