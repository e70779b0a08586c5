"""A language model's address on loopback that answers, or misbehaves, as a test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class ModelServer:
    """Speaks OpenAI's chat completions."""

    server: TestServer
    behave: Handler = field(default=lambda request: events(request, []))
    asked: list[dict[str, object]] = field(default_factory=list[dict[str, object]])
    keys: list[str] = field(default_factory=list[str])
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a request ended before its answer did."""

    @property
    def url(self) -> str:
        return str(self.server.make_url("/v1"))

    def says(self, *pieces: str) -> None:
        """Let it answer with some pieces of text."""
        self.behave = lambda request: events(request, [event(piece) for piece in pieces])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization", ""))
        try:
            return await self.behave(request)
        except (asyncio.CancelledError, ConnectionError):
            self.ended.set()
            raise


@asynccontextmanager
async def a_model_server() -> AsyncGenerator[ModelServer]:
    application = web.Application(client_max_size=2**22)
    model = ModelServer(TestServer(application))
    application.router.add_route("POST", "/v1/chat/completions", model.handle)
    async with model.server:
        yield model


def event(content: object, **more: object) -> str:
    """Return one event of a stream, with a piece of text."""
    delta = {"role": "assistant", "content": content, **more}
    chunk = {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
    }
    return f"data: {json.dumps(chunk)}\n\n"


DONE = "data: [DONE]\n\n"


async def begin(request: web.Request, kind: str = "text/event-stream") -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": kind})
    response.enable_chunked_encoding()
    await response.prepare(request)
    return response


async def events(
    request: web.Request,
    told: list[str],
    *,
    kind: str = "text/event-stream",
    end: str = DONE,
) -> web.StreamResponse:
    """Send events and end well."""
    response = await begin(request, kind)
    for each in told:
        await response.write(each.encode())
    await response.write(end.encode())
    return response


def claim(text: str, quote: str, paper: str = "P1") -> str:
    return json.dumps({"paper": paper, "text": text, "quote": quote}) + "\n"
