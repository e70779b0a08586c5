"""What a request passes on its way in: the gate, faults, limits, checks, and then the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from tests.local_discord.backend import WorldBackend
from tests.local_discord.calls import Call, Reply, error_reply
from tests.local_discord.faults import Effect, Fault, Faults
from tests.local_discord.gateway import Gateway
from tests.local_discord.limits import RateLimiter, cloudflare_refusal
from tests.local_discord.rules import Rules

Check = Callable[[str, str, object], list[str]]
"""Method, path and JSON body of a request → what is wrong with it, in words."""

IDENTIFIES_A_DAY = 1000


@dataclass
class Door:
    """Answers requests, one at a time but for those that a fault makes slow."""

    backend: WorldBackend
    gateway: Gateway
    limiter: RateLimiter
    faults: Faults
    rules: Rules
    check: Check | None = None

    async def answer(self, call: Call) -> tuple[Reply, Fault | None]:
        """Return the answer, and the fault that the request met on its way."""
        refused = self._turn_away(call)
        if refused is not None:
            return refused, None
        fault = self.faults.strike(call, user_id=self.rules.person(call))
        if fault is None:
            return self._serve(call), None
        self.gateway.pulse.beat()
        return await self._serve_with(fault, call), fault

    def _turn_away(self, call: Call) -> Reply | None:
        if self.limiter.locked_out():
            return cloudflare_refusal()
        needs_token = not call.carries_token and call.route != "GET /gateway"
        if needs_token and call.authorization != f"Bot {self.gateway.token}":
            return error_reply(401, 0, "401: Unauthorized")
        return None

    async def _serve_with(self, fault: Fault, call: Call) -> Reply:
        if fault.effect is Effect.SLOW:
            return await self._serve_slowly(fault, call)
        if fault.after:
            self._serve(call)
        return fault.reply()

    async def _serve_slowly(self, fault: Fault, call: Call) -> Reply:
        if not fault.after:
            await asyncio.sleep(fault.seconds)
            return self._serve(call)
        reply = self._serve(call)
        await asyncio.sleep(fault.seconds)
        return reply

    def _serve(self, call: Call) -> Reply:
        headers, refused = self.limiter.take(call, for_interaction=self._for_interaction(call))
        if refused is not None:
            return refused
        if self.check is not None:
            found = self.check(call.method, call.path, call.body)
            self.backend.ledger.complain(call.method, call.path, found)
        reply = self._gateway_address(call) or self.rules.answer(call)
        return replace(reply, headers={**headers, **reply.headers})

    def _for_interaction(self, call: Call) -> bool:
        return call.carries_token and (
            call.words[0] == "interactions" or call.words[2] in self.backend.interaction_tokens
        )

    def _gateway_address(self, call: Call) -> Reply | None:
        if call.route == "GET /gateway":
            return Reply(body={"url": self.gateway.url()})
        if call.route != "GET /gateway/bot":
            return None
        start_limit = {
            "total": IDENTIFIES_A_DAY,
            "remaining": IDENTIFIES_A_DAY - self.gateway.identified,
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        }
        body = {"url": self.gateway.url(), "shards": self.gateway.shards}
        return Reply(body={**body, "session_start_limit": start_limit})
