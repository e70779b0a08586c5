"""How near to Discord's limits does the bot send, and does it still answer people?

``python -m tests.benchmarks.pacing`` lets the bot, as a process, send 3,000 cards to 300 channels of
a local Discord with its rate limits on, while a person uses a command twice a second. It fails under
90 % of what the limits allow, at any answer of 429, where the whole answer to a command takes more
than 300 ms at p95, or where one server is ahead of another by more than a card a channel.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles

from sqlite_utils import Database

from bot.models import Style
from bot.store.store import Store
from tests.local_discord import DISCORD_LIMITS, LocalDiscord, MadeMessage
from tests.process.bot_process import bot_process
from tests.process.owing import add_feed, list_papers, now, owe_paper

GUILDS, CHANNELS_EACH = 30, 10
COMMANDS = cycle(("papers trending", "status", "papers daily"))
BETWEEN_COMMANDS = 0.5
"""Seconds."""
LEAST_SHARE = 0.9
MOST_MILLISECONDS = 300
LONGEST = 600.0
"""Seconds."""


@dataclass(frozen=True)
class Figures:
    """What a run came to."""

    deliveries: int
    seconds: float
    refused: Mapping[str, int]
    """Answers of 429, by scope."""
    milliseconds: Sequence[float]
    """Until the whole answer was there, of each command."""
    furthest_apart: int
    """The most messages by which one server was ahead of another."""

    @property
    def share(self) -> float:
        """How much of what the limits allow was used."""
        assert DISCORD_LIMITS.everywhere is not None
        rate = DISCORD_LIMITS.everywhere.requests / DISCORD_LIMITS.everywhere.seconds
        return self.deliveries / rate / self.seconds

    @property
    def p95(self) -> float:
        return quantiles(self.milliseconds, n=20)[-1]

    @property
    def good(self) -> bool:
        quick = self.p95 < MOST_MILLISECONDS
        fair = self.furthest_apart <= CHANNELS_EACH
        return self.share >= LEAST_SHARE and not self.refused and quick and fair

    def __str__(self) -> str:
        rate, share = self.deliveries / self.seconds, self.share
        refused = ", ".join(f"{n} {scope}" for scope, n in self.refused.items()) or "none"
        middle = median(self.milliseconds)
        lines = [f"{self.deliveries:,} deliveries in {self.seconds:.1f} s, {rate:.1f} a second"]
        lines += [f"{share:.1%} of what the limits allow; answers of 429: {refused}"]
        lines += [f"one server was {self.furthest_apart} messages ahead of another at the most"]
        lines += [f"{len(self.milliseconds)} commands, answered in {middle:.0f} ms"]
        return "\n".join([*lines, f"p95 {self.p95:.0f} ms"])


def owe_cards(db: Database, server: LocalDiscord, each: int) -> None:
    """Owe each channel of each server so many cards."""
    papers = [f"2403.{n:05}" for n in range(1, each + 1)]
    list_papers(db, papers)
    for n in range(GUILDS):
        guild = server.world.add_guild(f"Guild {n}")
        for m in range(CHANNELS_EACH):
            feed = add_feed(
                db,
                guild_id=guild,
                channel_id=server.world.add_channel(guild, f"papers-{m}"),
                created_by=server.world.owner_of(guild),
                style=Style.CARDS,
                created_at=now(),
            )
            for paper_id in papers:
                owe_paper(db, feed, paper_id)


async def ask(server: LocalDiscord, person: int, channel: int) -> list[float]:
    """Use commands until cancelled; returns how many milliseconds each took."""
    taken: list[float] = []
    try:
        for name in COMMANDS:
            began = time.perf_counter()
            answer = await server.slash(person, channel, name)
            await answer.finished()
            taken.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(BETWEEN_COMMANDS)
    except asyncio.CancelledError:
        pass
    return taken


async def run(each: int) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "paperwire.sqlite")
        async with LocalDiscord(limits=DISCORD_LIMITS) as server, Store(database) as store:
            await store.run(owe_cards, server, each)
            guild = server.world.add_guild("Where somebody asks")
            person, channel = server.world.owner_of(guild), server.world.add_channel(guild)
            wanted = GUILDS * CHANNELS_EACH * each
            async with bot_process(server, database):
                await server.gateway.ready()
                asking = asyncio.create_task(ask(server, person, channel))
                await server.until(lambda: len(cards_in(server, guild)) >= wanted, LONGEST)
                asking.cancel()
                return figures(server, cards_in(server, guild), await asking)


def cards_in(server: LocalDiscord, but_for: int) -> list[MadeMessage]:
    """Return what the bot posted, less its answers to the one who asks."""
    return [m for m in server.ledger.messages.values() if m.guild_id != but_for]


def figures(
    server: LocalDiscord, cards: Sequence[MadeMessage], milliseconds: Sequence[float]
) -> Figures:
    """Return what the ledger says."""
    so_far = dict.fromkeys({m.guild_id for m in cards}, 0)
    apart = 0
    for card in cards:
        so_far[card.guild_id] += 1
        apart = max(apart, max(so_far.values()) - min(so_far.values()))
    seconds = cards[-1].made_at - cards[0].made_at
    return Figures(len(cards), seconds, server.limiter.refused, milliseconds, apart)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.pacing", description=__doc__)
    parser.add_argument("--each", type=int, default=10, help="cards for each of the 300 channels")
    found = asyncio.run(run(parser.parse_args(arguments).each))
    sys.stdout.write(f"{found}\n")
    return 0 if found.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
