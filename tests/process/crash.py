"""Kills the bot again and again while it sends, and counts what arrived.

``python -m tests.process.crash --kills 100`` prints its figures and fails where a
message came twice, not at all, or is not in the bot's own ledger. It fails as well
where no kill hit a message on its way: then nothing was tested.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from sqlite_utils import Database

from bot.models import Delivery, DeliveryState, Feed, Style
from bot.store.rows import moment
from bot.store.store import Store
from tests.local_discord import Effect, Fault, LocalDiscord, MadeMessage, Scope
from tests.local_discord.rules import Nonces
from tests.process.bot_process import BotProcess, bot_process
from tests.process.owing import (
    add_feed,
    everything,
    list_papers,
    now,
    owe_paper,
    owe_words,
    title_of,
)

GUILDS, CHANNELS_EACH, CARDS_EACH = 8, 5, 3
FORUMS, POSTS_EACH = 4, 10
READERS, WORDS_EACH = 20, 2
DELIVERIES = GUILDS * CHANNELS_EACH * CARDS_EACH + FORUMS * POSTS_EACH + READERS * WORDS_EACH
KILLS_A_ROUND = 13
MESSAGES_BETWEEN_KILLS = 14
"""At the most; so a round's kills fall into its sending."""
LAST_KILL_BEFORE = DELIVERIES - 2 * MESSAGES_BETWEEN_KILLS
"""Messages. Of the last ones most are postponed, and no kill would hit them."""
LONGEST_AFTER_MESSAGE = 0.03
"""Seconds from a message's making to the kill."""
LONGEST_ROUND = 600.0
"""Seconds."""

_TROUBLE = (
    Fault(Effect.STATUS, status=500, chance=0.02),
    Fault(Effect.STATUS, status=502, chance=0.05, after=True),
    Fault(Effect.STATUS, status=503, chance=0.01),
    Fault(Effect.STATUS, status=503, chance=0.02, after=True),
    Fault(Effect.CUT, chance=0.02),
    Fault(Effect.CUT, chance=0.02, after=True),
    Fault(Effect.SLOW, chance=0.02, seconds=0.4),
    Fault(Effect.SLOW, chance=0.03, seconds=0.4, after=True),
    Fault(Effect.RATE_LIMIT, chance=0.02, seconds=0.2),
    Fault(Effect.RATE_LIMIT, chance=0.01, seconds=0.2, scope=Scope.SHARED),
    Fault(Effect.RATE_LIMIT, chance=0.01, seconds=0.2, scope=Scope.GLOBAL),
    Fault(Effect.CLOUDFLARE, chance=0.005),
)


@dataclass
class Figures:
    """What a run of kills came to."""

    rounds: int = 0
    kills: int = 0
    deliveries: int = 0
    doubled: list[str] = field(default_factory=list[str])
    missing: list[str] = field(default_factory=list[str])
    unknown: list[str] = field(default_factory=list[str])
    """Messages that the outbox does not know, or knows elsewhere."""
    bugs: list[str] = field(default_factory=list[str])
    """Tracebacks in the log, and requests that make no sense."""
    in_doubt: int = 0
    """Messages that were there when the process died without knowing it."""
    faults: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        wrong = self.doubled or self.missing or self.unknown or self.bugs
        return not wrong and self.in_doubt > 0

    def __str__(self) -> str:
        faults = ", ".join(f"{name} {n}" for name, n in sorted(self.faults.items()))
        lines = [f"{self.kills} kills in {self.rounds} rounds, {self.seconds:.0f} s"]
        lines += [f"{self.deliveries} deliveries"]
        lines += [f"{len(self.doubled)} doubled, {len(self.missing)} missing"]
        lines += [f"{len(self.unknown)} out of the ledger"]
        lines += [f"{self.in_doubt} were made by a process that died before it knew"]
        lines += [f"faults met: {faults}"]
        lines += [f"doubled: {what}" for what in self.doubled]
        lines += [f"missing: {what}" for what in self.missing]
        lines += [f"out of the ledger: {what}" for what in self.unknown]
        lines += [f"bug: {what}" for what in self.bugs]
        return "\n".join(lines)


@dataclass
class Round:
    """Two hundred deliveries, and a process that dies while it sends them."""

    server: LocalDiscord
    database: Path
    chance: random.Random
    figures: Figures

    async def run(self, kills: int) -> None:
        async with Store(self.database) as store:
            await store.run(owe_everything, self.server)
            for fault in trouble():
                self.server.faults.add(fault)
            for _ in range(kills):
                await self._live_and_die(store)
            await self._down(store, timedelta(hours=1))
            self.server.faults.clear()
            await self._finish()
            self._count(await store.read(everything))

    async def _live_and_die(self, store: Store) -> None:
        before = set(self.server.ledger.messages)
        if len(before) > LAST_KILL_BEFORE:
            return
        wanted = len(before) + self.chance.randint(1, MESSAGES_BETWEEN_KILLS)
        async with bot_process(self.server, self.database) as bot:
            await self.server.until(lambda: len(self.server.ledger.messages) >= wanted, 120)
            if self.chance.random() < 0.5:
                await asyncio.sleep(self.chance.uniform(0, LONGEST_AFTER_MESSAGE))
            await bot.kill()
        self._note_bugs(bot)
        self.figures.kills += 1
        sent = {delivery.message_id for delivery in await store.read(everything)}
        self.figures.in_doubt += len(set(self.server.ledger.messages) - before - sent)
        await self._down(store, self._downtime())

    def _downtime(self) -> timedelta:
        """Return how long to be away: no time, less than nonces are remembered, or longer."""
        dice = self.chance.random()
        if dice < 0.5:
            return timedelta()
        if dice < 0.7:
            return timedelta(seconds=self.chance.uniform(30, 115))
        return timedelta(minutes=self.chance.uniform(5, 180))

    async def _down(self, store: Store, span: timedelta) -> None:
        """Let time pass for the dead: in its ledger everything was so much longer ago."""
        if not span:
            return
        await self.server.until(self._has_answered_all)
        await store.run(age, span)
        if span > self.server.rules.nonces.window:
            self.server.rules.nonces = Nonces()

    def _has_answered_all(self) -> bool:
        """Whether no slow request is still to be carried out."""
        slow = [r for r in self.server.ledger.requests if r.fault is Effect.SLOW]
        return len(slow) == self._met()[Effect.SLOW]

    def _met(self) -> Counter[str]:
        met = Counter[str]()
        for fault_id, fault in enumerate(trouble(), start=1):
            met[fault.effect] += self.server.faults.struck[fault_id]
        return met

    async def _finish(self) -> None:
        async with bot_process(self.server, self.database) as bot:
            await bot.logged(" tried", LONGEST_ROUND)
            assert await bot.stop() == 0
        self._note_bugs(bot)

    def _note_bugs(self, bot: BotProcess) -> None:
        self.figures.bugs += [line for line in bot.log if "Error" in line or "bug" in line]

    def _count(self, deliveries: Sequence[Delivery]) -> None:
        figures, made = self.figures, self.server.ledger.by(self.server.bot_id)
        figures.rounds += 1
        figures.deliveries += len(deliveries)
        figures.faults += self._met()
        figures.bugs += [f"{c.path}: {c.text}" for c in self.server.ledger.complaints]
        for delivery in deliveries:
            there = [message for message in made if belongs(message, delivery)]
            what = f"{delivery.target} {delivery.subject} ({delivery.state}: {delivery.reason})"
            if len(there) > 1:
                figures.doubled.append(what)
            if not there or delivery.state is not DeliveryState.SENT:
                figures.missing.append(what)
            if delivery.message_id not in {message.id for message in there}:
                figures.unknown.append(what)
        known = {delivery.message_id for delivery in deliveries}
        figures.unknown += [m.text for m in made if m.id not in known]


def trouble() -> list[Fault]:
    """Return what goes wrong: each by chance, at each place where messages are made."""
    return [replace(fault, method="POST", path="/channels/*", times=None) for fault in _TROUBLE]


def owe_everything(db: Database, server: LocalDiscord) -> None:
    """Make a world, and owe it cards, forum posts and direct messages."""
    world = server.world
    papers = [f"2403.{n:05}" for n in range(1, DELIVERIES + 1)]
    list_papers(db, papers)
    left = iter(papers)
    guilds = [world.add_guild(f"Guild {n}") for n in range(GUILDS)]
    for guild in guilds:
        for channel in [world.add_channel(guild, f"papers-{n}") for n in range(CHANNELS_EACH)]:
            feed = quiet_feed(db, server, guild, channel, Style.CARDS)
            for _ in range(CARDS_EACH):
                owe_paper(db, feed, next(left))
    for guild in guilds[:FORUMS]:
        feed = quiet_feed(db, server, guild, world.add_forum(guild), Style.FORUM)
        for _ in range(POSTS_EACH):
            owe_paper(db, feed, next(left))
    for reader in [world.add_user(f"reader-{n}", guilds[:1]) for n in range(READERS)]:
        for _ in range(WORDS_EACH):
            owe_words(db, reader, title_of(next(left)))


def quiet_feed(db: Database, server: LocalDiscord, guild: int, channel: int, style: Style) -> Feed:
    """Make a feed that owes nothing more by itself."""
    return add_feed(
        db,
        guild_id=guild,
        channel_id=channel,
        created_by=server.world.owner_of(guild),
        style=style,
        created_at=now(),
    )


def age(db: Database, span: timedelta) -> None:
    """Let everything that is on its way have begun so much earlier."""
    for delivery in everything(db):
        moments = {
            name: moment(value - span) if (value := getattr(delivery, name)) else None
            for name in ("due_at", "claimed_at", "uncertain_at")
        }
        db.execute(
            "UPDATE delivery SET due_at = :due_at, claimed_at = :claimed_at,"
            " uncertain_at = :uncertain_at WHERE id = :id AND state != 'sent'",
            {**moments, "id": delivery.id},
        )


def belongs(message: MadeMessage, delivery: Delivery) -> bool:
    """Whether a message is a delivery's, by its place and its words."""
    title = delivery.subject if delivery.user_id else title_of(delivery.subject)
    kind, _, number = delivery.target.partition(":")
    places = {message.user_id} if kind == "user" else {message.channel_id, message.parent_id}
    return int(number) in places and title in message.text


async def kill(kills: int, *, seed: int) -> Figures:
    """Kill the bot so many times, over as many rounds as that takes."""
    figures, started = Figures(), time.monotonic()
    while figures.kills < kills:
        left = min(KILLS_A_ROUND, kills - figures.kills)
        chance = random.Random(f"{seed} {figures.rounds}")
        with tempfile.TemporaryDirectory() as folder:
            async with LocalDiscord(seed=seed + figures.rounds) as server:
                database = Path(folder, "paperwire.sqlite")
                await Round(server, database, chance, figures).run(left)
    figures.seconds = time.monotonic() - started
    return figures


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.process.crash", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    figures = asyncio.run(kill(given.kills, seed=given.seed))
    sys.stdout.write(f"{figures}\n")
    return 0 if figures.good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
