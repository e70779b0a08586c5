"""What we want of every HTTP request to Discord, whoever in discord.py makes it.

discord.py lets us watch its requests through aiohttp's tracing, which is called
right before each one leaves and may hold it back or refuse it:
https://docs.aiohttp.org/en/stable/tracing_reference.html
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

import aiohttp

from bot.delivery.pacing import Ceiling, InvalidRequests
from bot.errors import DeliveryError

INVALID = frozenset((401, 403, 429))


@dataclass
class _Work:
    """One piece of background work and what became of its last request."""

    doubt: str | None = None
    """Why its last POST may have been done without our knowing; None where it was not."""


_background: ContextVar[_Work | None] = ContextVar("background", default=None)


class DiscordRequests:
    """Counts refusals, keeps background work under Discord's limit, and asks nothing twice.

    discord.py itself repeats a request that was answered with 500, 502, 504 or
    524. For a forum post, which takes no nonce, that could make a second one; so
    background work gets the error, and the outbox decides.

    Args:
        now: The clock for counting refusals.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.invalid = InvalidRequests(now)
        self._ceiling = Ceiling()

    @contextmanager
    def background(self) -> Generator[None]:
        """Make the requests inside wait for their turn; people's never do."""
        token = _background.set(_Work())
        try:
            yield
        finally:
            _background.reset(token)

    def trace(self) -> aiohttp.TraceConfig:
        """Return what discord.py is to be given as its ``http_trace``."""
        trace = aiohttp.TraceConfig()
        trace.on_request_start.append(self._leaves)
        trace.on_request_end.append(self._answered)
        trace.on_request_exception.append(self._lost)
        return trace

    async def _leaves(
        self,
        session: aiohttp.ClientSession,
        context: object,
        params: aiohttp.TraceRequestStartParams,
    ) -> None:
        work = _background.get()
        if work is None:
            return
        if work.doubt is not None:
            raise DeliveryError(work.doubt)
        await self._ceiling.wait()

    async def _answered(
        self, session: aiohttp.ClientSession, context: object, params: aiohttp.TraceRequestEndParams
    ) -> None:
        status = params.response.status
        shared = params.response.headers.get("X-RateLimit-Scope") == "shared"
        if status in INVALID and not shared:
            self.invalid.note()
        work = _background.get()
        if work is not None and params.method == "POST" and status >= 500:
            work.doubt = f"Discord answered {status}"

    async def _lost(
        self,
        session: aiohttp.ClientSession,
        context: object,
        params: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        work = _background.get()
        if work is not None and params.method == "POST":
            work.doubt = "Discord did not answer"
