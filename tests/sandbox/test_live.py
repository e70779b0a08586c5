from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import aiohttp
import discord
import pytest
from yarl import URL

from bot.errors import SettingsError
from bot.sandbox import SIMCORD, Hint, Sandbox, refuse_other_simcord
from bot.sandbox.front import PORT, PORTS_TRIED
from tests.sandbox.sample import TITLES, SampleBot, card
from tests.sandbox.visitor import EnterRoom


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


async def test_the_bot_is_ready_and_knows_the_server_when_the_sandbox_opens(
    sandbox: Sandbox[SampleBot],
) -> None:
    bot = sandbox.bot
    assert bot.is_ready()
    assert isinstance(bot.get_channel(sandbox.channel_id), discord.TextChannel)
    forum = bot.get_channel(sandbox.forum_id)
    assert isinstance(forum, discord.ForumChannel)
    assert forum.available_tags
    assert forum.guild.id == sandbox.guild_id
    assert forum.guild.owner_id == sandbox.person_id


async def test_the_front_page_lists_the_rooms(
    sandbox: Sandbox[SampleBot], http: aiohttp.ClientSession
) -> None:
    async with http.get(sandbox.url) as page:
        assert "Paperwire sandbox" in await page.text()
    async with http.get(f"{sandbox.url}/places.json") as answer:
        places = (await answer.json())["places"]
    assert [(place["kind"], place["name"]) for place in places] == [
        ("channel", "papers"),
        ("forum", "paper-forum"),
        ("dm", "Paperwire"),
    ]
    assert sandbox.rooms == {
        "papers": f"{sandbox.url}/#{sandbox.channel_id}",
        "paper-forum": f"{sandbox.url}/#{sandbox.forum_id}",
        "Paperwire": f"{sandbox.url}/#{sandbox.dm_id}",
    }


async def test_a_command_suggests_and_answers(
    sandbox: Sandbox[SampleBot], enter: EnterRoom
) -> None:
    visitor = await enter(sandbox.channel_id)
    assert await visitor.suggestions("papers show", "paper", "attention") == [TITLES[1]]
    receipt = await visitor.run("papers show", paper=TITLES[1])
    assert receipt["settlement"] == "settled"
    await visitor.sees(TITLES[1])


async def test_a_private_answer_is_shown_again_when_it_is_edited(
    sandbox: Sandbox[SampleBot], enter: EnterRoom
) -> None:
    visitor = await enter(sandbox.channel_id)
    await visitor.run("papers trending", period="week")
    await visitor.sees("Rising this week")


async def test_a_button_on_an_old_post_answers_and_opens_a_form(
    sandbox: Sandbox[SampleBot], enter: EnterRoom
) -> None:
    channel = sandbox.bot.get_channel(sandbox.channel_id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send(view=card(TITLES[0]))
    visitor = await enter(sandbox.channel_id)
    await visitor.press("Save")
    await visitor.sees(f"Saved {TITLES[0]}.")
    await visitor.press("Note")
    await visitor.submit(words="read twice")
    await visitor.sees("Noted: read twice")


async def test_a_post_arrives_by_itself(sandbox: Sandbox[SampleBot], enter: EnterRoom) -> None:
    visitor = await enter(sandbox.channel_id)
    channel = sandbox.bot.get_channel(sandbox.channel_id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send("The day's papers")
    await visitor.sees("The day's papers")


async def test_a_button_works_although_a_post_came_since_the_page_looked(
    sandbox: Sandbox[SampleBot], enter: EnterRoom
) -> None:
    visitor = await enter(sandbox.channel_id)
    channel = sandbox.bot.get_channel(sandbox.channel_id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send(view=card(TITLES[0]))
    await visitor.sees(TITLES[0])
    pressing = asyncio.create_task(visitor.press("Save"))
    for number in range(5):
        await channel.send(f"number {number}")
    receipt = await pressing
    assert not receipt["rejected"]


async def test_a_page_that_opens_late_shows_the_newest_posts(
    sandbox: Sandbox[SampleBot], enter: EnterRoom
) -> None:
    channel = sandbox.bot.get_channel(sandbox.channel_id)
    assert isinstance(channel, discord.TextChannel)
    for number in range(70):
        await channel.send(f"number {number}")
    visitor = await enter(sandbox.channel_id)
    assert (await visitor.messages())[-1].strip() == "number 69"


async def test_an_alert_is_read_in_the_direct_messages(
    sandbox: Sandbox[SampleBot], enter: EnterRoom
) -> None:
    person = await sandbox.bot.fetch_user(sandbox.person_id)
    await person.send(view=card(TITLES[2]))
    visitor = await enter(sandbox.dm_id)
    await visitor.sees(TITLES[2])
    await visitor.press("Save")
    await visitor.sees("Saved")


async def test_a_forum_post_is_listed_with_its_tags_and_has_a_room_of_its_own(
    sandbox: Sandbox[SampleBot], enter: EnterRoom, http: aiohttp.ClientSession
) -> None:
    forum = sandbox.bot.get_channel(sandbox.forum_id)
    assert isinstance(forum, discord.ForumChannel)
    post = await forum.create_thread(
        name=TITLES[0], view=card(TITLES[0]), applied_tags=forum.available_tags[:1]
    )
    async with http.get(f"{sandbox.url}/places.json") as answer:
        listed = (await answer.json())["places"][-1]
    assert listed["parent_id"] == str(sandbox.forum_id)
    assert (listed["name"], listed["tags"]) == (TITLES[0], [forum.available_tags[0].name])
    visitor = await enter(post.thread.id)
    await visitor.run("papers trending")
    await visitor.sees(TITLES[0])
    await visitor.sees("Rising")


async def test_a_forum_and_an_unknown_id_have_no_room(
    sandbox: Sandbox[SampleBot], http: aiohttp.ClientSession
) -> None:
    for room_id in (sandbox.forum_id, 1):
        async with http.get(f"{sandbox.url}/rooms/{room_id}") as answer:
            assert answer.status == 404


async def test_many_open_pages_give_way_to_new_ones(
    sandbox: Sandbox[SampleBot], enter: EnterRoom
) -> None:
    first, *_, last = [await enter(sandbox.channel_id) for _ in range(20)]
    assert await last.messages() == []
    with pytest.raises(AssertionError):
        await first.look()


async def test_a_page_asks_nothing_of_the_internet_and_is_framed_by_ours_alone(
    sandbox: Sandbox[SampleBot], http: aiohttp.ClientSession
) -> None:
    async with http.get(f"{sandbox.url}/rooms/{sandbox.channel_id}") as page:
        policy = page.headers["Content-Security-Policy"]
        assert "X-Frame-Options" not in page.headers
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy


async def test_another_sites_name_for_this_machine_is_refused(
    sandbox: Sandbox[SampleBot], http: aiohttp.ClientSession
) -> None:
    async with http.get(sandbox.url, headers={"Host": "rebound.example"}) as answer:
        assert answer.status == 403


async def test_a_call_without_a_rooms_key_is_refused(
    sandbox: Sandbox[SampleBot], http: aiohttp.ClientSession
) -> None:
    async with http.post(f"{sandbox.url}/api/pages", json={}) as answer:
        assert answer.status == 401


async def test_a_menu_is_chosen_from_by_its_page_alone(
    sandbox: Sandbox[SampleBot], http: aiohttp.ClientSession, enter: EnterRoom
) -> None:
    channel = sandbox.bot.get_channel(sandbox.channel_id)
    assert isinstance(channel, discord.TextChannel)
    sent = await channel.send("Three papers")
    visitor = await enter(sandbox.channel_id)
    for page, name, message_id, status in (
        ("another", "Quote this", sent.id, 401),
        (visitor.page, "Quote that", sent.id, 409),
        (visitor.page, "Quote this", 1, 409),
        (visitor.page, "Quote this", sent.id, 204),
    ):
        chosen = {"name": name, "message_id": str(message_id)}
        async with http.post(f"{sandbox.url}/menu/{page}", json=chosen) as answer:
            assert answer.status == status
    await visitor.sees("It says: Three papers")


async def test_direct_messages_have_no_menu(
    sandbox: Sandbox[SampleBot], http: aiohttp.ClientSession, enter: EnterRoom
) -> None:
    visitor = await enter(sandbox.dm_id)
    async with http.get(f"{sandbox.url}/menu/{visitor.page}") as answer:
        assert await answer.json() == []


async def test_the_hints_can_be_ours(http: aiohttp.ClientSession) -> None:
    async with (
        Sandbox(SampleBot, port=0, hints=(Hint("/remind", "a message"),)) as sandbox,
        http.get(f"{sandbox.url}/places.json") as answer,
    ):
        assert (await answer.json())["hints"] == [{"command": "/remind", "why": "a message"}]


async def test_a_port_that_is_taken_is_named(taken_port: int) -> None:
    with pytest.raises(SettingsError, match=f"port {taken_port} is taken"):
        async with Sandbox(SampleBot, port=taken_port):
            pass


async def test_without_a_named_port_the_next_free_one_is_taken() -> None:
    with ExitStack() as stack:
        with suppress(OSError):  # someone else's is as good
            stack.enter_context(socket.create_server(("127.0.0.1", PORT)))
        async with Sandbox(SampleBot) as sandbox:
            assert URL(sandbox.url).port in range(PORT + 1, PORT + PORTS_TRIED)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises(SettingsError, match=host):
        async with Sandbox(SampleBot, host=host, port=0):
            pass


async def test_leaving_closes_every_task_and_the_bot(http: aiohttp.ClientSession) -> None:
    before = asyncio.all_tasks()
    async with Sandbox(SampleBot, port=0) as sandbox:
        await http.get(f"{sandbox.url}/rooms/{sandbox.channel_id}")
    assert asyncio.all_tasks() == before
    assert sandbox.bot.is_closed()
    with pytest.raises(aiohttp.ClientConnectionError):
        await http.get(sandbox.url)


async def test_a_cancelled_sandbox_closes_and_another_can_open() -> None:
    opened = asyncio.Event()

    async def stay() -> None:
        async with Sandbox(SampleBot, port=0):
            opened.set()
            await asyncio.Event().wait()

    before = asyncio.all_tasks()
    staying = asyncio.create_task(stay())
    await opened.wait()
    staying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await staying
    assert asyncio.all_tasks() == before
    async with Sandbox(SampleBot, port=0) as again:
        assert again.bot.is_ready()


async def test_a_bot_that_fails_to_start_leaves_nothing_open() -> None:
    class Failing(SampleBot):
        async def setup_hook(self) -> None:
            raise LookupError("no such cog")

    before = asyncio.all_tasks()
    with pytest.raises(LookupError, match="no such cog"):
        async with Sandbox(Failing, port=0):
            pass
    assert asyncio.all_tasks() == before


@pytest.mark.parametrize("installed", ["3.2.2", None])
def test_another_simcord_is_refused_with_the_command_that_mends_it(installed: str | None) -> None:
    with pytest.raises(SettingsError, match=r"pip install 'paperwire\[sandbox\]'"):
        refuse_other_simcord(installed)


def test_the_simcord_that_we_were_written_against_is_taken() -> None:
    refuse_other_simcord(SIMCORD)
