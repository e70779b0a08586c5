"""A person's alert, from what waits for them to what is owed to them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from sqlite_utils import Database

from bot import alerts, feeds
from bot.alerts import Alert, Likeness
from bot.mail.emails import SAME_AS
from bot.models import DeliveryKind, Match, Paper
from bot.store import dislikes, listings, mailboxes, outbox, papers, people, telling
from bot.store.outbox import Owed
from bot.store.people import Person
from bot.store.store import Store
from bot.store.telling import News
from bot.topics.meaning import nearness
from bot.topics.reading import Reader
from bot.trending import trending_score


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a person could be told now, and what they want less of."""

    matches: Sequence[Match]
    news: Sequence[News]
    papers: Sequence[Paper]
    """Those that match."""
    disliked: Sequence[Paper]


async def compose(
    store: Store, reader: Reader, person: Person, *, by_email: bool, now: datetime
) -> int:
    """Owe a person the alert that is due, if anything waits; returns how many messages.

    Somebody whom no message can reach is owed nothing: what their topics brought waits in the
    inbox.

    Args:
        by_email: Whether e-mail is sent at all.
    """
    waiting = await store.read(gather, person, by_email=by_email, now=now)
    if not waiting:
        return 0
    like = await asyncio.to_thread(likeness, reader, waiting.papers, waiting.disliked)
    return await store.run(owe, person, like, by_email=by_email, now=now)


def people_waiting(db: Database, *, now: datetime) -> list[Person]:
    """Return the people for whom anything may wait; asked each minute, for few of all."""
    return people.with_matches_waiting(
        db, also=telling.who_has_news(db, since=now - feeds.NEWS_WINDOW)
    )


def gather(db: Database, person: Person, *, by_email: bool, now: datetime) -> Waiting | None:
    """Return what waits for a person; None if nothing is due or nothing can reach them."""
    places = alert_places(db, person, by_email=by_email)
    if not places or _subject(db, person, places[0], now=now) is None:
        return None
    matches, news = _waiting(db, person, now=now)
    since = [match.matched_at for match in matches] + [each.event.at for each in news]
    if not alerts.is_due(since, person.schedule, now=now):
        return None
    ids = list(dict.fromkeys(match.paper_id for match in matches))
    disliked = papers.get_many(db, dislikes.of(db, person.user_id))
    return Waiting(matches, news, papers.get_many(db, ids) if disliked else [], disliked)


def alert_places(db: Database, person: Person, *, by_email: bool) -> list[str]:
    """Return where a person's alerts go: the direct message, their e-mail, both, or nowhere."""
    mailbox = mailboxes.of(db, person.user_id) if by_email else None
    used = mailbox is not None and mailbox.stopped_at is None
    wants_dm = mailbox is None or not used or mailbox.keeps_dm
    dm = [f"user:{person.user_id}"] if wants_dm and person.dm_closed_at is None else []
    return [*dm, *([mailboxes.target(person.user_id)] if used else [])]


def _waiting(
    db: Database, person: Person, *, now: datetime
) -> tuple[Sequence[Match], Sequence[News]]:
    matches = people.waiting_matches(db, person.user_id)
    return matches, telling.news_for(db, person.user_id, since=now - feeds.NEWS_WINDOW)


def _subject(db: Database, person: Person, place: str, *, now: datetime) -> str | None:
    """Return what tells an alert that is due now from the person's others.

    None if the day has had enough, or if it went elsewhere: a change between direct messages and
    e-mail brings no second one.
    """
    places = {f"user:{person.user_id}", mailboxes.target(person.user_id)}
    day = alerts.day_of(person.schedule, now=now)
    before = max(outbox.count_of_day(db, each, day) for each in places)
    subject = alerts.subject(person.schedule, before, now=now)
    if subject is None:
        return None
    elsewhere = places - {place}
    known = any(outbox.is_known(db, each, DeliveryKind.ALERT, subject) for each in elsewhere)
    return None if known else subject


def likeness(
    reader: Reader, candidates: Sequence[Paper], disliked: Sequence[Paper]
) -> dict[str, Likeness]:
    """Return for each paper which of some others it is nearest to in meaning, and how near."""
    if not candidates or not disliked:
        return {}
    near = nearness(reader.read(candidates).steps, reader.read(disliked).steps)
    best = np.argmax(near, axis=1)
    return {
        paper.id: Likeness(disliked[place].id, float(near[row, place]))
        for row, (paper, place) in enumerate(zip(candidates, best.tolist(), strict=True))
    }


def owe(
    db: Database, person: Person, like: Mapping[str, Likeness], *, by_email: bool, now: datetime
) -> int:
    """Owe what waits for a person, in each place that they want it; returns how many messages.

    Args:
        like: What ``likeness`` returned; what came since then counts as like nothing.
        by_email: Whether e-mail is sent at all.
    """
    places = alert_places(db, person, by_email=by_email)
    subject = _subject(db, person, places[0], now=now) if places else None
    if subject is None:
        return 0
    matches, news = _waiting(db, person, now=now)
    wanted = [*(match.paper_id for match in matches), *(each.event.paper_id for each in news)]
    rising = scores(db, wanted, now=now)
    alert = alerts.choose(wanted, rising, like, most=person.schedule.max_papers)
    dislikes.hold_back(db, person.user_id, alert.held, now=now)
    if not alert.shown:
        return 0
    owed = Owed(
        target=places[0],
        kind=DeliveryKind.ALERT,
        subject=subject,
        payload=_payload(alert, news),
        due_at=now,
        expires_at=now + alerts.ALERT_STAYS_FRESH,
        user_id=person.user_id,
    )
    delivery_id = outbox.enqueue(db, owed, now=now)
    if delivery_id is None:
        return 0
    carried = (*alert.shown, *alert.more)
    telling.carry(db, person.user_id, carried, news, delivery_id, now=now)
    for place in places[1:]:
        outbox.enqueue(db, replace(owed, target=place, payload={SAME_AS: delivery_id}), now=now)
    return len(places)


def _payload(alert: Alert, news: Sequence[News]) -> dict[str, object]:
    """Return an alert as ids; what there is none of is left out."""
    payload: dict[str, object] = {"papers": list(alert.shown), "more": list(alert.more)}
    if news:
        payload["news"] = [each.event_id for each in news]
    if alert.lowered:
        payload["lowered"] = dict(alert.lowered)
    if alert.held:
        payload["held"] = len(alert.held)
    return payload


def scores(db: Database, paper_ids: Sequence[str], *, now: datetime) -> dict[str, float]:
    """Return papers' trending scores; those without numbers are left out."""
    snapshots = listings.snapshots_of(db, paper_ids)
    published = {paper.id: paper.published_at for paper in papers.get_many(db, paper_ids)}
    listed = listings.listed_at(db, paper_ids)
    return {
        id_: trending_score(
            them, now=now, published_at=published.get(id_), listed_at=listed.get(id_)
        )
        for id_, them in snapshots.items()
    }
