"""Rows to models and back: moments as UTC ISO text, lists as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

from bot.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Feed,
    Frequency,
    Match,
    Paper,
    Schedule,
    Strictness,
    Style,
    Topic,
)

Row = Mapping[str, Any]


def moment(value: datetime | None) -> str | None:
    """Return a moment as the text that sorts by time."""
    return None if value is None else value.astimezone(UTC).isoformat()


def parsed(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def at(value: str) -> datetime:
    """Return a moment that is never NULL."""
    return datetime.fromisoformat(value)


def marks(values: Sequence[object]) -> str:
    """Return the question marks for ``IN (…)``; for some hundred values at the most."""
    return ", ".join("?" * len(values))


def json_list(values: Sequence[str]) -> str:
    """Return values for ``IN (SELECT value FROM json_each(?))``, as many as there are.

    A statement takes 32,766 as ``marks`` (SQLite's own limit).
    """
    return json.dumps(list(values))


_LISTS = ("authors", "categories", "ai_keywords", "media_urls")
_MOMENTS = ("published_at", "updated_at")
_NAMES = tuple(field.name for field in fields(Paper))


def paper_values(paper: Paper) -> dict[str, Any]:
    """Return a paper's fields as JSON and SQLite can hold them."""
    values = {name: getattr(paper, name) for name in _NAMES}
    for name in _LISTS:
        values[name] = json.dumps(values[name], ensure_ascii=False)
    for name in _MOMENTS:
        values[name] = moment(values[name])
    return values


def to_paper(row: Row) -> Paper:
    """Return the paper in a row, or in what ``paper_values`` returned."""
    values = {name: row[name] for name in _NAMES}
    for name in _LISTS:
        values[name] = tuple(json.loads(values[name]))
    for name in _MOMENTS:
        values[name] = parsed(values[name])
    values["withdrawn"] = bool(values["withdrawn"])
    return Paper(**values)


def to_papers(rows: Iterable[Row]) -> list[Paper]:
    return [to_paper(row) for row in rows]


def to_feed(row: Row) -> Feed:
    values = {name: row[name] for name in _FEED}
    values["created_at"] = at(row["created_at"])
    values["paused_at"] = parsed(row["paused_at"])
    values["style"] = Style(row["style"])
    values["days"] = frozenset(json.loads(row["days"]))
    return Feed(**values)


_FEED = tuple(field.name for field in fields(Feed))
_TOPIC = tuple(field.name for field in fields(Topic))
_MATCH = tuple(field.name for field in fields(Match))
_DELIVERY = tuple(field.name for field in fields(Delivery))


def to_topic(row: Row) -> Topic:
    values = {name: row[name] for name in _TOPIC}
    values["created_at"] = at(row["created_at"])
    values["paused_until"] = parsed(row["paused_until"])
    values["strictness"] = Strictness(row["strictness"])
    return Topic(**values)


def to_schedule(row: Row) -> Schedule:
    """Return when a person's alerts come, from their row."""
    return Schedule(
        Frequency(row["frequency"]),
        row["hour"],
        row["timezone"],
        frozenset(json.loads(row["quiet_days"])),
        row["max_papers"],
    )


def to_match(row: Row) -> Match:
    values = {name: row[name] for name in _MATCH}
    values["matched_at"] = at(row["matched_at"])
    return Match(**values)


def to_delivery(row: Row) -> Delivery:
    values = {name: row[name] for name in _DELIVERY}
    values["payload"] = json.loads(row["payload"])
    values["kind"] = DeliveryKind(row["kind"])
    values["state"] = DeliveryState(row["state"])
    for name in ("due_at", "created_at"):
        values[name] = at(values[name])
    for name in ("expires_at", "claimed_at", "uncertain_at", "sent_at"):
        values[name] = parsed(values[name])
    return Delivery(**values)


def to_day(text: str) -> date:
    return date.fromisoformat(text)
