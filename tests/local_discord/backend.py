"""simcord's Discord, with a real clock, nonces, and a ledger. Leans on its private names.

simcord is pinned, and everything of it that begins with an underscore is used here only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from simcord._clock import Clock
from simcord.backend import Backend
from simcord.backend.errors import BackendError
from simcord.backend.models import Message
from simcord.components import walk_components
from simcord.http import router

from tests.local_discord.calls import Call, Reply, error_reply
from tests.local_discord.ledger import Ledger, MadeMessage, text_of


class WorldClock(Clock):
    """The real time, and what a test adds to it. Snowflakes, nonces and limits go by it."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.elapsed)

    def seconds(self) -> float:
        return self.now().timestamp()


class WorldBackend(Backend):
    """Keeps the ledger as messages come and go, and echoes nonces."""

    def __init__(self, clock: WorldClock, ledger: Ledger) -> None:
        self.ledger = ledger
        self.world_clock = clock
        self.nonce: str | int | None = None
        """Of the request that is being answered."""
        self.outages: set[int] = set()
        """Guilds that Discord has lost for now."""
        super().__init__(clock=clock)

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        if event == "MESSAGE_CREATE" and self.nonce is not None:
            payload = {**payload, "nonce": self.nonce}
        if event == "GUILD_CREATE" and int(payload["id"]) not in self.outages:
            # Only a guild that was there before says that it is available.
            payload = {key: value for key, value in payload.items() if key != "unavailable"}
        super().emit(event, payload)

    def forget_transcript(self) -> None:
        """simcord writes down every request and event twice; the ledger does already."""
        self.transcript.clear()
        self.http_requests.clear()

    def commit_message(self, message: Message, *, broadcast: bool = True) -> Message:
        message = super().commit_message(message, broadcast=broadcast)
        if message.id in self.messages[message.channel_id]:
            self.ledger.made(self._made(message))
        return message

    def _made(self, message: Message) -> MadeMessage:
        channel = self.channels[message.channel_id]
        text, custom_ids = _words(message)
        return MadeMessage(
            id=message.id,
            channel_id=channel.id,
            author_id=message.author_id,
            text=text,
            custom_ids=custom_ids,
            made_at=self.world_clock.seconds(),
            nonce=self.nonce,
            guild_id=channel.guild_id,
            parent_id=channel.parent_id if channel.is_thread else None,
            user_id=next(iter(channel.recipient_ids), None),
            thread_name=channel.name if channel.is_thread else None,
            ephemeral=message.is_ephemeral,
        )

    def edit_message(self, channel_id: int, message_id: int, fields: dict[str, Any]) -> Message:
        message = super().edit_message(channel_id, message_id, fields)
        self.ledger.edited(message.id, *_words(message))
        return message

    def delete_message(self, channel_id: int, message_id: int) -> None:
        super().delete_message(channel_id, message_id)
        self.ledger.deleted(message_id, at=self.world_clock.seconds())

    def bulk_delete_messages(self, channel_id: int, message_ids: Iterable[int]) -> list[int]:
        deleted = super().bulk_delete_messages(channel_id, message_ids)
        for message_id in deleted:
            self.ledger.deleted(message_id, at=self.world_clock.seconds())
        return deleted


def _words(message: Message) -> tuple[str, tuple[str, ...]]:
    parts = list(walk_components(message.components))
    custom_ids = tuple(part["custom_id"] for part in parts if part.get("custom_id"))
    return text_of(message.content, message.embeds, parts), custom_ids


def dispatch(backend: WorldBackend, call: Call) -> Reply:
    """Let simcord do what the request asks.

    What simcord cannot do is answered loudly and goes to the complaints: a bot
    must not pass a test because its request was understood by halves.
    """
    backend.nonce = call.nonce
    try:
        return Reply(body=_route(backend, call))
    except router.RouteNotImplemented:
        return _no_such_route(backend, call)
    except router.UnsupportedField as gap:
        backend.ledger.complain(call.method, call.path, [str(gap)])
        return error_reply(gap.status, gap.code, gap.message)
    except BackendError as error:
        return Reply(error.status, error.to_json())
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        backend.ledger.complain(call.method, call.path, [f"malformed: {error!r}"])
        return error_reply(400, 50035, "Invalid Form Body")
    finally:
        backend.nonce = None
        backend.forget_transcript()


def _route(backend: WorldBackend, call: Call) -> Any:
    return router.dispatch(
        backend,
        call.method,
        call.path,
        json=call.body,
        params=dict(call.query),
        files=list(call.files),
        reason=call.reason,
    )


def _no_such_route(backend: WorldBackend, call: Call) -> Reply:
    backend.ledger.complain(call.method, call.path, ["no such route, or simcord has not got it"])
    for routes in router._ROUTES.values():  # pyright: ignore[reportPrivateUsage]
        if any(_fits(template, call.words) for template, _ in routes):
            return error_reply(405, 0, "405: Method Not Allowed")
    return error_reply(404, 0, "404: Not Found")


def _fits(template: list[str], words: tuple[str, ...]) -> bool:
    return len(template) == len(words) and all(
        part.startswith("{") or part == word for part, word in zip(template, words, strict=True)
    )
