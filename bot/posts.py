"""What a message says, as data: gathered from the store, rendered by ``bot.render``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlite_utils import Database

from bot.models import (
    Delivery,
    DeliveryKind,
    EventKind,
    Feed,
    Match,
    Paper,
    PaperEvent,
    Reception,
    Snapshot,
)
from bot.render.text import count
from bot.search.highlights import Highlight
from bot.store import feeds, listings, papers, people, receptions, telling

MOST_LIKE = 50
"""Characters of a title that a reason names."""


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
    reception: Reception | None = None
    """How it was taken up; None where Semantic Scholar was never asked."""

    @property
    def cited(self) -> str:
        """``cited 12 times, 3 highly influential``; empty where nobody did, as far as known."""
        if self.reception is None or not self.reception.citations:
            return ""
        times = f"cited {count(self.reception.citations, 'time')}"
        weighty = self.reception.influential_citations
        return f"{times}, {weighty:,} highly influential" if weighty else times

    @property
    def venue(self) -> str:
        """The journal or conference; not escaped, and empty where not known."""
        return (self.reception.venue if self.reception else None) or self.paper.journal_ref or ""


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
class Gap:
    """What a feed makes good with several messages at once, since it could not post before."""

    days: int
    """Lists, of one day each, that its papers come from."""
    papers: int
    """All that it would post …"""
    shown: int
    """… and how many of them, the best, come now."""


@dataclass(frozen=True, slots=True)
class Card:
    """One message for one paper."""

    shown: Shown
    role_id: int | None = None
    """A role to ping, by a moderator's choice."""
    in_forum: bool = False
    gap: Gap | None = None
    """What it is the first message of, after a gap."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One person's papers, by topic."""

    groups: tuple[tuple[str, int, tuple[Shown, ...]], ...]
    """Topic as typed, its id, its papers."""
    more: int
    held: int = 0
    """Papers that were held back, being like some of which the person wants less."""
    known: int = 0
    """Of all these papers, those that the person was told of before: they have news."""

    def in_words(self) -> str:
        """Return ``2 new papers and news of 1 paper``."""
        new = sum(len(group) for _, _, group in self.groups) + self.more - self.known
        if not self.known:
            return count(new, "new paper")
        news = f"ews of {count(self.known, 'paper')}"
        return f"{count(new, 'new paper')} and n{news}" if new > 0 else f"N{news}"


@dataclass(frozen=True, slots=True)
class Notice:
    """Words from us."""

    text: str


Post = Digest | Card | Alert | Notice


def show(db: Database, paper_ids: Sequence[str], reasons: Mapping[str, str] = {}) -> list[Shown]:
    """Return papers with their latest numbers, in the order asked; unknown ids are left out."""
    found = papers.get_many(db, paper_ids)
    ids = [paper.id for paper in found]
    snapshots, taken_up = listings.snapshots_of(db, ids), receptions.get_many(db, ids)
    return [
        _shown(paper, snapshots.get(paper.id, ()), reasons.get(paper.id), taken_up.get(paper.id))
        for paper in found
    ]


def _shown(
    paper: Paper, snapshots: Sequence[Snapshot], reason: str | None, reception: Reception | None
) -> Shown:
    numbers: dict[str, int | None] = {}
    for name in ("upvotes", "comments", "stars"):
        said = [getattr(s, name) for s in snapshots if getattr(s, name) is not None]
        numbers[name] = said[-1] if said else None
    said = (numbers["upvotes"], numbers["comments"], numbers["stars"])
    return Shown(paper, *said, reason, reception=reception)


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
        case DeliveryKind.CODE:
            return None  # goes by e-mail alone, see bot.mail


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
    in_forum = delivery.kind is DeliveryKind.POST
    return Card(shown[0], feed.role_id, in_forum, _gap(delivery.payload.get("gap")))


def _gap(said: object) -> Gap | None:
    return Gap(**said) if isinstance(said, dict) else None


def _load_alert(db: Database, delivery: Delivery) -> Alert | None:
    """Group an alert's papers by topic, each under the first topic that wants it."""
    user_id, ids = delivery.user_id or 0, _ids(delivery, "papers")
    topics = {topic.id: topic.query for topic in people.topics_of(db, user_id)}
    matches = [m for m in people.matches_of_paper(db, user_id, ids) if m.topic_id in topics]
    first = {match.paper_id: match for match in reversed(matches)}
    happened = telling.events_by_id(db, [int(id_) for id_ in _ids(delivery, "news")])
    reasons = _reasons(db, delivery, first, happened)
    groups: dict[int, list[Shown]] = {}
    for shown in show(db, [id_ for id_ in ids if id_ in first], reasons):
        groups.setdefault(first[shown.paper.id].topic_id, []).append(shown)
    if not groups:
        return None
    held = delivery.payload.get("held", 0)
    assert isinstance(held, int)
    return Alert(
        tuple((topics[topic_id], topic_id, tuple(them)) for topic_id, them in groups.items()),
        len(_ids(delivery, "more")),
        held,
        len({event.paper_id for event in happened}),
    )


def _reasons(
    db: Database, delivery: Delivery, first: Mapping[str, Match], happened: Sequence[PaperEvent]
) -> dict[str, str]:
    """Return why each paper is in an alert: its news, its match, and why it comes last."""
    parts = {paper_id: [match.reason] for paper_id, match in first.items()}
    for event in happened:
        if event.paper_id in parts:
            parts[event.paper_id].insert(0, f"News – {news_in_words(event)}")
    lowered = delivery.payload.get("lowered", {})
    assert isinstance(lowered, dict)
    like = {paper.id: paper.title for paper in papers.get_many(db, list(lowered.values()))}
    for paper_id, disliked_id in lowered.items():
        if paper_id in parts and disliked_id in like:
            parts[paper_id].insert(0, f"low, being like “{like[disliked_id][:MOST_LIKE]}”")
    return {paper_id: "; ".join(them) for paper_id, them in parts.items()}


_NEWS = {
    EventKind.CODE: "there is code now",
    EventKind.WEIGHTS: "there are weights now",
    EventKind.DATA: "there is a dataset now",
    EventKind.DEMO: "there is a demo now",
    EventKind.WITHDRAWN: "its authors withdrew it",
    EventKind.LISTED: "a daily list took it",
}


_ON_HUGGING_FACE = (EventKind.WEIGHTS, EventKind.DATA, EventKind.DEMO)


def news_in_words(event: PaperEvent) -> str:
    """Return what happened to a paper, with what appeared on Hugging Face; not escaped."""
    words = _NEWS.get(event.kind, f"version {event.detail} is out")
    return f"{words} ({event.detail})" if event.kind in _ON_HUGGING_FACE else words
