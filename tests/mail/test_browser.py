"""Mails and the page that ends them, as a browser shows them: narrow, wide, light and dark."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Browser, Page

from bot.mail.emails import Code, Email
from bot.posts import Alert
from bot.render.email import render_email, unsubscribe_page
from tests.conftest import NOON
from tests.mail.conftest import ADDRESS, FROM
from tests.mail.test_looks import HOSTILE, a_shown, html_of
from tests.sandbox.conftest import chromium, screenshots

__all__ = ["chromium", "screenshots"]

WIDTHS = (320, 700)
SUMMARY = (
    "We look at how caches of keys and values grow while a model writes, and find that most of what"
    " they keep is never read again. Dropping it halves memory and costs no accuracy on five tasks."
)


def papers() -> Email:
    """Return a mail as people get them: two topics, ordinary titles and hostile ones."""
    usual = [
        a_shown(
            title,
            id=f"2403.0000{n}",
            authors=("Ada Lovelace", "Alan Turing", "Grace Hopper", "Claude Shannon", "6 others"),
            published_at=NOON,
            categories=("cs.CL", "cs.LG"),
            ai_summary=SUMMARY,
        )
        for n, title in enumerate(("Small Caches Are Enough", "What Long Contexts Forget"), 1)
    ]
    hostile = [
        a_shown(title, id=f"2403.0001{n}", ai_summary=title) for n, title in enumerate(HOSTILE)
    ]
    says = Alert((("kv cache compression", 1, tuple(usual)), (HOSTILE[0], 2, tuple(hostile))), 14)
    return Email(ADDRESS, "nonce.1.signature", says, "1.signature")


PAGES = {
    "alert": html_of(render_email(papers(), FROM, now=NOON)),
    "code": html_of(
        render_email(Email(ADDRESS, "nonce.0.signature", Code("012345", NOON)), FROM, now=NOON)
    ),
    "unsubscribe": unsubscribe_page(
        "No more e-mail?", "Paperwire sends alerts to this address.", button="No more e-mail"
    ),
}


async def shown(page: Page, name: str, asked: list[str]) -> None:
    page.on("request", lambda request: asked.append(request.url))
    await page.set_content(PAGES[name])


@pytest.mark.browser
@pytest.mark.parametrize("name", list(PAGES))
async def test_it_fits_narrow_and_wide_in_light_and_dark(
    chromium: Browser, screenshots: Path, name: str
) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for width in WIDTHS:
        for scheme in schemes:
            page = await chromium.new_page(
                viewport={"width": width, "height": 900}, color_scheme=scheme
            )
            asked: list[str] = []
            await shown(page, name, asked)
            await page.screenshot(
                path=screenshots / f"email-{name}-{width}-{scheme}.png", full_page=True
            )
            beyond = await page.evaluate(
                "[...document.querySelectorAll('body *')]"
                ".filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)"
                ".map(e => e.outerHTML.slice(0, 80))"
            )
            assert beyond == []
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
            assert asked == []
            assert await contrast(page) >= 4.5
            await page.close()


async def contrast(page: Page) -> float:
    """Return the least contrast of any text with what is behind it, by WCAG 2.1."""
    return await page.evaluate(
        """() => {
            const parse = c => c.match(/[\\d.]+/g).map(Number);
            const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
                .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
                .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
            const behind = e => {
                for (; e; e = e.parentElement) {
                    const c = parse(getComputedStyle(e).backgroundColor);
                    if (c.length < 4 || c[3] > 0) return c;
                }
                return [255, 255, 255];
            };
            const ratios = [];
            for (const e of document.querySelectorAll('h1, h2, h3, p, a, button')) {
                const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
                ratios.push((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05));
            }
            return Math.min(...ratios);
        }"""
    )


@pytest.mark.browser
async def test_hostile_titles_run_nothing_and_are_read_as_typed(chromium: Browser) -> None:
    page = await chromium.new_page(viewport={"width": 700, "height": 900})
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    await page.set_content(PAGES["alert"])
    titles = await page.locator("h3").all_inner_texts()
    assert titles[2] == HOSTILE[0]
    assert titles[3] == HOSTILE[1]
    assert await page.locator("script, img, iframe, form").count() == 0
    assert await page.locator("h1").count() == 1
    assert dialogs == []
    await page.close()
