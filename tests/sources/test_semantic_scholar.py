"""Semantic Scholar, with and without its help."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import SourceError
from bot.sources.http import Web
from bot.sources.semantic_scholar import Reception, SemanticScholar, parse_batch
from tests.sources.conftest import Source, Waits, json_answer, unpacked

KNOWN = {
    "title": "On Things",
    "tldr": {"model": "m", "text": "Things are\nstudied."},
    "citationCount": 7,
    "influentialCitationCount": 1,
    "venue": "",
    "publicationVenue": {"name": "Things Conference"},
    "journal": {"name": "J. Things"},
}


@pytest.fixture
def scholar(a_web: Web, source: Source) -> SemanticScholar:
    return SemanticScholar(a_web, source.url, key="secret")


def answer_of(*items: object) -> str:
    return json.dumps(list(items))


async def test_what_is_known_comes_by_id(scholar: SemanticScholar, source: Source):
    source.will(json_answer(answer_of(KNOWN, None)))
    ids = ["2501.00001", "hep-th/9901001", "2501.00001", "title-0123456789ab"]
    assert await scholar.receptions(ids) == {
        "2501.00001": Reception(
            "2501.00001", "On Things", "Things are studied.", 7, 1, "Things Conference"
        )
    }
    assert json.loads(source.bodies[0]) == {"ids": ["ARXIV:2501.00001", "ARXIV:hep-th/9901001"]}
    assert source.requests[0].path == "/graph/v1/paper/batch"
    assert source.requests[0].headers["x-api-key"] == "secret"
    assert "secret" not in repr(scholar)


async def test_no_more_than_500_are_asked_for_at_once(
    scholar: SemanticScholar, source: Source, waits: Waits
):
    source.will(json_answer(answer_of(*[None] * 500)), json_answer("[null]"))
    assert await scholar.receptions([f"2501.{number:05}" for number in range(1, 502)]) == {}
    assert len(source.requests) == 2
    assert waits.seconds == [1]


async def test_nothing_to_ask_asks_nothing(scholar: SemanticScholar, source: Source):
    assert await scholar.receptions(["title-0123456789ab"]) == {}
    assert source.requests == []


async def test_a_refusal_for_haste_is_a_source_error(a_web: Web, source: Source):
    source.will(web.Response(status=429, text='{"message": "Too Many Requests"}'))
    with pytest.raises(SourceError) as caught:
        await SemanticScholar(a_web, source.url).receptions(["2501.00001"])
    assert caught.value.retry_after == timedelta(minutes=1)
    assert "x-api-key" not in source.requests[0].headers


async def test_knowing_none_of_them_is_an_answer(scholar: SemanticScholar, source: Source):
    headers = {"Content-Type": "application/json"}
    source.will(
        web.Response(status=400, body=b'{"error": "No valid paper ids given"}', headers=headers),
        web.Response(status=400, body=b'{"error": "Unknown field."}', headers=headers),
    )
    assert await scholar.receptions(["2501.00001"]) == {}
    with pytest.raises(SourceError, match=r"refused the request: Unknown field\.$"):
        await scholar.receptions(["2501.00001"])


@pytest.mark.parametrize("body", ["", "{}", "[]", "[null, null]", "null"])
def test_an_answer_to_another_question_is_an_error(body: str):
    with pytest.raises(SourceError):
        parse_batch(body, ["2501.00001"])


@pytest.mark.parametrize(
    ("changes", "venue"),
    [
        ({"venue": "ACL"}, "ACL"),
        ({"venue": "arXiv.org", "publicationVenue": None}, "J. Things"),
        ({"publicationVenue": None, "journal": None}, None),
        ({"publicationVenue": 3, "journal": []}, None),
    ],
)
def test_arxiv_is_no_venue(changes: dict[str, object], venue: str | None):
    found = parse_batch(answer_of({**KNOWN, **changes}), ["2501.00001"])
    assert found["2501.00001"].venue == venue


@pytest.mark.data
def test_recorded_papers_are_understood(shared_data: Path):
    folder = shared_data / "metadata_apis"
    paper = json.loads(unpacked(folder / "s2_Paper.json.gz"))
    empty = json.loads(unpacked(folder / "s2_PaperWithNullValues.json.gz"))
    [found] = parse_batch(answer_of(paper, empty), ["a", "b"]).values()
    assert (found.citations, found.influential_citations) == (10_059, 530)
    assert found.tldr
    assert found.venue == "The Philosophy of Artificial Intelligence"


@pytest.mark.data
def test_recorded_batches_are_understood(shared_data: Path):
    found: list[Reception] = []
    path = shared_data / "metadata_apis" / "semanticscholar_lib_cassettes.jsonl.gz"
    for line in unpacked(path).splitlines():
        exchange = json.loads(line)
        if "citationCount" in exchange["uri"] and "/paper/batch" in exchange["uri"]:
            body = exchange["body"]
            if exchange["status"] == 200:
                ids = [str(number) for number in range(len(body))]
                found += parse_batch(json.dumps(body), ids).values()
            else:
                with pytest.raises(SourceError):
                    parse_batch(json.dumps(body), ["a"])
    assert [reception.citations for reception in found] == [10_670, 2_185, 0] * 2
