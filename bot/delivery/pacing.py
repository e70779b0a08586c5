"""How fast the background sends: under Discord's limits, fair to servers, people first."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.models import Delivery

SENDS_A_SECOND = 46.0
"""Discord allows a bot 50 requests a second. The rest is for what bunches on the way there: at 46,
requests may be a twelfth of a second late."""
BURST = 3
REQUESTS_A_SECOND = 46
"""The most in any second as they leave, DMs opened and looks included."""
INVALID_WINDOW = timedelta(minutes=10)
A_MINUTE = timedelta(minutes=1)
MOST_INVALID = 5_000
"""Half of the 10,000 refused requests after which Discord blocks the address."""


class Pace:
    """A token bucket. Waiting is in order of asking.

    Args:
        rate: Tokens a second.
        burst: Tokens at the most.
    """

    def __init__(self, rate: float = SENDS_A_SECOND, burst: int = BURST) -> None:
        self.rate = rate
        self.burst = burst
        self._next = float("-inf")

    async def wait(self) -> None:
        """Return when one more request may go out."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._next = max(self._next, now - self.burst / self.rate) + 1 / self.rate
        if self._next > now:
            await asyncio.sleep(self._next - now)


class Ceiling:
    """Lets at most so many pass in any second, in order of asking.

    A pace is kept where work begins; a stall on the way to the network bunches
    what it had spaced. This is for the last step before the network.

    Args:
        most: How many in any second.
    """

    def __init__(self, most: int = REQUESTS_A_SECOND) -> None:
        self._passed: deque[float] = deque(maxlen=most)
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Return when one more may pass; it must pass at once."""
        loop = asyncio.get_running_loop()
        async with self._turn:
            if len(self._passed) == self._passed.maxlen:
                await asyncio.sleep(self._passed[0] + 1.0 - loop.time())
            self._passed.append(loop.time())


@dataclass
class InvalidRequests:
    """Counts refused requests (401, 403, 429) as Discord does, over ten minutes.

    https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans
    """

    now: Callable[[], datetime]
    most: int = MOST_INVALID
    unkept: int = 0
    """Noted since somebody last kept the count."""
    _at: deque[datetime] = field(default_factory=deque[datetime])

    def note(self) -> None:
        self._at.append(self.now())
        self.unkept += 1

    def take_up(self, counts: Mapping[datetime, int]) -> None:
        """Count what an earlier process was refused, by the minutes in which it was."""
        now = self.now()
        # All of a minute counts as its end. A minute to come was noted by a clock that was wrong.
        earlier = [
            min(now, minute + A_MINUTE)
            for minute, count in sorted(counts.items())
            if minute <= now
            for _ in range(count)
        ]
        self._at.extendleft(reversed(earlier))

    def by_minute(self) -> dict[datetime, int]:
        """Return how many were refused in each of the last minutes, by their beginnings."""
        self.count()
        return dict(Counter(moment.replace(second=0, microsecond=0) for moment in self._at))

    def count(self) -> int:
        since = self.now() - INVALID_WINDOW
        while self._at and self._at[0] <= since:
            self._at.popleft()
        return len(self._at)

    def exhausted(self) -> bool:
        return self.count() >= self.most


def in_turns(deliveries: Iterable[Delivery]) -> Iterator[Delivery]:
    """Yield deliveries one server after the other, so that a large one does not hold up the rest.

    Direct messages count as one server. Within a server the order stays.
    """
    lanes: dict[int | None, deque[Delivery]] = {}
    for delivery in deliveries:
        lanes.setdefault(delivery.guild_id, deque()).append(delivery)
    while lanes:
        for guild_id in list(lanes):
            yield lanes[guild_id].popleft()
            if not lanes[guild_id]:
                del lanes[guild_id]
