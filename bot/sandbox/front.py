"""The sandbox's one address: the page around the rooms, and the way to each of them.

simcord serves a room on a port of its own, with absolute paths and a key that
each of its calls carries in a header. So all rooms fit behind one address: the
files are the same for each, and a call's key tells which room it is for.
"""

from __future__ import annotations

import errno
import secrets
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from importlib.resources import files
from ipaddress import ip_address
from mimetypes import guess_type

import aiohttp
import simcord
from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from bot.errors import SettingsError
from bot.sandbox.live import FONTS, Place, Room
from bot.sandbox.world import SERVER, World

PORT = 8080
PORTS_TRIED = 20
"""How many ports are tried, from ``PORT`` on, when nobody named one."""
LARGEST_BODY = 32 * 1024 * 1024
"""Bytes. simcord takes 26 MiB of uploads at once."""
LEAVE_WITHIN = 1.0
"""Seconds that a browser gets to finish what it is asking when the sandbox closes."""

_PAGE = files("bot.sandbox") / "page"
_FILES = {
    "/": "index.html",
    "/sandbox.css": "sandbox.css",
    "/sandbox.js": "sandbox.js",
    "/sandbox.svg": "sandbox.svg",
    "/room.css": "room.css",
    "/room.js": "room.js",
}
_INTO_ROOMS = (
    '<link rel="stylesheet" href="/room.css"><script type="module" src="/room.js"></script></head>'
)
"""Ends the head of simcord's page."""
_KEY = "X-Simcord-Capability"
_PASSED_ON = (_KEY, "X-Simcord-Context", "Content-Type")
_KEPT_BACK = frozenset(
    {
        "connection",
        "content-length",
        "content-security-policy",
        "date",
        "server",
        "transfer-encoding",
        "x-frame-options",
    }
)
_POLICY = (
    "default-src 'self'; connect-src 'self' blob:; img-src 'self' blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""simcord's own, but that our page may frame a room: nothing is asked of the internet."""


@dataclass(frozen=True, slots=True)
class Hint:
    """A command worth typing, and why."""

    command: str
    why: str


HINTS = (
    Hint("/papers trending", "what rises now"),
    Hint("/papers search", "by words, by meaning or by id"),
    Hint("/ask", "what papers say; or write @Paperwire and a question"),
    Hint("/topics follow", "alerts come to your direct messages"),
    Hint("/help", "everything else"),
)


class Front:
    """Answers at the sandbox's address.

    Args:
        world: What there is to show.
        http: Reaches the rooms' own ports.
        host: What the sandbox listens on.
        hints: Commands worth typing first.
    """

    def __init__(
        self, world: World, http: aiohttp.ClientSession, *, host: str, hints: Iterable[Hint]
    ) -> None:
        self._world = world
        self._http = http
        self._host = host
        self._about = {
            "session": secrets.token_hex(8),
            "server": SERVER,
            "hints": [asdict(hint) for hint in hints],
        }

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=LARGEST_BODY)
        app.add_routes(
            [
                *(web.get(path, self._file) for path in _FILES),
                web.get("/places.json", self._places),
                web.get("/rooms/{id:[0-9]+}", self._enter),
                web.get("/rooms/{id:[0-9]+}/page", self._room_page),
                web.get("/menu/{page}", self._menu),
                web.post("/menu/{page}", self._choose),
                web.route("*", "/api/{call:.+}", self._call),
                web.static("/fonts", FONTS),
                web.get("/{file:.+}", self._room_file),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer only to an address, to localhost and to the name that we listen on.

        Another site could point its own name at this machine and then read
        the rooms as if they were its own (DNS rebinding).
        """
        host = request.url.host or ""
        if not (host in {"localhost", self._host} or _is_address(host)):
            raise web.HTTPForbidden(text="Open the sandbox by the address that it printed.")
        answer = await handler(request)
        answer.headers["Content-Security-Policy"] = _POLICY
        return answer

    async def _file(self, request: web.Request) -> web.Response:
        name = _FILES[request.path]
        return web.Response(
            text=_read(name),
            content_type=guess_type(name)[0],
            headers={"Cache-Control": "no-cache"},
        )

    async def _places(self, _: web.Request) -> web.Response:
        places = [_as_json(place) for place in self._world.places()]
        return web.json_response({**self._about, "places": places})

    async def _enter(self, request: web.Request) -> web.Response:
        """Send the browser to the room's page, with its key where only the page sees it."""
        room = await self._world.room(int(request.match_info["id"]))
        if room is None:
            raise web.HTTPNotFound(
                text="There is no such room. Go back to the sandbox's first page."
            )
        page = URL(f"{request.path}/page").with_fragment(URL(room.url).fragment)
        raise web.HTTPFound(page, headers={"Cache-Control": "no-store"})

    async def _room_page(self, request: web.Request) -> web.Response:
        """Return simcord's page with our style and script."""
        answer = await self._forward(request, self._any_room(), "/")
        assert answer.text is not None
        answer.text = answer.text.replace("</head>", _INTO_ROOMS)
        return answer

    async def _room_file(self, request: web.Request) -> web.Response:
        return await self._forward(request, self._any_room(), request.path)

    async def _call(self, request: web.Request) -> web.Response:
        key = request.headers.get(_KEY)
        for room in self._world.open_rooms():
            if room.capability == key:
                return await self._forward(request, room, request.path_qs)
        raise web.HTTPUnauthorized(text="This room is from an earlier start of the sandbox.")

    async def _menu(self, request: web.Request) -> web.Response:
        """Return what the menu of a message offers in the room of a page."""
        return web.json_response(self._room_of(request).menu())

    async def _choose(self, request: web.Request) -> web.Response:
        """Choose from the menu of a message: its id and the entry's name, as JSON."""
        room, chosen = self._room_of(request), await request.json()
        try:
            await room.choose(
                request.match_info["page"], str(chosen["name"]), int(chosen["message_id"])
            )
        except simcord.SetupError as error:
            raise web.HTTPConflict(text=str(error)) from error
        return web.Response(status=204)

    def _room_of(self, request: web.Request) -> Room:
        """Return the room of a page, whose name nobody knows but its script."""
        for room in self._world.open_rooms():
            if room.has_page(request.match_info["page"]):
                return room
        raise web.HTTPUnauthorized(text="This page is from an earlier start of the sandbox.")

    def _any_room(self) -> Room:
        return self._world.open_rooms()[0]

    async def _forward(self, request: web.Request, room: Room, path: str) -> web.Response:
        """Ask the room's own port, and return what it says as ours."""
        url = URL(room.url).origin().join(URL(path, encoded=True))
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        async with self._http.request(
            request.method, url, headers=headers, data=await request.read()
        ) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _KEPT_BACK}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


@asynccontextmanager
async def serving(
    world: World, hints: Iterable[Hint], host: str, port: int | None
) -> AsyncGenerator[str]:
    """Serve the front page and yield its address.

    Raises:
        SettingsError: The port is taken, or the host is not ours.
    """
    async with aiohttp.ClientSession() as http:
        front = Front(world, http, host=host, hints=hints)
        runner = web.AppRunner(front.app(), access_log=None, shutdown_timeout=LEAVE_WITHIN)
        await runner.setup()
        try:
            yield _address(host, await _listen(runner, host, port))
        finally:
            await runner.cleanup()


async def _listen(runner: web.AppRunner, host: str, port: int | None) -> int:
    """Listen, and return the port."""
    for candidate in _candidates(port):
        try:
            await web.TCPSite(runner, host, candidate).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise SettingsError(
                    f"the sandbox cannot listen on {host}: {error.strerror}"
                ) from error
        else:
            return int(runner.addresses[0][1])
    tried = f"port {port} is" if port is not None else f"ports {PORT} and up are"
    raise SettingsError(f"the sandbox cannot listen on {host}: {tried} taken; name another port")


def _candidates(port: int | None) -> Sequence[int]:
    return range(PORT, PORT + PORTS_TRIED) if port is None else (port,)


def _address(host: str, port: int) -> str:
    """Return the URL to print; a host that means "everywhere" is reached on this machine."""
    shown = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return str(URL.build(scheme="http", host=shown, port=port)).rstrip("/")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _as_json(place: Place) -> dict[str, object]:
    """Return the place as our script reads it; ids as text, since they exceed its numbers."""
    return {
        **asdict(place),
        "id": str(place.id),
        "parent_id": str(place.parent_id) if place.parent_id else None,
        "last_message_id": str(place.last_message_id),
        "created_at": place.created_at.isoformat(),
    }


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")
