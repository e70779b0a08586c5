"""A person's topics, their trial and their inbox as Discord components."""

from __future__ import annotations

from collections.abc import Sequence

from discord import ui

from bot.following import Inbox, Trial
from bot.models import Topic
from bot.render.cards import ACCENT, MOST_LISTED, Page, listed, words
from bot.render.text import count, escape, excerpt, moment
from bot.schedules import in_words
from bot.store.people import Person

MOST_LINES = 12
"""Topics a page: each is a section of three components."""
MOST_TOPIC = 110
"""Characters of a topic in a list; twice as many where each needs an escape."""
Button = ui.Button[ui.LayoutView]


def trial(found: Trial) -> Page:
    """Return what a topic would have sent."""
    return _trial(found, f"## {excerpt(found.query.in_words(), MOST_TOPIC)}")


def followed(topic: Topic, found: Trial, person: Person) -> Page:
    """Return the answer to somebody who follows a topic now."""
    when = f"Alerts come as {in_words(person.schedule)}."
    if person.dm_closed_because:
        when = (
            f"Alerts wait in /inbox: {escape(person.dm_closed_because)}. Once you allow direct"
            " messages, press Try again under /topics list."
        )
    return _trial(found, f"## You follow {excerpt(topic.query, MOST_TOPIC)}\n{when}")


def _trial(found: Trial, heading: str) -> Page:
    would = f"The last 14 days would have brought {count(found.total, 'paper')}"
    if not found.best:
        return words(f"{heading}\n{would}.")
    best = (
        "."
        if found.total <= len(found.best)
        else f"; these are the {len(found.best)} with most votes."
    )
    return listed(f"{heading}\n{would}{best}", found.best)


def welcome(topic: Topic, found: Trial) -> Page:
    """Return the first direct message: it shows that alerts arrive, and what they look like."""
    return _trial(
        found,
        f"## Alerts on {excerpt(topic.query, MOST_TOPIC)}\nThis is where they arrive. /topics list changes or"
        " ends them.",
    )


def topics(followed: Sequence[Topic], person: Person) -> Page:
    """Return a person's topics with a button to end each."""
    head = [
        f"## {count(len(followed), 'topic')}",
        f"-# Alerts come as {in_words(person.schedule)}.",
    ]
    rows: list[ui.Item[ui.LayoutView]] = []
    if person.dm_closed_because:
        head[1] = f"Alerts wait in /inbox: {escape(person.dm_closed_because)}."
        rows.append(ui.ActionRow(Button(label="Try again", custom_id="dm:try")))
    rows += [
        ui.Section(_topic(topic), accessory=_unfollow(topic)) for topic in followed[:MOST_LINES]
    ]
    if len(followed) > MOST_LINES:
        rows.append(
            ui.TextDisplay(f"-# And {len(followed) - MOST_LINES} more; /topics unfollow knows all.")
        )
    box: ui.Container[ui.LayoutView] = ui.Container(
        ui.TextDisplay("\n".join(head)), *rows, accent_colour=ACCENT
    )
    return Page(box)


def _topic(topic: Topic) -> str:
    since = moment(topic.created_at, "D")
    return f"**{excerpt(topic.query, MOST_TOPIC)}**\n-# {topic.strictness}, since {since}"


def _unfollow(topic: Topic) -> Button:
    return Button(label="Unfollow", custom_id=f"unfollow:{topic.id}")


def inbox(found: Inbox, *, first: int) -> Page:
    """Return a page of everything that somebody's topics brought."""
    heading = f"## {count(found.total, 'paper')} from your topics"
    if found.waiting:
        heading += f", {found.waiting:,} not sent yet"
    left = found.total - first - MOST_LISTED
    below = [Button(label=f"And {left:,} more", custom_id=f"inbox:{first + MOST_LISTED}")]
    return listed(heading, found.shown, first=first + 1, below=below if left > 0 else [])


def unfollowed(topic: Topic) -> str:
    return f"You no longer follow {excerpt(topic.query, MOST_TOPIC)}."
