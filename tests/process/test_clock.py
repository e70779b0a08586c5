"""A clock that is set while the bot runs: nothing is lost, nothing doubled, and it shows."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.models import DeliveryState, Style
from bot.store.store import Store
from tests.local_discord import Effect, Fault, LocalDiscord
from tests.process.bot_process import SOON, bot_process
from tests.process.conftest import Place
from tests.process.owing import HOUR, add_feed, everything, list_papers, now, owe_words

LISTED = ["2403.00001", "2403.00002"]
UNTIL_SEEN = 2 * SOON
"""Seconds: the bot looks at the clock twice a minute, and at its feeds once."""


@dataclass(frozen=True)
class SystemClock:
    """The clock of a process, as the system would tell it the time; its timers go on."""

    file: Path

    def set_by(self, seconds: int) -> None:
        """Set it apart from the real one."""
        self.file.write_text(f"{seconds:+d}\n", encoding="ascii")

    def env(self) -> dict[str, str]:
        spec = find_spec("libfaketime")
        assert spec is not None
        assert spec.origin is not None
        library = Path(spec.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }


@pytest.fixture
def system_clock(tmp_path: Path) -> SystemClock:
    if platform.machine() != "x86_64" or platform.system() != "Linux":
        pytest.skip("libfaketime comes built for Linux on x86_64")
    clock = SystemClock(tmp_path / "clock")
    clock.set_by(0)
    return clock


def a_feed_that_was_served(db: Database, place: Place) -> None:
    # By the clock that is set back, too, the list has closed: lists do at half past two, UTC.
    list_papers(db, LISTED, days_ago=2 / 24)
    wishes = {"guild_id": place.guild, "created_by": place.owner}
    add_feed(db, channel_id=place.channel, **wishes)


def a_feed_whose_hour_has_come(db: Database, place: Place) -> None:
    wishes = {"guild_id": place.guild, "created_by": place.owner, "style": Style.CARDS}
    add_feed(db, channel_id=place.other, hour=(now() - HOUR).hour, **wishes)


def posted(server: LocalDiscord) -> list[int]:
    return [m.id for m in server.ledger.messages.values() if not m.ephemeral]


async def test_a_clock_that_is_set_back_an_hour_and_forward_again(
    server: LocalDiscord, place: Place, database: Path, system_clock: SystemClock, store: Store
) -> None:
    await store.run(a_feed_that_was_served, place)
    for text in ("going out", "owed"):
        await store.run(owe_words, place.reader, text)
    slow = Fault(Effect.SLOW, path="*/messages", seconds=2, after=True, times=2)
    server.faults.add(slow)
    async with bot_process(server, database, **system_clock.env()) as bot:
        await server.gateway.ready()
        await server.until(lambda: len(posted(server)) == 2, SOON)  # the digest, and one of two

        system_clock.set_by(-3600)
        await server.until(lambda: len(posted(server)) == 3, SOON)  # what was owed is not held up
        await store.run(a_feed_whose_hour_has_come, place)
        [back] = [await bot.logged("the clock was set by -3600 s", UNTIL_SEEN)]
        await server.until(lambda: len(posted(server)) == 5, UNTIL_SEEN)  # two cards
        status = await server.slash(place.owner, place.channel, "status")
        await status.finished()
        assert status.text.count("Trouble") == 1
        assert "clock was set back by 3,600 s" in status.text

        system_clock.set_by(0)  # the digest's hour comes once more
        await bot.logged("the clock was set by +3600 s", UNTIL_SEEN)
        await store.run(owe_words, place.owner, "after")
        await server.until(lambda: len(posted(server)) == 6, UNTIL_SEEN)
        assert await bot.stop() == 0
    deliveries = await store.read(everything)
    assert [d.state for d in deliveries] == [DeliveryState.SENT] * 6
    assert sorted(posted(server)) == sorted(d.message_id or 0 for d in deliveries)
    assert bot.lines("the clock was set")[0] == back
    assert len(bot.lines("the clock was set")) == 2
    assert not bot.lines("Traceback")
