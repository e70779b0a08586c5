"""A person at the sandbox without a browser: says to a room's page what its script would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import aiohttp
from yarl import URL

Json = dict[str, Any]

PATIENCE = 10.0
"""Seconds after which what should have been shown is missing."""


class Visitor:
    """Looks at one room and acts in it."""

    def __init__(self, http: aiohttp.ClientSession, url: str, room_id: int) -> None:
        self._http = http
        self._url = url
        self._room_id = room_id
        self._headers: dict[str, str] = {}
        self._acts = 0

    async def enter(self) -> None:
        async with self._http.get(
            f"{self._url}/rooms/{self._room_id}", allow_redirects=False
        ) as answer:
            key = URL(answer.headers["Location"]).fragment
        self._headers = {"X-Simcord-Capability": key}
        page = await self._ask("POST", "pages", {})
        self._headers["X-Simcord-Context"] = page["context"]["id"]

    @property
    def page(self) -> str:
        """The name of the page that was entered, which nobody else knows."""
        return self._headers["X-Simcord-Context"]

    async def look(self) -> Json:
        """Return what the page would show now."""
        return await self._ask("GET", "state")

    async def messages(self) -> list[str]:
        """Return each message's words, also those inside of components, oldest first."""
        page = await self.look()
        return [" ".join(_words(page["messages"][id_])) for id_ in page["timeline"]]

    async def sees(self, words: str) -> None:
        """Return once a message has these words, as the page does: by asking again."""
        async with asyncio.timeout(PATIENCE):
            while not any(words in message for message in await self.messages()):
                pass

    async def suggestions(self, command: str, option: str, typed: str) -> list[str]:
        entry = await self._command(command)
        asked = {"focused": option, "value": typed, "options": {}}
        result = await self._act("autocomplete_command", **entry, **asked)
        return [choice["name"] for choice in result["result"]["choices"]]

    async def run(self, command: str, **options: str) -> Json:
        """Send a slash command and return the page's receipt."""
        return await self._act("run_command", **await self._command(command), options=options)

    async def press(self, label: str) -> Json:
        """Press the newest button that says this."""
        page = await self.look()
        for message in reversed(page["messages"].values()):
            for part in _parts(message["components"]):
                if part.get("label") == label:
                    return await self._act(
                        "click", target_id=message["id"], control_key=part["control_key"]
                    )
        raise LookupError(label)

    async def submit(self, **values: str) -> Json:
        """Send the open form, its inputs named by their custom ids."""
        page = await self.look()
        return await self._act("modal_submit", modal_handle=page["modal"]["handle"], values=values)

    async def _command(self, command: str) -> Json:
        catalog = await self._ask("GET", "commands")
        entry = next(each for each in catalog["entries"] if each["invocation"] == command)
        return {
            "command_id": entry["commandId"],
            "path": entry["path"],
            "schema_fingerprint": entry["schemaFingerprint"],
        }

    async def _act(self, kind: str, **what: Any) -> Json:
        page = await self.look()
        self._acts += 1
        body = {
            "protocol_version": 3,
            "kind": kind,
            "sequence": self._acts,
            "request_id": str(self._acts),
            "generation": page["context"]["generation"],
            "bot_generation": page["botGeneration"],
            "published_revision": page["publishedRevision"],
        }
        return await self._ask("POST", "action", {**body, **what})

    async def _ask(self, method: str, call: str, body: Json | None = None) -> Json:
        async with self._http.request(
            method, f"{self._url}/api/{call}", json=body, headers=self._headers
        ) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


def _parts(components: list[Json]) -> Iterator[Json]:
    for part in components:
        yield part
        yield from _parts(part.get("components", []))


def _words(message: Json) -> Iterator[str]:
    yield message["content"]
    for part in _parts(message["components"]):
        yield part.get("content", "")


EnterRoom = Callable[[int], Awaitable[Visitor]]
"""Enters the room of a channel."""
