"""What Discord refuses, or does only once, and simcord does not know."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from simcord.backend import serializers
from simcord.backend.errors import BackendError

from tests.local_discord.backend import WorldBackend, dispatch
from tests.local_discord.calls import Call, Reply, error_reply
from tests.local_discord.faults import known_error
from tests.local_discord.limits import RateLimiter

NONCE_WINDOW = timedelta(minutes=3)
"""Discord says "the past few minutes"; nobody has published a number."""

MAX_NONCE = 25
MAX_FILE = 10 * 1024 * 1024
"""Bytes of one file, for a guild without boosts."""


@dataclass
class Nonces:
    """Which nonce made which message, as long as Discord remembers."""

    window: timedelta = NONCE_WINDOW
    _made: dict[tuple[int, str], tuple[float, int]] = field(
        default_factory=dict[tuple[int, str], tuple[float, int]]
    )
    """Oldest first."""

    def first(self, channel_id: int, nonce: str | int, *, now: float) -> int | None:
        """Return the message that the bot made there with this nonce, if within the window."""
        self._forget(now)
        made = self._made.get((channel_id, str(nonce)))
        return made[1] if made else None

    def remember(self, channel_id: int, nonce: str | int, message_id: int, *, now: float) -> None:
        self._made[channel_id, str(nonce)] = now, message_id

    def _forget(self, now: float) -> None:
        oldest = now - self.window.total_seconds()
        while self._made:
            key = next(iter(self._made))
            if self._made[key][0] > oldest:
                return
            del self._made[key]


@dataclass
class Rules:
    """Does what a request asks, unless Discord would not."""

    backend: WorldBackend
    limiter: RateLimiter
    nonces: Nonces = field(default_factory=Nonces)
    closed_dms: set[int] = field(default_factory=set[int])
    """People who take no direct messages: 50007."""
    no_mutual: set[int] = field(default_factory=set[int])
    """People who share no guild with the bot: 50278."""

    def answer(self, call: Call) -> Reply:
        if any(file.size > MAX_FILE for file in call.files):
            return error_reply(413, 40005, "Request entity too large")
        match call.route:
            case "POST /channels/:id/messages":
                return self._unreachable(call) or self._create_message(call)
            case "GET /channels/:id/messages" if "after" in call.query:
                return self._messages_after(call)
            case "POST /users/@me/channels":
                return self._open_dm(call)
            case "POST /interactions/:id/:token/callback":
                return self._callback(call)
            case _:
                return dispatch(self.backend, call)

    def person(self, call: Call) -> int | None:
        """Return who is at the other end, where the request is about one person's DMs."""
        if call.route == "POST /users/@me/channels":
            return _snowflake(call.body, "recipient_id")
        channel = self.backend.channels.get(call.channel_id or 0)
        return next(iter(channel.recipient_ids), None) if channel else None

    def _messages_after(self, call: Call) -> Reply:
        """Return the next messages after one; simcord would return the newest of them all."""
        limit = int(call.query.get("limit", 50))
        reply = dispatch(self.backend, replace(call, query={**call.query, "limit": "1000000"}))
        return replace(reply, body=reply.body[-limit:]) if isinstance(reply.body, list) else reply

    def _unreachable(self, call: Call) -> Reply | None:
        person = self.person(call)
        if person in self.no_mutual:
            return known_error(50278)
        return known_error(50007) if person in self.closed_dms else None

    def _create_message(self, call: Call) -> Reply:
        nonce = call.nonce
        if nonce is None:
            return dispatch(self.backend, call)
        if len(str(nonce)) > MAX_NONCE:
            return error_reply(400, 50035, f"Invalid Form Body: nonce is over {MAX_NONCE} long")
        if call.body.get("enforce_nonce") and (earlier := self._earlier(call, nonce)):
            return earlier
        return self._create_with_nonce(call, nonce)

    def _create_with_nonce(self, call: Call, nonce: str | int) -> Reply:
        reply = dispatch(self.backend, call)
        if not isinstance(reply.body, dict) or reply.status >= 400:
            return reply
        message_id = int(reply.body["id"])
        self.nonces.remember(call.channel_id or 0, nonce, message_id, now=call.at)
        return Reply(body={**reply.body, "nonce": nonce})

    def _earlier(self, call: Call, nonce: str | int) -> Reply | None:
        """Return the answer of the first message with this nonce, or None for no such message."""
        channel_id = call.channel_id or 0
        message_id = self.nonces.first(channel_id, nonce, now=call.at)
        if message_id is None or not self._may_write(channel_id):
            return None
        message = self.backend.messages[channel_id].get(message_id)
        if message is None:
            return known_error(10008)
        payload = serializers.message_payload(self.backend, message)
        return Reply(body={**payload, "nonce": nonce})

    def _may_write(self, channel_id: int) -> bool:
        channel = self.backend.channels.get(channel_id)
        if channel is None:
            return False
        permission = "send_messages_in_threads" if channel.is_thread else "send_messages"
        try:
            self.backend.require_permissions(
                channel.guild_id, self.backend.bot_user.id, channel_id, permission
            )
        except BackendError:
            return False
        return True

    def _open_dm(self, call: Call) -> Reply:
        person = self.person(call)
        is_new = person not in self.backend.dm_channels
        if is_new and not self.limiter.may_open_dm():
            return known_error(40003)
        return dispatch(self.backend, call)

    def _callback(self, call: Call) -> Reply:
        reply = dispatch(self.backend, call)
        wants_body = call.query.get("with_response", "").lower() in {"1", "true"}
        return reply if reply.status >= 400 or wants_body else Reply()


def _snowflake(body: object, key: str) -> int | None:
    value = str(body.get(key)) if isinstance(body, dict) else ""
    return int(value) if value.isdecimal() else None
