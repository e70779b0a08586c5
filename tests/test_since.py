"""Since when, as people say it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.since import FARTHEST, OFFERED, parse_since
from tests.conftest import NOON

MIDNIGHT = NOON - timedelta(hours=12)


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("3d", NOON - timedelta(days=3)),
        ("2 weeks", NOON - timedelta(days=14)),
        ("the last week", NOON - timedelta(days=7)),
        ("a month ago", NOON - timedelta(days=30)),
        ("12h", NOON - timedelta(hours=12)),
        ("today", MIDNIGHT),
        ("Yesterday", MIDNIGHT - timedelta(days=1)),
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("9999y", NOON - FARTHEST),
        ("0001-01-01", NOON - FARTHEST),
    ],
)
def test_a_span_or_a_day_is_understood(text: str, since: datetime) -> None:
    assert parse_since(text, now=NOON) == since


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a while", "Say since when like 3d"),
        ("", "Say since when"),
        ("3", "Say since when"),
        ("2026-02-30", "Say since when"),
        ("2026-03-04", "That day is to come"),
        ("0d", "That is no time at all. Say since when like 3d, or today."),
    ],
)
def test_anything_else_is_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        parse_since(text, now=NOON)


@pytest.mark.parametrize("value", OFFERED.values())
def test_what_is_offered_is_understood(value: str) -> None:
    assert parse_since(value, now=NOON) < NOON


@given(st.text(max_size=40))
def test_any_text_is_a_moment_in_the_past_or_a_refusal(text: str) -> None:
    with suppress(UserError):
        assert NOON - FARTHEST <= parse_since(text, now=NOON) <= NOON
