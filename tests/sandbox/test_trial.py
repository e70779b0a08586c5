"""The sandbox with the real bot in it, as a newcomer without a network meets it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.sandbox.trial import trying
from bot.store import outbox, people
from bot.store.store import Store
from config.settings import Settings
from tests.sandbox.pages import fill_form, go_to, message, open_sandbox, press, type_command, write

CLOSED = "http://127.0.0.1:9"
"""Nobody listens on the discard port."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        _env_file=None,  # pyright: ignore[reportCallIssue]
        database=tmp_path / "paperwire.sqlite",
        hugging_face_url=CLOSED,
        arxiv_url=CLOSED,
        arxiv_rss_url=CLOSED,
        arxiv_pages_url=CLOSED,
    )


@pytest.fixture
async def page(chromium: Browser, settings: Settings) -> AsyncIterator[Page]:
    page = await chromium.new_page(viewport={"width": 1280, "height": 900})
    async with trying(settings, port=0) as url:
        await open_sandbox(page, url)
        yield page
        await page.close()


@pytest.mark.browser
async def test_a_newcomer_meets_posts_commands_buttons_and_alerts(
    page: Page, screenshots: Path
) -> None:
    await expect(message(page, "From the starter library")).to_be_visible()
    await page.screenshot(path=screenshots / "first-post.png")

    await type_command(page, "papers show", {"paper": "flashatt"})
    await expect(message(page, "Fast and Memory-Efficient Exact Attention")).to_be_visible()
    await press(page, "Save")
    await expect(message(page, "Saved.")).to_be_visible()
    await page.screenshot(path=screenshots / "card.png")

    await type_command(page, "topics follow", {"topic": "retrieval"})
    await expect(message(page, "You do not follow this yet.")).to_be_visible()
    await press(page, "Follow")
    await expect(message(page, "You follow retrieval")).to_be_visible()

    await go_to(page, "Paperwire")
    await expect(message(page, "new papers on language models")).to_be_visible()
    await expect(message(page, "Alerts on retrieval")).to_be_visible()
    await page.screenshot(path=screenshots / "alerts.png")


@pytest.mark.browser
async def test_questions_are_answered_where_they_are_written(page: Page, screenshots: Path) -> None:
    await expect(message(page, "From the starter library")).to_be_visible()
    await write(page, "@Paperwire How does FlashAttention compute attention?")
    answer = message(page, "FlashAttention computes exact attention")
    await expect(answer).to_contain_text("The full text could not be fetched")
    await write(page, "Who wrote it?", reply_to="FlashAttention computes exact attention")
    await expect(message(page, "By Tri Dao")).to_be_visible()
    await page.screenshot(path=screenshots / "mention-and-reply.png")

    await press(page, "Ask again")
    await fill_form(page, {"question": "When was it published?"})
    await expect(message(page, "When was it published?")).to_contain_text("2022")

    await go_to(page, "Paperwire")
    await expect(message(page, "new papers on language models")).to_be_visible()
    await write(page, "What does LoRA do for fine-tuning?")
    await expect(message(page, "LoRA: Low-Rank Adaptation")).to_contain_text("could not be fetched")
    await page.screenshot(path=screenshots / "question-in-dm.png")


@pytest.mark.browser
async def test_nothing_but_the_papers_is_left_of_a_closed_sandbox(
    chromium: Browser, settings: Settings
) -> None:
    page = await chromium.new_page()
    async with trying(settings, port=0) as url:
        await open_sandbox(page, url)
        await expect(message(page, "From the starter library")).to_be_visible()
    await page.close()
    async with Store(settings.database) as store:
        assert await store.read(outbox.counts) == {}
        assert await store.read(people.all_topics) == []
