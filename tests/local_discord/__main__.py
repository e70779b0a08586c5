"""Run a local Discord as a process of its own, until it is told to end.

Prints its addresses and what is in it as one line of JSON, once it can be reached.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys

from tests.local_discord.limits import DISCORD_LIMITS, Limits
from tests.local_discord.server import TOKEN, LocalDiscord


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.local_discord", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any that is free")
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--guilds", type=int, default=1)
    parser.add_argument("--channels", type=int, default=1, help="text channels in each guild")
    parser.add_argument("--forums", type=int, default=0, help="forums in each guild")
    parser.add_argument("--users", type=int, default=1, help="people, each in one guild")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--limits", action="store_true", help="turn Discord's rate limits on")
    return parser.parse_args(arguments)


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, ended.set)
    server = LocalDiscord(
        port=options.port,
        token=options.token,
        shards=options.shards,
        seed=options.seed,
        limits=DISCORD_LIMITS if options.limits else Limits(),
    )
    server.world.populate(
        guilds=options.guilds,
        channels=options.channels,
        forums=options.forums,
        users=options.users,
        seed=options.seed,
    )
    async with server:
        sys.stdout.write(json.dumps(introduction(server)) + "\n")
        sys.stdout.flush()
        await ended.wait()


def introduction(server: LocalDiscord) -> dict[str, object]:
    return {
        "api": server.api_url,
        "gateway": server.gateway_url,
        "control": server.control_url,
        "token": server.token,
        **server.world.describe(),
    }


if __name__ == "__main__":
    asyncio.run(serve(parse(sys.argv[1:])))
