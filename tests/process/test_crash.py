"""Killed while it sends: each message arrives once all the same."""

from __future__ import annotations

import pytest

from tests.process.crash import KILLS_A_ROUND, kill


@pytest.mark.crash
async def test_a_bot_that_is_killed_again_and_again_sends_each_message_once() -> None:
    figures = await kill(KILLS_A_ROUND, seed=1)
    assert figures.good, f"\n{figures}"
    assert figures.in_doubt > 0, "no kill hit a message on its way, so nothing was tested"
