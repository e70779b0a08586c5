"""The local Discord's gateway: sessions that can be resumed, broken off and made invalid.

https://discord.com/developers/docs/events/gateway
"""

from __future__ import annotations

import asyncio
import json
import secrets
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Any

import discord
from aiohttp import WSMsgType, web
from simcord.backend import serializers
from simcord.gateway import FakeGateway, FakeWebSocket
from simcord.intents import missing_privileged_intents

from tests.local_discord.backend import WorldBackend
from tests.local_discord.pulse import Pulse

HEARTBEAT_MILLISECONDS = 41_250
KEPT_EVENTS = 10_000
"""So many events of a session can be resumed."""


class Op(IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    RECONNECT = 7
    REQUEST_GUILD_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class Close(IntEnum):
    """Close codes that tell a client never to come back like this."""

    AUTHENTICATION_FAILED = 4004
    INVALID_SHARD = 4010
    DISALLOWED_INTENTS = 4014


class Connection:
    """One WebSocket. What is sent goes out in order, from a task of its own."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self._socket = socket
        self._request = request
        self._outbox: asyncio.Queue[str | int] = asyncio.Queue()
        # discord.py reads plain text as well, so only its own zlib is spoken here.
        compressed = request.query.get("compress") == "zlib-stream"
        self._deflate = zlib.compressobj() if compressed else None
        self._writer = asyncio.create_task(self._write())

    def send(self, text: str) -> None:
        self._outbox.put_nowait(text)

    def send_op(self, op: Op, data: object = None) -> None:
        self.send(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def close(self, code: int = 1000) -> None:
        """Close after everything that was sent before."""
        self._outbox.put_nowait(code)

    def cut(self) -> None:
        """Break off without a word, as a lost network would."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def serve(self, take: Callable[[Any], Awaitable[None]]) -> None:
        """Give each message to ``take`` until either side ends it.

        Closed by us, it waits for the client's own close, so nobody is still reading then:
        beside a reader, aiohttp drops the connection at once, and a client that meets the end
        of it first never learns the code.
        """
        reading = asyncio.create_task(self._read(take))
        try:
            await asyncio.wait({reading, self._writer}, return_when=asyncio.FIRST_COMPLETED)
            if reading.done():
                reading.result()
            elif (code := self._writer.result()) is not None:
                await _end(reading)
                await self._socket.close(code=code)
        finally:
            await _end(reading)
            await _end(self._writer)

    async def _read(self, take: Callable[[Any], Awaitable[None]]) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                await take(json.loads(message.data))

    async def _write(self) -> int | None:
        """Write until a close is asked for; return its code, None where the client is gone."""
        try:
            while not isinstance(item := await self._outbox.get(), int):
                await self._put(item)
        except ConnectionError:
            return None
        return item

    async def _put(self, text: str) -> None:
        if self._deflate is None:
            await self._socket.send_str(text)
            return
        packed = self._deflate.compress(text.encode())
        await self._socket.send_bytes(packed + self._deflate.flush(zlib.Z_SYNC_FLUSH))


class Outlet:
    """Where simcord's gateway puts an event once it is cut to the bot's intents.

    It stands where discord.py's connection state would, so has that one's names.
    """

    def __init__(self, put: Callable[[str, Any], None], intents: discord.Intents) -> None:
        self.intents = intents
        self.parsers = self
        self._put = put

    def __getitem__(self, event: str) -> Callable[[Any], None]:
        return partial(self._put, event)

    def get(self, event: str) -> Callable[[Any], None]:
        return self[event]


class Session:
    """What one shard has been told since it identified, with or without a connection."""

    def __init__(
        self, backend: WorldBackend, shard: tuple[int, int], intents: discord.Intents
    ) -> None:
        self.id = secrets.token_hex(16)
        self.shard = shard
        self.sequence = 0
        self.ready = False
        self.connection: Connection | None = None
        self._bot_id = backend.bot_user.id
        self._told: deque[tuple[int, str]] = deque(maxlen=KEPT_EVENTS)
        self.gateway = FakeGateway(backend, Outlet(self._tell, intents))
        self.members = FakeWebSocket(backend, self.gateway, shard_id=shard[0])

    def owns(self, guild_id: int | None) -> bool:
        number, count = self.shard
        return number == ((guild_id >> 22) % count if guild_id is not None else 0)

    def hear(self, event: str, payload: Mapping[str, Any]) -> None:
        """Tell of an event what the bot's intents let through; of itself it hears in any case.

        https://discord.com/developers/docs/events/gateway#caveats
        """
        if event == "GUILD_MEMBER_UPDATE" and int(payload["user"]["id"]) == self._bot_id:
            self._tell(event, payload)
        else:
            self.gateway.feed(event, payload)

    def _tell(self, event: str, data: Any) -> None:
        self.sequence += 1
        message = {"op": Op.DISPATCH, "t": event, "s": self.sequence, "d": data}
        text = json.dumps(message)
        self._told.append((self.sequence, text))
        if self.connection is not None:
            self.connection.send(text)

    def missed(self, sequence: int) -> list[str] | None:
        """Return the events after this one; None where they are not kept any more."""
        if sequence > self.sequence or self.sequence - sequence > len(self._told):
            return None
        return [text for number, text in self._told if number > sequence]


@dataclass
class Gateway:
    """All sessions, and what a test does to them.

    The verbs reach every connected shard, or the one that is named.
    """

    backend: WorldBackend
    token: str
    shards: int
    """What ``GET /gateway/bot`` recommends."""
    url: Callable[[], str]
    pulse: Pulse
    approved: discord.Intents = field(default_factory=discord.Intents.all)
    """The privileged intents that the portal allows; asking for others is refused (4014)."""
    sessions: dict[str, Session] = field(default_factory=dict[str, Session])
    identified: int = 0
    resumed: int = 0

    def __post_init__(self) -> None:
        self._connections: set[Connection] = set()
        self.backend.subscribers.append(self._on_event)

    # What a test does

    def reconnect(self, shard: int | None = None) -> None:
        """Ask for a new connection (op 7)."""
        for connection in self._connected(shard):
            connection.send_op(Op.RECONNECT)

    def invalidate(self, shard: int | None = None, *, resumable: bool = False) -> None:
        """Declare sessions invalid (op 9); those not resumable are forgotten."""
        for session in self._live(shard):
            if not resumable:
                del self.sessions[session.id]
            assert session.connection is not None
            session.connection.send_op(Op.INVALID_SESSION, resumable)

    def cut(self, shard: int | None = None) -> None:
        for connection in self._connected(shard):
            connection.cut()

    def close(self, code: int, shard: int | None = None) -> None:
        for connection in self._connected(shard):
            connection.close(code)

    async def ready(self, shards: int = 1, *, seconds: float = 30.0) -> None:
        """Wait until so many shards are connected and have been told of their guilds.

        Raises:
            TimeoutError: They were not within ``seconds``.
        """
        await self.pulse.until(lambda: len(self._live()) >= shards, seconds)

    def _live(self, shard: int | None = None) -> list[Session]:
        return [
            session
            for session in self.sessions.values()
            if session.connection is not None
            and session.ready
            and shard in {None, session.shard[0]}
        ]

    def _connected(self, shard: int | None) -> list[Connection]:
        return [s.connection for s in self._live(shard) if s.connection is not None]

    # What a bot does

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one WebSocket until either side ends it."""
        socket = web.WebSocketResponse(max_msg_size=0)
        await socket.prepare(request)
        connection = Connection(socket, request)
        self._connections.add(connection)
        connection.send_op(Op.HELLO, {"heartbeat_interval": HEARTBEAT_MILLISECONDS})
        try:
            await connection.serve(partial(self._receive, connection))
        finally:
            self._connections.discard(connection)
            self._detach(connection)
        return socket

    def cut_all(self) -> None:
        """End all connections, also those that have not identified."""
        for connection in list(self._connections):
            connection.cut()

    def _detach(self, connection: Connection) -> None:
        for session in self.sessions.values():
            if session.connection is connection:
                session.connection = None
        self.pulse.beat()

    async def _receive(self, connection: Connection, message: Mapping[str, Any]) -> None:
        data = message.get("d")
        match message.get("op"):
            case Op.HEARTBEAT:
                connection.send_op(Op.HEARTBEAT_ACK)
            case Op.IDENTIFY:
                self._identify(connection, data)
            case Op.RESUME:
                self._resume(connection, data)
            case Op.REQUEST_GUILD_MEMBERS:
                await self._send_members(connection, data)
            case _:
                pass  # presence and voice concern nobody here

    def _identify(self, connection: Connection, data: Any) -> None:
        intents = discord.Intents()
        intents.value = int(data.get("intents", 0))
        number, count = data.get("shard") or (0, 1)
        shard = (int(number), int(count))
        refusal = self._refusal(data["token"], shard, intents)
        if refusal is not None:
            connection.close(refusal)
            return
        self.identified += 1
        self._forget_dead(shard)
        session = Session(self.backend, shard, intents)
        self.sessions[session.id] = session
        session.connection = connection
        self._welcome(session)

    def _refusal(
        self, token: str, shard: tuple[int, int], intents: discord.Intents
    ) -> Close | None:
        if token != self.token:
            return Close.AUTHENTICATION_FAILED
        if not 0 <= shard[0] < shard[1]:
            return Close.INVALID_SHARD
        if missing_privileged_intents(intents, self.approved):
            return Close.DISALLOWED_INTENTS
        return None

    def _forget_dead(self, shard: tuple[int, int]) -> None:
        """Drop what a process that is gone has left behind."""
        for session in list(self.sessions.values()):
            replaced = session.shard == shard or session.shard[1] != shard[1]
            if session.connection is None and replaced:
                del self.sessions[session.id]

    def _welcome(self, session: Session) -> None:
        guilds = [g for g in self.backend.guilds.values() if session.owns(g.id)]
        session.gateway.feed("READY", self._ready_payload(session, [g.id for g in guilds]))
        for guild in guilds:
            if guild.id in self.backend.outages:
                continue
            payload = serializers.guild_create_payload(self.backend, guild)
            session.gateway.feed("GUILD_CREATE", payload)
        session.ready = True
        self.pulse.beat()

    def _ready_payload(self, session: Session, guild_ids: Iterable[int]) -> dict[str, Any]:
        return {
            "v": 10,
            "user": serializers.user_payload(self.backend.bot_user),
            "guilds": [{"id": str(guild_id), "unavailable": True} for guild_id in guild_ids],
            "session_id": session.id,
            "resume_gateway_url": self.url(),
            "shard": list(session.shard),
            "application": {"id": str(self.backend.application_id), "flags": 0},
        }

    def _resume(self, connection: Connection, data: Any) -> None:
        session = self.sessions.get(data["session_id"])
        missed = session.missed(data["seq"]) if session else None
        if session is None or missed is None or data["token"] != self.token:
            connection.send_op(Op.INVALID_SESSION, data=False)
            return
        session.connection = connection
        for text in missed:
            connection.send(text)
        session.gateway.feed("RESUMED", {"_trace": []})
        self.resumed += 1
        self.pulse.beat()

    async def _send_members(self, connection: Connection, data: Any) -> None:
        session = next(s for s in self.sessions.values() if s.connection is connection)
        await session.members.request_chunks(
            int(data["guild_id"]),
            data.get("query"),
            limit=int(data.get("limit") or 0),
            user_ids=_list_of_ids(data.get("user_ids")),
            presences=bool(data.get("presences")),
            nonce=data.get("nonce"),
        )

    def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        guild_id = _guild_of(event, payload)
        for session in self.sessions.values():
            if session.owns(guild_id):
                session.hear(event, payload)
        self.pulse.beat()


async def _end(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})


def _guild_of(event: str, payload: Mapping[str, Any]) -> int | None:
    key = "id" if event in {"GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE"} else "guild_id"
    value = payload.get(key)
    return int(value) if value is not None else None


def _list_of_ids(value: object) -> list[int] | None:
    if value is None:
        return None
    return [int(item) for item in value] if isinstance(value, list) else [int(str(value))]
