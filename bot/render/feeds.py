"""A server's feeds in words, as a moderator reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from discord import ui

from bot.listing_days import next_at
from bot.models import Feed, Style
from bot.posts import Digest, HistoryLine
from bot.render.cards import MOST_TEXT, Page, words
from bot.render.messages import digest
from bot.render.text import count, escape, moment, shorten

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
    """Return the answer to a moderator who made or changed a feed."""
    ping = f"It pings <@&{feed.role_id}>." if feed.role_id else "It pings nobody."
    return words(
        f"**Feed {feed.id}** posts in <#{feed.channel_id}>: {escape(wish(feed))}.\n"
        f"Next: {moment(first, 'F')} ({moment(first)}), {schedule(feed)}. {ping}\n"
        "-# What is on the lists already is not news to it. /feeds preview shows what it would"
        " post now."
    )


def listed(feeds: Sequence[Feed], *, now: datetime) -> Page:
    """Return a server's feeds, each with its next post or the reason why it is paused."""
    lines = [f"## {count(len(feeds), 'feed')}"]
    lines += [_entry(feed, now) for feed in feeds]
    return words(shorten("\n".join(lines), MOST_TEXT))


def _entry(feed: Feed, now: datetime) -> str:
    if feed.paused_at:
        when = f"paused {moment(feed.paused_at)}"
        when += f": {escape(feed.paused_because)}" if feed.paused_because else ""
    else:
        when = f"next {moment(next_at(feed.hour, feed.timezone, feed.days, after=now))}"
    about = escape(shorten(wish(feed), 90))
    return f"**{feed.id}** <#{feed.channel_id}>: {about}\n-# {schedule(feed)} · {when}"


def preview(post: Digest) -> Page:
    """Return what a feed would post, for one moderator's eyes."""
    page = digest(post)
    top = ui.TextDisplay["Page"]("-# A preview that only you see. Nothing was posted.")
    return Page(top, *page.children)


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
