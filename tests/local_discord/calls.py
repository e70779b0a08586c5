"""One request to the local Discord, and the answer to it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from aiohttp import web

API_PREFIX = "/api/v"
TOKEN_ROUTES = ("interactions", "webhooks")
"""First words of the paths whose third word is a token that stands for a log-in."""


@dataclass(frozen=True)
class Upload:
    """A file of a multipart request, as simcord reads it."""

    filename: str
    fp: io.BytesIO
    description: str | None = None

    @property
    def size(self) -> int:
        return len(self.fp.getbuffer())


@dataclass(frozen=True)
class Call:
    """One request, read and taken apart."""

    method: str
    path: str
    """Without ``/api/v10`` and the query, percent signs as sent."""
    at: float
    """When it arrived, in seconds of the local Discord's clock."""
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = None
    files: tuple[Upload, ...] = ()
    reason: str | None = None
    """For the audit log."""
    authorization: str = ""

    @cached_property
    def words(self) -> tuple[str, ...]:
        return tuple(self.path.strip("/").split("/"))

    @cached_property
    def route(self) -> str:
        """``POST /channels/:id/messages``: ids and tokens taken out."""
        words = [":id" if word.isdecimal() else word for word in self.words]
        if self.carries_token:
            words[2] = ":token"
        return f"{self.method} /{'/'.join(words)}"

    @property
    def carries_token(self) -> bool:
        return len(self.words) > 2 and self.words[0] in TOKEN_ROUTES

    @property
    def major(self) -> str:
        """What splits a rate limit: the channel, guild, or webhook with its token."""
        if self.carries_token:
            return "/".join(self.words[1:3])
        return self.words[1] if self.words[0] in {"channels", "guilds"} else ""

    @property
    def channel_id(self) -> int | None:
        return int(self.words[1]) if self.route.split()[1].startswith("/channels/:id") else None

    @property
    def nonce(self) -> str | int | None:
        return self.body.get("nonce") if isinstance(self.body, dict) else None


@dataclass(frozen=True)
class Reply:
    """What a request is answered with."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    html: str | None = None
    """Not Discord's own words, but those of the gate in front of it."""
    cut: bool = False
    """The connection ends without an answer."""

    @property
    def code(self) -> int | None:
        """Discord's JSON error code, where this is an error that has one."""
        if self.status < 400 or not isinstance(self.body, dict):
            return None
        return self.body.get("code")

    @property
    def scope(self) -> str | None:
        """Whose limit a 429 is about; None for anything else, and for Cloudflare's."""
        return self.headers.get("X-RateLimit-Scope")

    def response(self) -> web.Response:
        if self.html is not None:
            return web.Response(status=self.status, text=self.html, content_type="text/html")
        headers = {"Via": "1.1 google", **self.headers}
        if self.body is None:
            return web.Response(status=204 if self.status == 200 else self.status, headers=headers)
        # Exactly this, without a charset: discord.py reads anything else as plain text.
        headers["Content-Type"] = "application/json"
        return web.Response(status=self.status, body=json.dumps(self.body), headers=headers)


def error_reply(status: int, code: int, message: str, **more: object) -> Reply:
    return Reply(status, {"message": message, "code": code, **more})


async def read_call(request: web.Request, *, at: float) -> Call:
    """Read the whole request.

    Raises:
        ValueError: The body is not JSON where it should be.
        ConnectionError: The client went away before the end.
        web.HTTPRequestEntityTooLarge: There is too much of it.
    """
    body, files = await _read_body(request)
    reason = request.headers.get("X-Audit-Log-Reason")
    return Call(
        method=request.method,
        path=_path_after_version(request.rel_url.raw_path),
        at=at,
        query=dict(request.query),
        body=body,
        files=files,
        reason=unquote(reason) if reason is not None else None,
        authorization=request.headers.get("Authorization", ""),
    )


def unread_call(request: web.Request, *, at: float) -> Call:
    """Return what is known of a request whose body cannot be read."""
    return Call(request.method, _path_after_version(request.rel_url.raw_path), at)


def _path_after_version(raw_path: str) -> str:
    _, _, rest = raw_path.removeprefix(API_PREFIX).partition("/")
    return f"/{rest}"


async def _read_body(request: web.Request) -> tuple[Any, tuple[Upload, ...]]:
    if request.content_type == "multipart/form-data":
        return await _read_form(request)
    raw = await request.read()
    return (json.loads(raw) if raw else None), ()


async def _read_form(request: web.Request) -> tuple[Any, tuple[Upload, ...]]:
    body: dict[str, Any] = {}
    files: dict[str, Upload] = {}
    for name, part in (await request.post()).items():
        if isinstance(part, web.FileField):
            files[name] = Upload(part.filename, io.BytesIO(part.file.read()))
        elif name == "payload_json":
            body = json.loads(part)
        else:
            body[name] = part
    return body, tuple(_described(upload, name, body) for name, upload in files.items())


def _described(upload: Upload, field_name: str, body: Mapping[str, Any]) -> Upload:
    """Add the description that ``attachments`` gives for ``files[n]``."""
    number = field_name.removeprefix("files[").removesuffix("]")
    for attachment in body.get("attachments") or ():
        if str(attachment.get("id")) == number:
            return Upload(upload.filename, upload.fp, attachment.get("description"))
    return upload
