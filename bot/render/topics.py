"""A person's topics, their trial and their inbox as Discord components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from discord import ui

from bot.following import Inbox, Trial
from bot.models import Strictness, Topic
from bot.render.cards import ACCENT, MOST_LISTED, Page, listed
from bot.render.text import count, escape, excerpt, moment, plain, shorten
from bot.schedules import in_words
from bot.store.people import Person

MOST_LINES = 5
"""Topics a page: each takes a text, a row and three buttons, of 40 components in all."""
MOST_TOPIC = 110
"""Characters of a topic in a list; twice as many where each needs an escape."""
Button = ui.Button[ui.LayoutView]
Ideas = Sequence[tuple[str, int]]
"""Topics to propose, each with the number of its text."""

STRETCH = {
    Strictness.STRICT: "your words in the title, or more than once in the abstract",
    Strictness.NORMAL: "your words near each other, or a text close in meaning",
    Strictness.BROAD: "your words anywhere, or a text near in meaning",
}
"""How far each strictness goes."""
_ORDER = tuple(STRETCH)


def trial(found: Trial, text: str, number: int, *, follows: bool = False, note: str = "") -> Page:
    """Return what a topic would have sent, with buttons to change it and to follow it.

    Args:
        text: The topic as typed.
        number: Of that text, for the buttons.
        follows: Whether the person follows it just so.
        note: What they should know of it besides; our own words.
    """
    state = "You follow this." if follows else "You do not follow this yet."
    heading = f"## {excerpt(text, MOST_TOPIC)}\n{state} {_what(found)}"
    turns = _turns(found.strictness, number, follows=follows)
    return _trial(found, heading, below=turns, note=note)


def _what(found: Trial) -> str:
    asked = excerpt(found.query.in_words(), 2 * MOST_TOPIC)
    return f"It asks for {asked}; {found.strictness}: {STRETCH[found.strictness]}."


def _turns(strictness: Strictness, number: int, *, follows: bool) -> list[Button]:
    """Return the buttons that turn a trial tighter or wider, and the one that follows it."""
    place = _ORDER.index(strictness)
    tighter, wider = _ORDER[max(0, place - 1)], _ORDER[min(len(_ORDER) - 1, place + 1)]
    first = Button(
        label="Tighter", custom_id=f"try:{tighter}:{number}:-", disabled=tighter is strictness
    )
    second = Button(
        label="Wider", custom_id=f"try:{wider}:{number}:+", disabled=wider is strictness
    )
    if follows:
        return [first, second, Button(label="My topics", custom_id="topics")]
    return [first, second, Button(label="Follow", custom_id=f"follow:{strictness}:{number}")]


def followed(topic: Topic, found: Trial, person: Person, number: int) -> Page:
    """Return the answer to somebody who follows a topic now."""
    when = f"Alerts come as {in_words(person.schedule, person.way)}."
    if person.kept_back_because:
        when = (
            f"Alerts wait in /inbox: {escape(person.kept_back_because)}. Once you allow direct"
            " messages, press Try again under /topics list."
        )
    heading = f"## You follow {excerpt(topic.query, MOST_TOPIC)}\n{when} {_what(found)}"
    return _trial(found, heading, below=_turns(topic.strictness, number, follows=True))


def _trial(found: Trial, heading: str, *, below: Sequence[Button] = (), note: str = "") -> Page:
    total = f"The last {len(found.a_day)} days would have brought {count(found.total, 'paper')}"
    best = (
        "."
        if found.total <= len(found.best)
        else f"; these are the {len(found.best)} with most votes."
    )
    return listed(f"{heading}\n{total}{best}{_a_day(found)}", found.best, below=below, note=note)


def _a_day(found: Trial) -> str:
    """Return how many papers each day would have brought, and about how many a day."""
    if not found.total:
        return ""
    days = " ".join(map(str, found.a_day))
    return f"\n-# {found.total / len(found.a_day):.1f} a day; day by day until today: {days}"


def welcome(topic: Topic, found: Trial) -> Page:
    """Return the first direct message: it shows that alerts arrive, and what they look like."""
    return _trial(
        found,
        f"## Alerts on {excerpt(topic.query, MOST_TOPIC)}\nThis is where they arrive. /topics list"
        " changes or ends them.",
    )


def topics(
    followed: Sequence[Topic],
    person: Person,
    counts: Mapping[int, int],
    ideas: Ideas,
    *,
    page: int,
    now: datetime,
) -> Page:
    """Return a page of a person's topics, each with buttons to try, pause and end it.

    Args:
        counts: Papers that each has brought, by id.
        ideas: Shown below the last page, where there is room.
    """
    first = page * MOST_LINES
    head = f"## {count(len(followed), 'topic')}\n-# Alerts come as {in_words(person.schedule, person.way)}."
    rows: list[ui.Item[ui.LayoutView]] = []
    if person.kept_back_because:
        head = head.partition("\n")[0]
        head += f"\nAlerts wait in /inbox: {escape(person.kept_back_because)}."
        rows.append(ui.ActionRow(Button(label="Try again", custom_id="dm:try")))
    for topic in followed[first : first + MOST_LINES]:
        rows += [ui.TextDisplay(_topic(topic, counts, now=now)), _changes(topic, now=now)]
    rows += _turn_page(len(followed), page)
    if len(followed) < MOST_LINES:
        rows += _ideas(ideas)
    box: ui.Container[ui.LayoutView] = ui.Container(
        ui.TextDisplay(head), *rows, accent_colour=ACCENT
    )
    return Page(box)


def nothing_followed(ideas: Ideas) -> Page:
    """Return the answer to somebody who follows nothing, with what they may want."""
    text = "You follow nothing yet. /topics follow adds a topic."
    return Page(ui.TextDisplay(text), *_ideas(ideas))


def _ideas(ideas: Ideas) -> list[ui.Item[ui.LayoutView]]:
    if not ideas:
        return []
    buttons = [
        Button(label=shorten(plain(text), 60) or "…", custom_id=f"try:normal:{number}:=")
        for text, number in ideas
    ]
    return [ui.TextDisplay("-# From what you saved, to try:"), ui.ActionRow(*buttons)]


def _turn_page(total: int, page: int) -> list[ui.Item[ui.LayoutView]]:
    buttons: list[Button] = []
    if page:
        buttons.append(Button(label="Back", custom_id=f"topics:{page - 1}"))
    if left := max(0, total - (page + 1) * MOST_LINES):
        buttons.append(Button(label=f"And {left} more", custom_id=f"topics:{page + 1}"))
    return [ui.ActionRow(*buttons)] if buttons else []


def is_paused(topic: Topic, *, now: datetime) -> bool:
    return topic.paused_until is not None and now < topic.paused_until


def _topic(topic: Topic, counts: Mapping[int, int], *, now: datetime) -> str:
    brought = count(counts.get(topic.id, 0), "paper")
    facts = f"{topic.strictness}, since {moment(topic.created_at, 'D')}, {brought}"
    if is_paused(topic, now=now):
        assert topic.paused_until is not None
        facts += f", paused until {moment(topic.paused_until, 'f')}"
    return f"**{excerpt(topic.query, MOST_TOPIC)}**\n-# {facts}"


def _changes(topic: Topic, *, now: datetime) -> ui.ActionRow[ui.LayoutView]:
    rest = (
        Button(label="Resume", custom_id=f"resume:{topic.id}")
        if is_paused(topic, now=now)
        else Button(label="Pause a week", custom_id=f"pause:{topic.id}")
    )
    return ui.ActionRow(
        Button(label="Preview", custom_id=f"preview:{topic.id}"),
        rest,
        Button(label="Unfollow", custom_id=f"unfollow:{topic.id}"),
    )


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


def paused(topic: Topic) -> str:
    assert topic.paused_until is not None
    return (
        f"{excerpt(topic.query, MOST_TOPIC)} rests until {moment(topic.paused_until, 'f')}. What"
        " it finds until then no alert brings; /inbox has it."
    )


def resumed(topic: Topic) -> str:
    return f"{excerpt(topic.query, MOST_TOPIC)} goes on."
