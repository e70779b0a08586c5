"""Serves what people and supervisors reach by HTTP: the bot's health, and the end of e-mail."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.errors import SettingsError
from bot.store import heartbeat
from bot.store.store import Store
from bot.web.unsubscribe import Unsubscribe

LARGEST_BODY = 8 * 1024
"""Bytes; the forms that are sent here have one field."""
LEAVE_WITHIN = 1.0
"""Seconds that a request under way gets when the bot stops."""
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",  # the address of a page is a token
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


@asynccontextmanager
async def serving(
    store: Store, now: Callable[[], datetime], *, host: str, port: int
) -> AsyncGenerator[int]:
    """Serve until leaving, and give the port.

    Args:
        port: 0 takes a free one.

    Raises:
        SettingsError: Nothing can listen there.
    """
    runner = web.AppRunner(app(store, now), access_log=None, shutdown_timeout=LEAVE_WITHIN)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise SettingsError(
                f"The web server cannot listen on {host}:{port} ({error.strerror}); set"
                " PAPERWIRE_WEB_HOST and PAPERWIRE_WEB_PORT to what is free."
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def app(store: Store, now: Callable[[], datetime]) -> web.Application:
    """Return what answers."""
    made = web.Application(middlewares=[_guard], client_max_size=LARGEST_BODY)
    pages = Unsubscribe(store, now)
    made.add_routes(
        [
            web.get("/health", _health(store, now)),
            web.get("/unsubscribe/{token}", pages.show),
            web.post("/unsubscribe/{token}", pages.end),
        ]
    )
    return made


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the same headers on every answer, errors included."""
    try:
        answer = await handler(request)
    except web.HTTPException as error:
        error.headers.update(_HEADERS)
        raise
    answer.headers.update(_HEADERS)
    return answer


def _health(
    store: Store, now: Callable[[], datetime]
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def health(request: web.Request) -> web.Response:
        """Answer 200 if the bot is alive and connected to Discord, else 503."""
        beat = await store.read(heartbeat.last)
        alive = beat is not None and now() - beat.at <= heartbeat.STOPPED_AFTER
        connected = beat is not None and alive and beat.connected
        said = {"alive": alive, "connected": connected}
        return web.json_response(said, status=200 if connected else 503)

    return health
