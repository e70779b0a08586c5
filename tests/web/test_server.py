"""The web server over real HTTP: health, and the end of e-mail in one click."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from bot.errors import SettingsError
from bot.jobs.email import DeliverEmail
from bot.mail.tokens import Signer, mailbox_token
from bot.store import heartbeat, mailboxes, outbox
from bot.store.mailboxes import Mailbox
from bot.store.secret import secret
from bot.store.store import Store
from bot.web.server import serving
from tests.conftest import NOON, Clock
from tests.mail.conftest import (
    ADDRESS,
    FROM,
    READER,
    OweAlert,
    deliver,
    owe_alert,
    prove,
    server,
)
from tests.mail.server import MailServer

__all__ = ["deliver", "owe_alert", "server"]

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def port(store: Store, clock: Clock) -> AsyncIterator[int]:
    async with serving(store, clock, host="127.0.0.1", port=0) as port:
        yield port


@pytest.fixture
async def http(port: int) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
        yield http


async def subscribed(store: Store) -> str:
    """Let the reader have a mailbox; returns the path that ends it."""
    await store.run(prove, READER, ADDRESS)
    signer = Signer(await store.run(secret))
    return f"/unsubscribe/{mailbox_token(signer, (await mailbox(store)).id)}"


async def mailbox(store: Store) -> Mailbox:
    found = await store.read(mailboxes.of, READER)
    assert found is not None
    return found


async def test_health_is_what_the_last_heartbeat_says(
    store: Store, http: aiohttp.ClientSession, clock: Clock
) -> None:
    async def health() -> tuple[int, dict[str, bool]]:
        async with http.get("/health") as answer:
            return answer.status, await answer.json()

    assert await health() == (503, {"alive": False, "connected": False})
    await store.run(heartbeat.beat, now=NOON, connected=False)
    assert await health() == (503, {"alive": True, "connected": False})
    await store.run(heartbeat.beat, now=NOON, connected=True)
    assert await health() == (200, {"alive": True, "connected": True})
    clock.now += heartbeat.STOPPED_AFTER + timedelta(seconds=1)
    assert await health() == (503, {"alive": False, "connected": False})


async def test_looking_at_the_page_ends_nothing(store: Store, http: aiohttp.ClientSession) -> None:
    path = await subscribed(store)
    for method in ("GET", "HEAD"):
        async with http.request(method, path) as answer:
            assert answer.status == 200
            page = await answer.text()
    async with http.get(path) as answer:
        page = await answer.text()
    assert '<form method="post">' in page
    assert ADDRESS not in page
    assert (await mailbox(store)).stopped_at is None


@pytest.mark.parametrize("multipart", [False, True])
async def test_one_click_ends_it_without_a_cookie_or_a_question(
    store: Store, http: aiohttp.ClientSession, multipart: bool
) -> None:
    path = await subscribed(store)
    for _ in range(2):  # mail programs may ask twice
        body = aiohttp.FormData(ONE_CLICK)
        if multipart:
            body = aiohttp.FormData(default_to_multipart=True)
            body.add_field("List-Unsubscribe", "One-Click")
        async with http.post(path, data=body) as answer:
            assert answer.status == 200
            assert "Set-Cookie" not in answer.headers
    stopped = await mailbox(store)
    assert stopped.stopped_at == NOON
    assert stopped.stopped_because == "you ended it from one of the mails"
    [notice] = await store.read(outbox.held_notices, READER)
    assert "come as direct messages again" in str(notice.payload["text"])
    async with http.get(path) as answer:
        assert "sends nothing to this address" in await answer.text()


async def test_the_headers_of_a_mail_lead_to_its_end(
    store: Store,
    http: aiohttp.ClientSession,
    server: MailServer,
    deliver: DeliverEmail,
    owe_alert: OweAlert,
) -> None:
    await owe_alert()
    await deliver()
    headers = server.taken[0].message
    url = str(headers["List-Unsubscribe"]).strip("<>")
    assert url.startswith(f"{FROM.web_url}/unsubscribe/")
    name, _, value = str(headers["List-Unsubscribe-Post"]).partition("=")
    async with http.post(url.removeprefix(str(FROM.web_url)), data={name: value}) as answer:
        assert answer.status == 200
    assert (await mailbox(store)).stopped_at == NOON


@pytest.mark.parametrize("body", [{}, {"List-Unsubscribe": "Two-Clicks"}, {"a": "b"}])
async def test_a_post_that_is_no_one_click_ends_nothing(
    store: Store, http: aiohttp.ClientSession, body: dict[str, str]
) -> None:
    path = await subscribed(store)
    async with http.post(path, data=body) as answer:
        assert answer.status == 400
    assert (await mailbox(store)).stopped_at is None


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=bogus", b"List-Unsubscribe=One-Click"),
        ("application/x-www-form-urlencoded", b"\xff=\xfe"),
        ("multipart/form-data; boundary=b", b"no part"),
        ("multipart/form-data", b"no boundary"),
    ],
)
async def test_a_body_that_cannot_be_read_is_the_sender_s_fault(
    store: Store,
    http: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    content_type: str,
    body: bytes,
) -> None:
    path = await subscribed(store)
    async with http.post(path, data=body, headers={"Content-Type": content_type}) as answer:
        assert answer.status == 400
    assert not [record for record in caplog.records if record.exc_info]
    assert (await mailbox(store)).stopped_at is None


async def test_a_token_that_is_not_ours_ends_nothing(
    store: Store, http: aiohttp.ClientSession
) -> None:
    path = await subscribed(store)
    value, _, signature = path.rpartition("/")[2].partition(".")
    other = Signer(b"another database's secret")
    forged = (
        f"{int(value) + 1}.{signature}",
        f"{value}.{signature[:-1]}",
        f"{value}.{signature}A",
        f"{value}.",
        value,
        mailbox_token(other, int(value)),
        Signer(await store.run(secret)).sign("message", value),
        "1.%C3%A9",
        "<script>alert(1)</script>.x".replace("/", "%2F"),
    )
    for token in forged:
        for method in ("GET", "POST"):
            async with http.request(method, f"/unsubscribe/{token}", data=ONE_CLICK) as answer:
                assert answer.status == 404, token
                assert "<script>alert" not in await answer.text()
    assert (await mailbox(store)).stopped_at is None


async def test_a_link_of_an_earlier_address_ends_nothing_at_the_new_one(
    store: Store, http: aiohttp.ClientSession
) -> None:
    path = await subscribed(store)
    await store.run(prove, READER, "new@example.com")
    async with http.post(path, data=ONE_CLICK) as answer:
        assert answer.status == 200
    assert (await mailbox(store)).stopped_at is None


async def test_every_answer_is_kept_to_itself(store: Store, http: aiohttp.ClientSession) -> None:
    for path in (await subscribed(store), "/health", "/unsubscribe/x.y", "/nothing-here"):
        async with http.get(path) as answer:
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_a_body_that_is_no_form_is_not_read(
    store: Store, http: aiohttp.ClientSession
) -> None:
    async with http.post(await subscribed(store), data={"a": "b" * 100_000}) as answer:
        assert answer.status == 413


async def test_a_port_that_is_taken_is_named(store: Store, clock: Clock, port: int) -> None:
    with pytest.raises(SettingsError, match=rf"cannot listen on 127\.0\.0\.1:{port}.*WEB_PORT"):
        async with serving(store, clock, host="127.0.0.1", port=port):
            pass
