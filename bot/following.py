"""What a person does with topics: tries one, follows it, reads what it brought."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sqlite_utils import Database

from bot import alerting, feeds, posts
from bot.alerts import MOST_TOPICS, Likeness, choose
from bot.discover import Shelf, TopicShelf
from bot.errors import UserError
from bot.models import Match, Paper, Strictness, Topic, clean_text
from bot.posts import Shown
from bot.store import dislikes, events, listings, papers, people, telling
from bot.topics import wanting
from bot.topics.query import TopicQuery, exclusions, parse_topic
from bot.topics.reading import Reader

MOST_TRIED = 5
"""Papers shown of what a topic would have brought."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a topic would have sent."""

    query: TopicQuery
    strictness: Strictness
    a_day: tuple[int, ...]
    """Papers on each of the last 14 days, the first day first."""
    best: tuple[Shown, ...]
    """The best of them, each with its reason."""

    @property
    def total(self) -> int:
        """Papers in the last 14 days."""
        return sum(self.a_day)


def with_exclusions(topic: str, exclude: str) -> str:
    """Return a topic that also leaves out words, phrases, authors and the like.

    Args:
        exclude: What to leave out, with commas between.

    Raises:
        UserError: It would be too long, or makes no sense.
    """
    text = " ".join((clean_text(topic), *exclusions(exclude)))
    parse_topic(text)
    return text


async def follow(shelf: Shelf, user_id: int, text: str, strictness: Strictness) -> Topic:
    """Let a person follow a topic; one that they follow already takes the new strictness.

    Raises:
        UserError: It makes no sense, they follow it just so, or they follow too many.
    """
    parse_topic(text)
    return await shelf.store.run(_follow, user_id, clean_text(text), strictness, now=shelf.now())


def _follow(
    db: Database, user_id: int, text: str, strictness: Strictness, *, now: datetime
) -> Topic:
    people.ensure(db, user_id, now=now)
    mine = people.topics_of(db, user_id)
    known = next((topic for topic in mine if topic.query == text), None)
    if known is not None and known.strictness is strictness:
        raise UserError("You follow that already. /topics list shows all.")
    if known is not None:
        people.set_strictness(db, known.id, strictness)
        return replace(known, strictness=strictness)
    if len(mine) >= MOST_TOPICS:
        raise UserError(f"You follow {MOST_TOPICS} topics. /topics unfollow makes room.")
    topic = people.follow(db, user_id, text, strictness, now=now)
    assert topic is not None
    return topic


async def tried(shelf: TopicShelf, text: str, strictness: Strictness) -> Trial:
    """Return what a topic would have sent in the last 14 days.

    Raises:
        UserError: It makes no sense.
    """
    query = parse_topic(text)
    now = shelf.now()
    listed = await shelf.store.read(_listed_lately, now=now)
    reasons = await asyncio.to_thread(
        wanting.reasons,
        query,
        [each.shown.paper for each in listed],
        {each.shown.paper.id: each.shown.votes or 0 for each in listed},
        reader=shelf.reader,
        strictness=strictness,
    )
    a_day = [0] * feeds.NEWS_WINDOW.days
    for each in listed:
        if each.shown.paper.id in reasons:
            a_day[max(0, len(a_day) - 1 - (now.date() - each.day).days)] += 1
    wanted = [each.shown for each in listed if each.shown.paper.id in reasons]
    wanted.sort(key=lambda s: (-(s.votes or 0), s.paper.id))
    best = [replace(s, reason=reasons[s.paper.id]) for s in wanted[:MOST_TRIED]]
    return Trial(query, strictness, tuple(a_day), tuple(best))


@dataclass(frozen=True, slots=True)
class _Listed:
    """A paper of the last 14 days."""

    shown: Shown
    day: date
    """The first list that showed it; at the latest today, in UTC."""


def _listed_lately(db: Database, *, now: datetime) -> list[_Listed]:
    today = now.date()
    first: dict[str, date] = {}
    for entry in listings.entries_since(db, today - feeds.NEWS_WINDOW + timedelta(days=1)):
        first.setdefault(entry.paper_id, min(entry.day, today))
    return [_Listed(shown, first[shown.paper.id]) for shown in posts.show(db, list(first))]


@dataclass(frozen=True, slots=True)
class Wanted:
    """That a topic of a person's wants a paper."""

    topic_id: int
    query: str
    strictness: Strictness
    reason: str
    matched_at: datetime | None
    """None where it was so long ago that it is forgotten; the reason is the paper's of today."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What happened to a paper, in words."""

    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Why:
    """Why a paper came to a person, or did not."""

    shown: Shown
    matches: tuple[Wanted, ...]
    """By the topics that they follow now."""
    events: tuple[Happened, ...]
    """What has happened to it, oldest first."""
    is_disliked: bool
    held_for: str | None
    """The title of the paper that it is held back for; None if it is not."""


async def why(shelf: TopicShelf, user_id: int, paper_id: str) -> Why:
    """Return why a paper came to a person.

    Of one whose matches were let go, their topics are asked again.

    Raises:
        UserError: There is no such paper any more.
    """
    found = await shelf.store.read(_why, user_id, paper_id)
    if found is None:
        raise UserError("That paper is no longer in the library.")
    if found.matches:
        return found
    topics = await shelf.store.read(
        _who_may_have_forgotten, user_id, found.shown.paper.id, now=shelf.now()
    )
    wanted = await asyncio.to_thread(_wanted_still, topics, found.shown, shelf.reader)
    return replace(found, matches=tuple(wanted))


def _who_may_have_forgotten(
    db: Database, user_id: int, paper_id: str, *, now: datetime
) -> list[Topic]:
    """Return a person's topics that could match a paper, if that is longer ago than we know of."""
    if not listings.seen_before(db, [paper_id], (now - feeds.NEWS_FOR).date()):
        return []
    return people.topics_older_than(db, user_id, paper_id)


def _wanted_still(topics: Sequence[Topic], shown: Shown, reader: Reader) -> list[Wanted]:
    votes = {shown.paper.id: shown.votes or 0}
    found: list[Wanted] = []
    for topic in topics:
        try:
            query = parse_topic(topic.query)
        except UserError:  # words that an earlier version took
            continue
        reasons = wanting.reasons(
            query, [shown.paper], votes, reader=reader, strictness=topic.strictness
        )
        found += [
            Wanted(topic.id, topic.query, topic.strictness, reason, None)
            for reason in reasons.values()
        ]
    return found


def _why(db: Database, user_id: int, paper_id: str) -> Why | None:
    shown = posts.show(db, [paper_id])
    if not shown:
        return None
    paper_id = shown[0].paper.id
    topics = {topic.id: topic for topic in people.topics_of(db, user_id)}
    wanted = [
        Wanted(
            m.topic_id,
            topics[m.topic_id].query,
            topics[m.topic_id].strictness,
            m.reason,
            m.matched_at,
        )
        for m in people.matches_of_paper(db, user_id, [paper_id])
        if m.topic_id in topics
    ]
    told = events.since(db, _EVER, kinds=telling.NEWS, paper_ids=[paper_id])
    like = papers.get_many(db, [dislikes.held_back(db, user_id).get(paper_id, "")])
    return Why(
        shown[0],
        tuple(wanted),
        tuple(Happened(posts.news_in_words(event), event.at) for event in told),
        paper_id in dislikes.of(db, user_id),
        like[0].title if like else None,
    )


_EVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Everything that topics brought a person, also what a closed DM kept back."""

    total: int
    waiting: int
    """Papers that no message has carried yet."""
    shown: tuple[Shown, ...]
    """A page of them, latest first, each with its reason."""


async def inbox(shelf: Shelf, user_id: int, *, first: int, limit: int) -> Inbox:
    """Return a page of a person's inbox."""
    return await shelf.store.read(_inbox, user_id, first=first, limit=limit)


def _inbox(db: Database, user_id: int, *, first: int, limit: int) -> Inbox:
    matched = people.latest_matches(db, user_id, first=first, limit=limit)
    reasons = {match.paper_id: match.reason for match in matched}
    held = dislikes.held_back(db, user_id)
    reasons |= {id_: f"held back; {reasons[id_]}" for id_ in held if id_ in reasons}
    shown = posts.show(db, list(reasons), reasons)
    waiting = len(people.waiting_matches(db, user_id))
    return Inbox(people.count_matched(db, user_id), waiting, tuple(shown))


MOST_CAUGHT_UP = 10
"""Lines of what somebody has missed."""


async def catch_up(
    shelf: TopicShelf, user_id: int, *, since: datetime
) -> tuple[list[tuple[Shown, str]], int]:
    """Return the best that a person's topics found since a moment, and how many papers in all.

    Each comes with the topic that wants it. What they want less of is left out, and what is like
    that comes last.
    """
    matches, wanted, disliked = await shelf.store.read(_missed, user_id, since=since)
    like = await asyncio.to_thread(alerting.likeness, shelf.reader, wanted, disliked)
    return await shelf.store.read(_best_missed, matches, like, now=shelf.now())


def _missed(
    db: Database, user_id: int, *, since: datetime
) -> tuple[list[Match], list[Paper], list[Paper]]:
    unwanted = dislikes.of(db, user_id)
    matches = [
        match
        for match in people.latest_matches(db, user_id, since=since)
        if match.paper_id not in unwanted
    ]
    disliked = papers.get_many(db, unwanted)
    ids = list(dict.fromkeys(match.paper_id for match in matches))
    return matches, papers.get_many(db, ids) if disliked else [], disliked


def _best_missed(
    db: Database, matches: Sequence[Match], like: Mapping[str, Likeness], *, now: datetime
) -> tuple[list[tuple[Shown, str]], int]:
    topics = people.topics_by_id(db, list({match.topic_id for match in matches}))
    # A topic can have been ended since the matches were read.
    first = {match.paper_id: match for match in reversed(matches) if match.topic_id in topics}
    scores = alerting.scores(db, list(first), now=now)
    best = choose(first, scores, like, most=MOST_CAUGHT_UP)
    shown = posts.show(db, best.shown, {id_: first[id_].reason for id_ in best.shown})
    lines = [(s, topics[first[s.paper.id].topic_id].query) for s in shown if s.paper.id in first]
    return lines, len(best.shown) + len(best.more)
