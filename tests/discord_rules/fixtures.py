"""What tests of cogs ask pytest for: import these names in their ``conftest.py``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest

from tests.conftest import IN_CI, SHARED_DATA
from tests.discord_rules.openapi import OpenApi
from tests.discord_rules.world import World, open_world

DOCUMENT = SHARED_DATA / "discord" / "openapi.json"

OpenWorld = Callable[..., AbstractAsyncContextManager[World]]
"""``discord_world(make_bot, pings=…)``, see :func:`tests.discord_rules.world.open_world`."""


@pytest.fixture(scope="session")
def discord_openapi() -> OpenApi | None:
    """Discord's document. Absent: None, and the other rules still hold; but a failure in CI."""
    if DOCUMENT.is_file():
        return OpenApi.load(DOCUMENT)
    if IN_CI:
        pytest.fail("Discord's document is missing: set PAPERWIRE_SHARED_DATA to its folder")
    return None


@pytest.fixture
def discord_world(discord_openapi: OpenApi | None) -> OpenWorld:
    """Start a bot in a small Discord: ``async with discord_world(make_bot) as world``."""
    return partial(open_world, openapi=discord_openapi)
