"""The library that ships with the program."""

from __future__ import annotations

import json

import pytest

from bot.errors import SourceError
from bot.models import Paper, Record, Refusal
from bot.sources.starter import parse_starter, starter_listing
from tests.conftest import NOON
from tests.sources.conftest import utc


def test_the_library_that_ships_is_whole():
    listing = starter_listing(now=NOON)
    assert (listing.source, listing.name, listing.seen_at) == ("starter", "starter", NOON)
    assert len(listing.records) >= 60
    assert listing.refusals == ()
    papers = [record.paper for record in listing.records]
    assert all(p.ai_summary and p.authors and p.published_at and p.url for p in papers)
    assert len({paper.id for paper in papers}) == len(papers)
    assert listing.day == max(p.published_at for p in papers if p.published_at).date()


def test_our_words_are_a_summary_and_no_abstract():
    item = {
        "id": "2501.00001",
        "title": "On Things",
        "authors": ["Ada First"],
        "more_authors": 2,
        "published": "2025-01-02",
        "categories": ["cs.CL"],
        "summary": "It studies things.",
        "keywords": ["things"],
        "organization": "The Lab",
        "code_url": "https://github.com/owner/things",
    }
    listing = parse_starter(json.dumps([item, 3, {"id": "2501.00002"}]).encode(), now=NOON)
    assert listing.records == (
        Record(
            Paper(
                id="2501.00001",
                title="On Things",
                authors=("Ada First", "2 others"),
                published_at=utc(2025, 1, 2),
                categories=("cs.CL",),
                ai_summary="It studies things.",
                ai_keywords=("things",),
                organization="The Lab",
                code_url="https://github.com/owner/things",
            )
        ),
    )
    assert listing.refusals == (
        Refusal("record 2", "not an object"),
        Refusal("record 3", "no arXiv id or no title"),
    )
    assert listing.day == utc(2025, 1, 2).date()


def test_what_is_no_library_is_an_error():
    with pytest.raises(SourceError, match="no list of papers"):
        parse_starter(b"{}", now=NOON)
