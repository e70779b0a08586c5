"""Signs of life."""

from __future__ import annotations

from datetime import timedelta

from bot.store import heartbeat
from bot.store.heartbeat import Beat
from bot.store.store import Store
from tests.conftest import NOON


async def test_the_last_sign_of_life_is_kept(store: Store) -> None:
    assert await store.read(heartbeat.last) is None
    await store.run(heartbeat.beat, now=NOON, connected=True)
    later = NOON + timedelta(seconds=20)
    await store.run(heartbeat.beat, now=later, connected=False)
    assert await store.read(heartbeat.last) == Beat(later, connected=False)
