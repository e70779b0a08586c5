"""What the bot asked of Discord in one run, with the files, and all that is wrong with it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import simcord
from simcord.backend.cdn import CdnStore

from tests.discord_rules.limits import complaints
from tests.discord_rules.messages import Upload
from tests.discord_rules.openapi import OpenApi


def judge(
    method: str,
    path: str,
    json: Any,
    *,
    files: Collection[Upload] = (),
    openapi: OpenApi | None = None,
    pings: Collection[str] = (),
) -> list[str]:
    """Return what is wrong with a request, by our own rules and by Discord's document if given.

    Args and sentences as in :func:`tests.discord_rules.limits.complaints`; each
    sentence names the request.
    """
    said = complaints(method, path, json, files=files, pings=pings)
    if openapi is not None:
        said += openapi.validate(method, path, json)
    return [f"{method} {path}: {sentence}" for sentence in said]


class Uploads(CdnStore):
    """simcord's file store, which also remembers the request that each file came with."""

    def __init__(self, requests: list[simcord.HttpLogEntry]) -> None:
        super().__init__()
        self.requests = requests
        self.by_request: dict[int, list[Upload]] = {}
        """By place in ``requests``. A file that a person sends counts to the bot's last one."""

    def store_attachment(
        self,
        attachment_id: int,
        channel_id: int,
        filename: str,
        data: bytes,
        description: str | None,
    ) -> dict[str, Any]:
        uploads = self.by_request.setdefault(len(self.requests) - 1, [])
        uploads.append(Upload(filename, len(data)))
        return super().store_attachment(attachment_id, channel_id, filename, data, description)

    def judge_all(self, openapi: OpenApi | None, pings: Collection[str]) -> list[str]:
        """Return what is wrong with all requests so far, each sentence once."""
        said: list[str] = []
        for index, request in enumerate(self.requests):
            files = self.by_request.get(index, ())
            said += judge(
                request.method,
                request.path,
                request.json,
                files=files,
                openapi=openapi,
                pings=pings,
            )
        return list(dict.fromkeys(said))
