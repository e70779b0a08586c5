"""Rate limits as Discord's pages describe them, off unless a test turns them on.

https://discord.com/developers/docs/topics/rate-limits
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tests.local_discord.calls import Call, Reply

INVALID_STATUSES = {401, 403, 429}

CLOUDFLARE_PAGE = "<!doctype html><title>Access denied</title><p>error code: 1015</p>"


class Scope(StrEnum):
    """Whose limit was reached. A ``shared`` one is nobody's fault."""

    USER = "user"
    GLOBAL = "global"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds, counted from the first of them."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What is limited. None, and routes that are not named, are without limit."""

    everywhere: Rate | None = None
    """All requests together, but for answers to interactions."""
    routes: Mapping[str, Rate] = field(default_factory=dict[str, Rate])
    """``POST /channels/:id/messages`` → rate for each channel (guild, webhook)."""
    new_dms: Rate | None = None
    """DM channels opened with people for the first time; over it: 40003."""
    invalid: Rate | None = None
    """Answers of 401, 403 and 429; over it Cloudflare shuts the door."""


DISCORD_LIMITS = Limits(
    everywhere=Rate(50, 1),
    routes={
        "POST /channels/:id/messages": Rate(5, 5),
        "PATCH /channels/:id/messages/:id": Rate(5, 5),
        "POST /channels/:id/threads": Rate(5, 5),
    },
    invalid=Rate(10_000, 600),
)
"""50 a second and 10,000 in ten minutes are documented, five messages in five seconds were
seen, and the same is supposed for edits and threads. The rest is not published."""


@dataclass(slots=True)
class Window:
    """How much of a rate is used up. Begins with a request, not on the full second."""

    rate: Rate
    ends_at: float = -math.inf
    used: int = 0

    def take(self, now: float) -> bool:
        """Use one request up; False where none is left."""
        if now >= self.ends_at:
            self.ends_at = now + self.rate.seconds
            self.used = 0
        if self.used >= self.rate.requests:
            return False
        self.used += 1
        return True

    def headers(self, now: float, bucket: str) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.rate.requests),
            "X-RateLimit-Remaining": str(self.rate.requests - self.used),
            "X-RateLimit-Reset": f"{self.ends_at:.3f}",
            "X-RateLimit-Reset-After": f"{round_up(self.ends_at - now):.3f}",
            "X-RateLimit-Bucket": bucket,
        }


class RateLimiter:
    """Counts requests, and says no with Discord's headers and bodies."""

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self._now = now
        self.refused: Counter[str] = Counter()
        """Answers of 429 by scope; ``cloudflare`` for those without one."""
        self._invalid: deque[float] = deque()
        self.limits = limits

    @property
    def limits(self) -> Limits:
        return self._limits

    @limits.setter
    def limits(self, limits: Limits) -> None:
        """Change what is limited; everybody starts with full windows."""
        self._limits = limits
        self._everywhere = Window(limits.everywhere) if limits.everywhere else None
        self._new_dms = Window(limits.new_dms) if limits.new_dms else None
        self._windows: dict[tuple[str, str], Window] = {}

    @property
    def invalid(self) -> int:
        """Answers of 401, 403 and 429 (not ``shared``) in the last ten minutes."""
        rate = self._limits.invalid or Rate(10_000, 600)
        oldest = self._now() - rate.seconds
        while self._invalid and self._invalid[0] <= oldest:
            self._invalid.popleft()
        return len(self._invalid)

    def locked_out(self) -> bool:
        return self._limits.invalid is not None and self.invalid >= self._limits.invalid.requests

    def take(self, call: Call, *, for_interaction: bool) -> tuple[dict[str, str], Reply | None]:
        """Count a request: the headers for its answer, and a refusal if it is one too many."""
        now = self._now()
        everywhere = self._everywhere
        if everywhere and not for_interaction and not everywhere.take(now):
            return {}, refusal(Scope.GLOBAL, everywhere.ends_at - now)
        window = self._window(call)
        if window is None:
            return {}, None
        allowed = window.take(now)
        headers = window.headers(now, bucket_of(call.route))
        if allowed:
            return headers, None
        return {}, refusal(Scope.USER, window.ends_at - now, headers)

    def _window(self, call: Call) -> Window | None:
        rate = self._limits.routes.get(call.route)
        if rate is None:
            return None
        return self._windows.setdefault((call.route, call.major), Window(rate))

    def may_open_dm(self) -> bool:
        return self._new_dms is None or self._new_dms.take(self._now())

    def count(self, reply: Reply) -> None:
        """Note an answer, for the 10,000 and for the figures."""
        if reply.status == 429:
            self.refused[reply.scope or "cloudflare"] += 1
        if reply.status in INVALID_STATUSES and reply.scope != Scope.SHARED:
            self._invalid.append(self._now())


def refusal(scope: Scope, seconds: float, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a 429 in Discord's own words, to be retried after ``seconds``."""
    seconds = round_up(seconds)
    extra = {"X-RateLimit-Scope": str(scope), "Retry-After": str(math.ceil(seconds))}
    if scope is Scope.GLOBAL:
        extra["X-RateLimit-Global"] = "true"
    body = {
        "message": "You are being rate limited.",
        "retry_after": seconds,
        "global": scope is Scope.GLOBAL,
    }
    return Reply(429, body, {**(headers or {}), **extra})


def cloudflare_refusal() -> Reply:
    """Return a 429 of the gate before Discord: a page, and no ``Via`` header."""
    return Reply(429, html=CLOUDFLARE_PAGE)


def round_up(seconds: float) -> float:
    """Return whole milliseconds: rounded down, a client that obeys would come too early."""
    return math.ceil(seconds * 1000) / 1000


def bucket_of(route: str) -> str:
    return hashlib.blake2s(route.encode(), digest_size=16).hexdigest()
