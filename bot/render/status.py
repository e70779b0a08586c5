"""How the bot does, in one message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.models import SourceState
from bot.render.cards import MOST_TEXT, Page, words
from bot.render.text import count, day, escape, moment, shorten
from bot.status import Status


def status_page(
    status: Status, next_run: datetime | None, *, indexed: int, troubles: Sequence[str] = ()
) -> Page:
    """Return ``/status``: what is good, what is owed, what is broken.

    Args:
        next_run: When the sources are looked at next; None when nothing is planned.
        indexed: How many papers the search index holds.
        troubles: What keeps jobs from their work, in sentences.
    """
    lines = ["## Status", *(f"**Trouble:** {escape(trouble)}" for trouble in troubles)]
    lines += [f"{count(status.papers, 'paper')}, {indexed:,} of them searchable."]
    if status.newest_daily:
        newest, number = status.newest_daily
        lines.append(f"Newest daily list: {day(newest)}, {count(number, 'paper')}.")
    lines += ["### Sources", *(_source(source) for source in status.sources)]
    if not status.sources:
        lines.append("None was asked yet.")
    if next_run:
        lines.append(f"-# Next look {moment(next_run)}")
    lines += ["### Messages", _messages(status)]
    lines += [f"Feed {feed_id} is paused: {escape(why)}." for feed_id, why in status.paused]
    return words(shorten("\n".join(lines), MOST_TEXT))


def _source(source: SourceState) -> str:
    good = f"good {moment(source.good_at)}" if source.good_at else "never good yet"
    name = f"{source.source} {source.name}"
    if source.error is None:
        return f"{escape(name)}: {good}"
    again = f", again {moment(source.retry_at)}" if source.retry_at else ""
    return f"{escape(name)}: {good}, now failing: {escape(shorten(source.error, 160))}{again}"


def _messages(status: Status) -> str:
    sent = f"{status.sent_today:,} sent in 24 hours, {status.owed:,} owed, {status.held:,} held."
    feeds = (
        f" {count(status.feeds, 'feed')}, {count(status.people, 'person', 'people')} with topics."
    )
    late = (
        f" The longest waiting was due {moment(status.oldest_due_at)}."
        if status.owed and status.oldest_due_at
        else ""
    )
    return sent + late + feeds
