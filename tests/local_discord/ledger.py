"""Everything that was ever said and asked, for checks afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class MadeMessage:
    """One message, also after it was deleted. Times are seconds of the local Discord's clock."""

    id: int
    channel_id: int
    author_id: int
    text: str
    """Content, embeds and the text of components, one below the other."""
    custom_ids: tuple[str, ...]
    made_at: float
    nonce: str | int | None = None
    guild_id: int | None = None
    parent_id: int | None = None
    """The channel or forum that its thread belongs to."""
    user_id: int | None = None
    """The person at the other end of a direct message."""
    thread_name: str | None = None
    ephemeral: bool = False
    edits: int = 0
    deleted_at: float | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One request and how it ended."""

    method: str
    path: str
    route: str
    at: float
    milliseconds: float
    status: int
    """0 where the connection was cut."""
    code: int | None = None
    scope: str | None = None
    nonce: str | int | None = None
    fault: str | None = None
    """The effect of the fault that it met."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a check, or simcord, did not like about a request."""

    method: str
    path: str
    text: str


class Ledger:
    """All messages, requests and complaints of one local Discord, oldest first."""

    def __init__(self) -> None:
        self.messages: dict[int, MadeMessage] = {}
        self.requests: list[Request] = []
        self.complaints: list[Complaint] = []

    def made(self, message: MadeMessage) -> None:
        self.messages[message.id] = message

    def edited(self, message_id: int, text: str, custom_ids: tuple[str, ...]) -> None:
        old = self.messages[message_id]
        new = replace(old, text=text, custom_ids=custom_ids, edits=old.edits + 1)
        self.messages[message_id] = new

    def deleted(self, message_id: int, *, at: float) -> None:
        self.messages[message_id] = replace(self.messages[message_id], deleted_at=at)

    def complain(self, method: str, path: str, texts: Iterable[str]) -> None:
        self.complaints += [Complaint(method, path, text) for text in texts]

    def by(self, author_id: int) -> list[MadeMessage]:
        return [m for m in self.messages.values() if m.author_id == author_id]

    def statuses(self) -> Counter[int]:
        return Counter(request.status for request in self.requests)


def text_of(content: str, embeds: Iterable[Mapping[str, Any]], parts: Iterable[Any]) -> str:
    """Return what a reader sees of a message; ``parts`` are all its components, flat."""
    lines = [content]
    for embed in embeds:
        lines += [str(embed.get(key) or "") for key in ("title", "description")]
    for part in parts:
        lines += [str(part.get(key) or "") for key in ("content", "label")]
    return "\n".join(line for line in lines if line)
