"""How long a server asks us to stay away, read from its headers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

LONGEST = timedelta(days=1)
"""A server that asks for more is asked again after this."""
UNSAID = timedelta(minutes=1)
"""After a refusal for haste that names no time."""

_ITEM = re.compile(r'([a-z]{1,12})\s*=\s*"?(\d{1,9})', re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What is left of a server's patience."""

    remaining: int
    """Requests that we may still make in this window."""
    reset: timedelta
    """Until the window is over."""
    quota: int | None = None
    """Requests in a whole window, where the policy says so."""

    @property
    def is_spent(self) -> bool:
        return self.remaining == 0


def retry_after(value: str | None, *, now: datetime) -> timedelta | None:
    """Read ``Retry-After``, which is a number of seconds or an HTTP date.

    Returns:
        At least zero and at most ``LONGEST``; None where it is absent or makes no sense.
    """
    if value is None:
        return None
    value = value.strip()
    if value.isdecimal() and value.isascii():
        return min(timedelta(seconds=int(value[:9])), LONGEST)
    try:
        moment = parsedate_to_datetime(value)
        wait = moment.replace(tzinfo=moment.tzinfo or UTC) - now
    except (ValueError, OverflowError):
        return None
    return min(max(wait, timedelta()), LONGEST)


def rate_limit(headers: Mapping[str, str], *, now: datetime) -> RateLimit | None:
    """Read what is left of a server's patience; the tightest of several limits counts.

    Hugging Face writes ``RateLimit: "api";r=489;t=243`` and
    ``RateLimit-Policy: "fixed window";"api";q=500;w=300``, see
    https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/; drafts before the
    eighth wrote ``limit=500, remaining=489, reset=243``, and earlier ones a header for each:
    ``RateLimit-Remaining``, of old ``X-RateLimit-Remaining``.

    Args:
        headers: Looked up without regard to case.
        now: What a reset that is a moment is counted from.
    """
    policy = _items(headers.get("RateLimit-Policy", ""))
    items = [
        *_limits(headers.get("RateLimit", "")),
        _apart(headers, "RateLimit-", now=now),
        _apart(headers, "X-RateLimit-", now=now),
    ]
    limits = [
        RateLimit(remaining, _reset(item, policy), policy.get("q", item.get("limit")))
        for item in items
        if (remaining := item.get("r", item.get("remaining"))) is not None
    ]
    return min(limits, key=lambda limit: (limit.remaining, -limit.reset), default=None)


_SINCE_1970 = 10**9
"""Seconds: a reset of more is a moment, as GitHub and Discord write it, and not a wait."""
_SECONDS = re.compile(r"\s*(\d{1,12})(?:\.\d+)?\s*(?:[,;]|$)", re.ASCII)


def _apart(headers: Mapping[str, str], prefix: str, *, now: datetime) -> dict[str, int]:
    """Return a limit whose numbers have a header each."""
    found = {
        name: int(number[1])
        for name in ("limit", "remaining", "reset")
        if (number := _SECONDS.match(headers.get(prefix + name.title(), "")))
    }
    if found.get("reset", 0) > _SINCE_1970:
        # Rounded up: the second that has begun is not over.
        found["reset"] = max(0, found["reset"] - int(now.timestamp()))
    return found


def _limits(value: str) -> list[dict[str, int]]:
    if "remaining" in value.lower():
        return [_items(value)]
    return [_items(item) for item in value.split(",")]


def _items(value: str) -> dict[str, int]:
    return {name.lower(): int(number) for name, number in _ITEM.findall(value)}


def _reset(item: Mapping[str, int], policy: Mapping[str, int]) -> timedelta:
    seconds = item.get("t", item.get("reset", policy.get("w")))
    return UNSAID if seconds is None else min(timedelta(seconds=seconds), LONGEST)
