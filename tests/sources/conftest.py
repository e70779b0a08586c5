"""A web server of our own that answers as a test tells it to."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sources.http import PaceInMemory, Web
from tests.conftest import Clock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Source:
    """A server on loopback: gives the prepared answers in turn, the last one for ever."""

    server: TestServer
    answers: list[web.Response | Handler] = field(default_factory=list[web.Response | Handler])
    requests: list[web.Request] = field(default_factory=list[web.Request])
    bodies: list[bytes] = field(default_factory=list[bytes])

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    def will(self, *answers: web.Response | Handler) -> None:
        self.answers = list(answers)
        self.requests.clear()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, web.Response):
            return web.Response(body=answer.body, status=answer.status, headers=answer.headers)
        return await answer(request)


@pytest.fixture
async def source() -> AsyncIterator[Source]:
    application = web.Application()
    server = TestServer(application)
    source = Source(server)
    application.router.add_route("*", "/{path:.*}", source.handle)
    async with server:
        yield source


@dataclass
class Waits:
    """Waits by setting the clock forward, and keeps count."""

    clock: Clock
    seconds: list[float] = field(default_factory=list[float])

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        self.clock.now += timedelta(seconds=seconds)


@pytest.fixture
def waits(clock: Clock) -> Waits:
    return Waits(clock)


@pytest.fixture
def pace() -> PaceInMemory:
    return PaceInMemory()


@pytest.fixture
async def a_web(clock: Clock, waits: Waits, pace: PaceInMemory) -> AsyncIterator[Web]:
    async with Web(
        hosts={"127.0.0.1"},
        now=clock,
        sleep=waits,
        pace=pace,
        timeout=aiohttp.ClientTimeout(total=5),
        body_limit=2**20,
    ) as opened:
        yield opened


def json_answer(body: bytes | str, **headers: str) -> web.Response:
    body = body.encode() if isinstance(body, str) else body
    return web.Response(body=body, headers={"Content-Type": "application/json", **headers})


def xml_answer(body: bytes | str, **headers: str) -> web.Response:
    body = body.encode() if isinstance(body, str) else body
    return web.Response(body=body, headers={"Content-Type": "text/xml", **headers})


def unpacked(path: Path) -> bytes:
    body = path.read_bytes()
    return gzip.decompress(body) if path.suffix == ".gz" else body


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # pyright: ignore[reportArgumentType]
