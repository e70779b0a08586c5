"""A person's alerts as Discord components: what they say, why, and when they come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import discord
from discord import ui

from bot import schedules
from bot.following import Why
from bot.models import Frequency, Paper
from bot.posts import Alert, Shown
from bot.render.cards import ACCENT, MOST_TEXT, Page, texts_of
from bot.render.text import count, escape, excerpt, link, moment, plain, shorten
from bot.store.people import Person

MOST_WITH_ALL = 3
"""Papers that each have a row of buttons of their own; more have one button that opens it."""
MOST_TOPICS = 25
"""What a select takes."""
MOST_TOPIC = 80
MOST_HEADING = 40
"""Characters of a topic above its papers."""
MOST_NAMED = 3
"""Topics in the title; more are counted."""
MOST_REASONS = 5
"""Topics that say why a paper came, and events that say what happened to it."""
Button = ui.Button[ui.LayoutView]
Item = ui.Item[ui.LayoutView]


def alert(post: Alert, *, mark: int | None = None, shortened: bool = False) -> Page:
    """Return a person's papers, under the topics that brought them, with what can be done.

    Args:
        mark: A number to find the message by later.
        shortened: Leave out the summaries.
    """
    shown = [s for _, _, group in post.groups for s in group]
    heading, notes = _heading(post), _notes(post)
    topics = [f"### On {excerpt(query, MOST_HEADING)}\n" for query, _, _ in post.groups]
    room = MOST_TEXT - len(heading) - sum(map(len, topics)) - len(notes)
    texts = iter(texts_of(shown, room=room, shortened=shortened))
    rows: list[Item] = [ui.TextDisplay(heading)]
    with_all = len(shown) <= MOST_WITH_ALL
    for (_, _, group), topic in zip(post.groups, topics, strict=True):
        for place, each in enumerate(group):
            text = next(texts) if place else topic + next(texts)
            rows += _with_buttons(text, each.paper) if with_all else [_with_opener(text, each)]
    rows += [ui.TextDisplay(notes)] if notes else []
    rows += _topic_rows([(query, topic_id) for query, topic_id, _ in post.groups])
    box: ui.Container[ui.LayoutView] = ui.Container(*rows, accent_colour=ACCENT, id=mark)
    return Page(box)


def _heading(post: Alert) -> str:
    topics = ", ".join(excerpt(query, MOST_HEADING) for query, _, _ in post.groups[:MOST_NAMED])
    others = len(post.groups) - MOST_NAMED
    also = f" and {count(others, 'more topic')}" if others > 0 else ""
    return f"## {post.in_words()} on {topics}{also}"


def _notes(post: Alert) -> str:
    notes = [f"And {post.more:,} more: /inbox shows all."] if post.more else []
    if post.held:
        held = count(post.held, "paper")
        notes.append(f"{held} held back, being like what you want less of: /inbox names them.")
    return "\n".join(f"-# {note}" for note in notes)


def _with_buttons(text: str, paper: Paper) -> list[Item]:
    return [ui.TextDisplay(text), ui.ActionRow(*paper_buttons(paper))]


def _with_opener(text: str, shown: Shown) -> Item:
    opener = Button(label="More", custom_id=f"about:{shown.paper.id}")
    return ui.Section(text, accessory=opener)


def paper_buttons(paper: Paper) -> list[Button]:
    """Return what a person can do with a paper that their topics brought."""
    return [
        Button(label="Open", url=paper.url),
        Button(label="Save", custom_id=f"save:{paper.id}"),
        Button(label="Less like this", custom_id=f"less:{paper.id}"),
        Button(label="Why", custom_id=f"why:{paper.id}"),
    ]


def _topic_rows(topics: Sequence[tuple[str, int]]) -> list[Item]:
    """Return the buttons, or for several topics the selects, to pause and to end topics."""
    mine = Button(label="My topics", custom_id="topics")
    if len(topics) == 1:
        return [ui.ActionRow(*_topic_buttons(topics[0][1]), mine)]
    options = [
        discord.SelectOption(label=shorten(plain(query), 100) or "…", value=str(topic_id))
        for query, topic_id in topics[:MOST_TOPICS]
    ]
    return [
        _select("pause", "Pause a topic for a week", options),
        _select("unfollow", "Unfollow a topic", options),
        ui.ActionRow(mine),
    ]


def _topic_buttons(topic_id: int) -> list[Button]:
    return [
        Button(label="Pause a week", custom_id=f"pause:{topic_id}"),
        Button(label="Unfollow", custom_id=f"unfollow:{topic_id}"),
    ]


def _select(name: str, says: str, options: list[discord.SelectOption]) -> Item:
    select: ui.Select[ui.LayoutView] = ui.Select(
        custom_id=f"choose:{name}", placeholder=says, options=options
    )
    return ui.ActionRow(select)


def about(why: Why) -> Page:
    """Return one paper of an alert, why it came, and all that can be done with it."""
    paper = why.shown.paper
    reasons = _fitting(_reasons(why), MOST_TEXT * 3 // 4)
    room = min(MOST_TEXT - len(reasons), MOST_TEXT // 2)
    text = "\n".join((*texts_of([why.shown], room=room), reasons))
    rows: list[Item] = [*_with_buttons(text, paper)]
    if why.matches:
        rows += _topic_rows([(each.query, each.topic_id) for each in why.matches])
    box: ui.Container[ui.LayoutView] = ui.Container(*rows, accent_colour=ACCENT)
    return Page(box)


def why(found: Why) -> str:
    """Return why a paper came to a person, in words."""
    title = excerpt(found.shown.paper.title, 160)
    return f"**Why {title}**\n{_fitting(_reasons(found), MOST_TEXT - 2 * 160)}"


def _fitting(lines: Iterator[str], most: int) -> str:
    """Return lines of so many characters together; those without room are left out."""
    kept: list[str] = []
    for line in lines:
        if len(line) < most:
            kept.append(line)
            most -= len(line) + 1
    return "\n".join(kept)


def _reasons(found: Why) -> Iterator[str]:
    for each in found.matches[:MOST_REASONS]:
        topic = excerpt(each.query, MOST_TOPIC)
        found_at = f" Found {moment(each.matched_at)}." if each.matched_at else ""
        yield f"- Your topic {topic} ({each.strictness}): {excerpt(each.reason, 160)}.{found_at}"
    if len(found.matches) > MOST_REASONS:
        yield f"- And {count(len(found.matches) - MOST_REASONS, 'more topic')} of yours."
    if not found.matches:
        yield "- None of the topics that you follow now wants it."
    for event in found.events[-MOST_REASONS:]:
        yield f"- {excerpt(event.words, 80)}, {moment(event.at)}."
    if found.is_disliked:
        yield "- You want less like it."
    if found.held_for:
        yield f"- No alert brings it, being like {excerpt(found.held_for, 100)}."


def less(paper: Paper) -> Page:
    """Return the answer to somebody who wants less like a paper."""
    title = excerpt(paper.title, 160)
    text = (
        f"Fewer papers like {title} from now on: those near it in meaning come last in your"
        " alerts, and the nearest are held back; /inbox still names them."
    )
    undo = Button(label="Undo", custom_id=f"less-undo:{paper.id}")
    return Page(ui.TextDisplay(text), ui.ActionRow(undo))


def less_undone(paper: Paper) -> str:
    title = excerpt(paper.title, 160)
    return f"Papers like {title} come as before, also those that were held back."


def catchup(found: Sequence[tuple[Shown, str]], total: int, since: datetime) -> Page:
    """Return what a person's topics found, ten lines at the most.

    Args:
        found: Papers, best first, each with the topic that wants it.
        total: Papers in all.
    """
    # Without votes, as in the starter library, nobody knows what rises.
    votes = any(shown.votes is not None for shown, _ in found)
    which = f"the {len(found)} that rise most" if votes else f"{len(found)} of them"
    top = f"; {which}" if total > len(found) else ""
    heading = f"## {count(total, 'paper')} on your topics since {moment(since, 'D')}{top}"
    lines = [_line(number, *each) for number, each in enumerate(found, 1)]
    buttons = [
        Button(label=str(number), custom_id=f"about:{shown.paper.id}")
        for number, (shown, _) in enumerate(found, 1)
    ]
    rows = [ui.ActionRow(*buttons[i : i + 5]) for i in range(0, len(buttons), 5)]
    box: ui.Container[ui.LayoutView] = ui.Container(
        ui.TextDisplay("\n".join((heading, *lines))), *rows, accent_colour=ACCENT
    )
    return Page(box)


def _line(number: int, shown: Shown, topic: str) -> str:
    paper = shown.paper
    votes = f" ▲ {shown.votes:,}" if shown.votes is not None else ""
    title = shorten(plain(paper.title), 90) or paper.id
    url = paper.url if len(paper.url) <= 60 else None
    return f"**{number}.** {link(title, url)}{votes} · {excerpt(topic, 40)}"


def schedule(person: Person, *, changed: bool, now: datetime) -> str:
    """Return when a person's alerts come, in words.

    Args:
        changed: Whether that is so since just now.
    """
    wish = person.schedule
    how = schedules.in_words(wish, person.way)
    if person.kept_back_because:
        waits = f"Alerts wait in /inbox: {escape(person.kept_back_because)}."
        lines = [f"{waits} Once that is mended, they come as {how}."]
    else:
        comes = "Now your alerts come" if changed else "Your alerts come"
        most = count(wish.max_papers, "paper")
        lines = [f"{comes} as {how}. Each shows {most} at the most; /inbox has all."]
    if wish.frequency is not Frequency.INSTANT and not person.kept_back_because:
        due_at = schedules.next_due_at(wish, now=now)
        lines.append(f"-# The next can come {moment(due_at)}, {moment(due_at, 'F')} on your clock.")
    if not changed:
        lines.append("-# Give options to change that: frequency, hour, timezone, quiet_days, most.")
    return "\n".join(lines)
