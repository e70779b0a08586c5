"""/alerts: when a person's alerts come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.client import Services
from bot.models import Frequency, Schedule
from bot.store import people
from bot.store.store import Store
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow, follow
from tests.cogs.sample import TUESDAY, a_record, daily
from tests.conftest import NOON
from tests.discord_rules.world import World
from tests.mail.conftest import ADDRESS, prove


async def schedule_of(store: Store, world: World) -> Schedule:
    person = await store.read(people.get, world.reader.user.id)
    assert person is not None
    return person.schedule


async def test_a_schedule_is_shown_before_it_is_changed(world: World) -> None:
    shown = await world.slash(world.reader, "alerts schedule")
    assert shown.ephemeral
    assert shown.text.startswith(
        "Your alerts come as one direct message a day at 09:00 UTC. Each shows 8 papers at the"
        " most; /inbox has all.\n-# The next can come <t:"
    )
    assert "Give options to change that" in shown.text


async def test_a_schedule_changes_by_what_is_given_and_keeps_the_rest(
    world: World, store: Store, woken: list[str]
) -> None:
    changed = await world.slash(
        world.reader,
        "alerts schedule",
        frequency="weekly",
        hour=7,
        timezone="asia/kolkata",
        quiet_days="sat, sun",
        most=3,
    )
    assert changed.text.startswith(
        "Now your alerts come as one direct message a week, on Mondays at 07:00 Asia/Kolkata,"
        " never on Saturdays and Sundays. Each shows 3 papers at the most"
    )
    assert woken == ["compose"]
    await world.slash(world.reader, "alerts schedule", frequency="instant", quiet_days="none")
    assert await schedule_of(store, world) == Schedule(
        Frequency.INSTANT, 7, "Asia/Kolkata", frozenset(), 3
    )


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ({"timezone": "Atlantis"}, "There is no time zone of that name."),
        ({"quiet_days": "someday"}, "is no day of the week"),
        ({"quiet_days": "mon-sun"}, "no alert would ever come"),
    ],
)
async def test_what_makes_no_sense_changes_nothing(
    world: World, store: Store, option: dict[str, Any], said: str
) -> None:
    answer = await world.slash(world.reader, "alerts schedule", hour=7, **option)
    assert said in answer.text
    assert answer.ephemeral
    assert await store.read(people.get, world.reader.user.id) is None


async def test_zones_and_days_are_offered(world: World) -> None:
    zones = await world.autocomplete(world.reader, "alerts schedule", timezone="kolkat")
    assert zones[0] == ("Asia/Kolkata", "Asia/Kolkata")
    days = await world.autocomplete(world.reader, "alerts schedule", quiet_days="s")
    assert ("Saturday", "Saturday") in days
    assert ("Monday", "Monday") not in [d for d in days if "s" not in d[0].lower()]


async def test_a_closed_dm_is_said_with_the_schedule(world: World, store: Store) -> None:
    await world.slash(world.reader, "alerts schedule")
    await store.run(people.dm_closed, world.reader.user.id, now=NOON, because="they are closed")
    shown = await world.slash(world.reader, "alerts schedule", hour=3)
    assert shown.text == (
        "Alerts wait in /inbox: they are closed. Once that is mended, they come as one direct"
        " message a day at 03:00 UTC."
    )


@pytest.mark.parametrize(
    ("by_email", "said"), [(True, "one e-mail"), (False, "one direct message")]
)
async def test_where_alerts_come_depends_on_the_operator_s_e_mail(
    world: World, store: Store, services: Services, by_email: bool, said: str
) -> None:
    services.by_email = by_email
    await store.run(prove, world.reader.user.id, ADDRESS)
    shown = await world.slash(world.reader, "alerts schedule")
    assert shown.text.startswith(f"Your alerts come as {said} a day")
    followed = await follow(world, world.reader, "robots")
    assert f"Alerts come as {said} a day" in followed.text
    listed = await world.slash(world.reader, "topics list")
    assert f"Alerts come as {said} a day" in listed.text


async def test_an_instant_alert_comes_when_the_paper_does(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await follow(world, world.reader, "robots")
    await world.slash(world.reader, "alerts schedule", frequency="instant")
    flow.clock.now = NOON + timedelta(hours=3)
    await take_in(daily(a_record(16, 7), day=TUESDAY, seen_at=flow.clock.now))
    await flow.run()
    assert world.dms(world.reader)[-1].text.startswith("## 1 new paper on robots\n")
