"""The sandbox with e-mail and the web server set up: the same jobs, at the same front door."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import aiohttp

from bot.sandbox.trial import trying
from bot.store import listings
from bot.store.store import Store
from config.settings import Settings
from tests.builders import a_listing
from tests.mail.conftest import ADDRESS, ONE, READER, owe
from tests.mail.server import mail_server
from tests.sandbox.test_trial import CLOSED


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_owed_mail_goes_out_and_the_page_that_ends_it_answers(tmp_path: Path) -> None:
    database, web_port = tmp_path / "paperwire.sqlite", free_port()
    async with Store(database) as store:
        await store.run(listings.record, a_listing(papers=[ONE]))
        await store.run(owe, READER, ADDRESS, "alert:2026-03-03")
    arrived = asyncio.Event()

    async def note() -> None:
        arrived.set()

    async with mail_server() as server:
        server.while_taking = note
        settings = Settings(
            _env_file=None,  # pyright: ignore[reportCallIssue]
            database=database,
            hugging_face_url=CLOSED,
            arxiv_url=CLOSED,
            arxiv_rss_url=CLOSED,
            arxiv_pages_url=CLOSED,
            smtp_host="127.0.0.1",
            smtp_port=server.port,
            smtp_security="none",
            email_from="papers@example.org",
            web_port=web_port,
            web_url=f"http://127.0.0.1:{web_port}",
        )
        async with trying(settings, port=0), aiohttp.ClientSession() as http:
            async with asyncio.timeout(60):
                await arrived.wait()
            [taken] = server.taken
            assert taken.recipient == ADDRESS
            page = str(taken.message["List-Unsubscribe"]).strip("<>")
            async with http.get(page) as answer:
                assert answer.status == 200
                assert "No more e-mail?" in await answer.text()
            async with http.get(f"http://127.0.0.1:{web_port}/health") as answer:
                assert set(await answer.json()) == {"alive", "connected"}
