"""How fast the background sends."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.pacing import INVALID_WINDOW, Ceiling, InvalidRequests, Pace, in_turns
from tests.builders import a_delivery
from tests.conftest import Clock

SECOND = timedelta(seconds=1)


class Skipping(selectors.DefaultSelector):
    """Does not wait for timers; adds up how long it would have."""

    skipped = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.skipped += timeout or 0
        return super().select(timeout and 0)


class SkippingLoop(asyncio.SelectorEventLoop):
    """A loop whose clock is only moved by what is waited for."""

    def __init__(self) -> None:
        self.selector = Skipping()
        super().__init__(self.selector)

    def time(self) -> float:
        return self.selector.skipped


def run(main: Callable[[], Coroutine[None, None, list[float]]]) -> list[float]:
    with asyncio.Runner(loop_factory=SkippingLoop) as runner:
        return runner.run(main())


async def moments(pace: Pace, count: int) -> list[float]:
    """Return when each of so many requests may go out, in seconds."""
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def one() -> float:
        await pace.wait()
        return loop.time() - started

    return await asyncio.gather(*(one() for _ in range(count)))


def test_a_burst_goes_out_at_once_and_the_rest_at_the_rate() -> None:
    waited = run(lambda: moments(Pace(rate=2, burst=3), 6))
    assert waited == pytest.approx([0, 0, 0, 0.5, 1.0, 1.5])


def test_a_rest_earns_no_more_than_a_burst() -> None:
    pace = Pace(rate=2, burst=2)

    async def main() -> list[float]:
        await moments(pace, 4)
        await asyncio.sleep(3600)
        return await moments(pace, 4)

    assert run(main) == pytest.approx([0, 0, 0.5, 1.0])


@given(st.integers(1, 200))
def test_no_second_has_more_than_discord_allows(count: int) -> None:
    waited = run(lambda: moments(Pace(), count))
    for i, moment in enumerate(waited):
        assert sum(1 for later in waited[i:] if later - moment < 1) <= 50


async def passages(ceiling: Ceiling, count: int) -> list[float]:
    """Return when each of so many requests passes, in seconds."""
    loop = asyncio.get_running_loop()

    async def one() -> float:
        await ceiling.wait()
        return loop.time()

    return await asyncio.gather(*(one() for _ in range(count)))


def test_a_ceiling_lets_so_many_pass_in_any_second() -> None:
    assert run(lambda: passages(Ceiling(most=2), 5)) == pytest.approx([0, 0, 1, 1, 2])


def test_a_ceiling_does_not_hold_up_what_is_spaced() -> None:
    ceiling = Ceiling(most=2)

    async def main() -> list[float]:
        passed: list[float] = []
        for _ in range(4):
            passed += await passages(ceiling, 1)
            await asyncio.sleep(0.5)
        return passed

    assert run(main) == pytest.approx([0, 0.5, 1.0, 1.5])


def test_refused_requests_are_counted_over_ten_minutes(clock: Clock) -> None:
    refused = InvalidRequests(clock, most=2)
    refused.note()
    clock.now += INVALID_WINDOW - SECOND
    refused.note()
    assert (refused.count(), refused.exhausted()) == (2, True)
    clock.now += SECOND
    assert (refused.count(), refused.exhausted()) == (1, False)


def test_what_an_earlier_process_was_refused_counts_to_the_end_of_its_minute(clock: Clock) -> None:
    earlier = InvalidRequests(clock)
    for seconds in (10, 10, 50):
        clock.now += seconds * SECOND
        earlier.note()
    clock.now += 10 * SECOND
    refused = InvalidRequests(clock, most=3)
    refused.take_up(earlier.by_minute())
    refused.take_up({clock.now + timedelta(hours=1): 9})  # its clock was an hour ahead
    assert (refused.count(), refused.exhausted()) == (3, True)
    clock.now += INVALID_WINDOW - 21 * SECOND
    assert refused.count() == 3
    clock.now += SECOND
    assert refused.count() == 1


def test_servers_take_turns_and_direct_messages_are_one_of_them() -> None:
    owed = [
        a_delivery(subject=subject, guild_id=guild_id)
        for subject, guild_id in [
            ("a1", 1),
            ("a2", 1),
            ("a3", 1),
            ("b1", 2),
            ("c1", None),
            ("c2", None),
        ]
    ]
    turns = [delivery.subject for delivery in in_turns(owed)]
    assert turns == ["a1", "b1", "c1", "a2", "c2", "a3"]
    assert list(in_turns([])) == []


@given(st.lists(st.none() | st.integers(1, 3)))
def test_turns_leave_nobody_out_and_keep_each_server_s_order(guilds: list[int | None]) -> None:
    owed = [a_delivery(id=n, guild_id=guild) for n, guild in enumerate(guilds)]
    turns = list(in_turns(owed))
    assert sorted(turn.id for turn in turns) == list(range(len(owed)))
    for guild in set(guilds):
        ids = [turn.id for turn in turns if turn.guild_id == guild]
        assert ids == sorted(ids)
