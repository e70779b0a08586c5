"""What is in a message on Discord: its words, its links and its buttons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import discord

_MARKS = re.compile(r"<(?:@[!&]?|#|a?:\w{1,32}:|t:|/[^<>:]{1,100}:|id:)[\w:-]{1,32}>")


def without_marks(text: str) -> str:
    """Return a text without mentions, custom emoji and moments, whose numbers are no words.

    See https://docs.discord.com/developers/reference#message-formatting.
    """
    return _MARKS.sub(" ", text)


def texts_of(message: discord.Message) -> list[str]:
    """Return all that a message says, also in embeds, buttons, file names and forwarded ones."""
    said = [*_said(message)]
    for snapshot in message.message_snapshots:
        said += _said(snapshot)
    return [text for text in said if text]


def custom_ids_of(message: discord.Message) -> list[str]:
    """Return the ``custom_id`` of each button, from top to bottom."""
    found = (getattr(part, "custom_id", None) for part in _parts(message.components))
    return [custom_id for custom_id in found if custom_id]


def _said(message: discord.Message | discord.MessageSnapshot) -> Iterator[str]:
    yield message.content
    for embed in message.embeds:
        yield from _strings(embed.to_dict())
    for part in _parts(message.components):
        yield getattr(part, "content", "") or ""
        yield getattr(part, "url", "") or ""
    for file in message.attachments:
        yield file.filename


def _parts(components: Iterable[Any]) -> Iterator[Any]:
    for part in components:
        yield part
        yield from _parts(getattr(part, "children", ()))
        accessory = getattr(part, "accessory", None)
        yield from _parts([accessory] if accessory else ())


def _strings(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value)
