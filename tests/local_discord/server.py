"""The local Discord itself: simcord's world behind real HTTP and a real WebSocket."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import AsyncExitStack, contextmanager
from types import TracebackType
from typing import Self, TypeVar

import yarl
from aiohttp import web
from discord.gateway import DiscordWebSocket
from discord.http import Route

from tests.local_discord.backend import WorldBackend, WorldClock
from tests.local_discord.calls import Call, Reply, error_reply, read_call, unread_call
from tests.local_discord.control import Control
from tests.local_discord.door import Check, Door
from tests.local_discord.faults import Fault, Faults
from tests.local_discord.gateway import Gateway
from tests.local_discord.interactions import Interactions
from tests.local_discord.ledger import Ledger, Request
from tests.local_discord.limits import Limits, RateLimiter
from tests.local_discord.pulse import Pulse
from tests.local_discord.rules import Rules
from tests.local_discord.world import World

TOKEN = "local.discord.token"
MAX_REQUEST = 25 * 1024 * 1024
"""Bytes of a whole request; more is answered with 413."""

NO_LIMITS = Limits()

T = TypeVar("T")


class LocalDiscord:
    """A Discord on loopback for one bot. Use it as an async context manager.

    Args:
        port: 0 for any that is free.
        token: The only one that may log in.
        shards: How many ``GET /gateway/bot`` recommends; guilds are dealt to them in turn.
        seed: For faults that strike by chance.
        limits: What is rate limited; ``limiter.limits`` changes it while running.
        check: Looks at each request before it is answered; what it finds goes to
            ``ledger.complaints`` and changes nothing.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        shards: int = 1,
        seed: int = 0,
        limits: Limits = NO_LIMITS,
        check: Check | None = None,
    ) -> None:
        self.token = token
        self.clock = WorldClock()
        self.ledger = Ledger()
        self.pulse = Pulse()
        self.backend = WorldBackend(self.clock, self.ledger)
        self.world = World(self.backend, shards)
        self.gateway = Gateway(self.backend, token, shards, lambda: self.gateway_url, self.pulse)
        self.limiter = RateLimiter(limits, self.clock.seconds)
        self.faults = Faults(seed)
        self.rules = Rules(self.backend, self.limiter)
        self.door = Door(self.backend, self.gateway, self.limiter, self.faults, self.rules, check)
        self._port = port
        self._exit = AsyncExitStack()
        self._offer_what_people_do()

    def _offer_what_people_do(self) -> None:
        self.interactions = Interactions(self.world, self.pulse)
        self.slash = self.interactions.slash
        self.autocomplete = self.interactions.autocomplete
        self.menu = self.interactions.menu
        self.press = self.interactions.press
        self.select = self.interactions.select
        self.submit = self.interactions.submit

    @property
    def api_url(self) -> str:
        """What the bot's ``Route.BASE`` has to be."""
        return f"http://127.0.0.1:{self._port}/api/v10"

    @property
    def gateway_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/"

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self._port}/control"

    @property
    def bot_id(self) -> int:
        return self.backend.bot_user.id

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MAX_REQUEST)
        app.router.add_get("/", self.gateway.handle)
        app.router.add_route("*", "/api/{rest:.*}", self.handle)
        app.add_routes(Control(self).routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._exit.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", self._port).start()
        self._exit.callback(self.gateway.cut_all)
        self._port = runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._exit.aclose()

    async def until(self, happened: Callable[[], T], seconds: float = 10.0) -> T:
        """Wait until something is true of this Discord, and return it.

        Raises:
            TimeoutError: It was not within ``seconds``.
        """
        return await self.pulse.until(happened, seconds)

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request of the bot, or end its connection."""
        arrived = time.perf_counter()
        call, reply, fault = await self._answer(request)
        self._note(call, reply, fault, arrived)
        if reply.cut and request.transport is not None:
            request.transport.abort()
        return reply.response()

    async def _answer(self, request: web.Request) -> tuple[Call, Reply, Fault | None]:
        now = self.clock.seconds()
        try:
            call = await read_call(request, at=now)
        except ConnectionError:
            reply = Reply(0, cut=True)
        except ValueError:
            reply = error_reply(400, 50109, "The request body contains invalid JSON.")
        except web.HTTPRequestEntityTooLarge:
            reply = error_reply(413, 40005, "Request entity too large")
        else:
            return call, *await self.door.answer(call)
        return unread_call(request, at=now), reply, None

    def _note(self, call: Call, reply: Reply, fault: Fault | None, arrived: float) -> None:
        self.limiter.count(reply)
        self.ledger.requests.append(
            Request(
                method=call.method,
                path=call.path,
                route=call.route,
                at=call.at,
                milliseconds=(time.perf_counter() - arrived) * 1000,
                status=reply.status,
                code=reply.code,
                scope=reply.scope,
                nonce=call.nonce,
                fault=fault.effect if fault else None,
            )
        )
        if call.words[0] == "interactions" and reply.status < 300:
            self.interactions.arrived(call, arrived)
        self.pulse.beat()


@contextmanager
def addressed_to(server: LocalDiscord) -> Generator[None]:
    """Let discord.py in this process talk to ``server`` instead of discord.com."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE = server.api_url
    # Asked for only by a first log-in without sharding, and after an invalid session.
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(server.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway
