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


def rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """Read ``RateLimit`` and ``RateLimit-Policy``; the tightest of several limits counts.

    Hugging Face writes ``"api";r=489;t=243`` and ``"fixed window";"api";q=500;w=300``, see
    https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/; drafts before the
    eighth wrote ``limit=500, remaining=489, reset=243``.

    Args:
        headers: Looked up without regard to case.
    """
    policy = _items(headers.get("RateLimit-Policy", ""))
    limits = [
        RateLimit(remaining, _reset(item, policy), policy.get("q", item.get("limit")))
        for item in _limits(headers.get("RateLimit", ""))
        if (remaining := item.get("r", item.get("remaining"))) is not None
    ]
    return min(limits, key=lambda limit: (limit.remaining, -limit.reset), default=None)


def _limits(value: str) -> list[dict[str, int]]:
    if "remaining" in value.lower():
        return [_items(value)]
    return [_items(item) for item in value.split(",")]


def _items(value: str) -> dict[str, int]:
    return {name.lower(): int(number) for name, number in _ITEM.findall(value)}


def _reset(item: Mapping[str, int], policy: Mapping[str, int]) -> timedelta:
    seconds = item.get("t", item.get("reset", policy.get("w")))
    return UNSAID if seconds is None else min(timedelta(seconds=seconds), LONGEST)
