"""The local Discord and the bot as processes of their own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from tests.conftest import ROOT

SOON = 30.0


@dataclass(frozen=True)
class Remote:
    """The control of a local Discord in another process."""

    session: aiohttp.ClientSession
    about: dict[str, Any]
    """What it said of itself when it began."""

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        url = f"{self.about['control']}/{path}"
        async with self.session.request(method, url, json=body) as response:
            return response.status, await response.json()

    async def get(self, path: str) -> Any:
        return (await self.ask("GET", path))[1]

    async def do(self, verb: str, *arguments: object) -> Any:
        status, body = await self.ask("POST", f"do/{verb}", list(arguments))
        assert status == 200, body
        return body["result"]


@asynccontextmanager
async def process(module: str, *arguments: str, **env: str) -> AsyncGenerator[Process]:
    """Run a module of ours until the end of the block, then kill it if it still runs."""
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=PIPE, cwd=ROOT, env={**os.environ, **env}
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.communicate()


async def line(running: Process) -> str:
    assert running.stdout is not None
    return (await asyncio.wait_for(running.stdout.readline(), SOON)).decode().strip()


@pytest.fixture
async def remote() -> AsyncGenerator[Remote]:
    arguments = ("--guilds", "2", "--channels", "3", "--forums", "1", "--users", "4")
    async with (
        process("tests.local_discord", *arguments) as running,
        aiohttp.ClientSession() as session,
    ):
        yield Remote(session, json.loads(await line(running)))
        running.terminate()
        assert await running.wait() == 0


def bot(remote: Remote, channel: int, nonce: str = "n1") -> Any:
    return process(
        "tests.local_discord.small_bot",
        str(channel),
        nonce,
        PAPERWIRE_DISCORD_API_URL=remote.about["api"],
        PAPERWIRE_TOKEN=remote.about["token"],
    )


async def test_a_bot_that_is_killed_in_doubt_sends_once(remote: Remote) -> None:
    channel = remote.about["guilds"][0]["channels"][0]
    fault = {"effect": "slow", "seconds": 60, "after": True, "channel_id": channel}
    await remote.ask("POST", "faults", fault)
    async with bot(remote, channel) as first:
        # The message is made, and its answer is still on the way: kill now.
        await remote.get("wait?messages=1&seconds=30")
        first.kill()
        await first.wait()
    async with bot(remote, channel) as second:
        assert (await line(second)).startswith("sent: ")
    made = await remote.get(f"messages?channel_id={channel}")
    assert [(m["text"], m["nonce"]) for m in made] == [("A digest.", "n1")]
    assert (await remote.get("state"))["identified"] == 2
    assert await remote.get("complaints") == []


async def test_people_can_be_played_from_another_process(remote: Remote) -> None:
    guild = remote.about["guilds"][0]
    person, channel = guild["owner_id"], guild["channels"][1]
    command = {"user_id": person, "channel_id": channel, "name": "papers trending"}
    async with bot(remote, guild["channels"][0]) as running:
        await line(running)
        status, answer = await remote.ask("POST", "people/slash", command)
        assert (status, answer["error"]) == (409, "Impossible: /papers trending needs ['count']")
        command["options"] = {"count": 1}
        status, answer = await remote.ask("POST", "people/slash", command)
        assert status == 200
        assert answer["text"].startswith("Attention Is All You Need")


async def test_the_world_can_be_changed_from_another_process(remote: Remote) -> None:
    guild = remote.about["guilds"][0]
    channel = guild["channels"][0]
    await remote.do("deny", channel, "send_messages")
    async with bot(remote, channel) as running:
        await remote.get("wait?requests=5&seconds=30")
        statuses = (await remote.get("state"))["statuses"]
        assert statuses["403"] == 1
        running.kill()
    await remote.do("delete_channel", channel)
    status, _ = await remote.ask("POST", "do/delete_channel", [channel])
    assert status == 409
    assert channel not in (await remote.get("state"))["guilds"][0]["channels"]


async def test_faults_and_limits_are_set_from_another_process(remote: Remote) -> None:
    fault = {"effect": "rate_limit", "scope": "shared", "times": None}
    _, added = await remote.ask("POST", "faults", fault)
    (waiting,) = await remote.get("faults")
    assert (waiting["id"], waiting["scope"]) == (added["id"], "shared")
    await remote.ask("DELETE", f"faults/{added['id']}")
    assert await remote.get("faults") == []
    await remote.ask("POST", "limits", {"on": True})
    status, counts = await remote.ask("GET", "wait?messages=1&seconds=0.01")
    assert (status, counts["messages"]) == (408, 0)
