"""A server's feeds in words, as a moderator reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from discord import ui

from bot.candidates import Backlog
from bot.feeding import Preview
from bot.listing_days import next_at
from bot.models import Feed, Style
from bot.posts import HistoryLine
from bot.render.cards import MOST_TEXT, Page, words
from bot.render.messages import digest
from bot.render.text import count, escape, excerpt, moment, shorten

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


def history(feed: Feed, lines: Sequence[HistoryLine]) -> Page:
    """Return the latest papers that a feed decided on, latest first."""
    texts = [f"## Feed {feed.id} in <#{feed.channel_id}>"]
    for line in lines:
        title = escape(shorten(line.title, 80))
        shown = f"[{title}]({line.url})" if line.url else title
        texts.append(f"{shown}\n-# {escape(line.outcome)} · {moment(line.at)}")
    while len("\n".join(texts)) > MOST_TEXT:
        texts.pop()
    return words("\n".join(texts))


def permission(name: str) -> str:
    """Return a permission as Discord's settings name it: ``Send Messages``."""
    return name.replace("_", " ").title().replace(" In ", " in ")
