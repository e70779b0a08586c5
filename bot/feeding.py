"""What a moderator does with feeds: makes and changes them, looks ahead and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlite_utils import Database

from bot import posts
from bot.candidates import Backlog, chosen, is_starter, listed_now
from bot.delivery.rules import PLACE_LOST
from bot.errors import UserError
from bot.feeds import Choice, Held
from bot.jobs.compose import room, settle, target_of
from bot.models import DeliveryState, Feed
from bot.posts import Digest
from bot.store import feeds as feed_store
from bot.store import ledger, outbox
from bot.store.ledger import Line
from bot.store.store import Store
from bot.topics.reading import Reader

MOST_PREVIEWED = 8
"""Papers in a preview, as many as one message lists."""
MOST_ASKED = 10_000
"""Papers looked at when a preview is posted; no lists of two weeks have more."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a feed would post now, for a moderator's eyes."""

    digest: Digest
    more: int
    """Further papers: those that a digest's last button would open, or that cards would show."""
    backlog: Backlog
    """What it is made of."""
    can_post: bool
    """Whether it may be posted at once, as today's."""


async def preview(store: Store, feed: Feed, *, now: datetime, reader: Reader) -> Preview | None:
    """Return a feed's next post; where nothing is news, what the lists would have given.

    None if nothing on the lists fits.
    """
    free = await store.read(room, feed, now)
    most = free or feed.max_papers
    for backlog in Backlog:
        choice = await chosen(store, feed, room=most, now=now, reader=reader, backlog=backlog)
        if choice.posted:
            new = backlog is not Backlog.ALL_TAKEN_IN
            can_post = free > 0 and new and feed.paused_at is None
            more = len(choice.more) + len(choice.posted[MOST_PREVIEWED:])
            shown = replace(choice, posted=choice.posted[:MOST_PREVIEWED])
            return Preview(await store.read(_digest, feed, shown), more, backlog, can_post)
    return None


def _digest(db: Database, feed: Feed, choice: Choice) -> Digest:
    shown = posts.show(db, choice.posted)
    starter = is_starter(db, choice.posted)
    return Digest(replace(feed, role_id=None), tuple(shown), 0, choice.days, starter)


async def post_now(
    store: Store, feed: Feed, paper_ids: Sequence[str], *, now: datetime, reader: Reader
) -> None:
    """Owe at once, as today's, exactly the papers that a preview showed.

    Raises:
        UserError: The feed is paused, today's are out, or the preview holds no more.
    """
    if feed.paused_at:
        raise UserError(f"Feed {feed.id} is paused. /feeds resume lets it go on.")
    if not await store.read(room, feed, now):
        raise UserError(f"Feed {feed.id} has posted what it may today. It goes on at its hour.")
    choice = await chosen(
        store, feed, room=MOST_ASKED, now=now, reader=reader, backlog=Backlog.TAKEN_IN
    )
    more = tuple(paper_id for paper_id in choice.posted if paper_id not in paper_ids)
    asked = replace(choice, posted=tuple(paper_ids), more=more, held=())
    is_as_shown = set(paper_ids) <= set(choice.posted)
    if not is_as_shown or not await store.run(settle, feed, asked, now, now=now):
        raise UserError("What this feed would post has changed. /feeds preview shows it anew.")


def add_feed(db: Database, feed: Feed, *, most: int) -> Feed:
    """Make a feed; what it could post already is not news to it.

    Raises:
        UserError: The server has ``most`` feeds, or the very same feed.
    """
    if len(feed_store.of_guild(db, feed.guild_id)) >= most:
        raise UserError(f"A server can have {most} feeds. /feeds remove makes room.")
    _refuse_double(feed, feed_store.of_channel(db, feed.channel_id))
    made = feed_store.add(db, feed)
    known = listed_now(db, now=feed.created_at, of_all_sources=True)
    baseline = [(paper_id, Held.BASELINE) for paper_id in known]
    feed_store.decide(db, made.id, baseline, now=feed.created_at)
    return made


def edit_feed(db: Database, feed: Feed) -> None:
    """Write a feed's wishes as they are now.

    Raises:
        UserError: Another feed posts the very same.
    """
    others = feed_store.of_channel(db, feed.channel_id)
    _refuse_double(feed, [other for other in others if other.id != feed.id])
    feed_store.edit(db, feed)


def _refuse_double(feed: Feed, others: Sequence[Feed]) -> None:
    for other in others:
        if other.topic.casefold() == feed.topic.casefold():
            raise UserError(
                f"Feed {other.id} posts the same there already. /feeds edit changes it."
            )


def resume_feed(db: Database, feed: Feed, *, now: datetime) -> bool:
    """Let a feed go on and release what was held back for its channel; False if it runs.

    Words that it is paused are dropped where nobody has read them yet.
    """
    resumed = feed_store.resume(db, feed.id)
    if resumed:
        reasons = PLACE_LOST.values()
        outbox.release_target(db, target_of(feed), because=reasons, now=now)
        for notice in outbox.held_notices(db, feed.created_by):
            if notice.subject.startswith(f"paused:{feed.id}:"):
                outbox.settle(db, notice.id, DeliveryState.GAVE_UP, reason="the feed goes on again")
    return resumed


class Part(StrEnum):
    """What of a feed's history to show."""

    ALL = "all"
    SENT = "sent"
    OWED = "owed"
    HELD = "held"


STATES = {
    Part.ALL: tuple(DeliveryState),
    Part.SENT: (DeliveryState.SENT,),
    Part.OWED: (DeliveryState.OWED, DeliveryState.SENDING),
    Part.HELD: (DeliveryState.HELD, DeliveryState.GAVE_UP),
}


@dataclass(frozen=True, slots=True)
class History:
    """What became of a feed's papers."""

    feed: Feed
    part: Part
    counts: Mapping[tuple[DeliveryState, str | None], int]
    """How many papers of the feed are in each state, by reason; of all parts."""
    first: int
    """How many later papers came before these."""
    lines: tuple[Line, ...]
    """Some of the part, the latest first."""

    @property
    def total(self) -> int:
        """How many papers the part has."""
        states = STATES[self.part]
        return sum(n for (state, _), n in self.counts.items() if state in states)


def history(
    db: Database, feed: Feed, *, limit: int, first: int = 0, part: Part = Part.ALL
) -> History:
    """Return what became of a feed's papers, the latest first."""
    lines = ledger.of_feed(db, feed.id, limit=limit, first=first, states=STATES[part])
    return History(feed, part, ledger.counts(db, feed.id), first, tuple(lines))
