"""The buttons on alerts, /inbox and /catchup."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.alerts import MOST_TOPICS
from bot.client import PaperBot
from bot.models import EventKind, PaperEvent, Strictness
from bot.store import dislikes, events, people
from bot.store.store import Store
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow, follow
from tests.cogs.sample import TITLES, a_record, daily, paper_id
from tests.conftest import NOON
from tests.discord_rules.seen import Seen
from tests.discord_rules.world import World

ROBOTS, SPEECH = 4, 7
"""Papers of the sample."""


async def an_alert(world: World, take_in: TakeIn, flow: Flow, *numbers: int) -> Seen:
    """Let papers come; returns the alert that they are in."""
    await take_in(daily(*(a_record(n, 100 - n) for n in numbers), seen_at=flow.clock.now))
    await flow.run()
    await flow.after(hours=24)
    return world.dms(world.reader)[-1]


async def test_an_alert_has_all_that_can_be_done_and_works_for_ever(
    world: World, take_in: TakeIn, flow: Flow, store: Store, make_bot: Callable[[], PaperBot]
) -> None:
    await follow(world, world.reader, "robots")
    alert = await an_alert(world, take_in, flow, ROBOTS)
    assert alert.text.startswith("## 1 new paper on robots\n### On robots\n**1.** [Robots fold")
    labels = ["Open", "Save", "Less like this", "Why", "Pause a week", "Unfollow", "My topics"]
    assert [button.label for button in alert.buttons] == labels
    assert alert.button("Open").url == f"https://arxiv.org/abs/{paper_id(ROBOTS)}"

    await world.restart(make_bot)
    why = await world.press(world.reader, alert, "Why")
    assert why.text.startswith(
        f"**Why {TITLES[3]}**\n- Your topic robots (normal): “robots” in the title; close in"
        " meaning to your topic. Found <t:"
    )
    saved = await world.press(world.reader, alert, "Save")
    assert saved.text.startswith("Saved.")
    assert (await world.press(world.reader, alert, "Pause a week")).text.startswith("robots rests")
    assert (await world.press(world.reader, alert, "My topics")).text.startswith("## 1 topic\n")
    assert (await world.press(world.reader, alert, "Unfollow")).text.startswith("You no longer")
    why = await world.press(world.reader, alert, "Why")
    assert "None of the topics that you follow now wants it." in why.text


async def test_a_long_alert_is_grouped_by_topic_and_opens_each_paper_with_its_buttons(
    world: World, take_in: TakeIn, flow: Flow, store: Store, make_bot: Callable[[], PaperBot]
) -> None:
    for topic in ("models", "robots", "speech"):
        await follow(world, world.reader, topic, strictness="strict")
    alert = await an_alert(world, take_in, flow, 3, ROBOTS, 5, 6, SPEECH)
    assert [line for line in alert.text.splitlines() if line.startswith("#")] == [
        "## 5 new papers on models, robots, speech",
        "### On models",
        "### On robots",
        "### On speech",
    ]
    assert [button.label for button in alert.buttons] == ["More"] * 5 + ["My topics"]

    await world.restart(make_bot)
    opened = await world.press(world.reader, alert, f"about:{paper_id(ROBOTS)}")
    assert opened.ephemeral
    assert "- Your topic robots (strict): “robots” in the title" in opened.text
    labels = ["Open", "Save", "Less like this", "Why", "Pause a week", "Unfollow", "My topics"]
    assert [button.label for button in opened.buttons] == labels

    (pause, unfollow) = alert.selects
    assert [name for name, _ in pause.options] == ["models", "robots", "speech"]
    paused = await world.choose(world.reader, alert, pause.custom_id, ["2"])
    assert paused.text.startswith("robots rests until")
    ended = await world.choose(world.reader, alert, unfollow.custom_id, ["3"])
    assert ended.text == "You no longer follow speech."
    again = await world.choose(world.reader, alert, unfollow.custom_id, ["3"])
    assert again.text == "You do not follow that. /topics list shows what you follow."
    left = await store.read(people.topics_of, world.reader.user.id)
    assert [topic.query for topic in left] == ["models", "robots"]


async def test_a_paper_that_very_many_topics_want_still_says_why(
    world: World, take_in: TakeIn, flow: Flow, store: Store
) -> None:
    await follow(world, world.reader, "robots")
    now = flow.clock.now - timedelta(hours=1)
    for number in range(MOST_TOPICS - 2):
        topic = f"robots OR {'folding of laundry, ' * 7}number {number}"
        await store.run(people.follow, world.reader.user.id, topic, Strictness.NORMAL, now=now)
    await follow(world, world.reader, "cat:cs.LG")
    alert = await an_alert(world, take_in, flow, ROBOTS, SPEECH, 5, 6)
    opened = await world.press(world.reader, alert, f"about:{paper_id(ROBOTS)}")
    assert "- And 45 more topics of yours." in opened.text
    why = await world.press(world.reader, opened, "Why")
    assert why.text.endswith("- And 45 more topics of yours.")


async def test_less_like_this_holds_back_what_is_much_like_it_and_undo_brings_it(
    world: World, take_in: TakeIn, flow: Flow, make_bot: Callable[[], PaperBot]
) -> None:
    await follow(world, world.reader, "cat:cs.LG")
    alert = await an_alert(world, take_in, flow, ROBOTS, SPEECH)
    less = await world.press(world.reader, alert, f"less:{paper_id(ROBOTS)}")
    assert less.text.startswith("Fewer papers like Robots fold laundry from one video from now on")
    assert (
        "You want less like it."
        in (await world.press(world.reader, alert, f"why:{paper_id(ROBOTS)}")).text
    )

    alert = await an_alert(world, take_in, flow, ROBOTS + 12, SPEECH + 12)
    assert alert.text.startswith("## 1 new paper on cat\\:cs.LG\n")
    assert "Speech recognition in noisy kitchens, part 2" in alert.text
    assert (
        "-# 1 paper held back, being like what you want less of: /inbox names them." in alert.text
    )
    inbox = await world.slash(world.reader, "inbox")
    assert "held back; in cs.LG" in inbox.text

    await world.restart(make_bot)
    undone = await world.press(world.reader, less, "Undo")
    assert undone.text.startswith("Papers like Robots fold laundry from one video come as before")
    assert (await world.press(world.reader, less, "Undo")).text == "That was taken back already."
    await flow.after(hours=24)
    assert "Robots fold laundry from one video, part 2" in world.dms(world.reader)[-1].text


async def test_news_of_a_paper_comes_once_and_says_what_is_new(
    world: World, take_in: TakeIn, flow: Flow, store: Store
) -> None:
    await follow(world, world.reader, "robots")
    await an_alert(world, take_in, flow, ROBOTS)
    flow.clock.now = now = flow.clock.now + timedelta(hours=1)
    happened = [
        PaperEvent(paper_id(ROBOTS), EventKind.CODE, now, "https://github.com/a/robots"),
        PaperEvent(paper_id(ROBOTS), EventKind.VERSION, now, "v2"),
    ]
    await store.run(events.add, happened)
    await flow.after(hours=24)
    alert = world.dms(world.reader)[-1]
    assert alert.text.startswith("## News of 1 paper on robots\n")
    said = "News – version v2 is out; News – there is code now; “robots” in the title"
    assert said in alert.text
    await flow.after(hours=24)
    assert len(world.dms(world.reader)) == 3, "the first word, the paper, its news"
    why = await world.press(world.reader, alert, "Why")
    assert "- there is code now, <t:" in why.text


async def test_catchup_is_ten_lines_of_what_rises_most(
    world: World, take_in: TakeIn, flow: Flow, make_bot: Callable[[], PaperBot]
) -> None:
    nothing = await world.slash(world.reader, "catchup")
    assert nothing.text.startswith("Your topics have found nothing in that time.")
    await follow(world, world.reader, "cat:cs.LG")
    await take_in(daily(count=19, seen_at=NOON))
    await flow.run()
    caught = await world.slash(world.reader, "catchup", since="3d")
    assert caught.ephemeral
    head, *lines = caught.text.splitlines()
    assert head.startswith("## 19 papers on your topics since <t:")
    assert head.endswith("; the 10 that rise most")
    assert len(lines) == 10
    assert lines[0].endswith(" ▲ 99 · cat\\:cs.LG")
    await world.restart(make_bot)
    opened = await world.press(world.reader, caught, "10")
    assert "- Your topic cat\\:cs.LG (normal): in cs.LG." in opened.text

    flow.clock.now += timedelta(days=4)
    none = await world.slash(world.reader, "catchup", since="2d")
    assert none.text.startswith("Your topics have found nothing in that time.")


async def test_catchup_leaves_out_what_is_not_wanted(
    world: World, take_in: TakeIn, flow: Flow, store: Store
) -> None:
    await follow(world, world.reader, "cat:cs.LG")
    await take_in(daily(a_record(ROBOTS, 5), a_record(SPEECH, 1), seen_at=NOON))
    await flow.run()
    await store.run(dislikes.add, world.reader.user.id, paper_id(ROBOTS), now=NOON)
    caught = await world.slash(world.reader, "catchup")
    assert caught.text.startswith("## 1 paper on your topics since")
    assert "Speech" in caught.text


@pytest.mark.parametrize(
    ("since", "said"), [("whenever", "Say since when like 3d"), ("2030-01-01", "is to come")]
)
async def test_a_moment_that_makes_no_sense_is_refused(world: World, since: str, said: str) -> None:
    assert said in (await world.slash(world.reader, "catchup", since=since)).text


async def test_moments_to_look_back_to_are_offered(world: World) -> None:
    choices = await world.autocomplete(world.reader, "catchup", since="week")
    assert choices == [("the last week", "7d"), ("the last 2 weeks", "14d")]


async def test_a_paper_that_is_gone_is_said_to_be(
    world: World, take_in: TakeIn, flow: Flow, store: Store
) -> None:
    await follow(world, world.reader, "robots")
    alert = await an_alert(world, take_in, flow, ROBOTS)
    await store.run(lambda db: db.execute("DELETE FROM paper"))
    for label in ("Why", "Less like this"):
        gone = await world.press(world.reader, alert, label)
        assert gone.text == "That paper is no longer in the library."
