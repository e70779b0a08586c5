"""Requests held against Discord's own OpenAPI 3.1 document.

https://github.com/discord/discord-api-spec
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.discord_rules.lengths import Json

DOCUMENT = "urn:discord"
METHODS = frozenset({"get", "put", "post", "patch", "delete"})
MEDIA_CHANNEL = 16
LONGEST_SENTENCE = 300

TAKEN_THOUGH_UNNAMED: dict[str, Json] = {
    "ApplicationCommandUpdateRequest": {"nsfw": {"type": "boolean"}},
    "RichEmbed": {"flags": {"type": "integer"}},
    "MessageEditRequestPartial": {"tts": {"type": "boolean"}},
    "CreateForumThreadRequest": {"type": {"type": "integer"}},
    "BaseCreateMessageCreateRequest": {"tts": {"type": "boolean"}},
    "IncomingWebhookUpdateRequestPartial": {"tts": {"type": "boolean"}},
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial": {"tts": {"type": "boolean"}},
}
"""What discord.py sends and Discord takes, though the document leaves it out."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path template."""

    segments: tuple[str, ...]
    pointer: str
    """Where the body's JSON Schema stands in the document; empty where no JSON body is taken."""
    needs_body: bool

    def takes(self, segments: tuple[str, ...]) -> bool:
        return len(segments) == len(self.segments) and all(
            template.startswith("{") or template == segment
            for template, segment in zip(self.segments, segments, strict=True)
        )

    @property
    def literals(self) -> int:
        return sum(not segment.startswith("{") for segment in self.segments)


@dataclass(frozen=True, slots=True)
class OpenApi:
    """Discord's document, ready to judge. Makes each schema's validator once."""

    operations: dict[str, tuple[Operation, ...]]
    """By method in capitals; the templates with most literal segments first."""
    registry: Registry[Any]
    validators: dict[str, Draft202012Validator] = field(
        default_factory=dict[str, Draft202012Validator], repr=False
    )
    judged: dict[tuple[str, str], list[str]] = field(
        default_factory=dict[tuple[str, str], list[str]], repr=False
    )
    """What was said of a schema and a body: a bot's commands are the same at each of its starts."""

    @classmethod
    def load(cls, path: Path, *, strict: bool = True) -> OpenApi:
        """Read the document.

        Args:
            path: The document as JSON.
            strict: Whether to complain of properties that the document does not name.

        Raises:
            OSError: The file cannot be read.
        """
        document: Json = json.loads(path.read_text(encoding="utf-8"))
        _relax(document["components"]["schemas"])
        if strict:
            _forbid_unnamed(document)
        resource = Resource.from_contents(document, default_specification=DRAFT202012)
        return cls(_operations(document), Registry[Any]().with_resource(DOCUMENT, resource))

    def validate(self, method: str, path: str, json_body: Any) -> list[str]:
        """Return what the document has against a request; empty when it is fine.

        Args:
            method: In capitals.
            path: Below ``/api/v10``, with or without a query: ``/channels/1/messages``.
            json_body: The decoded body, or the ``payload_json`` of a multipart one; None for none.
        """
        segments = tuple(path.partition("?")[0].strip("/").split("/"))
        operation = next((o for o in self.operations.get(method, ()) if o.takes(segments)), None)
        if operation is None:
            return ["Discord's document names no such method and path"]
        if json_body is None:
            return ["a JSON body is required"] if operation.needs_body else []
        if not operation.pointer:
            return []
        key = operation.pointer, json.dumps(json_body)
        if key not in self.judged:
            errors = self._validator(operation.pointer).iter_errors(json_body)
            self.judged[key] = [_sentence(cause) for error in errors for cause in _causes(error)]
        return self.judged[key]

    def _validator(self, pointer: str) -> Draft202012Validator:
        if pointer not in self.validators:
            self.validators[pointer] = Draft202012Validator(
                {"$ref": f"{DOCUMENT}#{pointer}"},
                registry=self.registry,
                format_checker=FormatChecker(),
            )
        return self.validators[pointer]


def _operations(document: Json) -> dict[str, tuple[Operation, ...]]:
    by_method: defaultdict[str, list[Operation]] = defaultdict(list)
    for template, item in document["paths"].items():
        for method in METHODS & item.keys():
            by_method[method.upper()].append(_operation(template, method, item[method]))
    return {
        method: tuple(sorted(operations, key=lambda operation: -operation.literals))
        for method, operations in by_method.items()
    }


def _operation(template: str, method: str, described: Json) -> Operation:
    body: Json = described.get("requestBody", {})
    takes_json = "application/json" in body.get("content", {})
    pointer = (
        f"/paths/{template.replace('~', '~0').replace('/', '~1')}/{method}"
        "/requestBody/content/application~1json/schema"
    )
    return Operation(
        segments=tuple(template.strip("/").split("/")),
        pointer=pointer if takes_json else "",
        needs_body=takes_json and body.get("required", False),
    )


def _relax(schemas: Json) -> None:
    """Take what Discord takes: ids as numbers too, media channels, a few unnamed properties."""
    text_id = schemas["SnowflakeType"]
    schemas["SnowflakeType"] = {"anyOf": [text_id, {"type": "integer", "minimum": 0}]}
    schemas["ChannelTypes"]["oneOf"].append({"title": "GUILD_MEDIA", "const": MEDIA_CHANNEL})
    for name, properties in TAKEN_THOUGH_UNNAMED.items():
        schemas[name]["properties"].update(properties)


def _forbid_unnamed(node: object) -> None:
    if isinstance(node, dict):
        schema: Json = node
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    children: list[Any] = []
    if isinstance(node, dict):
        children = list(node.values())
    elif isinstance(node, list):
        children = node
    for child in children:
        _forbid_unnamed(child)


def _causes(error: ValidationError) -> list[ValidationError]:
    """Follow a choice between schemas into the branch that the sender meant."""
    branches: defaultdict[object, list[ValidationError]] = defaultdict(list)
    for inner in error.context or ():
        branches[inner.relative_schema_path[0]].append(inner)
    if not branches or all(inner.validator == "const" for inner in error.context or ()):
        return [error]
    meant = min(
        branches.values(), key=lambda errors: (any(map(_is_other_kind, errors)), len(errors))
    )
    return [cause for inner in meant for cause in _causes(inner)]


def _is_other_kind(error: ValidationError) -> bool:
    """Whether the branch is for another kind of object: its ``type`` or its JSON type differs."""
    place = list(error.relative_path)
    return place == ["type"] or (not place and error.validator == "type")


def _sentence(error: ValidationError) -> str:
    message = error.message
    if len(message) > LONGEST_SENTENCE:
        half = LONGEST_SENTENCE // 2
        message = f"{message[:half]} … {message[-half:]}"
    place = error.json_path.removeprefix("$").removeprefix(".")
    return f"{place or 'the body'}: {message}"
