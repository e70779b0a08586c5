"""A process that dies, loses answers and starts again, at any moment: each message once."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from enum import Enum, auto
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.pacing import Pace
from bot.delivery.rules import LONGEST_WAIT
from bot.errors import DeliveryError
from bot.jobs.deliver import Deliver
from bot.models import Delivery, DeliveryKind, DeliveryState
from bot.store import feeds, listings, outbox, people
from bot.store.outbox import Owed
from bot.store.store import Store
from tests.builders import a_feed, a_listing, owed
from tests.conftest import NOON, Clock
from tests.jobs.places import Places, die, lose_the_answer

PAPERS = ("2403.00001", "2403.00002")
READER = 7
WAITS = [timedelta(seconds=s) for s in (0, 10, 90, 119, 120, 150, 900, 7200)]


class Fault(Enum):
    """What happens to one send or look."""

    NONE = auto()
    DIES_BEFORE = auto()
    DIES_AFTER = auto()
    ANSWER_LOST = auto()
    CONNECTION_LOST = auto()
    """Before anything was done."""
    BUSY = auto()


@dataclass
class Fate:
    """Deals out faults in order, and nothing after the last."""

    faults: list[Fault]
    dead: bool = False
    dealt: dict[int, Fault] = field(default_factory=dict[int, Fault])

    async def before(self, delivery: Delivery) -> None:
        fault = self.faults.pop(0) if self.faults and not self.dead else Fault.NONE
        self.dealt[delivery.id] = fault
        match fault:
            case Fault.DIES_BEFORE:
                await self._die(delivery)
            case Fault.CONNECTION_LOST:
                await lose_the_answer(delivery)
            case Fault.BUSY:
                raise DeliveryError("Discord asked the bot to wait", code=429)
            case _:
                pass

    async def after(self, delivery: Delivery) -> None:
        match self.dealt[delivery.id]:
            case Fault.DIES_AFTER:
                await self._die(delivery)
            case Fault.ANSWER_LOST:
                await lose_the_answer(delivery)
            case _:
                pass

    async def _die(self, delivery: Delivery) -> None:
        self.dead = True
        await die(delivery)


@dataclass
class Life:
    """One process after the other, at the same database."""

    store: Store
    places: Places
    clock: Clock
    fate: Fate

    async def run(self) -> None:
        """Recover, and deliver until nothing is due or the process dies."""
        await self.store.run(outbox.recover)
        self.fate.dead = False
        deliver = Deliver(self.store, self.places, self.clock, pace=Pace(rate=1e6, burst=1_000))

        async def before(delivery: Delivery) -> None:
            try:
                await self.fate.before(delivery)
            finally:
                deliver.stopping = self.fate.dead

        async def after(delivery: Delivery) -> None:
            try:
                await self.fate.after(delivery)
            finally:
                deliver.stopping = self.fate.dead

        self.places.before, self.places.after = before, after
        await deliver()


async def everything_owed(store: Store) -> list[Owed]:
    """Return messages to channels, a forum and a person, two for each place."""
    await store.run(listings.record, a_listing(papers=PAPERS))
    feed = await store.run(feeds.add, a_feed(channel_id=300))
    await store.run(people.ensure, READER, now=NOON)
    messages = [owed(f"channel:{place}", subject) for place in (100, 200) for subject in "ab"]
    messages += [owed(f"user:{READER}", subject) for subject in "ab"]
    post = owed("channel:300", kind=DeliveryKind.POST, payload={}, feed_id=feed.id)
    return messages + [
        Owed(post.target, post.kind, paper, {}, NOON, feed_id=feed.id) for paper in PAPERS
    ]


async def live(path: Path, faults: list[Fault], waits: list[timedelta]) -> None:
    clock = Clock()
    places = Places(clock)
    async with Store(path) as store:
        for message in await everything_owed(store):
            assert await store.run(outbox.enqueue, message, now=NOON)
        life = Life(store, places, clock, Fate(faults))
        for wait in waits:
            await life.run()
            clock.now += wait
        life.fate.faults.clear()
        for _ in range(3):
            clock.now += LONGEST_WAIT
            await life.run()
        ledger = await store.read(outbox.recent, limit=99)
    check(ledger, places)


def check(ledger: list[Delivery], places: Places) -> None:
    """Every delivery is sent, and its one message is the one in the ledger."""
    assert {delivery.state for delivery in ledger} == {DeliveryState.SENT}
    noted = {(d.target, d.subject, d.message_id) for d in ledger}
    made = [(m.target, m.subject, m.id) for m in places.messages]
    assert sorted(made) == sorted(noted)  # pyright: ignore[reportArgumentType]


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(Fault), max_size=10),
    st.lists(st.sampled_from(WAITS), min_size=1, max_size=8),
)
def test_each_message_arrives_once(faults: list[Fault], waits: list[timedelta]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(live(Path(folder) / "paperwire.sqlite", faults, waits))
