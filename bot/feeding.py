"""What a moderator does with feeds: makes and changes them, looks ahead and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlite_utils import Database

from bot import feeds, posts
from bot.candidates import Backlog, chosen, is_starter, listed_now
from bot.errors import UserError
from bot.feeds import Choice, Held
from bot.jobs.compose import room, settle, target_of
from bot.models import Delivery, DeliveryState, Feed
from bot.posts import Digest, HistoryLine
from bot.store import feeds as feed_store
from bot.store import outbox, papers
from bot.store.feeds import Decision
from bot.store.store import Store

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


async def preview(store: Store, feed: Feed, *, now: datetime) -> Preview | None:
    """Return a feed's next post; where nothing is news, what the lists would have given.

    None if nothing on the lists fits.
    """
    free = await store.read(room, feed, now)
    most = free or feed.max_papers
    for backlog in Backlog:
        choice = await chosen(store, feed, room=most, now=now, backlog=backlog)
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


async def post_now(store: Store, feed: Feed, paper_ids: Sequence[str], *, now: datetime) -> None:
    """Owe at once, as today's, exactly the papers that a preview showed.

    Raises:
        UserError: The feed is paused, today's are out, or the preview holds no more.
    """
    if feed.paused_at:
        raise UserError(f"Feed {feed.id} is paused. /feeds resume lets it go on.")
    if not await store.read(room, feed, now):
        raise UserError(f"Feed {feed.id} has posted what it may today. It goes on at its hour.")
    choice = await chosen(store, feed, room=MOST_ASKED, now=now, backlog=Backlog.TAKEN_IN)
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
        outbox.release_target(db, target_of(feed), now=now)
        for notice in outbox.held_notices(db, feed.created_by):
            if notice.subject.startswith(f"paused:{feed.id}:"):
                outbox.settle(db, notice.id, DeliveryState.GAVE_UP, reason="the feed goes on again")
    return resumed


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
