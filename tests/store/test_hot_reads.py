"""What is asked every few seconds, at each command or by ``/status`` costs the same after years."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot import alerting, status
from bot.models import DeliveryKind, EventKind, PaperEvent, Strictness
from bot.store import events, feeds, listings, outbox, papers, people, schema, telling
from bot.unchanged import Unchanged
from tests.builders import a_feed, a_listing, a_match, owed
from tests.conftest import NOON

DAY = timedelta(days=1)
FEEDS, PEOPLE = 3, 4
GROWING = ("delivery", "feed_paper", "match", "told", "paper", "listing_entry", "paper_event")
"""Tables that a database has more of with each day that it runs."""

Call = Callable[[Database], object]

READS: dict[str, Call] = {
    "what is due": partial(outbox.due, now=NOON, limit=9),
    "what is due by e-mail": partial(outbox.due, now=NOON, limit=9, by_email=True),
    "when the next is due": outbox.next_due_at,
    "how many wait": outbox.counts,
    "how many went out": lambda db: outbox.sent_within(db, DAY, now=NOON),
    "what a place is owed": lambda db: outbox.owed_to(db, "channel:100"),
    "places that are owed mail": lambda db: outbox.owed_places(db, "email:"),
    "words that wait for a person": lambda db: outbox.held_notices(db, 1),
    "a person's alerts of a day": lambda db: outbox.count_of_day(db, "user:1", "alert:2026-03-03"),
    "what a message is about": lambda db: outbox.posted_as(db, 1),
    "whether a feed has decided": lambda db: feeds.has_decided_since(db, 1, NOON - DAY),
    "what a feed posted today": lambda db: feeds.posted_since(db, 1, NOON - DAY),
    "what waits for a person": lambda db: people.waiting_matches(db, 1),
    "what is news to a person": partial(telling.news_for, user_id=1, since=NOON - 14 * DAY),
    "for whom something waits": partial(alerting.people_waiting, now=NOON),
    "what is worth a look": partial(
        events.worth_a_look, posted_since=NOON - DAY, looked_before=NOON - DAY, limit=9
    ),
    "how many papers there are": papers.count,
    "/status": partial(status.take, now=NOON, unchanged=Unchanged()),
}
WRITES: dict[str, Call] = {
    "recovering": outbox.recover,
    "a clock set back": partial(outbox.keep_due, was=NOON + DAY, now=NOON),
    "holding": lambda db: outbox.hold_target(db, "channel:100", reason="it is so"),
}


def live(db: Database, days: int) -> None:
    """Post and tell for some days until yesterday: each day one paper to all."""
    topics = [follow(db, user_id) for user_id in range(1, PEOPLE + 1)]
    for _ in range(FEEDS):
        feeds.add(db, a_feed(created_at=NOON - 999 * DAY))
    for ago in range(days, 0, -1):
        now = NOON - ago * DAY
        paper_id = f"2403.{ago:05}"
        listed = a_listing(papers=[paper_id], day=now.date(), seen_at=now)
        listings.record(db, listed)
        events.add(db, [PaperEvent(paper_id, EventKind.CODE, now, "https://example.org")])
        for feed_id in range(1, FEEDS + 1):
            sent = send(db, f"channel:{feed_id}", DeliveryKind.CARD, paper_id, now, feed_id=feed_id)
            feeds.decide(db, feed_id, [(paper_id, None)], now=now, delivery_id=sent)
        for user_id, topic_id in enumerate(topics, 1):
            people.add_matches(db, [a_match(paper_id, topic_id=topic_id, at=now)])
            subject = f"alert:{now.date()}"
            sent = send(db, f"user:{user_id}", DeliveryKind.ALERT, subject, now, user_id=user_id)
            telling.carry(db, user_id, [paper_id], [], sent, now=now)


def follow(db: Database, user_id: int) -> int:
    people.ensure(db, user_id, now=NOON)
    topic = people.follow(db, user_id, "agents", Strictness.NORMAL, now=NOON)
    assert topic is not None
    return topic.id


def send(
    db: Database, target: str, kind: DeliveryKind, subject: str, now: datetime, **kw: int
) -> int:
    sent = outbox.enqueue(db, owed(target, subject, kind=kind, **kw), now=now)
    assert sent is not None
    outbox.mark_sent(db, sent, message_id=sent, place_id=1, now=now)
    return sent


def lived(path: Path, days: int) -> Database:
    db = Database(path)
    schema.migrations.apply(db)
    with db.conn:
        live(db, days)
    return db


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return lived(tmp_path_factory.mktemp("month") / "paperwire.sqlite", 30)


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Database:
    return lived(tmp_path_factory.mktemp("year") / "paperwire.sqlite", 365)


def plan(db: Database, call: Call) -> Iterator[str]:
    """Do something and return how SQLite goes about each of its statements, line by line."""
    said: list[str] = []
    db.conn.set_trace_callback(said.append)
    call(db)
    db.conn.set_trace_callback(None)
    for statement in said:
        for row in db.execute(f"EXPLAIN QUERY PLAN {statement}"):
            yield row[3]


PARTIAL = ("delivery_owed", "delivery_held")
"""Indexes of what is under way or held back: all of them may be gone through."""


def goes_through_all(line: str) -> bool:
    """Whether a line of a plan reads the whole of a table that grows."""
    words = line.split()
    reads = words[0] in ("SCAN", "SEARCH") and words[1] in GROWING + ("d", "fp", "event", "m")
    by_key = words[0] == "SEARCH" and "USING" in words
    return reads and not by_key and not any(index in words for index in PARTIAL)


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_nothing_goes_through_all_that_there_ever_was(name: str, year: Database) -> None:
    lines = list(plan(year, {**READS, **WRITES}[name]))
    assert lines
    assert [line for line in lines if goes_through_all(line)] == []


def steps(db: Database, call: Call) -> int:
    """Return how many steps of SQLite's machine something takes."""
    taken = 0

    def count() -> int:
        nonlocal taken
        taken += 1
        return 0

    db.conn.set_progress_handler(count, 1)
    call(db)
    db.conn.set_progress_handler(None, 1)
    return taken


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_a_year_costs_no_more_than_a_month(name: str, month: Database, year: Database) -> None:
    call = {**READS, **WRITES}[name]
    assert steps(year, call) <= 1.1 * steps(month, call) + 50
