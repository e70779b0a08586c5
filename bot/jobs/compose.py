"""Decides what is owed: to each feed its post, to each person their alert."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlite_utils import Database

from bot import alerts, feeds, posts
from bot.errors import UserError
from bot.feeds import Candidate
from bot.listing_days import local_day, newest_closed_day, previous_at
from bot.models import Delivery, DeliveryKind, DeliveryState, Feed, Paper, Snapshot, Style
from bot.posts import Digest, HistoryLine
from bot.store import feeds as feed_store
from bot.store import listings, outbox, papers, people
from bot.store.feeds import Decision
from bot.store.listings import Entry
from bot.store.outbox import Owed
from bot.store.people import Person
from bot.store.store import Store
from bot.topics.match import matches
from bot.topics.query import parse_topic
from bot.trending import trending_score

log = logging.getLogger(__name__)

EVERY_DAY = frozenset(range(7))
GENERAL_SOURCES = frozenset(("huggingface", "page", "starter"))
"""What a feed without a topic takes from; arXiv's hundreds a day are for feeds with one."""


@dataclass
class Compose:
    """Put what is due into the outbox, each feed and each person in a transaction of its own.

    Run late or twice, the result is the same: deliveries have unique keys.
    """

    store: Store
    now: Callable[[], datetime]

    async def __call__(self) -> None:
        owed = 0
        for feed in await self.store.read(feed_store.running):
            try:
                owed += await self.store.run(compose_feed, feed, now=self.now())
            except Exception:
                log.exception("feed %s met a bug", feed.id)
        for person in await self.store.read(people.with_topics):
            try:
                owed += await self.store.run(compose_alert, person, now=self.now())
            except Exception:
                log.exception("the alert of %s met a bug", person.user_id)
        if owed:
            log.info("compose: %d messages are owed", owed)


def compose_feed(db: Database, feed: Feed, *, now: datetime) -> int:
    """Decide what a feed posts at its last due moment and owe it; returns how many messages."""
    due_at = previous_at(feed.hour, feed.timezone, feed.days, now=now)
    if not feeds.is_due(feed, due_at, now=now):
        return 0
    if feed.style is Style.DIGEST:
        return _compose_digest(db, feed, due_at, now=now)
    return _compose_cards(db, feed, due_at, now=now)


def _compose_digest(db: Database, feed: Feed, due_at: datetime, *, now: datetime) -> int:
    subject = f"feed:{feed.id}:{local_day(due_at, feed.timezone)}"
    if outbox.is_known(db, _target(feed), DeliveryKind.DIGEST, subject):
        return 0
    found = candidates(db, feed, now=now)
    choice = feeds.choose(feed, found, today=now.date(), room=feed.max_papers)
    feed_store.decide(db, feed.id, choice.held, now=now)
    if not choice.posted:
        return 0
    payload: dict[str, object] = {
        "papers": list(choice.posted),
        "more": list(choice.more),
        "days": [day.isoformat() for day in choice.days],
        "starter": _is_starter(db, choice.posted),
    }
    delivery_id = _owe(db, feed, subject, payload, due_at, feeds.DIGEST_STAYS_FRESH, now=now)
    posted = [(paper_id, None) for paper_id in (*choice.posted, *choice.more)]
    feed_store.decide(db, feed.id, posted, now=now, delivery_id=delivery_id)
    return 1


def _compose_cards(db: Database, feed: Feed, due_at: datetime, *, now: datetime) -> int:
    room = feed.max_papers - feed_store.posted_since(db, feed.id, due_at)
    found = candidates(db, feed, now=now)
    choice = feeds.choose(feed, found, today=now.date(), room=max(0, room))
    feed_store.decide(db, feed.id, choice.held, now=now)
    for paper_id in choice.posted:
        delivery_id = _owe(db, feed, paper_id, {}, due_at, feeds.CARD_STAYS_FRESH, now=now)
        feed_store.decide(db, feed.id, [(paper_id, None)], now=now, delivery_id=delivery_id)
    return len(choice.posted)


def _target(feed: Feed) -> str:
    return f"channel:{feed.channel_id}"


def _owe(
    db: Database,
    feed: Feed,
    subject: str,
    payload: dict[str, object],
    due_at: datetime,
    fresh: timedelta,
    *,
    now: datetime,
) -> int | None:
    owed = Owed(
        target=_target(feed),
        kind=feeds.kind_of(feed.style),
        subject=subject,
        payload=payload,
        due_at=due_at,
        expires_at=max(due_at, now) + fresh,
        guild_id=feed.guild_id,
        feed_id=feed.id,
    )
    return outbox.enqueue(db, owed, now=now)


def candidates(
    db: Database, feed: Feed, *, now: datetime, fresh_start: bool = False
) -> list[Candidate]:
    """Return what is news to a feed and not posted, with what is needed to decide on it.

    Args:
        fresh_start: Look at everything listed, as if nothing had been decided yet.
    """
    days = _listed_days(feed, listings.entries_since(db, _first_day(now)), now=now)
    if not fresh_start:
        so_far = feed_store.decided(db, feed.id, list(days))
        days = {id_: day for id_, day in days.items() if feeds.is_news(so_far.get(id_))}
    here = set[str]() if fresh_start else feed_store.posted_in_channel(db, feed.channel_id, days)
    found = papers.get_many(db, list(days))
    snapshots = listings.snapshots_of(db, list(days))
    wants = _wants(feed)
    return [
        _candidate(paper, days[paper.id], snapshots.get(paper.id, []), wants, here, now)
        for paper in found
    ]


def _first_day(now: datetime) -> date:
    return (now - feeds.NEWS_WINDOW).date()


def _listed_days(feed: Feed, entries: Iterable[Entry], *, now: datetime) -> dict[str, date]:
    """Return the papers that a feed may take and the latest list of each.

    A daily list that is still filling is left out: it is posted from when it is whole.
    """
    closed = newest_closed_day(now)
    days: dict[str, date] = {}
    for entry in entries:
        filling = entry.name == "daily" and entry.day > closed
        if not filling and (feed.topic or entry.source in GENERAL_SOURCES):
            days[entry.paper_id] = max(entry.day, days.get(entry.paper_id, entry.day))
    return days


Wants = Callable[[Paper, int], bool]


def _wants(feed: Feed) -> Wants:
    if not feed.topic:
        return lambda paper, votes: True
    query = parse_topic(feed.topic)
    return lambda paper, votes: matches(query, paper, votes=votes) is not None


def _candidate(
    paper: Paper,
    day: date,
    snapshots: Sequence[Snapshot],
    wants: Wants,
    here: set[str],
    now: datetime,
) -> Candidate:
    votes = max((s.upvotes or 0 for s in snapshots), default=0)
    score = trending_score(snapshots, now=now, published_at=paper.published_at)
    return Candidate(paper.id, day, votes, score, wants(paper, votes), paper.id in here)


def _is_starter(db: Database, paper_ids: Sequence[str]) -> bool:
    """Whether all papers are the starter library's own, so that the post can say so."""
    return not papers.listed_elsewhere(db, "starter", paper_ids)


def preview(db: Database, feed: Feed, *, now: datetime) -> Digest | None:
    """Return what a feed would post now, from the newest lists; None if nothing fits."""
    for fresh_start in (False, True):
        found = candidates(db, feed, now=now, fresh_start=fresh_start)
        choice = feeds.choose(feed, found, today=now.date(), room=feed.max_papers)
        if choice.posted:
            shown = posts.show(db, choice.posted)
            starter = _is_starter(db, choice.posted)
            return Digest(replace(feed, role_id=None), tuple(shown), 0, choice.days, starter)
    return None


def add_feed(db: Database, feed: Feed, *, most: int) -> Feed:
    """Make a feed; what is listed already is not news to it.

    Raises:
        UserError: The server has ``most`` feeds, or the very same feed.
    """
    others = feed_store.of_guild(db, feed.guild_id)
    if len(others) >= most:
        raise UserError(f"A server can have {most} feeds. /feeds remove makes room.")
    same = [o for o in others if (o.channel_id, o.topic) == (feed.channel_id, feed.topic)]
    if same:
        raise UserError(f"Feed {same[0].id} posts the same there already. /feeds edit changes it.")
    made = feed_store.add(db, feed)
    feed_store.set_baseline(
        db,
        made.id,
        since=_first_day(feed.created_at),
        until=newest_closed_day(feed.created_at),
        now=feed.created_at,
    )
    return made


def resume_feed(db: Database, feed: Feed, *, now: datetime) -> bool:
    """Let a feed go on and release what was held back for its channel; False if it runs."""
    resumed = feed_store.resume(db, feed.id)
    if resumed:
        outbox.release_target(db, _target(feed), now=now)
    return resumed


def compose_alert(db: Database, person: Person, *, now: datetime) -> int:
    """Owe a person the alert of their last due moment, if anything waits; returns 1 or 0.

    Somebody whose direct messages are closed is owed nothing: their matches
    wait in the inbox.
    """
    due_at = previous_at(person.hour, person.timezone, EVERY_DAY, now=now)
    waiting = people.waiting_matches(db, person.user_id)
    if person.dm_closed_at or not alerts.is_due(waiting, due_at, now=now):
        return 0
    scores = _scores(db, [match.paper_id for match in waiting], now=now)
    alert = alerts.choose(waiting, scores)
    owed = Owed(
        target=f"user:{person.user_id}",
        kind=DeliveryKind.ALERT,
        subject=f"alert:{local_day(due_at, person.timezone)}",
        payload={"papers": list(alert.shown), "more": list(alert.more)},
        due_at=now,
        expires_at=now + alerts.ALERT_STAYS_FRESH,
        user_id=person.user_id,
    )
    delivery_id = outbox.enqueue(db, owed, now=now)
    if delivery_id is None:
        return 0
    people.carry(db, person.user_id, (*alert.shown, *alert.more), delivery_id)
    return 1


def _scores(db: Database, paper_ids: Sequence[str], *, now: datetime) -> dict[str, float]:
    snapshots = listings.snapshots_of(db, paper_ids)
    published = {paper.id: paper.published_at for paper in papers.get_many(db, paper_ids)}
    return {
        id_: trending_score(them, now=now, published_at=published.get(id_))
        for id_, them in snapshots.items()
    }


def history(db: Database, feed: Feed, *, limit: int) -> list[HistoryLine]:
    """Return what became of the latest papers, latest first."""
    decisions = feed_store.decisions(db, feed.id, limit=limit)
    titles = papers.titles(db, [d.paper_id for d in decisions])
    lines: list[HistoryLine] = []
    for decision in decisions:
        delivery = outbox.get(db, decision.delivery_id) if decision.delivery_id else None
        outcome, url = _outcome(feed, decision, delivery)
        at = (delivery and delivery.sent_at) or decision.decided_at
        lines.append(
            HistoryLine(titles.get(decision.paper_id, decision.paper_id), url, outcome, at)
        )
    return lines


_STATES = {
    DeliveryState.SENT: "sent",
    DeliveryState.OWED: "owed",
    DeliveryState.SENDING: "being sent",
    DeliveryState.HELD: "held",
    DeliveryState.GAVE_UP: "given up",
}


def _outcome(feed: Feed, decision: Decision, delivery: Delivery | None) -> tuple[str, str | None]:
    """Return what became of a paper in words, and the message's address where there is one."""
    if decision.reason:
        return f"held: {feeds.IN_WORDS[feeds.Held(decision.reason)]}", None
    if delivery is None:
        return "sent", None
    outcome = _STATES[delivery.state]
    if delivery.reason:
        outcome += f": {delivery.reason}"
    place = delivery.place_id
    if delivery.message_id is None or place is None:
        return outcome, None
    return outcome, f"https://discord.com/channels/{feed.guild_id}/{place}/{delivery.message_id}"
