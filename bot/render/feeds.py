"""A server's feeds in words, as a moderator reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from discord import ui

from bot.candidates import Backlog
from bot.feeding import History, Preview
from bot.feeds import in_short, in_words
from bot.listing_days import next_at
from bot.models import DeliveryState, Feed, Style
from bot.render.cards import MOST_TEXT, Page, words
from bot.render.messages import digest
from bot.render.text import count, escape, excerpt, moment, shorten
from bot.store.ledger import Line

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_STYLES = {Style.DIGEST: "a digest", Style.CARDS: "a card a paper", Style.FORUM: "a post a paper"}


def wish(feed: Feed) -> str:
    """Return what a feed posts, in plain words."""
    parts = [_STYLES[feed.style], f"on {feed.topic}" if feed.topic else "everything listed"]
    if feed.min_votes:
        parts.append(f"from {count(feed.min_votes, 'vote')}")
    parts.append(f"{feed.max_papers} a day at the most")
    return ", ".join(parts)


def schedule(feed: Feed) -> str:
    """Return when a feed posts: ``daily at 09:00 Europe/Berlin``."""
    if len(feed.days) == 7:
        days = "daily"
    else:
        days = ", ".join(_WEEKDAYS[day] for day in sorted(feed.days))
    return f"{days} at {feed.hour:02}:00 {feed.timezone}"


def made(feed: Feed, first: datetime) -> Page:
    """Return the answer to a moderator who made a feed."""
    return words(
        f"{_promise(feed, first)}\n-# What is on the lists already is not news to it."
        " /feeds preview shows it, and can post it at once."
    )


def changed(feed: Feed, first: datetime) -> Page:
    """Return the answer to a moderator who changed a feed."""
    return words(f"{_promise(feed, first)}\n-# /feeds preview shows what it would post now.")


def _promise(feed: Feed, first: datetime) -> str:
    ping = f"It pings <@&{feed.role_id}>." if feed.role_id else "It pings nobody."
    return (
        f"**Feed {feed.id}** posts in <#{feed.channel_id}>: {escape(wish(feed))}.\n"
        f"{_next(feed, first)}, {schedule(feed)}. {ping}"
    )


def _next(feed: Feed, first: datetime) -> str:
    if feed.paused_at:
        return "It is paused; /feeds resume lets it go on"
    return f"Next: {moment(first, 'F')} ({moment(first)})"


def listed(feeds: Sequence[Feed], *, now: datetime) -> Page:
    """Return a server's feeds, each with its next post or the reason why it is paused."""
    text = ""
    for most in _WISHES:
        entries = [_entry(feed, now, most) for feed in feeds]
        text = "\n".join([f"## {count(len(feeds), 'feed')}", *entries])
        if len(text) <= MOST_TEXT:
            break
    return words(shorten(text, MOST_TEXT))


_WISHES = (90, 50, 25, 10)
"""Characters of each feed's wish and trouble: as many as the message has room for."""


def _entry(feed: Feed, now: datetime, most: int) -> str:
    if feed.paused_at:
        when = f"paused {moment(feed.paused_at)}"
        when += f": {excerpt(feed.paused_because, most)}" if feed.paused_because else ""
    else:
        when = f"next {moment(next_at(feed.hour, feed.timezone, feed.days, after=now))}"
    about = excerpt(wish(feed), most)
    return f"**{feed.id}** <#{feed.channel_id}>: {about}\n-# {schedule(feed)} · {when}"


def preview(found: Preview) -> Page:
    """Return what a feed would post, for one moderator's eyes."""
    rest = _REST[found.digest.feed.style].format(more=found.more) if found.more else ""
    top = ui.TextDisplay["Page"](f"-# A preview that only you see. {_MADE_OF[found.backlog]}{rest}")
    page = Page(top, *digest(found.digest).children)
    if found.can_post:
        button = ui.Button["Page"](label="Post it now", custom_id=f"post:{found.digest.feed.id}")
        page.add_item(ui.ActionRow(button))
    return page


_REST = {
    Style.DIGEST: " Its last button would open {more:,} more.",
    Style.CARDS: " It would post {more:,} more.",
    Style.FORUM: " It would post {more:,} more.",
}
_MADE_OF = {
    Backlog.LEFT_OUT: "Nothing was posted.",
    Backlog.TAKEN_IN: "Nothing was posted, and this is no news to the feed: it was listed before.",
    Backlog.ALL_TAKEN_IN: "Nothing new is listed; of this the feed or another has posted some.",
}


def history(found: History) -> Page:
    """Return what became of a feed's papers: all in numbers, then as many as have room."""
    feed = found.feed
    texts = [f"## Feed {feed.id} in <#{feed.channel_id}>", f"-# {_counted(found)}"]
    shown = 0
    for line in found.lines:
        text = _history_line(line)
        if len("\n".join([*texts, text])) > MOST_TEXT:
            break
        texts.append(text)
        shown += 1
    page = words("\n".join(texts))
    upto = found.first + shown
    if left := found.total - upto:
        older = f"history:{feed.id}:{found.part}:{upto}"
        page.add_item(ui.ActionRow(ui.Button["Page"](label=f"And {left:,} more", custom_id=older)))
    return page


def _history_line(line: Line) -> str:
    title = escape(shorten(line.title or line.paper_id or "", 80))
    url = line.delivery.url if line.delivery else None
    outcome = _STATES[line.state]
    if line.reason:
        outcome += f": {in_words(line.reason)}"
    return f"{f'[{title}]({url})' if url else title}\n-# {escape(outcome)} · {moment(line.at)}"


_STATES = {
    DeliveryState.SENT: "sent",
    DeliveryState.OWED: "owed",
    DeliveryState.SENDING: "being sent",
    DeliveryState.HELD: "held",
    DeliveryState.GAVE_UP: "given up",
}
MOST_REASONS = 7
"""Reasons that are counted by name: as many as there are verdicts on a paper."""


def _counted(found: History) -> str:
    """Return ``12 sent, 1 owed, 34 held (30 off topic, 4 too few votes)``."""
    totals = dict.fromkeys(_STATES, 0)
    for (state, _), number in found.counts.items():
        totals[state] += number
    why = [
        f"{number:,} {excerpt(in_short(reason), 40)}"
        for (state, reason), number in found.counts.items()
        if state is DeliveryState.HELD and reason
    ]
    reasons = {DeliveryState.HELD: f" ({', '.join(why[:MOST_REASONS])})"} if why else {}
    parts = (f"{n:,} {_STATES[s]}{reasons.get(s, '')}" for s, n in totals.items() if n)
    return ", ".join(parts)


def permission(name: str) -> str:
    """Return a permission as Discord's settings name it: ``Send Messages``."""
    return name.replace("_", " ").title().replace(" In ", " in ")
