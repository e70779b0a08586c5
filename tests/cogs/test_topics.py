"""/topics and /inbox: what a person follows, and what it brings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.alerts import MOST_TOPICS
from bot.client import PaperBot
from bot.models import Strictness
from bot.store import people
from bot.store.store import Store
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow
from tests.cogs.sample import TITLES, TUESDAY, a_record, daily
from tests.conftest import NOON
from tests.discord_rules.world import World


def close_dms(world: World, times: int | None = 1) -> None:
    """Let Discord refuse messages to the reader."""
    path = f"/channels/{world.dm(world.reader).id}/messages"
    world.env.inject_error("POST", path, status=403, code=50007, times=times)


async def test_follow_shows_what_it_would_have_sent_and_tries_the_dm(
    world: World, take_in: TakeIn, store: Store
) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(world.reader, "topics follow", topic="language models")
    assert answer.ephemeral
    assert answer.text.startswith(
        "## You follow language models\nAlerts come as one direct message a day at 09:00 UTC.\n"
        "The last 14 days would have brought 1 paper.\n"
    )
    assert TITLES[4] in answer.text
    (first,) = world.dms(world.reader)
    assert first.text.startswith("## Alerts on language models\nThis is where they arrive.")
    person = await store.read(people.get, world.reader.user.id)
    assert person is not None
    assert person.dm_channel_id == world.dm(world.reader).id


async def test_follow_in_direct_messages_works_too(world: World) -> None:
    answer = await world.slash(
        world.reader, "topics follow", topic="robots", where=world.dm(world.reader)
    )
    assert answer.text.startswith("## You follow robots\n")


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("   ", "say what you want"),
        ('"half a phrase', "has no partner"),
        ("autor:Lecun", "author:"),
        ("-surveys", "only what to leave out"),
    ],
)
async def test_a_topic_that_makes_no_sense_is_refused_with_the_reason(
    world: World, store: Store, topic: str, said: str
) -> None:
    for command in ("follow", "preview"):
        answer = await world.slash(world.reader, f"topics {command}", topic=topic)
        assert said in answer.text
        assert answer.ephemeral
    assert await store.read(people.all_topics) == []
    assert world.dms(world.reader) == []


async def test_the_same_topic_twice_is_refused(world: World) -> None:
    await world.slash(world.reader, "topics follow", topic="robots")
    again = await world.slash(world.reader, "topics follow", topic="  robots ")
    assert again.text == "You follow that already. /topics list shows all."
    assert len(world.dms(world.reader)) == 1


async def test_a_person_has_a_limit_of_topics_and_sees_them_all_or_how_to(
    world: World, store: Store
) -> None:
    await store.run(people.ensure, world.reader.user.id, now=NOON)
    for number in range(MOST_TOPICS):
        query = f"*{number}* " + "[" * 190
        await store.run(people.follow, world.reader.user.id, query, Strictness.BROAD, now=NOON)
    refused = await world.slash(world.reader, "topics follow", topic="one more")
    assert refused.text == "You follow 50 topics. /topics unfollow makes room."
    listed = await world.slash(world.reader, "topics list")
    assert listed.text.startswith("## 50 topics\n")
    assert "And 38 more; /topics unfollow knows all." in listed.text
    assert [b.label for b in listed.buttons] == ["Unfollow"] * 12
    choices = await world.autocomplete(world.reader, "topics unfollow", topic="")
    assert len(choices) == 25


async def test_preview_only_shows(world: World, take_in: TakeIn, store: Store) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(world.reader, "topics preview", topic="models", strictness="strict")
    assert answer.text.startswith("## papers with models\nThe last 14 days would have brought 3 ")
    nothing = await world.slash(world.reader, "topics preview", topic="zymurgy")
    assert nothing.text.endswith("The last 14 days would have brought 0 papers.")
    assert await store.read(people.all_topics) == []
    assert world.dms(world.reader) == []


async def test_topics_are_listed_and_ended_by_their_own_buttons(
    world: World, make_bot: Callable[[], PaperBot]
) -> None:
    for topic in ("robots", "rain"):
        await world.slash(world.reader, "topics follow", topic=topic)
    listed = await world.slash(world.reader, "topics list")
    assert listed.text.startswith(
        "## 2 topics\n-# Alerts come as one direct message a day at 09:00 UTC.\n"
    )
    await world.restart(make_bot)
    ended = await world.press(world.reader, listed, "unfollow:1")
    assert ended.text == "You no longer follow robots."
    again = await world.press(world.reader, listed, "unfollow:1")
    assert again.text == "You do not follow that. /topics list shows what you follow."
    assert "robots" not in (await world.slash(world.reader, "topics list")).text


async def test_unfollow_offers_ones_own_topics_and_ends_the_chosen(world: World) -> None:
    await world.slash(world.reader, "topics follow", topic="robots")
    await world.slash(world.moderator, "topics follow", topic="rain")
    choices = await world.autocomplete(world.reader, "topics unfollow", topic="RO")
    assert choices == [("robots", 1)]
    not_mine = await world.slash(world.reader, "topics unfollow", topic=2)
    assert not_mine.text == "You do not follow that. /topics list shows what you follow."
    ended = await world.slash(world.reader, "topics unfollow", topic=1)
    assert ended.text == "You no longer follow robots."
    assert ended.ephemeral
    none = await world.slash(world.reader, "topics list")
    assert none.text == "You follow nothing yet. /topics follow adds a topic."


async def test_an_alert_brings_what_is_new_once_with_the_reason(
    world: World, take_in: TakeIn, flow: Flow, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(count=12))
    await world.slash(world.reader, "topics follow", topic="robots")
    await flow.after(hours=22)
    assert len(world.dms(world.reader)) == 1, "the backlog is not news"

    later = NOON + timedelta(hours=24)
    robots = daily(a_record(16, 7), a_record(17, 3), day=TUESDAY, seen_at=later)
    flow.clock.now = later
    await take_in(robots)
    await flow.run()
    assert len(world.dms(world.reader)) == 1, "the person's hour has passed"
    await flow.after(hours=22)
    await flow.run()
    _, alert = world.dms(world.reader)
    assert alert.text.startswith("## 1 new paper on robots\n")
    assert "Robots fold laundry from one video, part 2" in alert.text
    assert "robots" in alert.text.splitlines()[-1].lower()

    await world.restart(make_bot)
    card = await world.press(world.reader, alert, "1")
    assert card.text.startswith("### [Robots fold laundry from one video, part 2]")
    topics = await world.press(world.reader, alert, "My topics")
    assert topics.text.startswith("## 1 topic\n")


async def test_a_closed_dm_is_said_at_once_and_alerts_wait_in_the_inbox(
    world: World, take_in: TakeIn, flow: Flow, make_bot: Callable[[], PaperBot]
) -> None:
    close_dms(world)
    answer = await world.slash(world.reader, "topics follow", topic="models")
    assert (
        "Alerts wait in /inbox: your settings do not let the bot send you direct messages. Once"
        " you allow direct messages, press Try again under /topics list."
    ) in answer.text
    await take_in(daily(count=12, seen_at=NOON))
    await flow.after(hours=24)
    assert world.dms(world.reader) == []
    inbox = await world.slash(world.reader, "inbox")
    assert inbox.text.startswith("## 3 papers from your topics, 3 not sent yet\n")

    listed = await world.slash(world.reader, "topics list")
    await world.restart(make_bot)
    close_dms(world)
    still = await world.press(world.reader, listed, "Try again")
    assert still.text == (
        "Still closed: your settings do not let the bot send you direct messages."
        " Alerts wait in /inbox."
    )
    works = await world.press(world.reader, listed, "Try again")
    assert works.text == "Direct messages work. Your alerts come there again."
    await flow.after(hours=24)
    assert [dm.text.splitlines()[0] for dm in world.dms(world.reader)] == [
        "Direct messages work. Alerts come here again.",
        "## 3 new papers on models",
    ]
    listed = await world.slash(world.reader, "topics list")
    assert [b.label for b in listed.buttons] == ["Unfollow"]


async def test_a_dm_that_closes_later_keeps_its_alert_for_the_inbox(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await world.slash(world.reader, "topics follow", topic="models")
    close_dms(world, times=None)
    await take_in(daily(count=12, seen_at=NOON))
    await flow.after(hours=22)
    assert len(world.dms(world.reader)) == 1
    listed = await world.slash(world.reader, "topics list")
    assert "Alerts wait in /inbox: your settings do not let the bot" in listed.text
    assert "## 3 papers from your topics" in (await world.slash(world.reader, "inbox")).text


@pytest.mark.parametrize(("status", "code"), [(500, 0), (400, 40003)])
async def test_a_first_dm_that_fails_for_the_moment_closes_nothing(
    world: World, store: Store, status: int, code: int
) -> None:
    world.env.inject_error("POST", "/users/@me/channels", status=status, code=code)
    answer = await world.slash(world.reader, "topics follow", topic="robots")
    assert answer.text.startswith(
        "## You follow robots\nAlerts come as one direct message a day at 09:00 UTC."
    )
    person = await store.read(people.get, world.reader.user.id)
    assert person is not None
    assert person.dm_closed_at is None


async def test_the_inbox_has_pages(world: World, take_in: TakeIn, flow: Flow) -> None:
    empty = await world.slash(world.reader, "inbox")
    assert empty.text == "Your topics have brought nothing yet. /topics follow adds one."
    await world.slash(world.reader, "topics follow", topic="cat:cs.LG")
    await take_in(daily(count=19, seen_at=NOON))
    await flow.run()
    first = await world.slash(world.reader, "inbox")
    assert first.text.startswith("## 19 papers from your topics, 19 not sent yet\n")
    second = await world.press(world.reader, first, "And 11 more")
    third = await world.press(world.reader, second, "And 3 more")
    assert [b.label for b in third.buttons] == ["17", "18", "19"]
    assert third.ephemeral


async def test_a_long_alert_names_the_rest_and_the_inbox_has_it(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await world.slash(world.reader, "topics follow", topic="cat:cs.LG")
    await take_in(daily(count=19, seen_at=NOON))
    await flow.after(hours=22)
    _, alert = world.dms(world.reader)
    assert alert.text.startswith("## 19 new papers on cat\\:cs.LG\n")
    assert "-# And 11 more: /inbox shows all." in alert.text
    inbox = await world.slash(world.reader, "inbox")
    assert inbox.text.startswith("## 19 papers from your topics\n")


async def test_hostile_topics_are_only_words(world: World) -> None:
    await world.slash(world.reader, "topics follow", topic="@everyone **gold** <#7>")
    listed = await world.slash(world.reader, "topics list")
    assert r"\@everyone \*\*gold\*\* \<\#7\>" in listed.text
    assert "\\@everyone" in world.dms(world.reader)[0].text
