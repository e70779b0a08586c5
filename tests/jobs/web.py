"""The sources as servers on loopback, for jobs that ask them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.sources.arxiv import ArXiv
from bot.sources.http import Pace, PaceInMemory, Web
from bot.sources.huggingface import HuggingFace
from bot.sources.semantic_scholar import SemanticScholar
from tests.conftest import Clock
from tests.sources.conftest import Source, Waits, json_answer, xml_answer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Net:
    """Two servers, and what asks them. Nothing waits: the clock is set forward instead."""

    pages: Source
    """Hugging Face and Semantic Scholar."""
    papers: Source
    """arXiv."""
    waits: Waits
    hugging_face: HuggingFace
    arxiv: ArXiv
    semantic_scholar: SemanticScholar


@asynccontextmanager
async def a_net(
    clock: Clock, *, patience: float = 20, pace: Pace | None = None
) -> AsyncGenerator[Net]:
    """Serve, and open the web for asking, with seconds of patience for each answer."""
    waits = Waits(clock)
    async with a_source() as pages, a_source() as papers:
        opened = Web(
            hosts={"127.0.0.1"},
            pace=pace or PaceInMemory(),
            now=clock,
            sleep=waits,
            timeout=aiohttp.ClientTimeout(total=patience),
            body_limit=2**22,
            backoff=(),
        )
        async with opened as asking:
            yield Net(
                pages,
                papers,
                waits,
                HuggingFace(asking, pages.url),
                ArXiv(asking, papers.url, papers.url, papers.url, papers.url),
                SemanticScholar(asking, pages.url, key="key"),
            )


@asynccontextmanager
async def a_source() -> AsyncGenerator[Source]:
    application = web.Application()
    source = Source(TestServer(application))
    application.router.add_route("*", "/{path:.*}", source.handle)
    async with source.server:
        yield source


def by_path(answers: dict[str, object]) -> Handler:
    """Answer JSON by the path's beginning; what is not there is 404."""

    async def handle(request: web.Request) -> web.StreamResponse:
        for path, value in answers.items():
            if request.path.startswith(path):
                return json_answer(json.dumps(value))
        return web.Response(status=404, body=b"{}", content_type="application/json")

    return handle


__all__ = ["Handler", "Net", "a_net", "a_source", "by_path", "json_answer", "xml_answer"]
