"""/topics and /inbox: what a person follows, and what it brings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import discord
import pytest
from sqlite_utils import Database

from bot.alerts import MOST_TOPICS
from bot.client import PaperBot, Services
from bot.models import Strictness
from bot.store import people
from bot.store.store import Store
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow, follow
from tests.cogs.sample import TITLES, TUESDAY, WEDNESDAY, a_record, daily, paper_id
from tests.conftest import NOON
from tests.discord_rules.world import World


def close_dms(world: World, times: int | None = 1) -> None:
    """Let Discord refuse messages to the reader."""
    path = f"/channels/{world.dm(world.reader).id}/messages"
    world.env.inject_error("POST", path, status=403, code=50007, times=times)


async def test_follow_first_shows_what_it_would_have_sent_and_follows_by_a_button(
    world: World, take_in: TakeIn, store: Store, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(count=12))
    tried = await world.slash(world.reader, "topics follow", topic="language models")
    assert tried.ephemeral
    assert tried.text.startswith(
        "## language models\nYou do not follow this yet. It asks for papers with language and"
        " models; normal: your words near each other, or a text close in meaning.\n"
        "The last 14 days would have brought 1 paper.\n"
        "-# 0.1 a day; day by day until today: 0 0 0 0 0 0 0 0 0 0 0 0 1 0\n"
    )
    assert TITLES[4] in tried.text
    assert "“language models” in the title; close in meaning to your topic" in tried.text
    assert await store.read(people.all_topics) == []
    assert world.dms(world.reader) == []

    await world.restart(make_bot)
    answer = await world.press(world.reader, tried, "Follow")
    assert answer.ephemeral
    assert answer.text.startswith(
        "## You follow language models\nAlerts come as one direct message a day at 09:00 UTC. It"
        " asks for papers with language and models; normal:"
    )
    (first,) = world.dms(world.reader)
    assert first.text.startswith("## Alerts on language models\nThis is where they arrive.")
    person = await store.read(people.get, world.reader.user.id)
    assert person is not None
    assert person.dm_channel_id == world.dm(world.reader).id


async def test_a_trial_turns_tighter_and_wider_in_place(
    world: World, take_in: TakeIn, store: Store, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(count=12))
    normal = await world.slash(world.reader, "topics follow", topic="robotic manipulation")
    assert "would have brought 0 papers." in normal.text
    await world.restart(make_bot)
    broad = await world.press(world.reader, normal, "Wider")
    assert "broad: your words anywhere, or a text near in meaning" in broad.text
    assert "Robots fold laundry" in broad.text
    assert broad.button("Wider").disabled
    again = await world.press(world.reader, broad, "Tighter")
    strict = await world.press(world.reader, again, "Tighter")
    assert "strict: your words in the title" in strict.text
    assert strict.button("Tighter").disabled
    await world.press(world.reader, strict, "Follow")
    (topic,) = await store.read(people.all_topics)
    assert (topic.query, topic.strictness) == ("robotic manipulation", Strictness.STRICT)


async def test_following_again_more_widely_changes_the_topic(world: World, store: Store) -> None:
    await follow(world, world.reader, "robots", strictness="strict")
    await follow(world, world.reader, "robots", strictness="broad")
    (topic,) = await store.read(people.all_topics)
    assert topic.strictness is Strictness.BROAD


async def test_words_to_leave_out_become_part_of_the_topic(
    world: World, take_in: TakeIn, store: Store
) -> None:
    await take_in(daily(count=12))
    options = {"exclude": "laundry, real time, -chess"}
    answer = await follow(world, world.reader, "cat:cs.LG", **options)
    assert answer.text.startswith(
        r"## You follow cat\:cs.LG -laundry -\"real time\" -chess".replace(r"\"", '"')
    )
    assert "papers in cs.LG, not laundry, not “real time”, not chess" in answer.text
    assert "would have brought 9 papers" in answer.text
    too_much = await world.slash(
        world.reader, "topics preview", topic="robots", exclude="word, " * 33
    )
    assert "a topic has at most 200" in too_much.text


async def test_a_long_topic_finds_its_way_through_the_buttons(world: World, store: Store) -> None:
    topic = " OR ".join(f"retrieval augmented generation {n}" for n in range(5))
    assert len(topic) > 100
    await follow(world, world.reader, topic)
    assert [each.query for each in await store.read(people.all_topics)] == [topic]


async def test_a_button_of_another_database_says_so(world: World) -> None:
    tried = await world.slash(world.reader, "topics follow", topic="robots")
    await world.env.bot.services.store.run(forget_texts)  # pyright: ignore[reportAttributeAccessIssue]
    said = await world.press(world.reader, tried, "Follow")
    assert said.text == "That topic is no longer known here. /topics follow takes it anew."


def forget_texts(db: Database) -> None:
    db.execute("DELETE FROM topic_text")


async def test_topics_are_completed_from_real_keywords(
    world: World, take_in: TakeIn, store: Store
) -> None:
    about = {
        1: ("KV cache", "attention"),
        2: ("kv cache", "Attention"),
        3: ("attention",),
        4: ("laundry robots", "attention"),
    }
    records = [a_record(n, 50) for n in about]
    await take_in(
        daily(
            *(
                replace(r, paper=replace(r.paper, ai_keywords=about[n]))
                for n, r in enumerate(records, 1)
            )
        )
    )

    async def offered(typed: str) -> list[str]:
        return [
            value
            for _, value in await world.autocomplete(world.reader, "topics follow", topic=typed)
        ]

    assert (await offered(""))[:3] == ["Attention", "KV cache", "laundry robots"]
    await world.slash(world.reader, "library save", paper=paper_id(4))
    assert (await offered(""))[:3] == ["attention", "laundry robots", "KV cache"]
    assert [each.casefold() for each in await offered("kv")] == ["kv cache"]
    assert await offered("robots OR laun") == ["robots OR laundry robots"]
    assert await offered("robots author:ben") == ['robots author:"Ben Sample"']
    assert await offered("cat:cs") == ["cat:cs.LG"]
    assert await offered("cs.l") == ["cat:cs.LG"]
    assert await offered('"') == []


async def test_what_was_saved_gives_ideas(
    world: World, take_in: TakeIn, make_bot: Callable[[], PaperBot]
) -> None:
    record = a_record(4, 50)
    await take_in(daily(replace(record, paper=replace(record.paper, ai_keywords=("robots", "x")))))
    await world.slash(world.reader, "library save", paper=paper_id(4))
    nothing = await world.slash(world.reader, "topics list")
    assert nothing.text == (
        "You follow nothing yet. /topics follow adds a topic.\n-# From what you saved, to try:"
    )
    await world.restart(make_bot)
    tried = await world.press(world.reader, nothing, "robots")
    assert tried.text.startswith("## robots\nYou do not follow this yet.")
    await world.press(world.reader, tried, "Follow")
    listed = await world.slash(world.reader, "topics list")
    assert [b.label for b in listed.buttons] == ["Preview", "Pause a week", "Unfollow", "x"]


async def test_follow_in_direct_messages_works_too(world: World) -> None:
    answer = await follow(world, world.reader, "robots", where=world.dm(world.reader))
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
    await follow(world, world.reader, "robots")
    tried = await world.slash(world.reader, "topics follow", topic="rain")
    await world.press(world.reader, tried, "Follow")
    again = await world.press(world.reader, tried, "Follow")
    assert again.text == "You follow that already. /topics list shows all."
    known = await world.slash(world.reader, "topics follow", topic="  robots ")
    assert known.text.startswith("## robots\nYou follow this.")
    assert "Follow" not in [button.label for button in known.buttons]
    assert len(world.dms(world.reader)) == 2


async def test_a_person_has_a_limit_of_topics_and_sees_them_all_or_how_to(
    world: World, store: Store
) -> None:
    await store.run(people.ensure, world.reader.user.id, now=NOON)
    for number in range(MOST_TOPICS):
        query = f"*{number}* " + "[" * 190
        await store.run(people.follow, world.reader.user.id, query, Strictness.BROAD, now=NOON)
    refused = await follow(world, world.reader, "one more")
    assert refused.text == "You follow 50 topics. /topics unfollow makes room."
    page = await world.slash(world.reader, "topics list")
    assert page.text.startswith("## 50 topics\n")
    seen = 5
    while any(button.label.startswith("And ") for button in page.buttons):
        page = await world.press(world.reader, page, f"And {50 - seen} more")
        seen += sum(button.label == "Unfollow" for button in page.buttons)
    assert seen == 50
    back = await world.press(world.reader, page, "Back")
    assert "And 5 more" in [button.label for button in back.buttons]
    choices = await world.autocomplete(world.reader, "topics unfollow", topic="")
    assert len(choices) == 25


async def test_preview_only_shows(world: World, take_in: TakeIn, store: Store) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(world.reader, "topics preview", topic="models", strictness="strict")
    assert answer.text.startswith("## models\nYou do not follow this yet. It asks for papers with")
    assert "The last 14 days would have brought 3 papers.\n" in answer.text
    nothing = await world.slash(world.reader, "topics preview", topic="zymurgy")
    assert nothing.text.endswith("The last 14 days would have brought 0 papers.")
    assert await store.read(people.all_topics) == []
    assert world.dms(world.reader) == []


async def test_a_category_that_the_bot_does_not_read_is_named_in_a_trial(
    world: World, take_in: TakeIn, services: Services
) -> None:
    services.categories = ("cs.CL", "cs.LG")
    await take_in(daily(count=12))
    topic = "cat:cs.LG OR cat:hep-th -cat:math"
    answer = await world.slash(world.reader, "topics follow", topic=topic)
    assert answer.text.endswith(
        "\n-# The bot does not read hep-th on arXiv: it knows only papers that are in cs.CL or cs.LG"
        " too, or on Hugging Face."
    )
    read = await world.slash(world.reader, "topics preview", topic="cat:cs.LG")
    assert "does not read" not in read.text


async def test_topics_are_listed_and_ended_by_their_own_buttons(
    world: World, make_bot: Callable[[], PaperBot]
) -> None:
    for topic in ("robots", "rain"):
        await follow(world, world.reader, topic)
    listed = await world.slash(world.reader, "topics list")
    assert listed.text.startswith(
        "## 2 topics\n-# Alerts come as one direct message a day at 09:00 UTC.\n"
    )
    assert [b.label for b in listed.buttons] == ["Preview", "Pause a week", "Unfollow"] * 2
    await world.restart(make_bot)
    tried = await world.press(world.reader, listed, "preview:2")
    assert tried.text.startswith("## rain\nYou follow this. It asks for papers with rain; normal:")
    assert [b.label for b in tried.buttons] == ["Tighter", "Wider", "My topics"]
    ended = await world.press(world.reader, listed, "unfollow:1")
    assert ended.text == "You no longer follow robots."
    again = await world.press(world.reader, listed, "unfollow:1")
    assert again.text == "You do not follow that. /topics list shows what you follow."
    assert "robots" not in (await world.slash(world.reader, "topics list")).text


async def test_unfollow_offers_ones_own_topics_and_ends_the_chosen(world: World) -> None:
    await follow(world, world.reader, "robots")
    await follow(world, world.moderator, "rain")
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
    await follow(world, world.reader, "robots")
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
    why = await world.press(world.reader, alert, "Why")
    assert why.text.startswith("**Why Robots fold laundry from one video, part 2**")
    topics = await world.press(world.reader, alert, "My topics")
    assert topics.text.startswith("## 1 topic\n")


async def test_a_closed_dm_is_said_at_once_and_alerts_wait_in_the_inbox(
    world: World, take_in: TakeIn, flow: Flow, make_bot: Callable[[], PaperBot]
) -> None:
    close_dms(world)
    answer = await follow(world, world.reader, "models")
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
        "No message came through: your settings do not let the bot send you direct messages."
        " Alerts wait in /inbox."
    )
    path = f"/channels/{world.dm(world.reader).id}/messages"
    world.env.inject_error("POST", path, status=400, code=40003, times=1)
    passing = await world.press(world.reader, listed, "Try again")
    assert passing.text == (
        "No message came through: Discord did not take a message just now. Alerts wait in /inbox."
    )
    works = await world.press(world.reader, listed, "Try again")
    assert works.text == "Direct messages work. Your alerts come there again."
    await flow.after(hours=24)
    assert [dm.text.splitlines()[0] for dm in world.dms(world.reader)] == [
        "Direct messages work. Alerts come here again.",
        "## 3 new papers on models",
    ]
    listed = await world.slash(world.reader, "topics list")
    assert [b.label for b in listed.buttons] == ["Preview", "Pause a week", "Unfollow"]


async def test_a_dm_that_closes_later_keeps_its_alert_for_the_inbox(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await follow(world, world.reader, "models")
    close_dms(world, times=None)
    await take_in(daily(count=12, seen_at=NOON))
    await flow.after(hours=22)
    assert len(world.dms(world.reader)) == 1
    listed = await world.slash(world.reader, "topics list")
    assert "Alerts wait in /inbox: your settings do not let the bot" in listed.text
    inbox = await world.slash(world.reader, "inbox")
    assert inbox.text.startswith("## 3 papers from your topics, 3 not sent yet\n")


async def test_what_a_dm_that_closed_refused_comes_once_it_is_open_again(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await follow(world, world.reader, "models")
    close_dms(world)
    await take_in(daily(count=12, seen_at=NOON))
    await flow.after(hours=22)
    listed = await world.slash(world.reader, "topics list")
    await world.press(world.reader, listed, "Try again")
    await flow.after(hours=24)
    await flow.after(hours=24)
    assert [dm.text.splitlines()[0] for dm in world.dms(world.reader)[1:]] == [
        "Direct messages work. Alerts come here again.",
        "## 3 new papers on models",
    ]
    assert "not sent yet" not in (await world.slash(world.reader, "inbox")).text


@pytest.mark.parametrize(("status", "code"), [(500, 0), (400, 40003)])
async def test_a_first_dm_that_fails_for_the_moment_closes_nothing(
    world: World, store: Store, status: int, code: int
) -> None:
    world.env.inject_error("POST", "/users/@me/channels", status=status, code=code)
    answer = await follow(world, world.reader, "robots")
    assert answer.text.startswith(
        "## You follow robots\nAlerts come as one direct message a day at 09:00 UTC. It asks"
    )
    person = await store.read(people.get, world.reader.user.id)
    assert person is not None
    assert person.dm_closed_at is None


async def test_the_inbox_has_pages(world: World, take_in: TakeIn, flow: Flow) -> None:
    empty = await world.slash(world.reader, "inbox")
    assert empty.text == "Your topics have brought nothing yet. /topics follow adds one."
    await follow(world, world.reader, "cat:cs.LG")
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
    await follow(world, world.reader, "cat:cs.LG")
    await take_in(daily(count=19, seen_at=NOON))
    await flow.after(hours=22)
    _, alert = world.dms(world.reader)
    assert alert.text.startswith("## 19 new papers on cat\\:cs.LG\n")
    assert "-# And 11 more: /inbox shows all." in alert.text
    inbox = await world.slash(world.reader, "inbox")
    assert inbox.text.startswith("## 19 papers from your topics\n")


async def test_hostile_topics_are_only_words(world: World) -> None:
    await follow(world, world.reader, "@everyone **gold** <#7>")
    listed = await world.slash(world.reader, "topics list")
    assert r"\@everyone \*\*gold\*\* \<\#7\>" in listed.text
    assert "\\@everyone" in world.dms(world.reader)[0].text


async def test_a_paused_topic_brings_nothing_until_it_goes_on(
    world: World, take_in: TakeIn, flow: Flow, make_bot: Callable[[], PaperBot]
) -> None:
    await follow(world, world.reader, "robots")
    listed = await world.slash(world.reader, "topics list")
    await world.restart(make_bot)
    paused = await world.press(world.reader, listed, "Pause a week")
    until = int((NOON + timedelta(days=7)).timestamp())
    assert paused.text == (
        f"robots rests until <t:{until}:f>. What it finds until then no alert brings; /inbox has it."
    )
    await take_in(daily(a_record(16, 7), day=TUESDAY, seen_at=NOON))
    await flow.after(hours=22)
    assert len(world.dms(world.reader)) == 1
    assert "1 paper from your topics" in (await world.slash(world.reader, "inbox")).text

    listed = await world.slash(world.reader, "topics list")
    assert f", 1 paper, paused until <t:{until}:f>" in listed.text
    assert (await world.press(world.reader, listed, "Resume")).text == "robots goes on."
    await take_in(daily(a_record(28, 7), day=WEDNESDAY, seen_at=flow.clock.now))
    await flow.after(hours=24)
    _, alert = world.dms(world.reader)
    assert alert.text.startswith("## 1 new paper on robots\n"), "not what came during the pause"
    assert "part 3" in alert.text


async def test_topics_are_paused_and_resumed_by_command(world: World, store: Store) -> None:
    await follow(world, world.reader, "robots")
    await world.slash(world.reader, "topics pause", topic=1, days=30)
    (topic,) = await store.read(people.all_topics)
    assert topic.paused_until == NOON + timedelta(days=30)
    assert (await world.slash(world.reader, "topics resume", topic=1)).text == "robots goes on."
    (topic,) = await store.read(people.all_topics)
    assert topic.paused_until == NOON
    for command in ("pause", "resume"):
        not_mine = await world.slash(world.moderator, f"topics {command}", topic=1)
        assert not_mine.text == "You do not follow that. /topics list shows what you follow."


async def test_a_topic_that_rested_longer_than_its_pause_goes_on_by_itself(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await follow(world, world.reader, "robots")
    await world.slash(world.reader, "topics pause", topic=1, days=1)
    await flow.after(hours=25)
    await take_in(daily(a_record(16, 7), day=WEDNESDAY, seen_at=flow.clock.now))
    await flow.run()
    await flow.after(hours=24)
    assert len(world.dms(world.reader)) == 2
    assert "paused" not in (await world.slash(world.reader, "topics list")).text


async def test_an_answer_that_waits_for_the_database_is_promised_at_once(world: World) -> None:
    """A backfill beside the bot may hold the database for longer than Discord's three seconds."""
    await follow(world, world.reader, "robots")
    before = len(world.env.http_requests)
    listed = await world.slash(world.reader, "topics list")
    for button in ("pause:1", "unfollow:1"):
        await world.press(world.reader, listed, button)
    for command in ("alerts schedule", "status"):
        await world.slash(world.reader, command)
    asked = world.env.http_requests[before:]
    answers = [request.json for request in asked if request.path.endswith("/callback")]
    deferred = discord.InteractionResponseType.deferred_channel_message.value
    assert [answer and answer["type"] for answer in answers] == [deferred] * 5
