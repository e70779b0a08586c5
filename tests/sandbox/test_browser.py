from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import discord
import pytest
from playwright.async_api import Browser, Page, Request, expect

from bot.sandbox import Sandbox
from tests.sandbox.pages import (
    choose,
    fill_form,
    go_to,
    message,
    messages,
    open_sandbox,
    press,
    room,
    suggestions,
    type_command,
    type_option,
)
from tests.sandbox.sample import TITLES, SampleBot, card

pytestmark = pytest.mark.browser

WIDE = (1280, 800)
NARROW = (700, 800)


@pytest.fixture
async def page(chromium: Browser, sandbox: Sandbox[SampleBot]) -> AsyncIterator[Page]:
    """The sandbox in a window, which must not have asked anything of the internet."""
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page = await chromium.new_page(viewport={"width": WIDE[0], "height": WIDE[1]})
    page.on("request", note)
    await open_sandbox(page, sandbox.url)
    yield page
    await page.close()
    assert [url for url in asked if not url.startswith((sandbox.url, "blob:"))] == []


async def test_a_newcomer_types_a_command_presses_buttons_and_reads_a_message(
    page: Page, screenshots: Path
) -> None:
    await type_command(page, "papers show", send=False)
    assert await suggestions(page) == list(TITLES)
    await type_option(page, "paper", "atten")
    await expect(room(page).locator(".command-suggestion")).to_have_text([TITLES[1]])
    await page.screenshot(path=screenshots / "suggestions.png")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(message(page, TITLES[1])).to_be_visible()

    await press(page, "Save")
    await expect(message(page, f"Saved {TITLES[1]}.")).to_contain_text("Only you can see this")
    await press(page, "Note")
    await fill_form(page, {"words": "read twice"})
    await expect(message(page, "Noted: read twice")).to_be_in_viewport()
    await page.screenshot(path=screenshots / "channel.png")

    await type_command(page, "remind")
    await expect(page.get_by_role("link", name="Paperwire")).to_have_class("unread")
    await go_to(page, "Paperwire")
    await expect(message(page, TITLES[2])).to_be_visible()
    await press(page, "Save")
    await expect(message(page, f"Saved {TITLES[2]}.")).to_be_visible()
    await page.screenshot(path=screenshots / "direct-messages.png")


async def test_a_post_arrives_by_itself_and_the_newest_stays_in_view(
    page: Page, sandbox: Sandbox[SampleBot], screenshots: Path
) -> None:
    channel = sandbox.bot.get_channel(sandbox.channel_id)
    assert isinstance(channel, discord.TextChannel)
    for title in TITLES:
        await channel.send(view=card(title))
    await expect(message(page, TITLES[-1])).to_be_in_viewport()
    await type_command(page, "papers trending", {"period": "week"})
    await expect(message(page, "Rising this week")).to_be_in_viewport()
    await channel.send("One more")
    await expect(message(page, "One more")).to_be_in_viewport()
    assert len(await messages(page)) == len(TITLES) + 2
    await page.screenshot(path=screenshots / "posts.png")


async def test_enter_sends_as_it_does_on_discord(page: Page) -> None:
    await page.get_by_role("button", name="/papers trending").click()
    await expect(room(page).locator(".command-entry")).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(message(page, "Rising this day")).to_be_visible()
    await type_command(page, "papers trending", send=False)
    await type_option(page, "period", "we")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Enter")
    await expect(message(page, "Rising this week")).to_be_visible()


async def test_what_is_wrong_with_an_option_can_be_read(page: Page, screenshots: Path) -> None:
    await type_command(page, "papers trending", send=False)
    await type_option(page, "period", "year")
    await room(page).locator("#send-message").click()
    wrong = room(page).locator(".command-error")
    await expect(wrong).to_be_in_viewport(ratio=1)
    await wrong.click(trial=True)  # nothing covers it
    await page.screenshot(path=screenshots / "wrong-option.png")


async def test_the_menu_of_a_message_has_what_the_bot_offers_there(
    page: Page, sandbox: Sandbox[SampleBot], screenshots: Path
) -> None:
    channel = sandbox.bot.get_channel(sandbox.channel_id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send("Three papers and a half")
    await message(page, "Three papers").click(button="right")
    menu = room(page).get_by_role("menuitem")
    await expect(menu).to_have_text(["Note on this", "Quote this"])
    await page.screenshot(path=screenshots / "menu.png")
    await page.keyboard.press("Escape")
    await expect(menu.first).to_be_hidden()
    await choose(page, "Three papers", "Quote this")
    await expect(message(page, "It says: Three papers and a half")).to_contain_text("Only you")
    await choose(page, "Three papers", "Note on this")
    await fill_form(page, {"words": "read twice"})
    await expect(message(page, "Noted: read twice")).to_be_visible()


async def test_a_command_that_is_not_answered_says_so(page: Page) -> None:
    await type_command(page, "silent")
    await expect(room(page).get_by_role("alert")).to_have_text(re.compile("not answered"))


async def test_a_forum_lists_its_posts_and_each_opens(
    page: Page, sandbox: Sandbox[SampleBot], screenshots: Path
) -> None:
    forum = sandbox.bot.get_channel(sandbox.forum_id)
    assert isinstance(forum, discord.ForumChannel)
    for title in TITLES:
        await forum.create_thread(
            name=title, view=card(title), applied_tags=forum.available_tags[:2]
        )
    await go_to(page, "paper-forum")
    await expect(page.locator("#posts strong")).to_have_text(list(reversed(TITLES)))
    await page.screenshot(path=screenshots / "forum.png")
    await page.locator("#posts").get_by_role("link", name=TITLES[0]).click()
    await expect(message(page, TITLES[0])).to_be_visible()
    await page.screenshot(path=screenshots / "post.png")


async def test_a_narrow_window_keeps_every_room_in_reach(
    page: Page, sandbox: Sandbox[SampleBot], screenshots: Path
) -> None:
    channel = sandbox.bot.get_channel(sandbox.channel_id)
    assert isinstance(channel, discord.TextChannel)
    await channel.send(view=card(TITLES[0]))
    await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    await expect(message(page, TITLES[0])).to_be_in_viewport()
    for place in sandbox.rooms:
        await expect(page.get_by_role("link", name=place)).to_be_in_viewport()
    await page.screenshot(path=screenshots / "narrow.png")
