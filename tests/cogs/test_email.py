"""/alerts email: an address, its code, the digest that comes there, and every way to end it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import discord
import pytest

from bot.client import PaperBot, Services
from bot.discord_sender import DiscordSender
from bot.jobs.compose import Compose
from bot.jobs.deliver import Deliver
from bot.jobs.email import DeliverEmail
from bot.jobs.match import MatchNew
from bot.mail.confirming import CODE_LASTS, MOST_CODES_AN_ADDRESS
from bot.store import mailboxes, outbox, people
from bot.store.store import Store
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import follow
from tests.cogs.sample import TITLES, daily
from tests.conftest import NOON, Clock
from tests.discord_rules.seen import Seen
from tests.discord_rules.world import World
from tests.mail.conftest import ADDRESS, FROM
from tests.mail.server import MailServer, mail_server


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with mail_server() as server:
        yield server


@pytest.fixture
def services(services: Services) -> Services:
    services.by_email = True
    return services


class Post:
    """The jobs, with e-mail set up, run by hand outside of the bot."""

    def __init__(self, world: World, store: Store, clock: Clock, server: MailServer) -> None:
        self.world = world
        self.store = store
        self.clock = clock
        self.email = DeliverEmail(store, server.relay(), FROM, clock)

    async def run(self, **later: float) -> None:
        """Let time pass, decide what is owed, and send it."""
        self.clock.now += timedelta(**later)
        bot = self.world.env.bot
        assert isinstance(bot, PaperBot)
        await MatchNew(self.store, self.clock, bot.services.reader)()
        await Compose(self.store, self.clock, bot.services.reader, by_email=True)()

        async def on_dm_open(user_id: int, channel_id: int) -> None:
            await self.store.run(people.dm_opened, user_id, channel_id)

        await Deliver(self.store, DiscordSender(bot, on_dm_open), self.clock)()
        await self.email()


@pytest.fixture
def post(world: World, store: Store, clock: Clock, server: MailServer) -> Post:
    return Post(world, store, clock, server)


async def prove(world: World, post: Post, server: MailServer, **options: Any) -> Seen:
    """Name an address and give the code that came there."""
    await world.slash(world.reader, "alerts email", address=ADDRESS, **options)
    await post.email()
    return await world.slash(world.reader, "alerts email", code=code_in(server))


def code_in(server: MailServer) -> str:
    found = re.search(r"\d{6}", server.taken[-1].message["Subject"])
    assert found is not None
    return found[0]


def subjects(server: MailServer) -> list[str]:
    return [str(t.message["Subject"]) for t in server.taken if "code" not in t.message["Subject"]]


def headings(world: World) -> list[str]:
    return [dm.text.splitlines()[0] for dm in world.dms(world.reader)]


async def test_the_digest_comes_by_mail_in_place_of_the_dm(
    world: World, take_in: TakeIn, post: Post, server: MailServer, woken: list[str]
) -> None:
    await follow(world, world.reader, "models")
    asked = await world.slash(world.reader, "alerts email", address=f" {ADDRESS.upper()} ")
    assert asked.ephemeral
    assert asked.text.startswith(r"A code goes to READER\@example.com and is good until <t:")
    assert woken[-1] == "email"
    await post.email()
    opened = await world.press(world.reader, asked, "Enter the code")
    confirmed = await world.submit(opened, {"code": code_in(server)})
    assert confirmed.text == (
        r"That is the code. Alerts come by e-mail to READER\@example.com, instead of as direct"
        " messages."
    )
    await take_in(daily(count=12, seen_at=NOON))
    await post.run(hours=22)
    assert subjects(server) == ["3 new papers on models"]
    text = server.taken[-1].message.get_body(("plain",))
    assert text is not None
    assert TITLES[4] in text.get_content()
    assert headings(world) == ["## Alerts on models"]
    await post.run(hours=24)
    assert len(subjects(server)) == 1


async def test_answers_say_how_alerts_come(
    world: World, post: Post, server: MailServer, store: Store
) -> None:
    await follow(world, world.reader, "models")
    await prove(world, post, server)
    await store.run(people.dm_closed, world.reader.user.id, now=NOON, because="closed")
    for command in ("alerts schedule", "topics list"):
        answer = await world.slash(world.reader, command)
        assert "lerts come as one e-mail a day at 09:00 UTC." in answer.text
        assert "Alerts wait in /inbox" not in answer.text
    await world.slash(world.reader, "alerts email", keep_dm=True)
    both = await world.slash(world.reader, "alerts schedule", frequency="weekly")
    assert "come as one direct message and e-mail a week, on Mondays" in both.text
    instant = await world.slash(world.reader, "alerts schedule", frequency="instant")
    assert "come as a direct message and e-mail as soon as something appears" in instant.text


async def test_both_come_where_both_are_wanted(
    world: World, take_in: TakeIn, post: Post, server: MailServer
) -> None:
    await follow(world, world.reader, "models")
    confirmed = await prove(world, post, server, keep_dm=True)
    assert "and as direct messages." in confirmed.text
    await take_in(daily(count=12, seen_at=NOON))
    await post.run(hours=22)
    assert subjects(server) == ["3 new papers on models"]
    assert headings(world)[1:] == ["## 3 new papers on models"]


async def test_a_closed_dm_does_not_keep_mail_back(
    world: World, take_in: TakeIn, post: Post, server: MailServer, store: Store
) -> None:
    await follow(world, world.reader, "models")
    await prove(world, post, server, keep_dm=True)
    await store.run(people.dm_closed, world.reader.user.id, now=NOON, because="closed")
    await take_in(daily(count=12, seen_at=NOON))
    await post.run(hours=22)
    assert subjects(server) == ["3 new papers on models"]
    assert len(headings(world)) == 1


async def test_what_a_mail_brought_comes_by_no_dm_that_was_closed(
    world: World, take_in: TakeIn, post: Post, server: MailServer, store: Store
) -> None:
    await follow(world, world.reader, "models")
    await prove(world, post, server, keep_dm=True)
    path = f"/channels/{world.dm(world.reader).id}/messages"
    world.env.inject_error("POST", path, status=403, code=50007, times=1)
    await take_in(daily(count=12, seen_at=NOON))
    await post.run(hours=22)
    assert subjects(server) == ["3 new papers on models"]
    await store.run(people.dm_opened, world.reader.user.id, world.dm(world.reader).id)
    await post.run(hours=24)
    assert subjects(server) == ["3 new papers on models"]
    assert len(headings(world)) == 1


async def test_a_change_between_mail_and_dm_brings_no_second_alert_that_day(
    world: World, take_in: TakeIn, post: Post, server: MailServer
) -> None:
    await follow(world, world.reader, "cat:cs.LG")
    await take_in(daily(count=6, seen_at=NOON))
    await post.run(hours=21)
    assert len(headings(world)) == 2
    await prove(world, post, server)
    await take_in(daily(count=12, seen_at=post.clock.now))
    await post.run(minutes=30)
    assert subjects(server) == []
    await post.run(hours=24)
    assert len(subjects(server)) == 1
    assert len(headings(world)) == 2


async def test_buttons_change_and_end_it_also_after_a_restart(
    world: World, post: Post, server: MailServer, store: Store, make_bot: Callable[[], PaperBot]
) -> None:
    await prove(world, post, server)
    shown = await world.slash(world.reader, "alerts email")
    assert shown.text.endswith("instead of as direct messages.")
    await world.restart(make_bot)
    both = await world.press(world.reader, shown, "Direct messages too")
    assert both.text.endswith("and as direct messages.")
    alone = await world.press(world.reader, both, "E-mail alone")
    assert alone.text.endswith("instead of as direct messages.")
    ended = await world.press(world.reader, alone, "End e-mail")
    assert ended.text == (r"No more e-mail to reader\@example.com. Alerts come as direct messages.")
    assert await store.read(mailboxes.of, world.reader.user.id) is None
    again = await world.press(world.reader, alone, "End e-mail")
    assert again.text.startswith("You get no e-mail from the bot.")
    too = await world.press(world.reader, shown, "Direct messages too")
    assert too.text.startswith("You get no e-mail from the bot.")


async def test_whether_direct_messages_come_as_well_can_be_said_with_the_code(
    world: World, post: Post, server: MailServer
) -> None:
    await world.slash(world.reader, "alerts email", address=ADDRESS)
    await post.email()
    both = await world.slash(world.reader, "alerts email", code=code_in(server), keep_dm=True)
    assert both.text.endswith("and as direct messages.")


async def test_a_new_address_keeps_the_direct_messages_of_the_old_one(
    world: World, post: Post, server: MailServer, clock: Clock
) -> None:
    await prove(world, post, server, keep_dm=True)
    clock.now += timedelta(minutes=2)
    await world.slash(world.reader, "alerts email", address="new@example.com")
    await post.email()
    moved = await world.slash(world.reader, "alerts email", code=code_in(server))
    assert moved.text.endswith(r"e-mail to new\@example.com, and as direct messages.")


async def test_a_button_says_no_more_that_mail_comes_to_an_address_that_is_stopped(
    world: World, post: Post, server: MailServer, store: Store
) -> None:
    shown = await prove(world, post, server)
    mailbox = await store.read(mailboxes.of, world.reader.user.id)
    assert mailbox is not None
    await store.run(mailboxes.stop, mailbox.id, because="it bounced", now=NOON)
    too = await world.press(world.reader, shown, "Direct messages too")
    assert too.text.startswith("You get no e-mail from the bot.")


@pytest.mark.parametrize("word", ["off", " OFF ", "none", " "])
async def test_a_word_in_place_of_the_address_ends_it(
    world: World, post: Post, server: MailServer, store: Store, word: str, services: Services
) -> None:
    await prove(world, post, server)
    services.by_email = False  # whatever the operator has done meanwhile
    ended = await world.slash(world.reader, "alerts email", address=word)
    assert ended.text.startswith("No more e-mail to")
    assert await store.read(mailboxes.of, world.reader.user.id) is None


async def test_without_a_mail_server_it_says_so(
    world: World, services: Services, woken: list[str], store: Store
) -> None:
    services.by_email = False
    asked: list[dict[str, Any]] = [{}, {"address": ADDRESS}, {"code": "123456"}, {"keep_dm": True}]
    for options in asked:
        answer = await world.slash(world.reader, "alerts email", **options)
        assert answer.text == "This bot's operator has not set up e-mail."
    assert woken == []
    assert await store.read(mailboxes.claim_of, world.reader.user.id) is None


async def test_without_a_mail_server_a_known_address_gets_dms_again(
    world: World, take_in: TakeIn, post: Post, server: MailServer, store: Store, clock: Clock
) -> None:
    await follow(world, world.reader, "models")
    await prove(world, post, server)
    await take_in(daily(count=12, seen_at=NOON))
    bot = world.env.bot
    assert isinstance(bot, PaperBot)
    await MatchNew(store, clock, bot.services.reader)()
    clock.now += timedelta(hours=24)
    await Compose(store, clock, bot.services.reader)()
    [owed] = await store.read(outbox.due, now=clock(), limit=9)
    assert owed.target == f"user:{world.reader.user.id}"


async def test_how_things_are_is_shown(
    world: World, post: Post, server: MailServer, clock: Clock
) -> None:
    nothing = await world.slash(world.reader, "alerts email")
    assert nothing.text.startswith("You get no e-mail.")
    await world.slash(world.reader, "alerts email", address=ADDRESS)
    waiting = await world.slash(world.reader, "alerts email")
    assert [button.label for button in waiting.buttons] == ["Enter the code"]
    clock.now += CODE_LASTS
    expired = await world.slash(world.reader, "alerts email")
    assert expired.text.startswith("You get no e-mail.")


async def test_a_bounce_is_told_where_the_person_is_and_alerts_come_as_dms_again(
    world: World, take_in: TakeIn, post: Post, server: MailServer
) -> None:
    await follow(world, world.reader, "cat:cs.LG")
    await prove(world, post, server)
    server.on_recipient = {ADDRESS: "550 5.1.1 no such user"}
    await take_in(daily(count=6, seen_at=NOON))
    await post.run(hours=22)
    await post.run(minutes=1)
    assert "Alerts no longer come by e-mail: the mail server says that nobody" in headings(world)[1]
    shown = await world.slash(world.reader, "alerts email")
    assert shown.text.startswith(r"No e-mail goes to reader\@example.com since <t:")
    inbox = await world.slash(world.reader, "inbox")
    assert TITLES[4] in inbox.text
    await take_in(daily(count=12, seen_at=post.clock.now))
    await post.run(hours=24)
    assert headings(world)[-1].startswith("## 12 new papers on")
    assert len(subjects(server)) == 0


async def test_a_bounce_is_told_under_the_next_command_where_there_is_no_dm(
    world: World, post: Post, server: MailServer, store: Store
) -> None:
    server.on_recipient = {ADDRESS: "550 5.1.1 no such user"}
    await world.slash(world.reader, "alerts email", address=ADDRESS)
    await post.email()
    answer = await world.slash(world.reader, "alerts schedule")
    assert "No code could be sent: the mail server says that nobody can be reached" in answer.text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"address": "reader"}, "That is no e-mail address:"),
        ({"address": "reader@example.com\nBcc: all@example.com"}, "That is no e-mail address:"),
        ({"address": "reader@localhost"}, "e-mail address"),
        ({"code": "123456"}, "No address waits for a code."),
        ({"keep_dm": True}, "You get no e-mail from the bot."),
    ],
)
async def test_what_makes_no_sense_is_refused_with_the_reason(
    world: World, server: MailServer, post: Post, options: dict[str, Any], said: str
) -> None:
    answer = await world.slash(world.reader, "alerts email", **options)
    assert said in answer.text
    await post.email()
    assert server.taken == []


async def test_nobody_can_flood_an_address(
    world: World, server: MailServer, post: Post, clock: Clock
) -> None:
    for _ in range(MOST_CODES_AN_ADDRESS):
        await world.slash(world.reader, "alerts email", address=ADDRESS)
        clock.now += timedelta(minutes=2)
        await post.email()
    refused = await world.slash(world.moderator, "alerts email", address=f"x{ADDRESS}".upper())
    assert refused.text.startswith("A code goes to")
    refused = await world.slash(world.reader, "alerts email", address="reader+a@example.com")
    assert refused.text.startswith("Too many codes were asked for. The next can go out <t:")
    await post.email()
    assert [t.recipient for t in server.taken].count(ADDRESS) == MOST_CODES_AN_ADDRESS


async def test_the_form_and_the_buttons_promise_their_answers_at_once(
    world: World, server: MailServer, post: Post
) -> None:
    asked = await world.slash(world.reader, "alerts email", address=ADDRESS)
    await post.email()
    opened = await world.press(world.reader, asked, "Enter the code")
    before = len(world.env.http_requests)
    confirmed = await world.submit(opened, {"code": code_in(server)})
    await world.press(world.reader, confirmed, "End e-mail")
    sent = world.env.http_requests[before:]
    answers = [request.json for request in sent if request.path.endswith("/callback")]
    deferred = discord.InteractionResponseType.deferred_channel_message.value
    assert [answer and answer["type"] for answer in answers] == [deferred] * 2


async def test_a_wrong_code_in_the_modal_is_explained(
    world: World, server: MailServer, post: Post
) -> None:
    asked = await world.slash(world.reader, "alerts email", address=ADDRESS)
    await post.email()
    opened = await world.press(world.reader, asked, "Enter the code")
    wrong = f"{(int(code_in(server)) + 1) % 1_000_000:06}"
    refused = await world.submit(opened, {"code": wrong})
    assert refused.text == "That is not the code. It is the six digits in the mail's subject."
    opened = await world.press(world.reader, asked, "Enter the code")
    right = await world.submit(opened, {"code": code_in(server)})
    assert right.text.startswith("That is the code.")
