"""From what a source lists to what stands in a channel: composed, delivered once, and pressed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import discord
import pytest
import simcord
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from bot.client import PaperBot
from bot.daily_lists import look_name
from bot.delivery.sender import Sent
from bot.discord_sender import DiscordSender
from bot.jobs.compose import Compose
from bot.jobs.deliver import Deliver
from bot.listing_days import closes_at, complete_at
from bot.models import Delivery, DeliveryState, Listing, Record, SourceState
from bot.posts import Post
from bot.sources.starter import starter_listing
from bot.store import feeds, ledger, listings
from bot.store.store import Store
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow
from tests.cogs.sample import MONDAY, TITLES, TUESDAY, WEDNESDAY, a_record, daily, paper_id
from tests.conftest import NOON, Clock
from tests.discord_rules.seen import Seen
from tests.discord_rules.world import World

SEND = discord.Permissions(send_messages=True).value
TO_WEDNESDAY_MORNING = 22
"""Hours from noon of Tuesday, 3 March; Tuesday's list is complete then, and nine has passed."""


async def add(world: World, channel: simcord.ChannelHandle | None = None, **options: Any) -> None:
    answer = await world.slash(
        world.moderator, "feeds add", channel=channel or world.channel, **options
    )
    assert "**Feed" in answer.text


def headings(messages: list[Seen]) -> list[str]:
    return [message.text.splitlines()[0] for message in messages]


def last_message(world: World) -> dict[str, Any]:
    """Return the body of the last message that the bot sent on its own."""
    sent = [
        request.json
        for request in world.env.http_requests
        if request.method == "POST" and request.path == f"/channels/{world.channel.id}/messages"
    ]
    assert sent[-1]
    return sent[-1]


async def test_the_day_s_digest_is_in_the_channel_once(
    world: World, take_in: TakeIn, flow: Flow, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(count=3))
    await add(world)
    await flow.run()
    assert world.messages() == [], "the backlog is not news"

    await take_in(daily(*(a_record(n, 50 - n) for n in range(4, 24)), day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    (digest,) = world.messages()
    assert digest.text.startswith(f"## Papers of 3 March 2026\n**1.** [{TITLES[3]}]")
    assert [b.label for b in digest.buttons] == [*"12345678", "And 12 more"]

    await flow.run()
    await world.restart(make_bot)
    await flow.after(hours=2)
    assert len(world.messages()) == 1

    card = await world.press(world.reader, digest, "2")
    assert card.text.startswith(f"### [{TITLES[4]}]")
    rest = await world.press(world.reader, digest, "And 12 more")
    assert rest.text.startswith(f"## The rest: 12 papers\n**1.** [{TITLES[11]}]")
    last = await world.press(world.reader, rest, "Next")
    assert [b.label for b in last.buttons] == ["9", "10", "11", "12", "Previous"]
    assert (card.ephemeral, rest.ephemeral, last.ephemeral) == (True, True, True)
    assert len(world.messages()) == 1


async def test_nothing_is_pinged_unless_a_role_is_named(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world)
    await take_in(daily(a_record(1, 5), day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert "<@&" not in world.messages()[0].text
    allowed = last_message(world)["allowed_mentions"]
    assert not allowed.get("roles")
    assert allowed["parse"] == []


async def test_a_named_role_is_pinged_and_nobody_else(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    role = world.guild.create_role("Readers", mentionable=True)
    await add(world, role=role)
    await take_in(daily(a_record(1, 5), day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert world.messages()[0].text.startswith(f"<@&{role.id}>\n## Papers of")
    assert last_message(world)["allowed_mentions"] == {"parse": [], "roles": [role.id]}


async def test_cards_come_at_most_so_many_a_day_and_the_rest_the_day_after(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world, style="cards", max_papers=2)
    await take_in(daily(*(a_record(n, 50 - n) for n in range(1, 6)), day=TUESDAY))
    for posted in (2, 4, 5, 5):
        await flow.after(hours=24)
        await flow.after(hours=1)
        await flow.after(hours=-1)
        assert len(world.messages()) == posted
    shown = [message.text.split("[")[1].split("]")[0] for message in world.messages()]
    assert shown == list(TITLES[:5])
    saved = await world.press(world.reader, world.messages()[0], "Save")
    assert saved.text.startswith("Saved.")


async def test_a_forum_gets_a_post_a_paper_once(
    world: World, take_in: TakeIn, flow: Flow, make_bot: Callable[[], PaperBot]
) -> None:
    await add(world, world.forum)
    await take_in(daily(a_record(1, 9), a_record(2, 5), day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    await flow.run()
    assert [post.name for post in world.forum.threads] == list(TITLES[:2])
    (first,) = world.messages(world.forum.threads[0])
    await world.restart(make_bot)
    similar = await world.press(world.reader, first, "Similar")
    assert similar.text.startswith(f"## Near in meaning to {TITLES[0]}")


async def test_a_feed_with_a_topic_takes_what_fits_also_from_arxiv(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world)
    await add(world, world.forum, topic="models")
    announced = Listing("arxiv", "cs.LG", TUESDAY, NOON, (a_record(3), a_record(4)))
    await take_in(daily(a_record(1, 9), a_record(5, 5), day=TUESDAY), announced)
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert {post.name for post in world.forum.threads} == {TITLES[2], TITLES[4]}
    (digest,) = world.messages()
    assert digest.text.startswith("## Papers of 3 March 2026\n")
    assert [b.label for b in digest.buttons] == ["1", "2"], "arXiv's hundreds are for topics"


async def test_a_paper_below_the_bar_comes_when_its_votes_have_grown(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world, min_votes=10)
    await take_in(daily(a_record(1, 12), a_record(2, 9), day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert [b.label for b in world.messages()[0].buttons] == ["1"]
    later = flow.clock.now + timedelta(hours=1)
    await take_in(daily(a_record(1, 30), a_record(2, 15), day=TUESDAY, seen_at=later))
    await flow.after(hours=24)
    _, second = world.messages()
    assert TITLES[1] in second.text
    assert TITLES[0] not in second.text


async def test_papers_of_one_score_are_posted_the_newest_first(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world, topic="cat:cs.LG")
    records = tuple(a_record(n) for n in (2, 7, 4))
    await take_in(Listing("arxiv", "cs.LG", TUESDAY, NOON, records))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    (digest,) = world.messages()
    places = [digest.text.index(TITLES[n - 1]) for n in (7, 4, 2)]
    assert places == sorted(places)


async def test_a_list_that_is_still_filling_is_not_posted_from(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world)
    filling = daily(a_record(1, 5), day=WEDNESDAY)
    trending = Listing("huggingface", "trending", WEDNESDAY, NOON, (a_record(1, 5),))
    await take_in(filling, trending, daily(a_record(2, 5), day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    await flow.after(hours=24)
    first, second = world.messages()
    assert (TITLES[1] in first.text, TITLES[0] in first.text) == (True, False)
    assert TITLES[0] in second.text


async def test_a_list_that_was_last_seen_half_filled_waits_for_a_look_after_its_end(
    world: World, take_in: TakeIn, flow: Flow, store: Store
) -> None:
    async def look(at: datetime) -> None:
        state = SourceState("huggingface", look_name(TUESDAY), tried_at=at, good_at=at)
        await store.run(listings.note_state, state)

    await add(world)
    await take_in(daily(a_record(1, 5), day=TUESDAY))
    await look(closes_at(TUESDAY) - timedelta(minutes=20))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert world.messages() == []

    await look(flow.clock.now)
    await flow.after(hours=1)
    assert headings(world.messages()) == ["## Papers of 3 March 2026"]


async def test_a_half_seen_list_is_news_to_a_feed_that_was_added_meanwhile(
    world: World, take_in: TakeIn, flow: Flow, store: Store, clock: Clock
) -> None:
    at = closes_at(MONDAY) - timedelta(minutes=20)
    state = SourceState("huggingface", look_name(MONDAY), tried_at=at, good_at=at)
    await store.run(listings.note_state, state)
    trending = Listing("huggingface", "trending", MONDAY, at, (a_record(1, 5), a_record(3, 5)))
    await take_in(daily(a_record(1, 5)), trending)
    clock.now = complete_at(MONDAY)
    await add(world, hour=6)

    await store.run(listings.note_state, SourceState(state.source, state.name, good_at=NOON))
    await take_in(daily(a_record(1, 5), a_record(2, 5)))
    clock.now = NOON
    await flow.run()
    (digest,) = world.messages()
    shown = [title for title in TITLES[:3] if title in digest.text]
    assert shown == [TITLES[0], TITLES[1]]


async def test_after_an_outage_one_digest_gathers_the_days(
    world: World, take_in: TakeIn, flow: Flow, clock: Clock
) -> None:
    await add(world)
    for n, day in enumerate((TUESDAY, WEDNESDAY, date(2026, 3, 5))):
        records = tuple(a_record(1 + 4 * n + i, 9 - i) for i in range(4))
        await take_in(daily(*records, day=day, seen_at=complete_at(day)))
    clock.now = datetime(2026, 3, 6, 10, tzinfo=NOON.tzinfo)
    await flow.run()
    assert headings(world.messages()) == ["## 3 days, 12 papers: the top 8"]


@pytest.mark.parametrize(
    ("away", "heading", "late"),
    [
        (timedelta(hours=1), "## Papers of 3 March 2026", 0),
        (timedelta(days=1), "## 2 days, 8 papers", 0),
        (timedelta(days=7), "## 5 days, 20 papers: the top 8", 4),
    ],
    ids=["an hour", "a day", "a week"],
)
async def test_what_an_outage_kept_back_comes_once_and_says_so(
    away: timedelta, heading: str, late: int, world: World, take_in: TakeIn, flow: Flow
) -> None:
    """The bot is away from Wednesday's nine o'clock on, when Tuesday's list is due."""
    await add(world)
    back_at = datetime(2026, 3, 4, 9, tzinfo=UTC) + away
    days = [TUESDAY + timedelta(days=n) for n in range(8) if n not in (4, 5)]
    missed = [day for day in days if complete_at(day) <= back_at]
    for n, day in enumerate(missed):
        records = tuple(a_record(1 + 4 * n + i, 9 - i) for i in range(4))
        await take_in(daily(*records, day=day, seen_at=complete_at(day)))
    flow.clock.now = back_at
    for _ in range(3):
        await flow.after(minutes=5)
    assert headings(world.messages()) == [heading]
    papers = await flow.store.read(ledger.of_feed, 1, limit=99)
    held = [line.reason for line in papers if line.state is DeliveryState.HELD]
    assert held == ["late"] * late
    assert len(papers) == 4 * len(missed)


async def test_a_clock_that_goes_back_an_hour_brings_nothing_twice_and_loses_nothing(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world)
    cards = world.guild.create_text_channel("cards")
    await add(world, channel=cards, style="cards", max_papers=2)

    def sent() -> int:
        return len(world.messages()) + len(world.messages(cards))

    await take_in(daily(count=5, day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert sent() == 3
    await flow.after(hours=-1)
    for _ in range(8):
        await flow.after(minutes=15)
    assert sent() == 3

    await take_in(daily(a_record(6, 1), a_record(7, 1), day=WEDNESDAY))
    await flow.after(hours=23)
    assert sent() == 6


async def test_papers_that_also_trend_do_not_make_it_two_days(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world)
    trending = Listing("huggingface", "trending", WEDNESDAY, NOON, (a_record(1, 5), a_record(3, 1)))
    await take_in(daily(a_record(1, 5), a_record(2, 4), day=TUESDAY), trending)
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert headings(world.messages()) == ["## Papers of 3 March 2026"]
    assert TITLES[2] in world.messages()[0].text


async def test_two_feeds_of_a_channel_post_a_paper_once(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world)
    await add(world, topic="attention", style="cards")
    await take_in(daily(a_record(1, 5), a_record(2, 4), day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert headings(world.messages()) == ["## Papers of 3 March 2026"]
    history = await world.slash(world.moderator, "feeds history", feed=2)
    assert "another feed has posted it in this channel" in history.text


async def test_the_starter_library_is_not_news(world: World, take_in: TakeIn, flow: Flow) -> None:
    await add(world)
    await take_in(starter_listing(now=NOON))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert world.messages() == []
    trending = await world.slash(world.reader, "papers trending")
    assert trending.text.startswith("## Starter library\n")


async def test_a_feed_that_is_paused_or_removed_posts_nothing(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world)
    await add(world, world.forum)
    await world.slash(world.moderator, "feeds pause", feed=1)
    await world.slash(world.moderator, "feeds remove", feed=2)
    await take_in(daily(a_record(1, 5), day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    assert world.messages() == []
    assert world.forum.threads == []
    await world.slash(world.moderator, "feeds resume", feed=1)
    await flow.run()
    assert headings(world.messages()) == ["## Papers of 3 March 2026"]


async def test_a_removed_feed_s_digest_still_opens_its_rest(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world)
    await take_in(daily(*(a_record(n, 50 - n) for n in range(1, 11)), day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    (digest,) = world.messages()
    await world.slash(world.moderator, "feeds remove", feed=1)
    rest = await world.press(world.reader, digest, "And 2 more")
    assert rest.text.startswith("## The rest: 2 papers\n")


async def test_a_channel_that_is_gone_pauses_the_feed_and_tells_who_made_it(
    world: World, take_in: TakeIn, flow: Flow, store: Store
) -> None:
    await add(world)
    await take_in(daily(a_record(1, 5), day=TUESDAY))
    world.env.backend.delete_channel(world.channel.id)
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    await flow.run()
    (notice,) = world.dms(world.moderator)
    assert "Feed 1 in" in notice.text
    assert "the channel is gone" in notice.text
    feed = await store.read(feeds.get, 1)
    assert feed is not None
    assert feed.paused_because == "the channel is gone"


@dataclass
class LateNews(DiscordSender):
    """Hears of a refusal only when the channel is open again."""

    channel_id: int
    changes: simcord.Env

    async def send(self, delivery: Delivery, post: Post, *, shortened: bool = False) -> Sent:
        backend = self.changes.backend
        everyone = backend.get_channel(self.channel_id).guild_id
        assert everyone is not None
        closed = Overwrite(everyone, OverwriteType.ROLE, deny=SEND)
        backend.set_overwrite(self.channel_id, closed)
        await self.changes.settle()
        try:
            return await super().send(delivery, post, shortened=shortened)
        finally:
            backend.set_overwrite(self.channel_id, Overwrite(everyone, OverwriteType.ROLE))
            await self.changes.settle()


async def heard(event: str) -> None:
    """Wait until the bot has done what it does at an event that something outside of it told."""
    listeners = [t for t in asyncio.all_tasks() if t.get_name() == f"discord.py: {event}"]
    await asyncio.gather(*listeners)


async def test_a_feed_goes_on_whose_channel_came_back_before_it_was_paused(
    world: World, take_in: TakeIn, flow: Flow, store: Store, clock: Clock
) -> None:
    await add(world)
    await take_in(daily(a_record(1, 5), day=TUESDAY))
    clock.now += timedelta(hours=TO_WEDNESDAY_MORNING)
    bot = world.env.bot
    assert isinstance(bot, PaperBot)
    await Compose(store, clock, bot.services.reader)()
    late = LateNews(bot, flow.note_dm, world.channel.id, world.env)
    changes = bot.services.place_changes
    await Deliver(store, late, clock, changes=changes, look_again_at=bot.look_again_at)()
    await heard("on_place_lost")
    assert world.messages() == []
    feed = await store.read(feeds.get, 1)
    assert feed is not None
    assert feed.paused_because is None
    await flow.run()
    assert headings(world.messages()) == ["## Papers of 3 March 2026"]


async def test_a_word_that_could_not_be_sent_is_told_under_the_next_command_once(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world)
    await take_in(daily(a_record(1, 5), day=TUESDAY))
    world.env.backend.delete_channel(world.channel.id)
    path = f"/channels/{world.dm(world.moderator).id}/messages"
    world.env.inject_error("POST", path, status=403, code=50007)
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    await flow.run()
    assert world.dms(world.moderator) == []
    there = world.dm(world.moderator)
    answer = await world.slash(world.moderator, "status", where=there)
    assert "is paused: the channel is gone. Its set-up is kept" in answer.text
    again = await world.slash(world.moderator, "status", where=there)
    assert "Its set-up is kept" not in again.text


async def test_hostile_papers_are_posted_as_plain_words(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await add(world, style="cards")
    record = a_record(1, 5)
    paper = Record(
        type(record.paper)(paper_id(1), "@everyone <@&1> [x](https://evil.example)" + "#" * 400),
        upvotes=3,
    )
    await take_in(daily(paper, day=TUESDAY))
    await flow.after(hours=TO_WEDNESDAY_MORNING)
    (card,) = world.messages()
    assert r"\@everyone \<\@&1\> \[x\]" in card.text
    assert last_message(world)["allowed_mentions"]["parse"] == []
