"""What can go wrong on the way to Discord and back, on demand or by chance."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from tests.local_discord.calls import Call, Reply, error_reply
from tests.local_discord.limits import Scope, cloudflare_refusal, refusal

ERRORS: dict[int, tuple[int, str]] = {
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10008: (404, "Unknown Message"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached."),
    40003: (403, "You are opening direct messages too fast"),
    50001: (403, "Missing Access"),
    50007: (403, "Cannot send messages to this user"),
    50013: (403, "Missing Permissions"),
    50035: (400, "Invalid Form Body"),
    50278: (403, "Cannot send messages to this user due to having no mutual guilds"),
    200000: (400, "Message was blocked by automatic moderation"),
    240000: (400, "Message was blocked by harmful links filter"),
}
"""HTTP status and words by JSON error code.

https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""


class Effect(StrEnum):
    """What a fault does to the request that it meets."""

    RATE_LIMIT = "rate_limit"
    """429 with ``scope`` and ``seconds``."""
    CLOUDFLARE = "cloudflare"
    """429 as a page, without ``Via``."""
    STATUS = "status"
    """``status`` as a page: 500, 502, 503, 504."""
    CUT = "cut"
    """The connection is reset."""
    SLOW = "slow"
    """The answer takes ``seconds`` longer."""
    ERROR = "error"
    """The JSON error ``code``."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. A request has to meet every condition that is given."""

    effect: Effect
    method: str = "*"
    path: str = "*"
    """A pattern with ``*``, for the path after ``/api/v10``."""
    channel_id: int | None = None
    user_id: int | None = None
    """The person at the other end: of the DM channel, or of the one to be opened."""
    skip: int = 0
    """So many requests pass before the first is met."""
    times: int | None = 1
    """How often; None for until lifted."""
    chance: float = 1.0
    after: bool = False
    """Discord does what was asked first, and only the answer suffers."""
    status: int = 503
    code: int = 50013
    scope: Scope = Scope.USER
    seconds: float = 1.0

    def meets(self, call: Call, *, user_id: int | None) -> bool:
        return (
            self.method in {"*", call.method}
            and fnmatchcase(call.path, self.path)
            and self.channel_id in {None, call.channel_id}
            and self.user_id in {None, user_id}
        )

    def reply(self) -> Reply:
        """Return the answer that this fault gives; a slow one gives none of its own."""
        match self.effect:
            case Effect.RATE_LIMIT:
                return refusal(self.scope, self.seconds)
            case Effect.CLOUDFLARE:
                return cloudflare_refusal()
            case Effect.STATUS:
                return Reply(self.status, html=f"<title>{self.status}</title>")
            case Effect.CUT:
                return Reply(0, cut=True)
            case Effect.ERROR:
                return known_error(self.code, retry_after=self.seconds)
            case Effect.SLOW:
                raise ValueError("a slow answer is the answer, later")


class Faults:
    """The faults that lie in wait. Each request is met by the first that fits, at most."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)
        self._waiting: dict[int, Fault] = {}
        self._seen: Counter[int] = Counter()
        self._last_id = 0
        self.struck: Counter[int] = Counter()
        """How often each fault has met a request, by its id."""

    def add(self, fault: Fault) -> int:
        """Return the fault's id, for ``lift``."""
        self._last_id += 1
        self._waiting[self._last_id] = fault
        return self._last_id

    def lift(self, fault_id: int) -> None:
        """Take a fault away; one that is used up already may be lifted too."""
        self._waiting.pop(fault_id, None)

    def clear(self) -> None:
        self._waiting.clear()

    def waiting(self) -> dict[int, Fault]:
        return dict(self._waiting)

    def strike(self, call: Call, *, user_id: int | None) -> Fault | None:
        """Return the fault that this request meets, and use it up by one."""
        for fault_id, fault in self._waiting.items():
            if fault.meets(call, user_id=user_id) and self._fires(fault_id, fault):
                self._use(fault_id, fault)
                return fault
        return None

    def _fires(self, fault_id: int, fault: Fault) -> bool:
        self._seen[fault_id] += 1
        if self._seen[fault_id] <= fault.skip:
            return False
        return fault.chance >= 1 or self._random.random() < fault.chance

    def _use(self, fault_id: int, fault: Fault) -> None:
        self.struck[fault_id] += 1
        if self.struck[fault_id] == fault.times:
            del self._waiting[fault_id]


def known_error(code: int, *, retry_after: float = 1.0) -> Reply:
    """Return Discord's answer for a JSON error code.

    Raises:
        KeyError: The code is not in ``ERRORS``.
    """
    status, message = ERRORS[code]
    if status != 429:
        return error_reply(status, code, message)
    limited = refusal(Scope.USER, retry_after)
    body = {"message": message, "code": code, "retry_after": retry_after, "global": False}
    return Reply(status, body, limited.headers)
