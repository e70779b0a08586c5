"""Reading the web when the web misbehaves."""

from __future__ import annotations

import asyncio
import gzip
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web

from bot.errors import SourceError
from bot.sources.http import FRESH, JSON, TEXT, PaceInMemory, Validators, Web
from bot.sources.patience import UNSAID
from tests.conftest import NOON, Clock
from tests.sources.conftest import Source, Waits, json_answer

ANYWHERE = "huggingface"


async def failure(web_: Web, url: str, *, source: str = ANYWHERE) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await web_.get(url, source=source)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)
    return caught.value


async def test_an_answer_carries_body_type_and_validators(a_web: Web, source: Source):
    source.will(json_answer('["é"]', ETag='"1"', **{"Last-Modified": "yesterday"}))

    answer = await a_web.get(
        f"{source.url}/list?a=1", source=ANYWHERE, params={"q": "two words"}, headers={"X": "y"}
    )

    assert (answer.text, answer.content_type) == ('["é"]', "application/json")
    assert answer.validators == Validators('"1"', "yesterday")
    [request] = source.requests
    assert dict(request.query) == {"a": "1", "q": "two words"}
    assert request.headers["User-Agent"].startswith("Paperwire")
    assert request.headers["X"] == "y"


async def test_an_unchanged_list_costs_one_request_and_has_no_body(a_web: Web, source: Source):
    source.will(web.Response(status=304))

    answer = await a_web.get(source.url, source=ANYWHERE, validators=Validators('"1"', "then"))

    assert answer.not_modified
    assert answer.body == b""
    [request] = source.requests
    assert request.headers["If-None-Match"] == '"1"'
    assert request.headers["If-Modified-Since"] == "then"


async def test_not_modified_is_no_answer_to_who_has_nothing_yet(a_web: Web, source: Source):
    source.will(web.Response(status=304))
    with pytest.raises(SourceError, match=r"refused the request \(status 304\)"):
        await a_web.get(source.url, source=ANYWHERE)


async def test_validators_that_could_not_be_sent_back_are_dropped(a_web: Web, source: Source):
    async def odd(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(
            b'HTTP/1.1 200 OK\r\nETag: "\xff"\r\nContent-Length: 2\r\n'
            b"Content-Type: application/json\r\n\r\n[]"
        )
        request.transport.close()
        return await forever(request)

    source.will(odd)
    answer = await a_web.get(source.url, source=ANYWHERE)
    assert answer.validators == FRESH


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        (b"caf\xc3\xa9", "text/plain; charset=utf-8", "café"),
        (b"caf\xe9", "text/plain; charset=latin-1", "café"),
        (b"caf\xe9", "text/plain", "caf�"),
        (b"caf\xe9", "text/plain; charset=klingon", "caf�"),
        (b"caf\xe9", "text/plain; charset=rot13", "caf�"),
        (b"caf\\ud800", "text/plain; charset=unicode_escape", "caf\\ud800"),
        (b"caf+2AA-", "text/plain; charset=utf-7", "caf+2AA-"),
        (b"caf-dma", "text/plain; charset=punycode", "caf-dma"),
        ("café".encode("utf-16"), "text/plain; charset=UTF-16", "café"),
    ],
)
async def test_bytes_that_are_no_text_do_no_harm(
    a_web: Web, source: Source, body: bytes, content_type: str, text: str
):
    source.will(web.Response(body=body, headers={"Content-Type": content_type}))
    answer = await a_web.get(source.url, source=ANYWHERE, accept=TEXT)
    assert answer.text == text


async def test_a_web_page_instead_of_data_is_refused(a_web: Web, source: Source):
    source.will(web.Response(text="<h1>Hello</h1>", content_type="text/html"))
    error = await failure(a_web, source.url)
    assert str(error) == "Hugging Face answered with text/html instead of application/json."
    assert len(source.requests) == 1


async def test_a_type_that_is_no_text_can_be_named(a_web: Web, source: Source):
    async def odd(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: a/\xff"
            + b"b" * 999
            + b"\r\n\r\n[]"
        )
        request.transport.close()
        return await forever(request)

    source.will(odd)
    error = await failure(a_web, source.url)
    assert str(error) == f"Hugging Face answered with a/?{'b' * 77} instead of application/json."


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_refusal_is_not_repeated(a_web: Web, source: Source, status: int):
    source.will(web.Response(status=status))
    assert str(status) in str(await failure(a_web, source.url))
    assert len(source.requests) == 1


async def test_a_missing_page_is_an_answer_where_the_caller_says_so(a_web: Web, source: Source):
    source.will(web.Response(status=404, text="no"))
    answer = await a_web.get(source.url, source=ANYWHERE, allow={404})
    assert answer.status == 404


async def test_trouble_that_passes_is_tried_again(a_web: Web, source: Source, waits: Waits):
    source.will(web.Response(status=500), web.Response(status=502), json_answer("[]"))
    answer = await a_web.get(source.url, source=ANYWHERE)
    assert answer.body == b"[]"
    assert waits.seconds == [1, 4]


async def test_trouble_that_stays_ends_in_an_error(a_web: Web, source: Source, waits: Waits):
    source.will(web.Response(status=503))
    error = await failure(a_web, source.url)
    assert str(error) == "Hugging Face has trouble of its own (status 503)."
    assert len(source.requests) == 3
    assert waits.seconds == [1, 4]


@pytest.mark.parametrize(
    ("status", "header", "wait"),
    [
        (429, "90", timedelta(seconds=90)),
        (429, "Tue, 03 Mar 2026 12:05:00 GMT", timedelta(minutes=5)),
        (429, None, UNSAID),
        (429, "whenever", UNSAID),
        (503, "20", timedelta(seconds=20)),
        (502, "20", timedelta(seconds=20)),
    ],
)
async def test_a_source_that_asks_for_patience_is_left_alone_until_then(
    a_web: Web, source: Source, clock: Clock, status: int, header: str | None, wait: timedelta
):
    headers = {} if header is None else {"Retry-After": header}
    source.will(web.Response(status=status, headers=headers), json_answer("[]"))

    assert (await failure(a_web, source.url)).retry_after == wait
    clock.now += wait / 2
    assert (await failure(a_web, source.url)).retry_after == wait / 2
    assert len(source.requests) == 1
    clock.now += wait / 2
    assert (await a_web.get(source.url, source=ANYWHERE)).body == b"[]"


async def test_a_spent_rate_limit_closes_only_its_own_bucket(
    a_web: Web, source: Source, clock: Clock
):
    source.will(json_answer("[]", RateLimit='"api";r=0;t=40'))
    answer = await a_web.get(source.url, source=ANYWHERE)
    assert answer.limit is not None
    assert answer.limit.is_spent
    source.will(json_answer("[]"))

    assert (await failure(a_web, source.url)).retry_after == timedelta(seconds=40)
    await a_web.get(source.url, source=ANYWHERE, bucket="pages")
    await a_web.get(source.url, source="semantic_scholar")
    clock.now += timedelta(seconds=40)
    await a_web.get(source.url, source=ANYWHERE)
    assert len(source.requests) == 3


async def test_a_429_without_retry_after_waits_for_the_rate_limits_reset(
    a_web: Web, source: Source
):
    source.will(web.Response(status=429, headers={"RateLimit": '"api";r=0;t=250'}))
    assert (await failure(a_web, source.url)).retry_after == timedelta(seconds=250)


async def test_a_small_bomb_is_refused_before_it_is_unpacked(a_web: Web, source: Source):
    bomb = gzip.compress(bytes(64 * 2**20))
    assert len(bomb) < 2**17
    source.will(json_answer(bomb, **{"Content-Encoding": "gzip"}))
    error = await failure(a_web, source.url)
    assert str(error) == "Hugging Face answered with more than 1,048,576 bytes."
    assert len(source.requests) == 1


async def test_a_packed_answer_is_unpacked(a_web: Web, source: Source):
    source.will(json_answer(gzip.compress(b"[1]"), **{"Content-Encoding": "gzip"}))
    assert (await a_web.get(source.url, source=ANYWHERE)).body == b"[1]"


async def test_an_answer_that_only_says_it_is_packed_is_an_error(a_web: Web, source: Source):
    source.will(json_answer(b"[1]", **{"Content-Encoding": "gzip"}))
    assert str(await failure(a_web, source.url)) == "Hugging Face broke off its answer."


async def test_an_answer_that_is_cut_off_is_an_error(a_web: Web, source: Source):
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100", "Content-Type": "a/json"})
        response.content_type = "application/json"
        await response.prepare(request)
        await response.write(b'[{"paper"')
        assert request.transport is not None
        request.transport.close()
        return response

    source.will(cut)
    assert str(await failure(a_web, source.url)) == "Hugging Face broke off its answer."
    assert len(source.requests) == 3


async def forever(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError("the client has long hung up")


async def test_a_server_that_says_nothing_is_given_up(source: Source, waits: Waits):
    source.will(forever)
    hasty = aiohttp.ClientTimeout(total=0.05)
    async with Web({"127.0.0.1"}, timeout=hasty, sleep=waits) as web_:
        assert str(await failure(web_, source.url)) == "Hugging Face did not answer in time."
    assert len(source.requests) == 3


async def test_a_server_that_is_not_there_is_an_error(a_web: Web, source: Source):
    url = source.url
    await source.server.close()
    assert str(await failure(a_web, url)) == "Hugging Face could not be reached."


async def test_what_is_no_http_is_an_error(a_web: Web, source: Source):
    async def babble(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.write(b"SSH-2.0-hello\r\n\r\n")
        request.transport.close()
        return await forever(request)

    source.will(babble)
    error = await failure(a_web, source.url)
    assert str(error) == "Hugging Face gave an answer that is no valid HTTP."


async def test_a_request_that_nothing_comes_back_for_is_not_repeated_at_once(
    a_web: Web, source: Source, waits: Waits
):
    async def hang_up(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return await forever(request)

    source.will(hang_up)
    assert str(await failure(a_web, source.url, source="arxiv")) == "arXiv could not be reached."
    assert len(source.requests) == 3
    assert waits.seconds == [1, 2, 4]


async def test_redirects_within_the_host_are_followed(a_web: Web, source: Source):
    source.will(
        web.Response(status=301, headers={"Location": "/b?x=1"}),
        web.Response(status=308, headers={"Location": f"{source.url}/c"}),
        json_answer("[]"),
    )
    answer = await a_web.get(f"{source.url}/a", source=ANYWHERE)
    assert answer.url == f"{source.url}/c"
    assert [str(request.rel_url) for request in source.requests] == ["/a", "/b?x=1", "/c"]


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("https://evil.example/", "redirects to evil.example, which is not followed"),
        ("http://localhost/", "redirects to localhost, which is not followed"),
        ("//127.0.0.1:1/", "redirects to 127.0.0.1, which is not followed"),
        ("https://127.0.0.1:1/", "redirects to 127.0.0.1, which is not followed"),
        (f"http://{'a' * 999}/", f"redirects to {'a' * 100}, which is not followed"),
        ("file:///etc/passwd", "redirects to no address"),
        ("mailto:a@b", "redirects to no address"),
        ("http://[", "redirects to no address"),
        ("/again", "redirects in circles"),
    ],
)
async def test_redirects_elsewhere_are_not_followed(
    a_web: Web, source: Source, location: str, reason: str
):
    source.will(web.Response(status=302, headers={"Location": location}))
    assert str(await failure(a_web, source.url)) == f"Hugging Face {reason}."
    assert len(source.requests) in (1, 4)


@pytest.mark.parametrize(
    "url", ["https://example.org/", "http://127.0.0.1.example.org/", "ftp://127.0.0.1/", "nothing"]
)
async def test_only_known_hosts_are_asked(a_web: Web, url: str):
    assert "may not be asked" in str(await failure(a_web, url))


async def test_arxiv_is_asked_every_three_seconds_one_at_a_time(
    a_web: Web, source: Source, waits: Waits, pace: PaceInMemory
):
    open_now = most_at_once = 0

    async def count(_request: web.Request) -> web.StreamResponse:
        nonlocal open_now, most_at_once
        open_now += 1
        most_at_once = max(most_at_once, open_now)
        await asyncio.sleep(0)
        open_now -= 1
        return json_answer("[]")

    source.will(count)
    await asyncio.gather(*(a_web.get(source.url, source="arxiv") for _ in range(4)))
    assert waits.seconds == [3, 3, 3]
    assert most_at_once == 1
    assert pace.moments["arxiv"] == NOON + timedelta(seconds=9)


async def test_redirects_and_further_tries_keep_the_gap_too(
    a_web: Web, source: Source, waits: Waits
):
    source.will(
        web.Response(status=302, headers={"Location": "/x"}),
        web.Response(status=500),
        json_answer("[]"),
        json_answer("[]"),
    )
    await a_web.get(source.url, source="arxiv")
    assert waits.seconds == [3, 1, 2]


async def test_the_gap_holds_across_a_restart(source: Source, clock: Clock, waits: Waits):
    pace = PaceInMemory({"arxiv": NOON - timedelta(seconds=1)})
    source.will(json_answer("[]"))
    async with Web({"127.0.0.1"}, now=clock, sleep=waits, pace=pace) as web_:
        await web_.get(source.url, source="arxiv")
    assert waits.seconds == [2]


async def test_a_clock_that_was_set_back_delays_by_one_gap_only(
    source: Source, clock: Clock, waits: Waits
):
    pace = PaceInMemory({"arxiv": NOON + timedelta(days=300)})
    source.will(json_answer("[]"))
    async with Web({"127.0.0.1"}, now=clock, sleep=waits, pace=pace) as web_:
        await web_.get(source.url, source="arxiv")
    assert waits.seconds == [3]


async def test_other_sources_do_not_wait_for_each_other(a_web: Web, source: Source, waits: Waits):
    source.will(json_answer("[]"))
    for _ in range(3):
        await a_web.get(source.url, source=ANYWHERE)
    assert waits.seconds == []


async def test_a_session_that_was_handed_in_stays_open(source: Source):
    source.will(json_answer("[]"))
    async with aiohttp.ClientSession() as session:
        async with Web({"127.0.0.1"}, session=session) as web_:
            await web_.get(source.url, source=ANYWHERE, accept=JSON)
        assert not session.closed


async def test_questions_that_are_too_long_are_posted(a_web: Web, source: Source):
    source.will(json_answer("[null]"))
    answer = await a_web.post(
        source.url, source="semantic_scholar", json={"ids": ["a"]}, params={"fields": "tldr"}
    )
    assert answer.body == b"[null]"
    assert source.bodies == [b'{"ids": ["a"]}']
    assert source.requests[0].query["fields"] == "tldr"
