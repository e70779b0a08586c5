"""The past is fetched piece by piece, politely, and never twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import pytest
from aiohttp import web

from bot.errors import SourceError, UserError
from bot.jobs.asking import wants_peace
from bot.jobs.backfill import (
    BACKFILL,
    FIRST_LIST,
    MOST_FAILURES,
    Backfill,
    appeared_since,
    check_since,
)
from bot.models import Record, SourceState
from bot.store import backfill, listings, papers
from bot.store.backfill import TOKEN_LIVES, Days
from bot.store.store import Store
from tests.builders import a_listing, a_paper
from tests.conftest import NOON, Clock
from tests.jobs.web import Net, a_net, json_answer, xml_answer
from tests.sources import samples
from tests.store.test_papers import written

TODAY = NOON.date()
DAY = timedelta(days=1)
WEDNESDAY = date(2026, 2, 25)
"""Four lists until the newest that is closed at noon of Tuesday, 3 March."""
LISTS = ["2026-03-02", "2026-02-27", "2026-02-26", "2026-02-25"]
SINCE = date(2025, 1, 1)


@pytest.fixture
async def net(clock: Clock) -> AsyncIterator[Net]:
    async with a_net(clock) as net:
        net.pages.will(json_answer(samples.a_page([1])))
        yield net


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def job(net: Net, store: Store, clock: Clock, told: list[str]) -> Backfill:
    return Backfill(store, net.hugging_face, net.arxiv, clock, net.waits, told.append)


def dates(net: Net) -> list[str]:
    return [request.query["date"] for request in net.pages.requests]


class TestDailyLists:
    """Of Hugging Face: a request each."""

    async def test_are_fetched_for_weekdays_the_newest_first(
        self, job: Backfill, net: Net, told: list[str]
    ) -> None:
        await job.daily_lists(WEDNESDAY)
        assert dates(net) == LISTS
        assert told[0] == "Hugging Face 2026-03-02: 0 of 4 lists, 0 papers"
        assert told[-1] == "Hugging Face 2026-02-25: 3 of 4 lists, 3 papers"
        assert net.waits.seconds == [1] * 4

    async def test_that_are_there_are_not_fetched_again(
        self, job: Backfill, net: Net, store: Store
    ) -> None:
        await job.daily_lists(WEDNESDAY)
        before = await store.run(written)
        net.pages.will(json_answer("[]"))
        await job.daily_lists(WEDNESDAY)
        assert net.pages.requests == []
        assert await store.run(written) == before

        await job.daily_lists(WEDNESDAY - DAY)
        assert dates(net) == ["2026-02-24"]

    async def test_that_are_empty_are_there_too(self, job: Backfill, net: Net) -> None:
        net.pages.will(json_answer("[]"))
        for _ in range(2):
            await job.daily_lists(WEDNESDAY)
        assert dates(net) == LISTS

    async def test_that_were_seen_only_while_they_filled_are_fetched(
        self, job: Backfill, net: Net, store: Store
    ) -> None:
        for day in (26, 27):
            noon = NOON.replace(month=2, day=day)
            listing = a_listing(papers=["2501.00001"], day=noon.date(), seen_at=noon)
            await store.run(listings.record, listing)
        later = SourceState("huggingface", "daily 2026-02-27", good_at=NOON)
        await store.run(listings.note_state, later)

        await job.daily_lists(WEDNESDAY)
        assert dates(net) == ["2026-03-02", "2026-02-26", "2026-02-25"]

    async def test_go_on_where_they_were_stopped(
        self, job: Backfill, net: Net, store: Store, clock: Clock
    ) -> None:
        good = json_answer(samples.a_page([1]))
        net.pages.will(good, web.Response(status=429, headers={"Retry-After": "80000"}))
        with pytest.raises(SourceError, match="asks us to wait"):
            await job.daily_lists(WEDNESDAY)
        assert await store.read(papers.count) == 1

        clock.now += DAY
        net.pages.will(good)
        await job.daily_lists(WEDNESDAY)
        assert dates(net) == ["2026-03-03", *LISTS[1:]]

    async def test_are_not_asked_for_while_hugging_face_wants_the_bot_to_wait(
        self, job: Backfill, net: Net, store: Store, clock: Clock
    ) -> None:
        waiting = SourceState("huggingface", "trending", NOON, error="busy", retry_at=NOON + DAY)
        await store.run(listings.note_state, waiting)
        with pytest.raises(SourceError, match="asked us to wait until 2026-03-04 12:00 UTC"):
            await job.daily_lists(WEDNESDAY)
        assert net.pages.requests == []
        clock.now += DAY
        await job.daily_lists(date(2026, 3, 3))
        assert dates(net) == ["2026-03-03"]

    async def test_let_a_running_bot_wait_too(self, job: Backfill, net: Net, store: Store) -> None:
        net.pages.will(web.Response(status=429, headers={"Retry-After": "80000"}))
        with pytest.raises(SourceError):
            await job.daily_lists(WEDNESDAY)
        states = await store.read(listings.states_of, "huggingface")
        assert wants_peace(states.values(), now=NOON + timedelta(seconds=79_000))

    async def test_wait_as_long_as_they_are_asked_to(
        self, job: Backfill, net: Net, store: Store
    ) -> None:
        busy = web.Response(status=429, headers={"Retry-After": "90"})
        net.pages.will(busy, json_answer(samples.a_page([1])))
        await job.daily_lists(date(2026, 2, 27))
        assert net.waits.seconds == [90, 1, 1]
        assert dates(net) == ["2026-03-02", "2026-03-02", "2026-02-27"]
        states = await store.read(listings.states_of, "huggingface")
        assert states[BACKFILL].error is None, "it did as it was asked"

    async def test_one_that_is_broken_is_left_out_and_named(self, job: Backfill, net: Net) -> None:
        good = json_answer(samples.a_page([1]))
        net.pages.will(good, json_answer("{"), good)
        await job.daily_lists(WEDNESDAY)
        assert dates(net) == LISTS
        assert job.left_out == ["2026-02-27: Hugging Face did not give valid JSON."]

        net.pages.will(good)
        await job.daily_lists(WEDNESDAY)
        assert dates(net) == ["2026-02-27"], "it is tried again the next time"

    async def test_many_that_are_broken_end_it(self, job: Backfill, net: Net) -> None:
        net.pages.will(json_answer("{"))
        with pytest.raises(SourceError, match="valid JSON"):
            await job.daily_lists(WEDNESDAY - 30 * DAY)
        assert len(net.pages.requests) == MOST_FAILURES


def a_harvest(*numbers: int, token: str = "", before: int | None = None) -> web.Response:
    records = [
        samples.an_oai_record(samples.ARXIV_RAW.format(paper_id=f"2501.{number:05}"))
        for number in numbers
    ]
    return xml_answer(samples.an_oai_page(*records, token=token, before=before))


def asked(net: Net) -> list[str]:
    """Return what was asked of arXiv: the days, or the token."""
    queries = [request.query for request in net.papers.requests]
    return [q.get("resumptionToken") or f"{q['from']}/{q['until']}" for q in queries]


class TestTheCatalogue:
    """Of arXiv: set by set, page by page."""

    async def test_is_read_to_its_end(
        self, job: Backfill, net: Net, store: Store, told: list[str]
    ) -> None:
        net.papers.will(a_harvest(1, 2, token="next"), a_harvest(3), a_harvest(1, 4))
        await job.catalogue(["cs.CL", "hep-th"], SINCE)
        assert asked(net) == ["2025-01-01/2026-03-03", "next", "2025-01-01/2026-03-03"]
        assert [r.query["set"] for r in net.papers.requests if "set" in r.query] == [
            "cs:cs:CL",
            "physics:hep-th",
        ]
        assert net.waits.seconds == [3, 3], "one request in three seconds"
        assert await store.read(papers.count) == 4
        assert told[0] == "arXiv cs:cs:CL: some 2,500 records to read, 2 papers"

    async def test_says_how_far_it_is_in_each_set(
        self, job: Backfill, net: Net, told: list[str]
    ) -> None:
        net.papers.will(
            a_harvest(1, 2, token="next", before=1_000),
            a_harvest(3),
            a_harvest(4, 5, token="more", before=0),
            a_harvest(6),
        )
        await job.catalogue(["cs.CL", "cs.AI"], SINCE)
        assert told == [
            "arXiv cs:cs:CL: 1,002 of some 2,500 records, 2 papers",
            "arXiv cs:cs:CL: 3 papers",
            "arXiv cs:cs:AI: 2 of some 2,500 records, 5 papers",
            "arXiv cs:cs:AI: 6 papers",
        ]

    async def test_makes_no_news(self, job: Backfill, net: Net, store: Store) -> None:
        net.papers.will(a_harvest(1))
        await job.catalogue(["cs.CL"], SINCE)
        assert await store.read(listings.entries_since, SINCE) == []

    async def test_that_was_read_is_not_read_again(
        self, job: Backfill, net: Net, store: Store, clock: Clock
    ) -> None:
        net.papers.will(a_harvest(1))
        await job.catalogue(["cs.CL"], SINCE)
        before = await store.run(written)
        net.papers.will(a_harvest(1))
        await job.catalogue(["cs.CL"], SINCE)
        assert net.papers.requests == []
        assert await store.run(written) == before

        clock.now += 2 * DAY
        await job.catalogue(["cs.CL"], SINCE - DAY)
        assert asked(net) == ["2024-12-31/2025-01-01", "2026-03-03/2026-03-05"]

    async def test_goes_on_with_the_page_where_it_was_stopped(
        self, job: Backfill, net: Net, store: Store
    ) -> None:
        net.papers.will(a_harvest(1, token="second"), web.Response(status=500))
        with pytest.raises(SourceError, match="trouble of its own"):
            await job.catalogue(["cs.CL"], SINCE)
        kept = await store.read(backfill.position, "cs:cs:CL")
        assert (kept.leg, kept.token) == (Days(SINCE, TODAY), "second")

        net.papers.will(a_harvest(2))
        await job.catalogue(["cs.CL"], SINCE)
        assert asked(net) == ["second"]
        assert await store.read(papers.count) == 2

    async def test_begins_a_leg_again_when_its_token_has_died(
        self, job: Backfill, net: Net, clock: Clock
    ) -> None:
        net.papers.will(a_harvest(1, token="second"), web.Response(status=500))
        with pytest.raises(SourceError):
            await job.catalogue(["cs.CL"], SINCE)
        clock.now += TOKEN_LIVES
        net.papers.will(a_harvest(1), a_harvest())
        await job.catalogue(["cs.CL"], SINCE)
        assert asked(net) == ["2025-01-01/2026-03-03", "2026-03-03/2026-03-04"]

    async def test_begins_a_leg_again_when_arxiv_has_forgotten_its_token(
        self, job: Backfill, net: Net
    ) -> None:
        void = '<error code="badResumptionToken">It expired.</error>'
        forgotten = xml_answer(samples.an_oai_page(error=void))
        net.papers.will(a_harvest(1, token="second"), forgotten, a_harvest(1))
        await job.catalogue(["cs.CL"], SINCE)
        assert asked(net) == ["2025-01-01/2026-03-03", "second", "2025-01-01/2026-03-03"]

    async def test_is_left_when_arxiv_forgets_every_token(self, job: Backfill, net: Net) -> None:
        void = '<error code="badResumptionToken">It expired.</error>'

        async def forgets(request: web.Request) -> web.StreamResponse:
            if len(net.papers.requests) > 9:
                return a_harvest(1)  # without the bound it would go on for ever
            if "resumptionToken" in request.query:
                return xml_answer(samples.an_oai_page(error=void))
            return a_harvest(1, token="second")

        net.papers.will(forgets)
        with pytest.raises(SourceError, match="forgets its catalogue's pages"):
            await job.catalogue(["cs.CL"], SINCE)
        assert asked(net) == ["2025-01-01/2026-03-03", "second"] * 3

    async def test_waits_as_long_as_arxiv_asks(self, job: Backfill, net: Net) -> None:
        busy = web.Response(status=503, headers={"Retry-After": "20"})
        net.papers.will(a_harvest(1, token="second"), busy, a_harvest(2))
        await job.catalogue(["cs.CL"], SINCE)
        assert asked(net)[1:] == ["second", "second"]
        assert 20 in net.waits.seconds

    async def test_leaves_out_what_has_only_been_administered(
        self, job: Backfill, net: Net, store: Store
    ) -> None:
        net.papers.will(a_harvest(1))
        await job.catalogue(["cs.CL"], date(2025, 3, 5))
        assert await store.read(papers.count) == 0, "its latest version is of 4 March"


@pytest.mark.parametrize(
    ("updated", "published", "counts"),
    [(0, None, True), (-1, 0, False), (None, -1, False), (None, None, True)],
)
def test_a_paper_counts_by_its_latest_version(
    updated: int | None, published: int | None, counts: bool
) -> None:
    dated: dict[str, Any] = {
        name: None if days is None else NOON + days * DAY
        for name, days in (("updated_at", updated), ("published_at", published))
    }
    assert appeared_since(Record(a_paper(**dated)), TODAY) is counts


@pytest.mark.parametrize(
    ("since", "source", "why"),
    [
        (FIRST_LIST - DAY, None, "since 2023-05-04; .* or add --source arxiv"),
        (FIRST_LIST - DAY, "huggingface", "since 2023-05-04; name that day or a later one.$"),
        (date(1991, 8, 13), "arxiv", "arXiv began on 1991-08-14"),
        (TODAY + DAY, None, "lies ahead; name a day up to 2026-03-03"),
    ],
)
def test_a_day_from_which_a_source_has_nothing_is_refused(
    since: date, source: str | None, why: str
) -> None:
    with pytest.raises(UserError, match=why):
        check_since(since, source, now=NOON)


@pytest.mark.parametrize(("since", "source"), [(FIRST_LIST, None), (date(1991, 8, 14), "arxiv")])
def test_the_first_day_of_a_source_is_taken(since: date, source: str | None) -> None:
    check_since(since, source, now=NOON)
