"""Hugging Face's lists, papers, and what is linked to them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web

from bot.errors import SourceError
from bot.listing_days import closes_at, opens_at
from bot.models import Account, Paper, Record, Refusal, Submission
from bot.sources.http import FRESH, Validators, Web
from bot.sources.huggingface import (
    Artifacts,
    HuggingFace,
    Linked,
    absent_fields,
    parse_daily,
    parse_linked,
    unknown_fields_of,
)
from bot.sources.huggingface_fields import READ, UNREAD
from tests.conftest import NOON
from tests.sources.conftest import Source, json_answer, unpacked, utc
from tests.sources.samples import Json, a_page, a_paper, an_entry

DAY = date(2025, 1, 3)
HOUR = timedelta(hours=1)


@pytest.fixture
def hugging_face(a_web: Web, source: Source) -> HuggingFace:
    return HuggingFace(a_web, source.url, token="hf_secret")


def one(entry: object, *, day: date | None = None) -> Record:
    (record,), refusals = parse_daily(json.dumps([entry]), day=day)
    assert not refusals
    return record


def compact(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def test_every_field_that_exists_is_kept():
    assert one(an_entry(4)) == Record(
        Paper(
            id="2501.00004",
            title="A Study of Thing 4",
            abstract="We study things.",
            authors=("Ada First", "Third Author"),
            published_at=utc(2025, 1, 2),
            ai_summary="Things are studied.",
            ai_keywords=("things", "study"),
            organization="The Thing Lab",
            code_url="https://github.com/owner/things",
            project_url="https://things.example.org/",
            thumbnail_url="https://cdn.example.org/4.png",
            media_urls=("https://cdn.example.org/a.mp4", "https://cdn.example.org/b.mp4"),
        ),
        upvotes=4,
        comments=2,
        stars=7,
        submitted_on=DAY,
        submission=Submission(
            submitted_at=utc(2025, 1, 3),
            submitted_by="user-1",
            submitter_organization="The Senders",
            authors_take_part=True,
            discussion_id="66ac44677746f1e5ff6b71f3",
            accounts=(Account("Ada First", "user-1", "claimed_verified"),),
            organization_handle="thing-lab",
            organization_logo_url="https://cdn.example.org/lab.png",
            code_added_by="user",
            summary_model="a/model",
            rest=compact(
                {
                    "submittedBy": {"isPro": False},
                    "paper": {
                        "authors": [
                            {"user": {"type": "user"}},
                            {
                                "hidden": True,
                                "name": "Hidden Second",
                                "user": {"user": "user-2"},
                            },
                            {},
                        ]
                    },
                }
            ),
        ),
    )


def test_fields_that_nobody_knows_are_named():
    entry = an_entry(paper={"score": 1, "authors": [{"name": "A", "orcid": "0"}]}, pinned=True)
    entry["submittedBy"] = {"name": "user-1", "karma": 3}
    record = one(entry)
    assert record.unknown == ("pinned", "paper.score", "submittedBy.karma", "paper.authors.orcid")
    assert one(an_entry()).unknown == one(a_paper()).unknown == ()
    rest = json.loads(record.submission.rest or "")
    assert (rest["pinned"], rest["submittedBy"]) == (True, {"karma": 3})
    assert rest["paper"] == {"score": 1, "authors": [{"orcid": "0"}]}
    assert unknown_fields_of([record, one(entry), one(an_entry())])["paper.score"] == 2


def test_a_title_that_differs_from_the_papers_own_is_kept():
    record = one(an_entry(title="A Study of \\textsc{Thing}"))
    assert json.loads(record.submission.rest or "")["title"] == "A Study of \\textsc{Thing}"


@pytest.mark.parametrize("more", ["x" * 2**18, float("nan"), "\ud800\x00"])
def test_what_nobody_reads_can_be_anything(more: object):
    rest = one(an_entry(more=more)).submission.rest
    assert rest is None if isinstance(more, str) and len(more) > 9 else rest is not None
    assert rest is None or rest.isascii()


def test_a_bare_paper_without_a_lists_entry_around_it_is_understood():
    record = one(a_paper(4))
    assert (record.paper.id, record.upvotes, record.comments) == ("2501.00004", 4, None)


def test_the_oldest_shape_is_understood():
    entry: Json = {
        "paper": {
            "id": "2405.00001",
            "authors": [],
            "publishedAt": "2024-05-01T10:00:00.000Z",
            "title": "Old",
            "summary": "Text",
            "upvotes": 0,
        },
        "publishedAt": "2024-05-27T00:00:00.000Z",
        "title": "Old",
        "mediaUrl": "https://cdn.example.org/a.mp4",
        "numComments": 0,
    }
    record = one(entry, day=DAY)
    assert record.submission == Submission(submitted_at=utc(2024, 5, 27))
    assert record.paper == Paper(
        "2405.00001",
        "Old",
        "Text",
        published_at=utc(2024, 5, 1, 10),
        media_urls=("https://cdn.example.org/a.mp4",),
    )
    assert (record.upvotes, record.comments, record.stars) == (0, 0, None)
    assert record.submitted_on == DAY


def test_a_record_names_its_own_day_before_ours():
    assert one(an_entry(), day=date(2025, 9, 9)).submitted_on == DAY


def test_an_organization_without_a_full_name_goes_by_its_name():
    assert one(an_entry(paper={"organization": {"name": "lab"}})).paper.organization == "lab"
    entry = an_entry(paper={"organization": None}, organization={"fullname": " The\nLab "})
    assert one(entry).paper.organization == "The Lab"


@pytest.mark.parametrize(
    "name",
    [
        "authors", "summary", "publishedAt", "upvotes", "ai_summary", "ai_keywords",
        "githubRepo", "githubStars", "projectPage", "organization", "mediaUrls",
        "submittedOnDailyAt",
    ],
)  # fmt: skip
@pytest.mark.parametrize("value", [None, 7, -1.5, True, "", "x", [], [None], {}, {"name": 1}])
def test_an_optional_field_of_a_wrong_type_costs_only_itself(name: str, value: object):
    record = one(an_entry(paper={name: value}))
    assert record.paper.title == "A Study of Thing 1"
    assert record.paper.id == "2501.00001"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "not an object"),
        ("paper", "not an object"),
        (an_entry(paper={}) | {"paper": []}, "its paper is not an object"),
        (an_entry(paper={"id": None}), "no arXiv id (none of use)"),
        (an_entry(paper={"id": "10.1000/1"}), "no arXiv id (10.1000/1)"),
        (an_entry(paper={"id": ["2501.00001"]}), "no arXiv id (none of use)"),
        (an_entry(paper={"title": ""}, title=" \n "), "2501.00001 has no title of use"),
        (an_entry(paper={"title": 3}, title="A"), "2501.00001 has no title of use"),
        (an_entry(paper={"title": "x" * 9_999}), "2501.00001 has no title of use"),
    ],
)
def test_a_record_that_makes_no_sense_is_refused_alone(entry: object, reason: str):
    records, refusals = parse_daily(json.dumps([an_entry(1), entry, an_entry(2)]))
    assert [record.paper.id for record in records] == ["2501.00001", "2501.00002"]
    assert refusals == (Refusal("record 2", reason),)


def test_an_empty_list_is_a_list():
    assert parse_daily(b"[]") == ((), ())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "Hugging Face did not give valid JSON."),
        (b"<!doctype html>", "Hugging Face did not give valid JSON."),
        (b"{}", "Hugging Face gave no list of papers."),
        (b'{"error": "Too\\nlate"}', "Hugging Face gave no list of papers: Too late."),
        (b"null", "Hugging Face gave no list of papers."),
    ],
)
def test_an_answer_that_is_no_list_is_a_source_error(body: bytes, message: str):
    with pytest.raises(SourceError) as caught:
        parse_daily(body)
    assert str(caught.value) == message


def test_absent_fields_are_counted_for_the_report():
    bare: Json = {"paper": {"id": "2501.00002", "title": "Bare", "summary": "S"}}
    records, _ = parse_daily(json.dumps([an_entry(1), bare, an_entry(3, paper={"upvotes": None})]))
    absent = absent_fields(records)
    assert absent["upvotes"] == 2
    assert absent["ai_summary"] == absent["stars"] == absent["submitted_on"] == 1
    assert "abstract" not in absent
    assert absent["submitted_by"] == absent["accounts"] == absent["authors_take_part"] == 1
    assert next(iter(absent)) == "upvotes"


async def test_a_day_is_read_to_its_end(hugging_face: HuggingFace, source: Source):
    pages = [range(1, 101), range(101, 201), range(195, 246)]
    source.will(*(json_answer(a_page(page)) for page in pages), json_answer("[]"))

    fetched = await hugging_face.daily(DAY)

    [listing] = fetched.listings
    assert (listing.source, listing.name, listing.day) == ("huggingface", "daily", DAY)
    assert listing.seen_at == NOON
    assert len(listing.records) == 245
    assert len({record.paper.id for record in listing.records}) == 245
    assert [request.query["p"] for request in source.requests] == ["0", "1", "2", "3"]
    assert source.requests[0].query["date"] == "2025-01-03"
    assert source.requests[0].headers["Authorization"] == "Bearer hf_secret"
    assert "hf_secret" not in repr(hugging_face)


async def test_a_short_page_is_the_last(hugging_face: HuggingFace, source: Source):
    source.will(json_answer(a_page(range(1, 30))))
    await hugging_face.daily(DAY)
    assert len(source.requests) == 1


async def test_a_page_that_comes_again_ends_the_list(hugging_face: HuggingFace, source: Source):
    source.will(json_answer(a_page(range(1, 51))))
    [listing] = (await hugging_face.daily(DAY)).listings
    assert len(listing.records) == 50
    assert len(source.requests) == 2


async def test_an_endless_list_is_left_after_twenty_pages(
    hugging_face: HuggingFace, source: Source
):
    async def more(request: web.Request) -> web.StreamResponse:
        start = int(request.query["p"]) * 50 + 1
        return json_answer(a_page(range(start, start + 50)))

    source.will(more)
    await hugging_face.daily(DAY)
    assert len(source.requests) == 20


async def test_an_unchanged_list_brings_nothing(hugging_face: HuggingFace, source: Source):
    source.will(json_answer(a_page([1]), ETag='W/"1"'), web.Response(status=304))
    first = await hugging_face.daily(DAY)
    again = await hugging_face.daily(DAY, validators=first.validators)
    assert first.validators == Validators('W/"1"')
    assert again.not_modified
    assert again.listings == ()
    assert again.validators == first.validators


def two_pages(*, last: int = 52) -> tuple[web.Response, web.Response]:
    return (
        json_answer(a_page(range(1, 51)), ETag='W/"1"'),
        json_answer(a_page(range(51, last + 1)), ETag='W/"2"'),
    )


@pytest.mark.parametrize("page", [0, 1])
async def test_an_unchanged_list_of_several_pages_costs_one_request_for_any_of_them(
    page: int, hugging_face: HuggingFace, source: Source
):
    source.will(*two_pages(), web.Response(status=304))
    hugging_face.choose = lambda pages: page if pages > 1 else 0
    first = await hugging_face.daily(DAY)
    assert first.validators == Validators('W/"1"', further=(Validators('W/"2"'),))
    again = await hugging_face.daily(DAY, validators=first.validators)
    assert again.not_modified
    assert again.validators == first.validators
    asked = [(r.query["p"], r.headers.get("If-None-Match")) for r in source.requests[2:]]
    assert asked == [(str(page), f'W/"{page + 1}"')]


async def test_all_pages_of_a_list_are_asked_whether_they_have_changed(
    hugging_face: HuggingFace, source: Source
):
    source.will(*two_pages(), web.Response(status=304))
    first = await hugging_face.daily(DAY)
    for _ in range(64):  # both are missed once in 2 ** 63 runs
        await hugging_face.daily(DAY, validators=first.validators)
    assert {r.query["p"] for r in source.requests[2:]} == {"0", "1"}


async def test_a_list_is_read_anew_where_a_later_page_has_changed(
    hugging_face: HuggingFace, source: Source
):
    changed = two_pages(last=53)[1]
    source.will(*two_pages(), changed, *two_pages(last=53))
    hugging_face.choose = lambda pages: pages - 1
    first = await hugging_face.daily(DAY)
    again = await hugging_face.daily(DAY, validators=first.validators)
    assert len(again.listings[0].records) == 53
    assert again.listings[0].whole
    asked = [(r.query["p"], r.headers.get("If-None-Match")) for r in source.requests[2:]]
    assert asked == [("1", 'W/"2"'), ("0", None), ("1", None)]


async def test_a_list_with_a_page_that_names_no_version_is_read_again(
    hugging_face: HuggingFace, source: Source
):
    source.will(two_pages()[0], json_answer(a_page(range(51, 53))))
    fetched = await hugging_face.daily(DAY)
    assert len(fetched.listings[0].records) == 52
    assert fetched.validators == FRESH


@pytest.mark.parametrize(
    ("pages", "whole"),
    [
        ([a_page(range(1, 30))], True),
        ([a_page(range(1, 51)), a_page(range(51, 60))], True),
        ([json.dumps([an_entry(1), {"paper": {}}])], False),
    ],
)
async def test_a_daily_list_is_whole_unless_some_of_it_makes_no_sense(
    hugging_face: HuggingFace, source: Source, pages: list[str], whole: bool
):
    source.will(*map(json_answer, pages))
    [listing] = (await hugging_face.daily(DAY)).listings
    assert listing.whole is whole


async def test_weeks_and_months_have_lists_of_their_own(hugging_face: HuggingFace, source: Source):
    source.will(json_answer(a_page([1])))
    [latest] = (await hugging_face.daily()).listings
    [week] = (await hugging_face.daily(week="2025-W01")).listings
    [month] = (await hugging_face.daily(month="2025-01")).listings
    assert [(week.name, week.day), (month.name, month.day)] == [("week", DAY), ("month", DAY)]
    assert [listing.whole for listing in (latest, week, month)] == [False] * 3
    assert source.requests[1].query["week"] == "2025-W01"
    assert source.requests[2].query["month"] == "2025-01"


async def test_the_latest_list_has_the_day_that_its_records_name(
    hugging_face: HuggingFace, source: Source
):
    source.will(json_answer(a_page([1])), json_answer("[]"))
    [latest] = (await hugging_face.daily()).listings
    [empty] = (await hugging_face.daily()).listings
    assert (latest.day, empty.day) == (DAY, NOON.date())


async def test_trending_is_one_page_of_any_age(hugging_face: HuggingFace, source: Source):
    source.will(json_answer(a_page(range(1, 101))))
    [listing] = (await hugging_face.trending()).listings
    assert (listing.name, listing.day, len(listing.records)) == ("trending", NOON.date(), 100)
    assert source.requests[0].query["sort"] == "trending"
    assert len(source.requests) == 1


async def test_one_paper_is_known_or_not(hugging_face: HuggingFace, source: Source):
    source.will(json_answer(json.dumps(a_paper(5))), web.Response(status=404))
    found = await hugging_face.paper("2501.00005")
    assert found is not None
    assert found.paper.id == "2501.00005"
    assert source.requests[0].path == "/api/papers/2501.00005"
    assert await hugging_face.paper("2501.00006") is None
    source.will(json_answer("{}"))
    with pytest.raises(SourceError, match="makes no sense: no arXiv id"):
        await hugging_face.paper("2501.00007")


async def test_search_gives_records_best_first(hugging_face: HuggingFace, source: Source):
    source.will(json_answer(a_page([2, 1])))
    found = await hugging_face.search("many words " * 99, limit=500)
    assert [record.paper.id for record in found] == ["2501.00002", "2501.00001"]
    query = source.requests[0].query
    assert (len(query["q"]), query["limit"]) == (250, "120")


async def test_artifacts_are_what_names_the_paper(hugging_face: HuggingFace, source: Source):
    source.will(
        json_answer('[{"id": "lab/model"}, {"modelId": "lab/old"}, {"no": 1}, 3]'),
        json_answer("[]"),
        json_answer(json.dumps([{"id": f"a/{n}"} for n in range(100)])),
    )
    found = await hugging_face.artifacts("2501.00001")
    assert found == Artifacts(
        Linked(("lab/model", "lab/old")),
        Linked(),
        Linked(tuple(f"a/{n}" for n in range(100)), has_more=True),
    )
    assert found.models.count == 2
    assert [request.path for request in source.requests] == [
        "/api/models",
        "/api/datasets",
        "/api/spaces",
    ]
    assert source.requests[0].query["filter"] == "arxiv:2501.00001"
    with pytest.raises(SourceError, match="no list of repositories"):
        parse_linked(b"{}", full=100)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (web.Response(text="# Thing\n", content_type="text/markdown"), "# Thing"),
        (web.Response(text="# Thing", content_type="text/plain"), "# Thing"),
        (web.Response(text="<!DOCTYPE html><p>", content_type="text/plain"), None),
        (web.Response(text="<p>", content_type="text/html"), None),
        (web.Response(text=" ", content_type="text/plain"), None),
        (web.Response(status=404), None),
    ],
)
async def test_a_full_text_is_markdown_or_absent(
    hugging_face: HuggingFace, source: Source, answer: web.Response, text: str | None
):
    source.will(answer)
    assert await hugging_face.full_text("2501.00001") == text
    assert source.requests[0].path == "/papers/2501.00001.md"


@pytest.mark.data
def test_all_recorded_days_are_understood(shared_data: Path):
    days = sorted((shared_data / "hf" / "daily_papers").glob("*.json.gz"))
    records: list[Record] = []
    for path in days:
        found, refusals = parse_daily(unpacked(path), day=date.fromisoformat(path.name[:10]))
        assert not refusals
        records += found
    assert (len(days), len(records)) == (501, 7_876)
    assert all(record.paper.title and record.paper.abstract for record in records)
    assert not any("\n" in record.paper.title + record.paper.abstract for record in records)
    assert absent_fields(records) == {
        "stars": 6_068,
        "media_urls": 6_417,
        "organization": 6_228,
        "project_url": 5_970,
        "code_url": 5_367,
        "ai_summary": 3_724,
        "ai_keywords": 3_121,
        "thumbnail_url": 123,
        "summary_model": 7_876,
        "submitter_organization": 7_798,
        "code_added_by": 6_860,
        "organization_logo_url": 6_317,
        "organization_handle": 6_228,
        "accounts": 4_828,
        "authors_take_part": 2_101,
        "discussion_id": 703,
        "submitted_by": 224,
        "submitted_at": 85,
    }


KINDS = {"user": "user", "submittedBy": "user", "submittedOnDailyBy": "user", "authors": "author",
         "organization": "organization", "submitterOrganization": "organization"}  # fmt: skip


def fields_of(value: object, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of an answer's objects, each with the kind of its object."""
    if isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from fields_of(inner, kind)
    elif isinstance(value, dict):
        for name, inner in cast("Json", value).items():
            yield kind, name
            if isinstance(inner, dict | list):
                yield from fields_of(cast("object", inner), KINDS.get(name, name))


@pytest.mark.data
def test_each_field_of_the_recorded_answers_is_read_or_kept_unread_for_a_reason(shared_data: Path):
    folder = shared_data / "hf"
    seen: Counter[tuple[str, str]] = Counter()
    for path in folder.rglob("*.json*"):
        seen.update(fields_of(json.loads(unpacked(path)), ""))
    unread = {(kind, name) for kind, why in UNREAD.items() for name in why}
    read = {(kind, name) for kind, names in READ.items() for name in names}
    assert seen.keys() == read | unread
    assert not read & unread
    assert all(reason for why in UNREAD.values() for reason in why.values())


@pytest.mark.data
def test_no_recorded_field_is_lost_that_nobody_reads(shared_data: Path):
    given: Counter[tuple[str, str]] = Counter()
    kept: Counter[tuple[str, str]] = Counter()
    for path in (shared_data / "hf" / "daily_papers").glob("*.json.gz"):
        body = unpacked(path)
        given.update(fields_of(json.loads(body), ""))
        for record in parse_daily(body)[0]:
            kept.update(fields_of(json.loads(record.submission.rest or "{}"), ""))
    unread = {(kind, name) for kind, why in UNREAD.items() for name in why}
    assert {field: kept[field] for field in unread} == {field: given[field] for field in unread}
    assert kept["author", "hidden"] == 26, "those who are shown are no news"


@pytest.mark.data
def test_who_brought_each_recorded_paper_and_when_is_kept(shared_data: Path):
    records: list[Record] = []
    for path in sorted((shared_data / "hf" / "daily_papers").glob("*.json.gz")):
        records += parse_daily(unpacked(path), day=date.fromisoformat(path.name[:10]))[0]
    kept = Counter(
        field.name
        for record in records
        for field in fields(Submission)
        if getattr(record.submission, field.name) not in (None, ())
    )
    assert kept == {
        "submitted_at": 7_791,
        "submitted_by": 7_652,
        "discussion_id": 7_173,
        "authors_take_part": 5_775,
        "accounts": 3_048,
        "organization_handle": 1_648,
        "organization_logo_url": 1_559,
        "code_added_by": 1_016,
        "submitter_organization": 78,
        "rest": 7_876,
    }
    assert not any(record.unknown for record in records)
    for record in records:
        brought_at, day = record.submission.submitted_at, record.submitted_on
        if brought_at and day:
            assert opens_at(day) - 5 * HOUR < brought_at < closes_at(day), "in its list's day"


@pytest.mark.data
def test_recorded_captures_show_votes_grow(shared_data: Path):
    captures = sorted((shared_data / "hf" / "daily_papers_snapshots").glob("*.json.gz"))
    found = [parse_daily(unpacked(path)) for path in captures]
    assert sum(len(records) for records, _ in found) == 301
    assert not any(refusals for _, refusals in found)
    before, after = ({r.paper.id: r.upvotes or 0 for r in found[i][0]} for i in (0, 1))
    assert all(after[paper_id] >= votes for paper_id, votes in before.items())


@pytest.mark.data
def test_recorded_trending_has_papers_without_a_daily_list(shared_data: Path):
    [path] = (shared_data / "hf").glob("trending*.json")
    records, refusals = parse_daily(path.read_bytes())
    assert (len(records), len(refusals)) == (2, 0)
    assert [record.submitted_on is None for record in records].count(True) == 1
