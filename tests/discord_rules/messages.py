"""What Discord asks of messages beyond the shapes in its document, and what we ask of mentions.

https://discord.com/developers/docs/resources/message
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from tests.discord_rules.components import component_complaints, is_version_2, texts
from tests.discord_rules.lengths import Json, objects, text_within, within

COMPONENTS_V2 = 1 << 15
"""The message flag ``IS_COMPONENTS_V2``."""
FORWARD = 1
"""The type of a message reference that carries the other message itself."""

MOST_FILES = 10
MOST_FILE_BYTES = 10 * 1024 * 1024
MOST_REQUEST_BYTES = 25 * 1024 * 1024
MOST_EMBED_TEXT = 6_000
"""Characters in all embeds of a message together."""

WEB = re.compile(r"https?://\S+")
WEB_OR_ATTACHMENT = re.compile(r"(https?|attachment)://\S+")


class Upload(NamedTuple):
    """A file that goes out with a request."""

    name: str
    size: int
    """In bytes."""


def message_complaints(
    message: Json, *, new: bool, uploads: Collection[Upload] = (), pings: Collection[str] = ()
) -> Iterator[str]:
    """Complain of a message.

    Args:
        message: The body of a create or an edit, or a callback's ``data``.
        new: Whether it makes a message. An edit may leave out what stays.
        uploads: The files that go with it.
        pings: What ``allowed_mentions.parse`` may hold: ``everyone``, ``users``, ``roles``.
    """
    components = objects(message.get("components"))
    version_2 = bool((message.get("flags") or 0) & COMPONENTS_V2) or is_version_2(components)
    yield from text_within("the content", message.get("content"), 0, 2_000)
    yield from component_complaints(components, version_2=version_2)
    yield from _embeds(objects(message.get("embeds")))
    yield from _version_2(message, new=new) if version_2 else ()
    yield from _mentions(message, pings)
    yield from _nonce(message)
    if poll := message.get("poll"):
        yield from _poll(poll)
    yield from _files(message, uploads)
    if new:
        yield from _whole(message, uploads)


def upload_complaints(uploads: Collection[Upload]) -> Iterator[str]:
    """Complain of the files of a request."""
    yield from within("the request", len(uploads), 0, MOST_FILES, "files")
    for upload in uploads:
        yield from within(f"the file {upload.name!r}", upload.size, 0, MOST_FILE_BYTES, "bytes")
    whole = sum(upload.size for upload in uploads)
    yield from within("the request", whole, 0, MOST_REQUEST_BYTES, "bytes of files")


def _version_2(message: Json, *, new: bool) -> Iterator[str]:
    if new and not (message.get("flags") or 0) & COMPONENTS_V2:
        yield f"components of version 2 need the flag {COMPONENTS_V2}"
    for key in ("content", "embeds", "poll", "sticker_ids"):
        if message.get(key):
            yield f"{key} cannot go with components of version 2"


def _mentions(message: Json, pings: Collection[str]) -> Iterator[str]:
    """Nothing pings anybody by accident: what may ping is always named."""
    allowed: Json | None = message.get("allowed_mentions")
    if allowed is None:
        if message.get("content") or texts(objects(message.get("components"))):
            yield "allowed_mentions is missing: text may ping whom it names"
        return
    if allowed.get("parse") is None:
        yield "allowed_mentions.parse is missing: send an empty list"
    for kind in allowed.get("parse") or ():
        if kind not in pings:
            yield f"allowed_mentions lets text ping {kind}"
    for key in ("users", "roles"):
        yield from within("allowed_mentions", len(allowed.get(key) or ()), 0, 100, key)
        if key in (allowed.get("parse") or ()) and allowed.get(key):
            yield f"allowed_mentions both parses and names {key}"


def _nonce(message: Json) -> Iterator[str]:
    nonce = message.get("nonce")
    if isinstance(nonce, str):
        yield from text_within("the nonce", nonce, 1, 25)
    if message.get("enforce_nonce") and nonce is None:
        yield "enforce_nonce is of no use without a nonce"


def _embeds(embeds: list[Json]) -> Iterator[str]:
    yield from within("the message", len(embeds), 0, 10, "embeds")
    yield from within("the embeds' text", sum(map(embed_length, embeds)), 0, MOST_EMBED_TEXT)
    for embed in embeds:
        yield from _embed(embed)
        yield from _embed_links(embed)


def embed_length(embed: Json) -> int:
    """Return the characters that count towards the 6,000 of a message's embeds."""
    named = [embed.get("title"), embed.get("description")]
    named += [_part(embed, "footer").get("text"), _part(embed, "author").get("name")]
    for field in objects(embed.get("fields")):
        named += [field.get("name"), field.get("value")]
    return sum(len(text or "") for text in named)


def _embed(embed: Json) -> Iterator[str]:
    if not embed_length(embed) and not (embed.get("image") or embed.get("thumbnail")):
        yield "an embed is empty"
    yield from text_within("an embed's title", embed.get("title"), 0, 256)
    yield from text_within("an embed's description", embed.get("description"), 0, 4_096)
    fields = objects(embed.get("fields"))
    yield from within("an embed", len(fields), 0, 25, "fields")
    for field in fields:
        yield from text_within("a field's name", field.get("name"), 1, 256)
        yield from text_within(f"the field {field.get('name')!r}", field.get("value"), 1, 1_024)
    if embed.get("footer"):
        yield from text_within("a footer", embed["footer"].get("text"), 1, 2_048)
    if embed.get("author"):
        yield from text_within("an embed's author", embed["author"].get("name"), 1, 256)


def _embed_links(embed: Json) -> Iterator[str]:
    for url in (embed.get("url"), _part(embed, "author").get("url")):
        if url and not WEB.fullmatch(url):
            yield f"an embed links to {url!r}: only http and https links are allowed"
    pictures = [_part(embed, key).get("url") for key in ("image", "thumbnail")]
    pictures += [_part(embed, key).get("icon_url") for key in ("author", "footer")]
    for url in pictures:
        if url and not WEB_OR_ATTACHMENT.fullmatch(url):
            yield f"an embed shows {url!r}: only http, https and attachment links are allowed"


def _part(embed: Json, key: str) -> Json:
    return embed.get(key) or {}


def _poll(poll: Json) -> Iterator[str]:
    question: Json = poll.get("question") or {}
    answers = objects(poll.get("answers"))
    yield from text_within("the poll's question", question.get("text"), 1, 300)
    yield from within("the poll", len(answers), 1, 10, "answers")
    for answer in answers:
        media: Json = answer.get("poll_media") or {}
        yield from text_within("a poll's answer", media.get("text"), 1, 55)
    hours = poll.get("duration")
    yield from within("the poll", 24 if hours is None else hours, 1, 32 * 24, "hours")


def _files(message: Json, uploads: Collection[Upload]) -> Iterator[str]:
    attachments = objects(message.get("attachments"))
    yield from within("the message", len(attachments), 0, MOST_FILES, "attachments")
    names = {upload.name for upload in uploads} | {a.get("filename") for a in attachments}
    if message.get("attachments") is None or None in names:
        return  # files that the message already has may be meant
    for name in sorted(_shown_files(message) - names):
        yield f"attachment://{name} is shown, but no such file is sent"


def _shown_files(node: object) -> set[str]:
    """Return the names of the files that embeds and components point at."""
    if isinstance(node, str) and node.startswith("attachment://"):
        return {node.removeprefix("attachment://")}
    children: list[Any] = []
    if isinstance(node, dict):
        children = list(node.values())
    elif isinstance(node, list):
        children = node
    return set[str]().union(*map(_shown_files, children))


def _whole(message: Json, uploads: Collection[Upload]) -> Iterator[str]:
    """Complain of a new message with nothing in it (50006)."""
    reference: Json = message.get("message_reference") or {}
    parts = ("embeds", "components", "sticker_ids", "poll", "attachments")
    filled = (message.get("content") or "").strip() or any(message.get(part) for part in parts)
    if not filled and not uploads and reference.get("type") != FORWARD:
        yield "the message is empty"
