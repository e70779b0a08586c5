"""/feeds: what a moderator sets up, sees beforehand and looks up afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import discord
import pytest
import simcord
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot.client import PaperBot
from bot.models import Feed, Style
from bot.store import dm_rest, feeds, people
from bot.store.store import Store
from cogs.feeds import MOST_FEEDS
from tests.builders import a_feed
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow
from tests.cogs.sample import TITLES, TUESDAY, a_record, daily
from tests.conftest import NOON
from tests.discord_rules.seen import Seen
from tests.discord_rules.world import World

NINE = int(datetime(2026, 3, 4, 9, tzinfo=UTC).timestamp())


async def add(world: World, channel: simcord.ChannelHandle | None = None, **options: Any) -> Seen:
    return await world.slash(
        world.moderator, "feeds add", channel=channel or world.channel, **options
    )


def deny(world: World, channel: simcord.ChannelHandle, **permissions: bool) -> None:
    """Take permissions from everyone in a channel, the bot too."""
    allow, deny = discord.PermissionOverwrite(**permissions).pair()
    everyone = world.guild.default_role.id
    overwrite = Overwrite(everyone, OverwriteType.ROLE, allow=allow.value, deny=deny.value)
    world.env.backend.set_overwrite(channel.id, overwrite)


async def the_commands(world: World) -> list[discord.app_commands.AppCommand]:
    bot = world.env.bot
    assert isinstance(bot, PaperBot)
    return await bot.tree.fetch_commands()


async def the_feed(store: Store) -> Feed:
    (feed,) = await store.read(feeds.running)
    return feed


async def test_add_makes_a_digest_at_nine_and_says_when_it_posts(
    world: World, store: Store
) -> None:
    answer = await add(world)
    assert answer.text == (
        f"**Feed 1** posts in <#{world.channel.id}>: a digest, everything listed, 8 a day at the"
        f" most.\nNext: <t:{NINE}:F> (<t:{NINE}:R>), daily at 09:00 UTC. It pings nobody.\n"
        "-# What is on the lists already is not news to it. /feeds preview shows it, and can post"
        " it at once."
    )
    assert answer.ephemeral
    feed = await the_feed(store)
    assert (feed.channel_id, feed.created_by) == (world.channel.id, world.moderator.user.id)


async def test_add_takes_every_wish(world: World, store: Store) -> None:
    role = world.guild.create_role("Readers", mentionable=True)
    answer = await add(
        world,
        topic=" kv   cache ",
        style="cards",
        hour=18,
        timezone="europe/berlin",
        days="weekdays",
        min_votes=5,
        max_papers=20,
        role=role,
    )
    assert "a card a paper, on kv cache, from 5 votes, 20 a day at the most" in answer.text
    assert "Mon, Tue, Wed, Thu, Fri at 18:00 Europe/Berlin. It pings <@&" in answer.text
    feed = await the_feed(store)
    assert (feed.topic, feed.style, feed.timezone) == ("kv cache", Style.CARDS, "Europe/Berlin")
    assert (feed.days, feed.role_id) == (frozenset(range(5)), role.id)


async def test_a_forum_gets_posts_without_being_told(world: World, store: Store) -> None:
    assert "a post a paper" in (await add(world, world.forum)).text
    assert (await the_feed(store)).style is Style.FORUM


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"style": "forum"}, "The style forum needs a forum channel."),
        ({"max_papers": 9}, "A digest shows 8 papers at the most; its last button opens the rest."),
        ({"timezone": "Berln"}, "Did you mean `Europe/Berlin`"),
        ({"topic": '"half a phrase'}, "has no partner"),
    ],
)
async def test_a_wish_that_cannot_work_is_refused_with_the_way_out(
    world: World, store: Store, options: dict[str, Any], said: str
) -> None:
    answer = await add(world, **options)
    assert said in answer.text
    assert answer.ephemeral
    assert await store.read(feeds.running) == []


async def test_a_forum_takes_no_digest(world: World) -> None:
    answer = await add(world, world.forum, style="digest")
    assert answer.text == "A forum takes the style forum."


async def test_time_zones_are_offered_as_they_are_typed(world: World) -> None:
    choices = await world.autocomplete(
        world.moderator, "feeds add", channel=world.channel, timezone="tokio"
    )
    assert ("Asia/Tokyo", "Asia/Tokyo") in choices


async def test_missing_permissions_are_named_with_the_place(world: World, store: Store) -> None:
    deny(world, world.channel, send_messages=False, embed_links=False)
    answer = await add(world)
    assert answer.text == (
        f"The bot lacks Send Messages, Embed Links in <#{world.channel.id}>."
        " Allow that there, then try again."
    )
    assert await store.read(feeds.running) == []


async def test_a_role_that_cannot_be_pinged_is_refused(world: World) -> None:
    deny(world, world.channel, mention_everyone=False)
    role = world.guild.create_role("Staff", mentionable=False)
    assert f"The bot may not ping <@&{role.id}>." in (await add(world, role=role)).text


async def test_a_feed_cannot_ping_everyone(world: World) -> None:
    answer = await add(world, role=world.guild.default_role)
    assert answer.text == "A feed cannot ping everyone. Name another role, or none."


async def test_the_same_feed_twice_is_refused_and_another_topic_is_not(world: World) -> None:
    await add(world, topic="Agents")
    assert (await add(world, topic="agents ")).text == (
        "Feed 1 posts the same there already. /feeds edit changes it."
    )
    assert "**Feed 2**" in (await add(world, topic="robots")).text
    changed = await world.slash(world.moderator, "feeds edit", feed=2, topic="AGENTS")
    assert changed.text.startswith("Feed 1 posts the same there already.")


async def test_a_server_has_a_limit_of_feeds(world: World, store: Store) -> None:
    for number in range(MOST_FEEDS):
        await add(world, topic=f"topic{number}")
    assert (await add(world)).text == ("A server can have 25 feeds. /feeds remove makes room.")
    choices = await world.autocomplete(world.moderator, "feeds preview", feed="")
    assert len(choices) == MOST_FEEDS
    listed = await world.slash(world.moderator, "feeds list")
    assert listed.text.startswith("## 25 feeds\n**1** ")
    assert "**25** " in listed.text


async def test_the_longest_list_of_feeds_shows_every_one(world: World, store: Store) -> None:
    for number in range(MOST_FEEDS):
        topic = f"{number}" + "[" * 150
        made = await store.run(feeds.add, a_feed(guild_id=world.guild.id, topic=topic))
        if number % 2:
            await store.run(feeds.pause, made.id, now=NOON, because="the channel is gone " * 9)
    text = (await world.slash(world.moderator, "feeds list")).text
    for number in range(1, MOST_FEEDS + 1):
        assert f"**{number}** <#100>: a digest" in text


async def test_only_people_with_manage_server_see_the_commands(world: World) -> None:
    with pytest.raises(simcord.SetupError, match="not visible to this user"):
        await world.slash(world.reader, "feeds list")


async def test_someone_a_server_has_let_in_is_still_refused(world: World) -> None:
    (command,) = [c for c in await the_commands(world) if c.name == "feeds"]
    world.guild.set_command_permissions(command, {world.reader: True})
    answer = await world.slash(world.reader, "feeds list")
    assert answer.text == "This is for people with the Manage Server permission."
    assert answer.ephemeral


async def test_list_shows_the_next_post_and_why_a_feed_is_paused(
    world: World, store: Store
) -> None:
    assert (await world.slash(world.moderator, "feeds list")).text == (
        "This server has no feeds yet. /feeds add makes one."
    )
    await add(world, days="Mondays")
    await add(world, world.forum)
    now = datetime(2026, 3, 3, 12, tzinfo=UTC)
    await store.run(feeds.pause, 2, now=now, because="the channel is gone")
    text = (await world.slash(world.moderator, "feeds list")).text
    monday = int(datetime(2026, 3, 9, 9, tzinfo=UTC).timestamp())
    assert f"-# Mon at 09:00 UTC · next <t:{monday}:R>" in text
    assert f"paused <t:{int(now.timestamp())}:R>: the channel is gone" in text


async def test_another_server_s_feed_is_not_there(world: World, store: Store) -> None:
    elsewhere = Feed(0, 1, 2, 3, datetime(2026, 3, 1, tzinfo=UTC))
    made = await store.run(feeds.add, elsewhere)
    for command in ("preview", "pause", "resume", "remove", "history", "edit"):
        answer = await world.slash(world.moderator, f"feeds {command}", feed=made.id)
        assert answer.text == "This server has no feed 1. /feeds list shows them all."
        assert answer.ephemeral
    assert await store.read(feeds.get, made.id) == made


async def test_a_feed_is_chosen_by_number_channel_or_wish(world: World) -> None:
    await add(world, topic="agents")
    await add(world, world.forum)
    one = ("1: #papers, a digest, on agents, 8 a day at the most", 1)
    two = ("2: #paper-talk, a post a paper, everything listed, 8 a day at the most", 2)
    for typed, offered in {"": [one, two], "AGENTS": [one], "talk": [two], "2": [two]}.items():
        choices = await world.autocomplete(world.moderator, "feeds history", feed=typed)
        assert choices == offered, typed


async def test_edit_changes_what_is_named_and_keeps_the_rest(world: World, store: Store) -> None:
    await add(world, topic="agents", hour=7, min_votes=5)
    answer = await world.slash(
        world.moderator, "feeds edit", feed=1, topic="-survey agents", timezone="Asia/Tokyo"
    )
    assert "a digest, on -survey agents, from 5 votes" in answer.text
    feed = await the_feed(store)
    assert (feed.topic, feed.hour, feed.timezone) == ("-survey agents", 7, "Asia/Tokyo")
    await world.slash(world.moderator, "feeds edit", feed=1, topic="-", max_papers=3)
    feed = await the_feed(store)
    assert (feed.topic, feed.max_papers, feed.min_votes) == ("", 3, 5)


async def test_edit_changes_the_style_and_the_role_to_ping(world: World, store: Store) -> None:
    role = world.guild.create_role("Readers", mentionable=True)
    await add(world, max_papers=5)
    answer = await world.slash(
        world.moderator, "feeds edit", feed=1, style="cards", max_papers=20, role=role
    )
    assert "a card a paper, everything listed, 20 a day at the most" in answer.text
    assert f"It pings <@&{role.id}>." in answer.text
    feed = await the_feed(store)
    assert (feed.style, feed.role_id) == (Style.CARDS, role.id)
    await world.slash(world.moderator, "feeds edit", feed=1, hour=7)
    assert (await the_feed(store)).role_id == role.id
    answer = await world.slash(world.moderator, "feeds edit", feed=1, no_role=True)
    assert "It pings nobody." in answer.text
    assert (await the_feed(store)).role_id is None
    both = await world.slash(world.moderator, "feeds edit", feed=1, role=role, no_role=True)
    assert both.text == "Name a role to ping or set no_role, not both."


async def test_edit_refuses_a_role_that_cannot_be_pinged(world: World, store: Store) -> None:
    await add(world)
    deny(world, world.channel, mention_everyone=False)
    for role, said in (
        (world.guild.create_role("Quiet"), "The bot may not ping"),
        (world.guild.default_role, "A feed cannot ping everyone."),
    ):
        answer = await world.slash(world.moderator, "feeds edit", feed=1, role=role)
        assert said in answer.text
    assert (await the_feed(store)).role_id is None


async def test_edit_refuses_a_style_without_its_permissions(world: World, store: Store) -> None:
    await add(world)
    deny(world, world.channel, embed_links=False)
    answer = await world.slash(world.moderator, "feeds edit", feed=1, style="cards")
    assert "The bot lacks" in answer.text
    assert (await the_feed(store)).style is Style.DIGEST


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"style": "forum"}, "The style forum needs a forum channel."),
        ({"max_papers": 20}, "A digest shows 8 papers"),
        ({"timezone": "Mars/Olympus"}, "There is no time zone of that name."),
        ({"topic": "cat:zz"}, "zz"),
    ],
)
async def test_edit_refuses_what_add_refuses(
    world: World, store: Store, options: dict[str, Any], said: str
) -> None:
    await add(world)
    before = await the_feed(store)
    answer = await world.slash(world.moderator, "feeds edit", feed=1, **options)
    assert said in answer.text
    assert await the_feed(store) == before


async def test_pause_and_resume(world: World, store: Store, woken: list[str]) -> None:
    await add(world)
    answer = await world.slash(world.moderator, "feeds pause", feed=1)
    assert answer.text == "Feed 1 is paused. /feeds resume lets it go on."
    assert (await world.slash(world.moderator, "feeds pause", feed=1)).text == (
        "Feed 1 is paused already."
    )
    changed = await world.slash(world.moderator, "feeds edit", feed=1, hour=8)
    assert "It is paused; /feeds resume lets it go on, daily at 08:00 UTC." in changed.text
    assert (await world.slash(world.moderator, "feeds resume", feed=1)).text == "Feed 1 goes on."
    assert woken == ["compose"]
    assert (await world.slash(world.moderator, "feeds resume", feed=1)).text == (
        "Feed 1 is not paused."
    )


async def test_resume_checks_the_channel_first(world: World, store: Store) -> None:
    await add(world)
    await add(world, world.forum)
    for number in (1, 2):
        await world.slash(world.moderator, "feeds pause", feed=number)
    deny(world, world.channel, send_messages=False)
    refused = await world.slash(world.moderator, "feeds resume", feed=1)
    assert "The bot lacks Send Messages" in refused.text
    world.env.backend.delete_channel(world.forum.id)
    gone = await world.slash(world.moderator, "feeds resume", feed=2)
    assert gone.text == "Feed 2's channel is gone. /feeds remove ends the feed."
    assert await store.read(feeds.running) == []


async def test_remove_ends_a_feed(world: World, store: Store) -> None:
    await add(world)
    answer = await world.slash(world.moderator, "feeds remove", feed=1)
    assert answer.text == f"Feed 1 in <#{world.channel.id}> is removed."
    assert await store.read(feeds.running) == []


async def test_preview_shows_the_next_post_to_the_moderator_alone(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await take_in(daily(count=3))
    await add(world)
    await take_in(daily(a_record(4, 5), a_record(5, 50), day=TUESDAY))
    await flow.after(hours=20)
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    assert preview.ephemeral
    assert preview.text.startswith(
        "-# A preview that only you see. Nothing was posted.\n## Papers of 3 March 2026\n"
        f"**1.** [{TITLES[4]}]"
    )
    assert [b.label for b in preview.buttons] == ["1", "2", "Post it now"]
    assert world.messages() == []


async def test_preview_of_a_new_feed_is_made_of_what_is_no_news_to_it(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=10))
    await add(world)
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    assert preview.text.startswith(
        "-# A preview that only you see. Nothing was posted, and this is no news to the feed: it"
        " was listed before. Its last button would open 2 more.\n## Papers of 2 March 2026\n"
    )


async def test_preview_without_anything_that_fits_says_so(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=3))
    await add(world, topic="zymurgy")
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    assert preview.text.startswith("Nothing on the newest lists fits this feed right now")


async def test_post_it_now_posts_exactly_the_preview_as_today_s_digest(
    world: World, take_in: TakeIn, flow: Flow, woken: list[str]
) -> None:
    await take_in(daily(count=10))
    await add(world, hour=15)
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    answer = await world.press(world.moderator, preview, "Post it now")
    assert answer.text == f"It goes out to <#{world.channel.id}> within seconds."
    assert woken == ["deliver"]
    again = await world.press(world.moderator, preview, "Post it now")
    assert again.text == "Feed 1 has posted what it may today. It goes on at its hour."

    await flow.run()
    (digest,) = world.messages()
    assert digest.text == preview.text.partition("\n")[2]
    assert [b.label for b in digest.buttons] == [*"12345678", "And 2 more"]
    await take_in(daily(a_record(11, 5), day=TUESDAY))
    await flow.after(hours=4)  # the feed's hour, 15:00, has passed
    assert len(world.messages()) == 1
    await flow.after(hours=24)
    assert [m.text.splitlines()[0] for m in world.messages()][1:] == ["## Papers of 3 March 2026"]


async def test_post_it_now_posts_cards_and_counts_them_to_the_day(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await take_in(daily(count=10))
    await add(world, style="cards", hour=15, max_papers=4)
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    await world.press(world.moderator, preview, "Post it now")
    await flow.run()
    assert len(world.messages()) == 4
    await flow.after(hours=4)
    assert len(world.messages()) == 4
    again = await world.slash(world.moderator, "feeds preview", feed=1)
    assert [b.label for b in again.buttons] == list("1234")


async def test_a_long_row_of_cards_is_previewed_and_posted_in_parts(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await take_in(daily(count=30))
    await add(world, style="cards", max_papers=20)
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    assert "it was listed before. It would post 12 more.\n" in preview.text
    assert [b.label for b in preview.buttons] == [*"12345678", "Post it now"]
    await world.press(world.moderator, preview, "Post it now")
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    assert "It would post 4 more.\n" in preview.text
    await flow.run()
    assert len(world.messages()) == 8


async def test_what_was_posted_meanwhile_is_not_posted_again(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await take_in(daily(count=3))
    await add(world)
    await add(world, topic="attention")
    first = await world.slash(world.moderator, "feeds preview", feed=1)
    second = await world.slash(world.moderator, "feeds preview", feed=2)
    await world.press(world.moderator, first, "Post it now")
    refused = await world.press(world.moderator, second, "Post it now")
    assert refused.text == "What this feed would post has changed. /feeds preview shows it anew."
    await flow.run()
    assert len(world.messages()) == 1


async def test_a_feed_without_news_shows_what_it_posted_but_not_to_post_it_again(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await take_in(daily(count=3))
    await add(world)
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    await world.press(world.moderator, preview, "Post it now")
    await flow.run()
    await flow.after(days=1)
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    assert "Nothing new is listed" in preview.text
    assert [b.label for b in preview.buttons] == list("123")


async def test_a_paused_feed_is_previewed_but_not_posted(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=3))
    await add(world)
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    await world.slash(world.moderator, "feeds pause", feed=1)
    refused = await world.press(world.moderator, preview, "Post it now")
    assert refused.text == "Feed 1 is paused. /feeds resume lets it go on."
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    assert [b.label for b in preview.buttons] == list("123")


async def test_post_it_now_works_after_a_restart_and_for_moderators_alone(
    world: World, take_in: TakeIn, flow: Flow, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(count=3))
    await add(world)
    preview = await world.slash(world.moderator, "feeds preview", feed=1)
    await world.restart(make_bot)
    moderators = world.guild.roles["Moderators"]
    world.env.backend.remove_member_role(world.guild.id, world.moderator.id, moderators.id)
    refused = await world.press(world.moderator, preview, "Post it now")
    assert refused.text == "This is for people with the Manage Server permission."
    await flow.run()
    assert world.messages() == []


async def test_history_says_what_became_of_each_paper(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    assert (await add(world, style="cards", max_papers=1, min_votes=3)).ephemeral
    nothing = await world.slash(world.moderator, "feeds history", feed=1)
    assert nothing.text == "Nothing was decided for feed 1 yet."
    await take_in(daily(a_record(1, 9), a_record(2, 5), a_record(3, 1), day=TUESDAY))
    await flow.after(hours=22)
    text = (await world.slash(world.moderator, "feeds history", feed=1)).text
    (card,) = world.messages()
    url = f"https://discord.com/channels/{world.guild.id}/{world.channel.id}/{card.message.id}"
    assert text.startswith(
        f"## Feed 1 in <#{world.channel.id}>\n-# 1 sent, 2 held (1 too few votes, 1 over the day's number)\n"
    )
    assert f"[{TITLES[0]}]({url})\n-# sent · <t:" in text
    assert f"{TITLES[1]}\n-# held\\: the day's number of papers was reached" in text
    assert f"{TITLES[2]}\n-# held\\: it has fewer votes than this feed asks for" in text


async def test_history_can_show_one_part(world: World, take_in: TakeIn, flow: Flow) -> None:
    await add(world, style="cards", max_papers=1, min_votes=3)
    await take_in(daily(a_record(1, 9), a_record(2, 5), a_record(3, 1), day=TUESDAY))
    await flow.after(hours=22)
    sent = (await world.slash(world.moderator, "feeds history", feed=1, only="sent")).text
    assert TITLES[0] in sent
    assert TITLES[1] not in sent
    held = (await world.slash(world.moderator, "feeds history", feed=1, only="held")).text
    assert TITLES[0] not in held
    assert TITLES[1] in held
    owed = await world.slash(world.moderator, "feeds history", feed=1, only="owed")
    assert owed.text == "Feed 1 has no paper that is owed."


async def test_history_goes_back_to_the_first_paper(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world, min_votes=1_000)
    await take_in(daily(count=50, day=TUESDAY))
    await flow.after(hours=22)
    page = await world.slash(world.moderator, "feeds history", feed=1)
    seen = re.findall(r"(.+)\n-# held", page.text)
    while page.buttons:
        [older] = page.buttons
        assert older.label == f"And {50 - len(seen)} more"
        page = await world.press(world.moderator, page, older.label)
        seen += re.findall(r"(.+)\n-# held", page.text)
    assert len(seen) == len(set(seen)) == 50


async def test_add_opens_the_moderator_s_dm_silently_for_later_notices(
    world: World, store: Store
) -> None:
    await add(world)
    person = await store.read(people.get, world.moderator.user.id)
    assert person is not None
    assert person.dm_channel_id == world.dm(world.moderator).id
    assert world.dms(world.moderator) == []


async def test_a_dm_that_cannot_be_opened_does_not_matter(world: World, store: Store) -> None:
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=50007)
    assert "**Feed 1** posts" in (await add(world)).text
    person = await store.read(people.get, world.moderator.user.id)
    assert person is not None
    assert person.dm_channel_id is None


async def test_no_dm_is_opened_by_a_command_while_discord_wants_no_new_ones(
    world: World, store: Store
) -> None:
    world.env.inject_error("POST", "/users/@me/channels", status=403, code=40003)
    assert "**Feed 1** posts" in (await add(world)).text
    assert await store.read(dm_rest.resting_until, now=NOON) is not None
    await add(world, topic="robots")
    opened = [r for r in world.env.http_requests if r.path == "/users/@me/channels"]
    assert len(opened) == 1
    person = await store.read(people.get, world.moderator.user.id)
    assert person is not None
    assert (person.dm_channel_id, person.dm_closed_at) == (None, None)
