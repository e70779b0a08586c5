"""What a message says, as data: gathered from the store, rendered by ``bot.render``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlite_utils import Database

from bot.models import Delivery, DeliveryKind, Feed, Paper, Snapshot
from bot.search.highlights import Highlight
from bot.store import feeds, listings, papers, people


@dataclass(frozen=True, slots=True)
class Shown:
    """A paper with the numbers that were last said of it."""

    paper: Paper
    votes: int | None = None
    comments: int | None = None
    stars: int | None = None
    reason: str | None = None
    """Why this person or feed gets it, in words."""
    quote: Highlight | None = None
    """The sentence for which a search found it."""


@dataclass(frozen=True, slots=True)
class Digest:
    """One message for a feed's day."""

    feed: Feed
    shown: tuple[Shown, ...]
    more: int
    """How many further papers the digest's last button opens."""
    days: tuple[date, ...]
    """The lists that it gathers, in order."""
    starter: bool = False
    """Whether the papers are the starter library's, not the news."""
    delivery_id: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """One message for one paper."""

    shown: Shown
    role_id: int | None = None
    """A role to ping, by a moderator's choice."""
    in_forum: bool = False


@dataclass(frozen=True, slots=True)
class Alert:
    """One person's papers, by topic."""

    groups: tuple[tuple[str, int, tuple[Shown, ...]], ...]
    """Topic as typed, its id, its papers."""
    more: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Words from us."""

    text: str


Post = Digest | Card | Alert | Notice


def show(db: Database, paper_ids: Sequence[str], reasons: Mapping[str, str] = {}) -> list[Shown]:
    """Return papers with their latest numbers, in the order asked; unknown ids are left out."""
    found = papers.get_many(db, paper_ids)
    snapshots = listings.snapshots_of(db, [paper.id for paper in found])
    return [_shown(paper, snapshots.get(paper.id, ()), reasons.get(paper.id)) for paper in found]


def _shown(paper: Paper, snapshots: Sequence[Snapshot], reason: str | None) -> Shown:
    numbers: dict[str, int | None] = {}
    for name in ("upvotes", "comments", "stars"):
        said = [getattr(s, name) for s in snapshots if getattr(s, name) is not None]
        numbers[name] = said[-1] if said else None
    return Shown(paper, numbers["upvotes"], numbers["comments"], numbers["stars"], reason)


def load(db: Database, delivery: Delivery) -> Post | None:
    """Return what a delivery has to say; None if there is nothing left to say it of."""
    match delivery.kind:
        case DeliveryKind.DIGEST:
            return _load_digest(db, delivery)
        case DeliveryKind.CARD | DeliveryKind.POST:
            return _load_card(db, delivery)
        case DeliveryKind.ALERT:
            return _load_alert(db, delivery)
        case DeliveryKind.NOTICE:
            return Notice(str(delivery.payload["text"]))


def _ids(delivery: Delivery, name: str) -> list[str]:
    value = delivery.payload.get(name, [])
    assert isinstance(value, list)
    return [str(paper_id) for paper_id in value]


def _load_digest(db: Database, delivery: Delivery) -> Digest | None:
    feed = feeds.get(db, delivery.feed_id or 0)
    shown = show(db, _ids(delivery, "papers"))
    if feed is None or not shown:
        return None
    return Digest(
        feed,
        tuple(shown),
        len(_ids(delivery, "more")),
        tuple(date.fromisoformat(day) for day in _ids(delivery, "days")),
        bool(delivery.payload.get("starter")),
        delivery.id,
    )


def _load_card(db: Database, delivery: Delivery) -> Card | None:
    feed = feeds.get(db, delivery.feed_id or 0)
    shown = show(db, [delivery.subject])
    if feed is None or not shown:
        return None
    return Card(shown[0], feed.role_id, delivery.kind is DeliveryKind.POST)


def _load_alert(db: Database, delivery: Delivery) -> Alert | None:
    """Group an alert's papers by topic, each under the first topic that wants it."""
    matches = people.matches_in(db, delivery.id)
    reasons = {match.paper_id: match.reason for match in reversed(matches)}
    topics = {topic.id: topic.query for topic in people.topics_of(db, delivery.user_id or 0)}
    first = {match.paper_id: match.topic_id for match in reversed(matches)}
    groups: dict[int, list[Shown]] = {}
    for shown in show(db, _ids(delivery, "papers"), reasons):
        topic_id = first.get(shown.paper.id)
        if topic_id in topics:
            groups.setdefault(topic_id, []).append(shown)
    if not groups:
        return None
    return Alert(
        tuple((topics[topic_id], topic_id, tuple(them)) for topic_id, them in groups.items()),
        len(_ids(delivery, "more")),
    )
