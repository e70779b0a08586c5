"""How the bot does, in one message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.listing_days import ListState
from bot.models import SourceState
from bot.render.cards import MOST_TEXT, Page, words
from bot.render.text import count, day, escape, moment, shorten
from bot.status import Status
from bot.wording import ModelState


def status_page(
    status: Status,
    next_run: datetime | None,
    *,
    indexed: int,
    unread: int = 0,
    reader: str = "",
    troubles: Sequence[str] = (),
    model: ModelState | None = None,
) -> Page:
    """Return ``/status``: what is good, what is owed, what is broken.

    Args:
        next_run: When the sources are looked at next; None when nothing is planned.
        indexed: How many papers the search index holds.
        unread: How many of them are found by their words alone.
        reader: The model that is to read these for their meaning.
        troubles: What keeps jobs from their work, in sentences.
        model: The language model that words answers, where there is one.
    """
    lines = ["## Status", *(f"**Trouble:** {escape(trouble)}" for trouble in troubles)]
    lines += [f"{count(status.papers, 'paper')}, {indexed:,} of them searchable."]
    if unread:
        lines.append(
            f"{unread:,} of these are found by words alone until {escape(reader)} has read them."
        )
    if status.newest_daily:
        newest, number = status.newest_daily
        filling = f", {ListState.OPEN}" if status.newest_is_filling else ""
        lines.append(f"Newest daily list: {day(newest)}, {count(number, 'paper')}{filling}.")
    lines += ["### Sources", *_sources(status.sources)]
    if not status.sources:
        lines.append("None was asked yet.")
    if next_run:
        lines.append(f"-# Next look {moment(next_run)}")
    lines.append(
        f"-# The next daily list is complete {moment(status.next_list_at, 'f')};"
        f" arXiv announces papers next {moment(status.next_announcement_at, 'f')}."
    )
    lines += ["### Messages", _messages(status)]
    if status.no_new_dms_until:
        until = moment(status.no_new_dms_until)
        lines.append(f"Discord wants no new direct messages from the bot; it goes on {until}.")
    lines += [f"Feed {feed_id} is paused: {escape(why)}." for feed_id, why in status.paused]
    if model:
        lines += ["### Language model", _model(model)]
    return words(shorten("\n".join(lines), MOST_TEXT))


def _model(model: ModelState) -> str:
    used = f"{model.tokens:,} of {count(model.most, 'token')}"
    return f"{escape(shorten(model.name, 80))}: {count(model.answers, 'answer')} today, {used}."


def _sources(sources: Iterable[SourceState]) -> list[str]:
    """Return a line for each list that is well, and one for all of a source that are not."""
    together: dict[tuple[str, str], list[SourceState]] = {}
    for source in sources:
        which = "" if source.error else source.name
        together.setdefault((source.source, which), []).append(source)
    return [_source(same) for same in together.values()]


def _source(same: Sequence[SourceState]) -> str:
    """Return a line for one list that is well, or for those of a source that fail, latest first."""
    latest = sorted(same, key=_tried_at, reverse=True)
    first = latest[0]
    good_at = max((source.good_at for source in same if source.good_at), default=None)
    good = f"good {moment(good_at)}" if good_at else "never good yet"
    name = escape(f"{first.source} {first.name}")
    if first.error is None:
        return f"{name}: {good}"
    more = f" and {len(same) - 1} more" if len(same) > 1 else ""
    waits = [source.retry_at for source in same if source.retry_at]
    again = f", again {moment(max(waits))}" if waits else ""
    return f"{name}{more}: {good}, now failing: {_troubles(latest)}{again}"


def _tried_at(state: SourceState) -> float:
    return state.tried_at.timestamp() if state.tried_at else 0.0


MOST_TROUBLES = 3
"""Named of one source."""


def _troubles(latest: Sequence[SourceState]) -> str:
    """Return what is wrong with a source, each trouble once, with the list that has it."""
    of: dict[str, str] = {}
    for state in latest:
        of.setdefault((state.error or "").rstrip("."), state.name)
    (first, _), *others = of.items()
    said = [escape(shorten(first, 160))]
    for error, name in others[: MOST_TROUBLES - 1]:
        said.append(f"{escape(name)}: {escape(shorten(error, 100))}")
    if hidden := len(others[MOST_TROUBLES - 1 :]):
        said.append(f"{hidden} more")
    return "; ".join(said)


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
