"""A person at the sandbox in a browser: types, presses and reads in the room that is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.async_api import FrameLocator, Locator, Page, expect


async def open_sandbox(page: Page, url: str) -> None:
    """Go to the sandbox and return once its first room can be typed in."""
    await page.goto(url)
    await expect(_composer(page)).to_be_visible()


async def go_to(page: Page, place: str) -> None:
    """Go to a channel, forum, post or the DMs, by its name in the list."""
    await page.get_by_role("navigation").get_by_role("link", name=place).first.click()


def room(page: Page) -> FrameLocator:
    """Return the room that is shown."""
    return page.frame_locator("iframe.shown")


async def type_command(
    page: Page, command: str, options: Mapping[str, str] | None = None, *, send: bool = True
) -> None:
    """Type a slash command and its options as a person would, and send it.

    Args:
        command: Without the slash: ``papers trending``.
        options: What to type in each. Where the bot or Discord offers values, the
            first of those is taken, and there has to be one.
        send: False to leave it unsent.
    """
    await _composer(page).press_sequentially(f"/{command}")
    await _exactly(page, ".command-entry", f"/{command}").click()
    for name, value in (options or {}).items():
        await type_option(page, name, value)
        await _take_first(page, name)
    if send:
        await room(page).locator("#send-message").click()
        await expect(_composer(page)).to_be_visible()


async def type_option(page: Page, name: str, value: str) -> None:
    """Type into one option of the command that is being typed."""
    field = _option(page, name)
    if not await field.is_visible():
        await room(page).locator(".command-chip").click()
        await _exactly(page, ".command-suggestion", name).click()
    await field.press_sequentially(value)


async def suggestions(page: Page) -> list[str]:
    """Return what is offered for the option that is being typed; waits for the first."""
    offered = room(page).locator(".command-suggestion")
    await offered.first.wait_for()
    return await offered.all_inner_texts()


async def press(page: Page, label: str) -> None:
    """Press the newest button that says this."""
    await room(page).locator("#channel-message-list").get_by_role("button", name=label).last.click()


async def write(page: Page, text: str, *, reply_to: str | None = None) -> None:
    """Write a message and send it, as a reply to the newest one with these words if given."""
    if reply_to is not None:
        original = message(page, reply_to)
        await original.hover()
        await original.get_by_role("button", name="Reply").click()
    await _composer(page).press_sequentially(text)
    await page.keyboard.press("Enter")


async def choose(page: Page, words: str, entry: str) -> None:
    """Choose from the menu of the newest message with these words."""
    await message(page, words).click(button="right")
    await room(page).get_by_role("menuitem", name=entry).click()


async def fill_form(page: Page, values: Mapping[str, str]) -> None:
    """Fill the open form, its inputs named by their custom ids, and send it."""
    form = room(page).locator("#modal-root")
    for custom_id, value in values.items():
        field = form.locator(f'.modal-field[data-custom-id="{custom_id}"]')
        await field.locator("input, textarea").fill(value)
    submit = form.get_by_role("button", name="Submit")
    await submit.click()
    await expect(submit).to_be_hidden()


def message(page: Page, words: str) -> Locator:
    """Return the newest message with these words, to expect things of."""
    return _messages(page).filter(has_text=words).last


async def messages(page: Page) -> list[str]:
    """Return the text of each message, oldest first."""
    return await _messages(page).all_inner_texts()


def _messages(page: Page) -> Locator:
    return room(page).locator("article.channel-message")


def _composer(page: Page) -> Locator:
    return room(page).locator("#channel-composer-input")


def _option(page: Page, name: str) -> Locator:
    return room(page).locator(f'.command-option-input[data-option="{name}"]')


def _exactly(page: Page, css: str, text: str) -> Locator:
    """Return the listed item whose name, apart from its description, is this."""
    named = room(page).locator("strong, span").filter(has_text=re.compile(f"^{re.escape(text)}$"))
    return room(page).locator(css).filter(has=named).first


async def _take_first(page: Page, name: str) -> None:
    if await _option(page, name).get_attribute("role") == "combobox":
        await room(page).locator(".command-suggestion").first.click()
