"""What arXiv's three kinds of XML say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot.errors import SourceError
from bot.models import Paper, Record, Refusal
from bot.sources.arxiv_xml import (
    Kind,
    atom_updated_at,
    is_announcement,
    is_withdrawn,
    may_be_first,
    parse_announcement,
    parse_atom,
    parse_oai,
)
from tests.conftest import NOON
from tests.sources import samples
from tests.sources.conftest import utc
from tests.sources.samples import (
    an_announced_entry,
    an_announcement_as_atom,
    an_atom_entry,
    an_atom_feed,
    an_item,
    an_oai_page,
    an_oai_record,
    an_rss_feed,
)

PAPER_ID = "2501.00001"


def test_an_atom_entry_keeps_all_that_arxiv_says():
    records, refusals = parse_atom(an_atom_feed(an_atom_entry()))
    assert not refusals
    assert records == (
        Record(
            Paper(
                id=PAPER_ID,
                title="On Things",
                abstract="Some words.",
                authors=("Ada First", "Bob Second"),
                published_at=utc(2025, 1, 2, 3, 4, 5),
                updated_at=utc(2025, 2, 3, 4, 5, 6),
                version=2,
                categories=("cs.CL", "cs.AI"),
                comment="9 pages",
                doi="10.1000/xyz.1",
                journal_ref="J. Things 1 (2025)",
            )
        ),
    )


def test_old_ids_lose_their_class_and_titles_keep_their_signs():
    feed = an_atom_feed(an_atom_entry("math.GT/0309136v1", "A < B & C"))
    [record], _ = parse_atom(feed)
    assert (record.paper.id, record.paper.title) == ("math/0309136", "A < B & C")


def test_an_entry_without_sense_is_refused_alone():
    feed = an_atom_feed(
        an_atom_entry(), an_atom_entry("2413.00001"), an_atom_entry(title=" "), "<entry/>"
    )
    records, refusals = parse_atom(feed)
    assert len(records) == 1
    assert refusals == (
        Refusal("record 2", "no arXiv id (http://arxiv.org/abs/2413.00001)"),
        Refusal("record 3", "2501.00001 has no title of use"),
        Refusal("record 4", "no arXiv id (none of use)"),
    )


def test_arxivs_own_errors_keep_their_words():
    entry = an_atom_entry().replace("http://arxiv.org/abs/2501.00001v2", "x/api/errors#bad", 1)
    with pytest.raises(SourceError, match=r"^arXiv says: Some words\.$"):
        parse_atom(an_atom_feed(entry))
    long = entry.replace("words", "words " * 99)
    with pytest.raises(SourceError) as caught:
        parse_atom(an_atom_feed(long))
    assert len(str(caught.value)) < 180


def test_a_feed_says_when_it_was_made():
    assert atom_updated_at(an_atom_feed()) == utc(2025, 3, 1, 5)


AS_RSS = (an_rss_feed, an_item)
AS_ATOM = (an_announcement_as_atom, an_announced_entry)
EITHER = pytest.mark.parametrize(("a_feed", "a_paper"), [AS_RSS, AS_ATOM], ids=["RSS", "Atom"])


@EITHER
def test_an_announcement_tells_new_cross_listed_and_replaced_papers_apart(
    a_feed: Callable[..., bytes], a_paper: Callable[..., str]
):
    announcement = parse_announcement(
        a_feed(
            a_paper("2604.00001v1", "new"),
            a_paper("2604.00002v1", "cross"),
            a_paper("2401.00003v4", "replace"),
            a_paper("hep-th/9901001v2", "replace-cross"),
            a_paper("2604.00005v1", "retract"),
            a_paper("nothing", "new"),
        )
    )
    found = {kind: [r.paper.id for r in records] for kind, records in announcement.records.items()}
    assert found == {
        Kind.NEW: ["2604.00001"],
        Kind.CROSS: ["2604.00002"],
        Kind.REPLACE: ["2401.00003"],
        Kind.REPLACE_CROSS: ["hep-th/9901001"],
    }
    assert [refusal.where for refusal in announcement.refusals] == ["record 5", "record 6"]
    assert (announcement.day, announcement.category) == (date(2026, 4, 27), "cs.CL")
    assert [(x.name, x.day, len(x.refusals)) for x in announcement.listings(seen_at=NOON)] == [
        ("cs.CL", date(2026, 4, 27), 2),
        ("cs.CL cross", date(2026, 4, 27), 0),
        ("cs.CL replace", date(2026, 4, 27), 0),
        ("cs.CL replace-cross", date(2026, 4, 27), 0),
    ]


@pytest.mark.parametrize(
    ("a_feed", "a_paper", "announced_at"),
    [(*AS_RSS, utc(2026, 4, 27, 4)), (*AS_ATOM, utc(2026, 4, 27, 4, 0, 2, 123456))],
    ids=["RSS", "Atom"],
)
def test_an_announced_paper_has_its_version_names_and_dates(
    a_feed: Callable[..., bytes], a_paper: Callable[..., str], announced_at: datetime
):
    announcement = parse_announcement(a_feed(a_paper(), a_paper("2401.00003v4", "replace")))
    [new], [replaced] = announcement.records[Kind.NEW], announcement.records[Kind.REPLACE]
    assert new.paper == Paper(
        id="2604.00001",
        title="News of 2604.00001v1",
        abstract="Some words.",
        authors=("Ada First", "Bob Second Jr.", "Carl Third III", "Di Fourth"),
        published_at=announced_at,
        updated_at=announced_at,
        version=1,
        categories=("cs.CL", "cs.AI"),
        doi="10.1000/xyz.2",
        journal_ref="J. Things 2",
    )
    assert (replaced.paper.version, replaced.paper.published_at) == (4, None)
    assert replaced.paper.updated_at == announced_at


@EITHER
def test_a_cross_listing_dates_no_version(
    a_feed: Callable[..., bytes], a_paper: Callable[..., str]
):
    """Its paper may be years old: the day of its announcement is not the version's."""
    announcement = parse_announcement(a_feed(a_paper("2401.00002v3", "cross")))
    [crossed] = announcement.records[Kind.CROSS]
    paper = crossed.paper
    assert (paper.version, paper.published_at, paper.updated_at) == (3, None, None)


@EITHER
def test_a_weekends_announcement_is_empty_but_has_its_day(
    a_feed: Callable[..., bytes], a_paper: Callable[..., str]
):
    announcement = parse_announcement(a_feed())
    [listing] = announcement.listings(seen_at=NOON)
    assert (listing.name, listing.day, listing.records) == ("cs.CL", date(2026, 4, 27), ())


def test_an_answer_to_a_query_is_no_announcement():
    assert is_announcement(an_announcement_as_atom())
    assert not is_announcement(an_atom_feed(an_atom_entry()))


def test_the_full_catalogue_format_has_all_versions():
    page = parse_oai(
        an_oai_page(an_oai_record(samples.ARXIV_RAW.format(paper_id=PAPER_ID)), token="next|1")
    )
    [record] = page.records
    assert record.paper == Paper(
        id=PAPER_ID,
        title="On Things",
        abstract="Some words.",
        authors=("Ada First", "Bob Second", "Carl Third"),
        published_at=utc(2025, 1, 2, 3, 4, 5),
        updated_at=utc(2025, 3, 4, 3, 4, 5),
        version=3,
        categories=("cs.CL", "cs.AI"),
        comment="9 pages",
        doi="10.1000/a",
        journal_ref="J. Things 3",
    )
    assert (page.token, page.total, page.dated) == ("next|1", 2_500, utc(2025, 3, 6, 7, 8, 9))
    assert page.listing(seen_at=NOON).day == date(2025, 3, 6)


@pytest.mark.parametrize(
    ("created", "published"), [("2025-01-02", utc(2025, 1, 2)), ("2026-08-30", None)]
)
def test_a_creation_date_long_after_the_id_is_not_the_first_versions(created: str, published: str):
    metadata = samples.ARXIV_FORMAT.format(paper_id=PAPER_ID, created=created)
    [record] = parse_oai(an_oai_page(an_oai_record(metadata))).records
    assert record.paper.published_at == published
    assert record.paper.updated_at == utc(2025, 3, 4)
    assert record.paper.authors == ("Ada First", "Bob Second Jr.")


def test_dublin_core_is_understood():
    [record] = parse_oai(an_oai_page(an_oai_record(samples.DUBLIN_CORE))).records
    assert record.paper == Paper(
        id=PAPER_ID,
        title="On Things",
        abstract="Some words.",
        authors=("Ada First", "Bob Second"),
        published_at=utc(2025, 1, 2),
        updated_at=utc(2025, 3, 4),
        comment="9 pages",
        doi="10.1000/a",
    )


def test_deleted_records_are_passed_over_and_others_refused_alone():
    page = parse_oai(
        an_oai_page(
            an_oai_record("", status=' status="deleted"'),
            an_oai_record(""),
            an_oai_record("<marc/>"),
            an_oai_record(samples.DUBLIN_CORE),
        )
    )
    assert page.refusals == (
        Refusal("record 1", "no metadata"),
        Refusal("record 2", "its format is none that is known"),
    )
    assert len(page.records) == 1


def test_an_empty_harvest_is_no_error_but_a_void_token_is():
    nothing = an_oai_page(error='<error code="noRecordsMatch">none</error>')
    assert parse_oai(nothing).records == ()
    void = an_oai_page(error='<error code="badResumptionToken">expired</error>')
    with pytest.raises(SourceError, match=r"^arXiv says: badResumptionToken: expired\.$"):
        parse_oai(void)


BOMB = b"""<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;">]><feed xmlns="http://www.w3.org/2005/Atom"><title>&b;</title></feed>"""
OUTSIDE = (
    b"""<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><channel>&x;</channel></rss>"""
)


@pytest.mark.parametrize("body", [BOMB, OUTSIDE, b"<!DOCTYPE rss SYSTEM 'http://x/'><rss/>"])
@pytest.mark.parametrize("parse", [parse_atom, parse_announcement, parse_oai])
def test_entities_are_refused(parse: object, body: bytes):
    assert callable(parse)
    with pytest.raises(SourceError, match="defines entities"):
        parse(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"<feed",
        b"<feed>&nbsp;</feed>",
        b'<?xml version="1.0" encoding="klingon"?><feed/>',
        b"\xff\xfe<feed/>",
        b"<html><body/></html>",
        b"<rss/>",
        b"<a>" * 100_000 + b"</a>" * 100_000,
    ],
)
@pytest.mark.parametrize("parse", [parse_atom, parse_announcement, parse_oai])
def test_what_is_no_feed_is_a_source_error(parse: object, body: bytes):
    assert callable(parse)
    with pytest.raises(SourceError, match=r"^arXiv .*\.$"):
        parse(body)


@pytest.mark.parametrize(
    ("comment", "abstract", "withdrawn"),
    [
        ("This paper has been withdrawn by the author due to an error in Lemma 3", "", True),
        ("Withdrawn", "", True),
        ("Paper withdrawn: see the new version", "", True),
        ("This submission was withdrawn because of a licence", "", True),
        ("arXiv admin note: submission has been withdrawn by arXiv administrators", "", True),
        (None, "This paper has been withdrawn.", True),
        ("The authors have withdrawn this paper due to a crucial error", "", True),
        ("We withdraw this submission", "", True),
        ("This paper has been temporarily withdrawn", "", True),
        ("[withdrawn]", "", True),
        ("9 pages, this paper has been withdrawn by the authors", "", True),
        ("arXiv admin note: this version has been removed by arXiv administrators", "", True),
        ("We have withdrawn this paper from a conference", "", False),
        ("9 pages; the version has been withdrawn from a journal", "", False),
        ("Withdrawn from a conference; accepted elsewhere", "", False),
        ("9 pages; an earlier version was withdrawn", "", False),
        (None, "Withdrawn drugs are studied with graphs.", False),
        (None, "Troops have withdrawn.", False),
        (None, "", False),
    ],
)
def test_a_withdrawal_is_recognised(comment: str | None, abstract: str, withdrawn: bool):
    assert is_withdrawn(comment, abstract) is withdrawn


@pytest.mark.parametrize(
    ("paper_id", "moment", "first"),
    [
        (PAPER_ID, utc(2024, 12, 31), True),
        (PAPER_ID, utc(2025, 2, 1), True),
        (PAPER_ID, utc(2025, 3, 1), False),
        ("hep-th/9901001", utc(1999, 1, 2), True),
        ("math/0001001", utc(1999, 12, 31), True),
        ("cs/0112017", utc(1901, 12, 1), False),
    ],
)
def test_the_id_tells_the_month_of_the_first_version(paper_id: str, moment: object, first: bool):
    assert may_be_first(moment, paper_id) is first  # pyright: ignore[reportArgumentType]


@pytest.mark.data
def test_recorded_queries_are_understood(shared_data: Path):
    api = shared_data / "arxiv" / "api"
    old, _ = parse_atom((api / "one_entry_oldstyle_id_2007.xml").read_bytes())
    two, _ = parse_atom((api / "two_entries_2025-10-17.xml").read_bytes())
    [paper] = (record.paper for record in old)
    assert (paper.id, paper.version, paper.categories) == ("hep-ex/0307015", 1, ("hep-ex",))
    assert paper.journal_ref == "Eur.Phys.J. C31 (2003) 17-29"
    assert [record.paper.id for record in two] == ["2510.14968", "2510.14827"]
    with pytest.raises(SourceError, match="incorrect id format for 1234.12345"):
        parse_atom((api / "error_malformed_id_2007.xml").read_bytes())


@pytest.mark.data
def test_the_recorded_announcement_is_understood(shared_data: Path):
    [path] = (shared_data / "arxiv" / "rss").glob("*.xml")
    announcement = parse_announcement(path.read_bytes())
    assert (announcement.day, announcement.category) == (date(2026, 4, 27), "cs.CL")
    papers = [record.paper for record in announcement.records[Kind.NEW]]
    assert [(paper.version, len(paper.authors)) for paper in papers] == [(1, 5), (1, 8), (1, 3)]
    assert not any(paper.abstract.startswith("arXiv:") for paper in papers)


@pytest.mark.data
def test_the_recorded_catalogue_is_understood(shared_data: Path):
    pages = [
        parse_oai(path.read_bytes()) for path in sorted((shared_data / "arxiv/oai").glob("*.xml"))
    ]
    papers = [record.paper for page in pages for record in page.records]
    assert (len(pages), len(papers)) == (15, 30)
    assert not any(page.refusals or page.token for page in pages)
    assert all(paper.authors and paper.abstract and paper.categories for paper in papers)
    assert all(
        paper.updated_at and paper.published_at <= paper.updated_at + timedelta(days=1)
        for paper in papers
        if paper.published_at
    )
