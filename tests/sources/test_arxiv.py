"""Asking arXiv."""

from __future__ import annotations

from datetime import date

import pytest
from aiohttp import web

from bot.errors import SourceError
from bot.sources.arxiv import ArXiv
from bot.sources.arxiv_xml import Harvest
from bot.sources.http import Web
from tests.conftest import NOON
from tests.sources import samples
from tests.sources.conftest import Source, Waits, xml_answer
from tests.sources.samples import (
    an_atom_entry,
    an_atom_feed,
    an_item,
    an_oai_page,
    an_oai_record,
    an_rss_feed,
)

TWO = an_atom_feed(an_atom_entry("2501.00001v1"), an_atom_entry("2501.00002v1"))


@pytest.fixture
def arxiv(a_web: Web, source: Source) -> ArXiv:
    return ArXiv(a_web, source.url, source.url, source.url + "/")


async def test_the_newest_of_a_category(arxiv: ArXiv, source: Source):
    source.will(xml_answer(TWO))
    listing = await arxiv.newest("cs.CL", limit=5)
    assert (listing.source, listing.name, listing.day) == ("arxiv", "cs.CL newest", NOON.date())
    assert len(listing.records) == 2
    assert source.requests[0].path == "/api/query"
    assert dict(source.requests[0].query) == {
        "search_query": "cat:cs.CL",
        "sortBy": "submittedDate",
        "sortOrder": "descending",
        "max_results": "5",
    }


async def test_todays_announcement_and_again_unchanged(arxiv: ArXiv, source: Source):
    feed = an_rss_feed(an_item(), an_item("2604.00002v1", "cross"))
    source.will(xml_answer(feed, ETag='"a"'), web.Response(status=304))
    fetched = await arxiv.announced("cs.CL")
    again = await arxiv.announced("cs.CL", validators=fetched.validators)
    assert [listing.name for listing in fetched.listings] == ["cs.CL", "cs.CL cross"]
    assert again.not_modified
    assert source.requests[0].path == "/rss/cs.CL"


async def test_many_ids_are_asked_for_in_few_requests_three_seconds_apart(
    arxiv: ArXiv, source: Source, waits: Waits
):
    source.will(xml_answer(TWO))
    records, refusals = await arxiv.by_ids([f"2501.{number:05}" for number in range(1, 251)])
    assert (len(records), refusals) == (6, ())
    assert [request.query["max_results"] for request in source.requests] == ["100", "100", "50"]
    assert waits.seconds == [3, 3]


@pytest.mark.parametrize(
    ("words", "categories", "query"),
    [
        ("kv cache", (), 'all:"kv" AND all:"cache"'),
        ('"kv cache" llama-3', (), 'all:"kv cache" AND all:"llama-3"'),
        (
            "rank",
            ("cs.CL", "stat.ML"),
            '(all:"rank") AND (cat:cs.CL OR cat:stat.ML)',
        ),
        ("", ("hep-th",), "cat:hep-th"),
        ('a) OR cat:x "', (), 'all:"a" AND all:"OR" AND all:"cat x"'),
    ],
)
async def test_a_persons_words_cannot_leave_their_quotes(
    arxiv: ArXiv, source: Source, words: str, categories: tuple[str, ...], query: str
):
    source.will(xml_answer(TWO))
    assert len(await arxiv.search(words, categories=categories)) == 2
    assert source.requests[0].query["search_query"] == query


async def test_a_search_for_nothing_asks_nothing(arxiv: ArXiv, source: Source):
    assert await arxiv.search(' "" () ') == ()
    assert source.requests == []


@pytest.mark.parametrize("category", ["", "cs.CL/../..", "CS", "cs CL", "cs.CL?x=1", "a" * 99])
async def test_what_is_no_category_is_not_asked_for(arxiv: ArXiv, category: str):
    with pytest.raises(SourceError, match="is no arXiv category"):
        await arxiv.announced(category)


async def pages_of(arxiv: ArXiv, *, token: str | None = None) -> list[Harvest]:
    days = date(2025, 3, 1), date(2025, 3, 6)
    return [page async for page in arxiv.harvest(*days, subject="cs", token=token)]


def a_page(token: str) -> web.Response:
    record = an_oai_record(samples.ARXIV_RAW.format(paper_id="2501.00001"))
    return xml_answer(an_oai_page(record, token=token))


async def test_a_harvest_goes_on_until_there_is_no_token(
    arxiv: ArXiv, source: Source, waits: Waits
):
    source.will(a_page("one"), a_page("two"), a_page(""))
    pages = await pages_of(arxiv)
    assert [page.token for page in pages] == ["one", "two", None]
    assert [dict(request.query) for request in source.requests] == [
        {
            "verb": "ListRecords",
            "metadataPrefix": "arXivRaw",
            "from": "2025-03-01",
            "until": "2025-03-06",
            "set": "cs",
        },
        {"verb": "ListRecords", "resumptionToken": "one"},
        {"verb": "ListRecords", "resumptionToken": "two"},
    ]
    assert waits.seconds == [3, 3]


async def test_a_harvest_goes_on_where_it_was_left(arxiv: ArXiv, source: Source):
    source.will(a_page(""))
    await pages_of(arxiv, token="two")
    assert source.requests[0].query["resumptionToken"] == "two"


async def test_a_harvest_that_stands_still_is_ended(arxiv: ArXiv, source: Source):
    source.will(a_page("same"))
    with pytest.raises(SourceError, match="the same page for ever"):
        await pages_of(arxiv)
    assert len(source.requests) == 2


async def test_a_harvest_of_no_known_set_is_not_asked_for(arxiv: ArXiv):
    with pytest.raises(SourceError, match="is no set"):
        await anext(arxiv.harvest(subject="cs&verb=Identify"))
