"""What the jobs would do next, run by hand: match, compose, deliver."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import simcord

from bot.client import PaperBot
from bot.discord_sender import DiscordSender
from bot.jobs.compose import Compose
from bot.jobs.deliver import Deliver
from bot.jobs.match import MatchNew
from bot.store import people
from bot.store.store import Store
from tests.conftest import Clock
from tests.discord_rules.seen import Seen
from tests.discord_rules.world import World


@dataclass(frozen=True)
class Flow:
    """The jobs, outside of the bot, as they are in production."""

    world: World
    store: Store
    clock: Clock

    async def run(self) -> None:
        """Decide what is owed now and send it."""
        bot = self.world.env.bot
        assert isinstance(bot, PaperBot)
        await MatchNew(self.store, self.clock, bot.services.reader)()
        await Compose(self.store, self.clock, bot.services.reader)()
        sender = DiscordSender(bot, self.note_dm)
        await Deliver(self.store, sender, self.clock)()

    async def after(self, **span: float) -> None:
        """Let time pass, then run."""
        self.clock.now += timedelta(**span)
        await self.run()

    async def note_dm(self, user_id: int, channel_id: int) -> None:
        await self.store.run(people.dm_opened, user_id, channel_id)


async def follow(world: World, person: simcord.MemberActor, topic: str, **options: Any) -> Seen:
    """Try a topic, then press Follow; returns the answer to that."""
    tried = await world.slash(person, "topics follow", topic=topic, **options)
    return await world.press(person, tried, "Follow")
