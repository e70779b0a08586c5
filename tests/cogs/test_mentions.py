"""Messages to the bot: mentions, replies, direct messages, and talk in papers' threads."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import discord
import pytest
import simcord

from bot.answers.answer import Answer
from bot.client import PaperBot, Services
from bot.conversations import FOLLOW_UP, LIMITS, Conversations
from bot.render.answers import HOW_TO, READING
from bot.store.store import Store
from cogs import EXTENSIONS
from cogs.mentions import has_words, is_greeting, is_mentioned, question_in
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow
from tests.cogs.sample import TITLES, TUESDAY, a_record, daily, paper_id
from tests.cogs.scripted import Scripted, an_answer
from tests.conftest import Clock
from tests.discord_rules.fixtures import OpenWorld
from tests.discord_rules.seen import Seen
from tests.discord_rules.world import World

Post = Callable[..., Awaitable[list[Seen]]]
ABSTRACT = "> We study sparse attention for long documents."


@pytest.fixture
def scripted(services: Services, store: Store, clock: Clock) -> Scripted:
    """Whoever answers here, and what they were asked."""
    scripted = Scripted(an_answer("One."))
    services.conversations = Conversations(store, lambda: scripted, clock)
    return scripted


@pytest.fixture
def post(world: World, take_in: TakeIn, flow: Flow) -> Post:
    """Have a feed post papers by their numbers, the first of them the most voted."""

    async def post(style: str, *numbers: int) -> list[Seen]:
        place = world.forum if style == "forum" else world.channel
        await world.slash(world.moderator, "feeds add", channel=place, style=style)
        await take_in(daily(*(a_record(n, 50 - n) for n in numbers), day=TUESDAY))
        await flow.after(hours=22)
        return [] if style == "forum" else world.messages()

    return post


def me(world: World) -> str:
    assert world.env.bot.user
    return world.env.bot.user.mention


def answers(world: World, where: simcord.ChannelHandle | None = None) -> list[Seen]:
    """Return what the bot itself wrote in a place."""
    place = where or world.channel
    said = zip(place.history(), world.messages(place), strict=True)
    return [seen for message, seen in said if message.author == world.env.bot.user]


def sent(world: World) -> list[dict[str, Any]]:
    """Return the bodies of the messages that the bot sent."""
    return [
        request.json or {}
        for request in world.env.http_requests
        if request.method == "POST" and request.path.endswith("/messages")
    ]


async def test_a_mention_is_answered_by_a_reply_that_pings_nobody(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=12))
    asked = await world.say(world.reader, f"{me(world)} What is new in sparse attention?")
    (answer,) = answers(world)
    assert answer.text.startswith(ABSTRACT), "the question is to be seen above it"
    (body,) = sent(world)
    assert body["message_reference"]["message_id"] == asked.id
    assert body["allowed_mentions"] == {"parse": []}
    typing = [r.path for r in world.env.http_requests if r.path.endswith("/typing")]
    assert typing == [f"/channels/{world.channel.id}/typing"]


async def test_a_reply_to_a_card_is_about_its_paper(
    world: World, post: Post, scripted: Scripted
) -> None:
    first, second = await post("cards", 1, 2)
    await world.say(world.reader, "Does it scale?", reply_to=second)
    await world.say(world.moderator, "Is there code?", reply_to=first)
    assert scripted.about == [(paper_id(2),), (paper_id(1),)]
    assert scripted.asked == ["Does it scale?", "Is there code?"]


async def test_a_reply_to_a_digest_is_about_its_papers(
    world: World, post: Post, scripted: Scripted
) -> None:
    (digest,) = await post("digest", *range(1, 13))
    await world.say(world.reader, "Which of them is about robots?", reply_to=digest)
    assert scripted.about == [()], "too many to be named one by one"
    assert scripted.papers_before == [[tuple(paper_id(n) for n in range(1, 13))]]


async def test_a_reply_finds_its_paper_by_the_buttons_where_the_tables_are_gone(
    world: World, post: Post, scripted: Scripted, store: Store
) -> None:
    (card,) = await post("cards", 1)
    await store.run(lambda db: db.execute("UPDATE delivery SET message_id = NULL"))
    await world.say(world.reader, "Does it scale?", reply_to=card)
    assert scripted.about == [(paper_id(1),)]


async def test_a_reply_to_an_answer_goes_on_with_its_conversation_also_after_a_restart(
    world: World, take_in: TakeIn, scripted: Scripted, store: Store, services: Services
) -> None:
    await take_in(daily(count=3))
    await world.say(world.reader, f"{me(world)} A?")
    fresh = Services(store, services.engine, services.now)
    fresh.conversations = Conversations(store, lambda: scripted, services.now)
    await world.restart(lambda: PaperBot(fresh, EXTENSIONS))
    await world.say(world.moderator, "B?", reply_to=answers(world)[0])
    assert scripted.earlier == [[], ["A?"]]
    assert scripted.about[1] == (paper_id(1),)


async def test_a_reply_without_its_ping_reaches_nobody(
    world: World, post: Post, scripted: Scripted
) -> None:
    """Discord keeps the text of such a reply back, so there is nothing to answer."""
    (card,) = await post("cards", 1)
    await world.say(world.reader, "Does it scale?", reply_to=card, ping=False)
    assert scripted.asked == []
    assert len(answers(world)) == 1


async def test_a_mention_under_somebody_else_s_message_is_a_question(
    world: World, take_in: TakeIn, scripted: Scripted
) -> None:
    await take_in(daily(count=3))
    theirs = await world.say(world.moderator, "Look at this")
    await world.say(world.reader, f"{me(world)} A?", reply_to=theirs)
    assert scripted.asked == ["A?"]


async def test_a_direct_message_is_a_question_and_follow_ups_end_with_the_clock(
    world: World, take_in: TakeIn, scripted: Scripted, clock: Clock
) -> None:
    await take_in(daily(count=3))
    dm = world.dm(world.reader)
    await world.say(world.reader, "A?", where=dm)
    clock.now += FOLLOW_UP - timedelta(minutes=1)
    await world.say(world.reader, "B?", where=dm)
    clock.now += FOLLOW_UP
    await world.say(world.reader, "C?", where=dm)
    assert scripted.earlier == [[], ["A?"], []]
    assert len(answers(world, dm)) == 3


async def test_a_reply_to_an_alert_is_about_its_papers(
    world: World, take_in: TakeIn, flow: Flow, scripted: Scripted
) -> None:
    offered = await world.slash(world.reader, "topics follow", topic="attention")
    await world.press(world.reader, offered, "Follow")
    await take_in(daily(a_record(1, 50), day=TUESDAY))
    await flow.after(hours=22)
    dm = world.dm(world.reader)
    alert = world.dms(world.reader)[-1]
    assert TITLES[0] in alert.text
    await world.say(world.reader, "Why should I care?", where=dm, reply_to=alert)
    assert scripted.about == [(paper_id(1),)]


async def test_a_forum_post_is_one_conversation_about_its_paper(
    world: World, post: Post, scripted: Scripted, clock: Clock
) -> None:
    await post("forum", 1, 2)
    scripted.final = an_answer("One.", paper=paper_id(2))
    thread = next(t for t in world.forum.threads if t.name == TITLES[1])
    await world.say(world.reader, f"{me(world)} A?", where=thread)
    clock.now += timedelta(days=2)
    await world.say(world.moderator, f"{me(world)} B?", where=thread)
    assert scripted.about == [(paper_id(2),)] * 2
    assert scripted.earlier == [[], ["A?"]]
    assert len(answers(world, thread)) == 3, "the card, and two answers"


async def test_a_thread_under_a_card_is_about_its_paper(
    world: World, post: Post, scripted: Scripted
) -> None:
    (card,) = await post("cards", 1)
    thread = world.start_thread(world.reader, card, "Talk")
    await world.say(world.reader, f"{me(world)} A?", where=thread)
    assert scripted.about == [(paper_id(1),)]


async def test_a_paper_named_in_the_question_goes_before_that_of_the_thread(
    world: World, post: Post, scripted: Scripted
) -> None:
    (card,) = await post("cards", 1)
    await world.say(world.reader, "Is it like arXiv 2602.00002?", reply_to=card)
    assert scripted.about == [()], "the question says itself which paper it is about"


async def test_talk_in_a_thread_is_left_alone_without_the_intent(
    world: World, post: Post, scripted: Scripted
) -> None:
    (card,) = await post("cards", 1)
    thread = world.start_thread(world.reader, card, "Talk")
    await world.say(world.reader, "Does it scale?", where=thread)
    assert scripted.asked == []


@pytest.fixture
async def reading_world(discord_world: OpenWorld, services: Services) -> AsyncIterator[World]:
    """A world whose bot was given the message-content intent."""

    def make_bot() -> PaperBot:
        return PaperBot(services, EXTENSIONS, message_content=True)

    async with discord_world(make_bot) as world:
        yield world


async def test_with_the_intent_questions_in_a_paper_s_thread_are_answered_if_it_says(
    reading_world: World, take_in: TakeIn, store: Store, clock: Clock, scripted: Scripted
) -> None:
    world, flow = reading_world, Flow(reading_world, store, clock)
    await world.slash(world.moderator, "feeds add", channel=world.channel, style="cards")
    await take_in(daily(a_record(1, 50), day=TUESDAY))
    await flow.after(hours=22)
    thread = world.start_thread(world.reader, world.messages()[0], "Talk")
    await world.say(world.reader, "Does it scale?", where=thread)
    assert scripted.asked == ["Does it scale?"]
    assert len(answers(world, thread)) == 1

    await world.say(world.reader, "I like it", where=thread)
    await world.say(world.reader, f"{world.moderator.mention} what do you think?", where=thread)
    await world.say(world.reader, "see `a ? b : c` and http://a.example/?q=1", where=thread)
    await world.say(world.reader, "Does it scale?")  # in the channel
    assert len(scripted.asked) == 1

    scripted.final = Answer("The paper does not say.", abstained=True)
    await world.say(world.moderator, "What is the price?", where=thread)
    assert len(scripted.asked) == 2
    for _ in range(LIMITS[0][0]):
        await world.say(world.moderator, "And now?", where=thread)
    assert len(scripted.asked) == 1 + LIMITS[0][0]
    assert len(answers(world, thread)) == 1  # who never called the bot is not told of its limits


@pytest.mark.parametrize(
    "text",
    [
        "type `{me} what is new?`",
        "```\n{me} what is new?\n```",
        "> {me} what is new?\nasks somebody",
        "what is new?",
    ],
)
async def test_what_is_not_said_to_the_bot_is_not_answered(
    world: World, scripted: Scripted, text: str
) -> None:
    await world.say(world.moderator, text.format(me=me(world)))
    assert scripted.asked == []
    assert answers(world) == []


async def test_an_announcement_to_everyone_is_not_a_question(
    world: World, scripted: Scripted
) -> None:
    criers = world.guild.create_role(
        "Criers", permissions=discord.Permissions(mention_everyone=True)
    )
    crier = world.guild.add_member(world.env.create_user("crier"), roles=[criers])
    await world.say(crier, f"@everyone {me(world)} is here: ask it what is new?")
    assert scripted.asked == []


async def test_other_bots_and_webhooks_are_not_answered(world: World, scripted: Scripted) -> None:
    webhook = world.guild.create_webhook(world.channel)
    await webhook.send(f"{me(world)} what is new?")
    robot = world.guild.add_member(world.env.create_user("robot", bot=True))
    await world.say(robot, f"{me(world)} what is new?")
    assert scripted.asked == []
    assert answers(world) == []


async def test_who_else_is_mentioned_is_no_part_of_the_question(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=3))
    them = world.moderator.mention
    await world.say(world.reader, f"{me(world)} {them} What is studied? {paper_id(1)}")
    assert answers(world)[0].text.startswith(ABSTRACT)
    asked = await world.slash(
        world.reader, "ask", question=f"{them} What is studied?", paper=paper_id(1)
    )
    assert asked.text.startswith(f"-# What is studied?\n{ABSTRACT}")


async def test_a_link_without_a_word_is_what_the_next_question_is_about(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=12))
    dm = world.dm(world.reader)
    await world.say(world.reader, paper_id(4), where=dm)
    await world.say(world.reader, "When was it published?", where=dm)
    assert f"[{TITLES[3]}]" in answers(world, dm)[1].text
    await world.say(world.reader, f"{me(world)} {paper_id(5)}")
    await world.say(world.reader, f"{me(world)} When was it published?")
    assert f"[{TITLES[4]}]" in answers(world)[1].text


@pytest.mark.parametrize(
    "text",
    [
        "{me}",
        "{me} 👍 <:ok:123456789012345678>",
        "{me} ...?!",
        "{me} <@&12345>",
        "{me} Hello there!",
    ],
)
async def test_a_mention_without_a_question_is_told_how_to_ask(
    world: World, scripted: Scripted, text: str
) -> None:
    await world.say(world.reader, text.format(me=me(world)))
    (answer,) = answers(world)
    assert answer.text == HOW_TO
    assert scripted.asked == []


async def test_a_file_without_a_word_is_told_how_to_ask(world: World, scripted: Scripted) -> None:
    dm = world.dm(world.reader)
    await world.say(world.reader, "", where=dm, files=[("cat.png", b"x")])
    (answer,) = answers(world, dm)
    assert answer.text == HOW_TO


async def test_a_link_without_a_word_shows_the_paper(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=3))
    dm = world.dm(world.reader)
    await world.say(world.reader, f"https://arxiv.org/pdf/{paper_id(1)}v2", where=dm)
    (answer,) = answers(world, dm)
    assert answer.text.startswith(f"## 1 paper in this message\n**1.** [{TITLES[0]}]")
    assert [b.label for b in answer.buttons] == ["Ask", "Similar", "Save"]


def deny(world: World, **permissions: bool) -> simcord.ChannelHandle:
    overwrite = discord.PermissionOverwrite(**permissions)
    assert world.env.bot.user
    return world.guild.create_text_channel("closed", overwrites={world.env.bot.user: overwrite})


async def test_where_the_bot_may_not_write_it_asks_nothing_of_discord(
    world: World, scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    closed = deny(world, send_messages=False)
    caplog.set_level(logging.INFO, "cogs.mentions")
    before = len(world.env.http_requests)
    await world.say(world.reader, f"{me(world)} A?", where=closed)
    assert len(world.env.http_requests) == before
    assert scripted.asked == []
    assert "the bot may not write in its channel" in caplog.text
    answer = await world.slash(world.reader, "ask", question="A?", where=closed)
    assert "> One." in answer.text, "a command is always answered"


async def test_without_the_history_the_answer_is_no_reply(world: World, scripted: Scripted) -> None:
    blind = deny(world, read_message_history=False)
    await world.say(world.reader, f"{me(world)} A?", where=blind)
    (body,) = sent(world)
    assert "message_reference" not in body
    assert len(scripted.asked) == 1


async def test_a_locked_thread_is_left_alone(world: World, scripted: Scripted) -> None:
    channel = deny(world, manage_threads=False)
    message = await world.say(world.reader, "Let us talk", where=channel)
    thread = world.start_thread(world.reader, message, "Talk")
    await world.say(world.reader, f"{me(world)} A?", where=thread)
    world.env.backend.edit_channel(thread.id, {}, thread_metadata={"locked": True})
    await world.say(world.moderator, f"{me(world)} B?", where=thread)
    assert scripted.asked == ["A?"]


async def test_a_refusal_by_discord_is_noted_and_forgotten(
    world: World, scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    path = f"/channels/{world.channel.id}/messages"
    world.env.inject_error("POST", path, status=403, code=50013, times=None)
    await world.say(world.reader, f"{me(world)} A?")
    assert "could not be answered" in caplog.text
    assert answers(world) == []


async def test_a_slow_answer_to_a_mention_is_one_message_that_grows(
    world: World, take_in: TakeIn, scripted: Scripted
) -> None:
    await take_in(daily(count=3))
    scripted.seconds = 20
    await world.say(world.reader, f"{me(world)} A?")
    await world.env.advance_time(2)
    (draft,) = answers(world)
    assert draft.text == READING
    await world.env.advance_time(30)
    (answer,) = answers(world)
    assert answer.text.startswith("> One.")
    assert len(sent(world)) == 1


async def test_who_asks_too_fast_is_told_once(
    world: World, scripted: Scripted, clock: Clock
) -> None:
    most = LIMITS[0][0]
    for _ in range(most + 3):
        await world.say(world.reader, f"{me(world)} A?")
    said = answers(world)
    assert len(scripted.asked) == most
    assert len(said) == most + 1
    assert said[-1].text.startswith("You have asked 6 questions in a short time.")


async def test_a_bug_is_told_as_a_number(
    world: World, scripted: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    scripted.final = ZeroDivisionError()
    asked = await world.say(world.reader, f"{me(world)} A?")
    (answer,) = answers(world)
    assert answer.text == f"Something went wrong on our side (`{asked.id}`)."
    assert "ZeroDivisionError" in caplog.text


async def test_a_question_that_was_taken_back_is_answered_without_a_reference(
    world: World, take_in: TakeIn, scripted: Scripted
) -> None:
    scripted.seconds = 6
    asked = await world.say(world.reader, f"{me(world)} A?")
    await world.reader.delete(asked)
    await world.env.advance_time(10)
    (answer,) = answers(world)
    assert "> One." in answer.text


ME = 42


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("<@42> what?", "what?"),
        ("<@!42>, what\nis it?", ", what is it?"),
        ("> they said\n<@42> what?", "what?"),
        (">>> <@42> all quoted", ""),
        ("a > b, <@42>?", "a > b, ?"),
        ("<@42> what <@!7> <@&5> said in <#9> at <t:1700000000:R>?", "what said in at ?"),
        ("why <:ok:1234> <a:fast_1:5678>? </ask now:12> <id:browse>", "why ?"),
        ("is a<b and b>a? <3", "is a<b and b>a? <3"),
    ],
)
def test_question_in(text: str, asks: str) -> None:
    assert question_in(text) == asks


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("<@42> hi", True),
        ("<@!42> hi", True),
        ("<@421> hi", False),
        ("`<@42>` hi", False),
        ("``a ` <@42>`` hi", False),
        ("```py\n<@42>\n``` hi", False),
        ("```py\n<@42> never closed", False),
        ("`code` <@42>", True),
        ("> <@42> hi", False),
        ("> hi\n<@42>", True),
    ],
)
def test_is_mentioned(text: str, mentioned: bool) -> None:
    assert is_mentioned(text, ME) is mentioned


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("why", True),
        ("2602.00001", False),
        ("<https://arxiv.org/abs/2602.00001> !", False),
        ("why 2602.00001", True),
        ("...", False),
        ("<:ok:1234>", False),
        ("为什么", True),
    ],
)
def test_has_words(text: str, words: bool) -> None:
    assert has_words(text) is words


@pytest.mark.parametrize(
    ("text", "greets"),
    [
        ("hello", True),
        ("Hi, Paperwire!", True),
        ("good morning", True),
        ("Thanks :)", True),
        ("help", True),
        ("hello world models", False),
        ("What is HELP?", False),
        ("test time scaling", False),
        ("hint", False),
    ],
)
def test_a_greeting_is_no_question(text: str, greets: bool) -> None:
    assert is_greeting(text) is greets
