"""Discord's limits that its document does not hold, and our own rule for mentions.

Needs no document: pure checks by method and path, written from Discord's pages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import IntEnum

from tests.discord_rules.commands import (
    choice_complaints,
    command_complaints,
    command_list_complaints,
)
from tests.discord_rules.components import modal_complaints
from tests.discord_rules.lengths import Json, objects, text_within, within
from tests.discord_rules.messages import Upload, message_complaints, upload_complaints

MOST_TAGS = 20
"""On a forum channel."""
MOST_POST_TAGS = 5
ARCHIVE_MINUTES = (60, 1_440, 4_320, 10_080)


class Callback(IntEnum):
    """How an interaction is answered."""

    MESSAGE = 4
    UPDATE = 7
    AUTOCOMPLETE = 8
    MODAL = 9


@dataclass(frozen=True, slots=True)
class Request:
    """What goes to Discord, and what the test says it may ping."""

    body: object
    uploads: Collection[Upload]
    pings: Collection[str]

    @property
    def json(self) -> Json:
        return self.body if isinstance(self.body, dict) else {}


def complaints(
    method: str,
    path: str,
    json: object,
    *,
    files: Collection[Upload] = (),
    pings: Collection[str] = (),
) -> list[str]:
    """Return what Discord would refuse about a request, or we would regret.

    Args:
        method: In capitals.
        path: Below ``/api/v10``, with or without a query.
        json: The decoded body, or the ``payload_json`` of a multipart one; None for none.
        files: The files that go with it.
        pings: What ``allowed_mentions.parse`` may hold: ``everyone``, ``users``, ``roles``.
            Users and roles that are named one by one are always allowed.

    Returns:
        Sentences; empty when all is fine, or nothing is known about the path.
    """
    request = Request(json, files, pings)
    said = list(upload_complaints(files))
    if json is not None:
        bare = path.partition("?")[0]
        for verb, template, rule in RULES:
            if verb == method and template.fullmatch(bare):
                said += rule(request)
    return said


def _command_list(request: Request) -> Iterator[str]:
    yield from command_list_complaints(objects(request.body))


def _command(request: Request) -> Iterator[str]:
    yield from command_complaints(request.json)


def _new_message(request: Request) -> Iterator[str]:
    yield from _message(request.json, request, new=True)
    if "thread_name" in request.json:
        yield from text_within("the thread's name", request.json["thread_name"], 1, 100)


def _edited_message(request: Request) -> Iterator[str]:
    yield from _message(request.json, request, new=False)


def _message(message: Json, request: Request, *, new: bool) -> Iterator[str]:
    yield from message_complaints(message, new=new, uploads=request.uploads, pings=request.pings)


def _callback(request: Request) -> Iterator[str]:
    data: Json = request.json.get("data") or {}
    match request.json.get("type"):
        case Callback.MESSAGE:
            yield from _message(data, request, new=True)
        case Callback.UPDATE:
            yield from _message(data, request, new=False)
        case Callback.AUTOCOMPLETE:
            yield from choice_complaints("the autocompletion", objects(data.get("choices")))
        case Callback.MODAL:
            yield from modal_complaints(data)
        case _:
            return


def _thread(request: Request) -> Iterator[str]:
    yield from text_within("the thread's name", request.json.get("name"), 1, 100)
    minutes = request.json.get("auto_archive_duration")
    if minutes is not None and minutes not in ARCHIVE_MINUTES:
        yield f"a thread cannot be archived after {minutes} minutes: {ARCHIVE_MINUTES} are allowed"
    yield from _post_tags(request.json)
    if "message" in request.json:
        yield from _message(request.json["message"], request, new=True)


def _post_tags(post: Json) -> Iterator[str]:
    yield from within("the post", len(post.get("applied_tags") or ()), 0, MOST_POST_TAGS, "tags")


def _channel(request: Request) -> Iterator[str]:
    if "name" in request.json:
        yield from text_within("the channel's name", request.json["name"], 1, 100)
    tags = objects(request.json.get("available_tags"))
    yield from within("the channel", len(tags), 0, MOST_TAGS, "tags")
    for tag in tags:
        yield from text_within("a tag's name", tag.get("name"), 1, 20)
    yield from _post_tags(request.json)


def _template(path: str) -> re.Pattern[str]:
    return re.compile(path.replace("*", "[^/]+"))


RULES: tuple[tuple[str, re.Pattern[str], Callable[[Request], Iterator[str]]], ...] = (
    ("PUT", _template("/applications/*(/guilds/*)?/commands"), _command_list),
    ("POST", _template("/applications/*(/guilds/*)?/commands"), _command),
    ("PATCH", _template("/applications/*(/guilds/*)?/commands/*"), _command),
    ("POST", _template("/channels/*/messages"), _new_message),
    ("PATCH", _template("/channels/*/messages/*"), _edited_message),
    ("POST", _template("/webhooks/*/*"), _new_message),
    ("PATCH", _template("/webhooks/*/*/messages/*"), _edited_message),
    ("POST", _template("/interactions/*/*/callback"), _callback),
    ("POST", _template("/channels/*/threads"), _thread),
    ("POST", _template("/channels/*/messages/*/threads"), _thread),
    ("POST", _template("/guilds/*/channels"), _channel),
    ("PATCH", _template("/channels/*"), _channel),
)
