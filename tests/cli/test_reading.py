from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.feeds import Held
from bot.models import DeliveryKind
from bot.store import feeds, listings, outbox
from bot.store.store import Store
from tests.builders import a_feed, a_listing, a_record, owed
from tests.cli import test_importing as importing
from tests.cli.conftest import Run
from tests.conftest import NOON

SENT, HELD = "2403.00001", "2403.00002"


def test_a_search_finds_what_was_imported(run: Run, page: Path) -> None:
    run("import", page)
    outcome = run("search", "careful caching")
    assert outcome.code == 0
    assert "A First Look at Careful Caching" in outcome.out


def test_a_search_for_programs_lists_what_was_found_and_why(run: Run, page: Path) -> None:
    run("import", page)
    found = json.loads(run("search", "small graphs", "--json", "--limit", "1").out)
    keys = {"id", "title", "score", "published_at", "url", "highlights"}
    assert [set(paper) for paper in found] == [keys]
    title = {"field": "title", "text": "Gardens of Small Graphs", "spans": [[11, 16], [17, 23]]}
    assert found[0]["highlights"][0] == title
    assert found[0]["title"] == "Gardens of Small Graphs"
    assert found[0]["published_at"] is None
    assert found[0]["url"].startswith("https://arxiv.org/")


def test_a_search_shows_the_sentence_that_matched(run: Run, page: Path) -> None:
    run("import", page)
    assert "     “Small graphs grow in many places.”\n" in run("search", "grow places").out


@pytest.mark.usefixtures("history")
def test_a_search_goes_straight_to_the_paper_of_a_doi(run: Run) -> None:
    [found] = json.loads(run("search", "https://doi.org/10.1145/a.1", "--json").out)
    assert found["id"] == HELD


def test_a_search_without_a_result_succeeds_and_says_so(run: Run) -> None:
    outcome = run("search", "quokka", "--json")
    assert (outcome.code, json.loads(outcome.out)) == (0, [])
    outcome = run("search", "quokka")
    assert (outcome.code, outcome.out) == (0, "")
    assert "No paper here has those words" in outcome.err


def test_show_prints_one_paper(run: Run, page: Path) -> None:
    run("import", page)
    paper_id = json.loads(run("search", "caching", "--json").out)[0]["id"]
    outcome = run("show", paper_id)
    assert outcome.code == 0
    assert outcome.out.startswith("A First Look at Careful Caching\n")
    whole = json.loads(run("show", paper_id, "--json").out)
    assert whole["id"] == paper_id
    assert whole["votes"] is whole["citations"] is whole["venue"] is None
    [said] = whole["sources"]
    assert (said["source"], said["first_said_at"]) == ("page", said["said_at"])
    assert whole["submission"]["submitted_by"] is None
    assert whole["submission"]["rest"] == {}


def test_a_link_to_semantic_scholar_names_a_paper_by_its_title(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "2026-03-02.json"
    records = [importing.a_record(number) for number in (1, 2)]
    path.write_text(importing.daily(*records), encoding="utf-8")
    run("import", path)
    link = "https://www.semanticscholar.org/paper/{}/204e3073870fae3d05bcbc2f6a8e263d9b72e776"
    shown = run("show", link.format("Paper-number-2-nothing-much-Example"))
    assert shown.out.startswith("Paper number 2 on nothing much\n")
    other = run("show", link.format("Paper-number-2-nothing-much-Somebody-Else"))
    assert other.code == 1


@pytest.mark.parametrize("wanted", ["2401.00001", "https://arxiv.org/abs/2401.00001v2", "no such"])
def test_an_unknown_paper_is_a_failure_in_one_sentence(run: Run, wanted: str) -> None:
    outcome = run("show", wanted)
    assert outcome.code == 1
    assert outcome.out == ""
    assert outcome.err.startswith("paperwire: ")
    assert outcome.err.count("\n") == 1


def test_an_empty_outbox_is_an_empty_list(run: Run) -> None:
    assert json.loads(run("outbox", "--json").out) == []
    assert run("outbox").err == "The outbox is empty.\n"


def a_history(db: Database) -> None:
    """Let a feed have sent one paper of two, and owe somebody a word."""
    listings.record(db, a_listing(a_record(SENT), a_record(HELD, doi="10.1145/A.1")))
    feed = feeds.add(db, a_feed())
    delivery_id = outbox.enqueue(
        db, owed(subject=SENT, kind=DeliveryKind.CARD, feed_id=feed.id, guild_id=5), now=NOON
    )
    assert delivery_id is not None
    feeds.decide(db, feed.id, [(SENT, None)], now=NOON, delivery_id=delivery_id)
    feeds.decide(db, feed.id, [(HELD, Held.BELOW_BAR)], now=NOON)
    outbox.mark_sent(db, delivery_id, message_id=9, place_id=100, now=NOON)
    outbox.enqueue(db, owed("user:8", "a word"), now=NOON)


@pytest.fixture
def history(run: Run) -> None:
    """The database that the commands read."""

    async def fill() -> None:
        async with Store(Path("paperwire.sqlite")) as store:
            await store.run(a_history)

    asyncio.run(fill())


@pytest.mark.usefixtures("history")
def test_the_outbox_says_of_each_paper_and_feed_what_became_of_it(run: Run) -> None:
    lines = json.loads(run("outbox", "--json").out)
    found = {line["paper_id"]: line for line in lines}
    sent, held, word = found[SENT], found[HELD], found[None]
    assert (sent["feed_id"], sent["state"], sent["reason"]) == (1, "sent", None)
    assert sent["url"] == "https://discord.com/channels/5/100/9"
    assert sent["delivery"]["sent_at"] == NOON.isoformat()
    assert (held["feed_id"], held["state"], held["reason"]) == (1, "held", "below the bar")
    assert (held["url"], held["delivery"]) == (None, None)
    assert (word["state"], word["delivery"]["target"]) == ("owed", "user:8")


@pytest.mark.usefixtures("history")
def test_the_outbox_is_read_by_people_too(run: Run) -> None:
    printed = run("outbox", "--feed", 1).out
    assert f"sent     feed 1                     {SENT}" in printed
    assert "https://discord.com/channels/5/100/9" in printed
    assert "(it has fewer votes than this feed asks for)" in printed
    assert "user:8" not in printed


@pytest.mark.usefixtures("history")
def test_the_outbox_can_show_one_state(run: Run) -> None:
    for only, ids in [("sent", [SENT]), ("held", [HELD]), ("owed", [None])]:
        lines = json.loads(run("outbox", "--only", only, "--json").out)
        assert [line["paper_id"] for line in lines] == ids
    assert run("outbox", "--feed", 2).err == "There is none.\n"


def test_the_named_database_is_the_one_that_is_read(run: Run, page: Path, tmp_path: Path) -> None:
    run("--database", tmp_path / "other" / "papers.sqlite", "import", page)
    found = run("--database", tmp_path / "other" / "papers.sqlite", "search", "caching", "--json")
    assert len(json.loads(found.out)) == 1
    assert json.loads(run("search", "caching", "--json").out) == []


def test_what_is_no_database_is_refused_with_advice(run: Run, page: Path) -> None:
    outcome = run("--database", page, "search", "x")
    assert outcome.code == 1
    assert outcome.err.endswith("is not a database; name another file with --database.\n")
    assert page.read_text(encoding="utf-8").startswith("Get trending papers")
