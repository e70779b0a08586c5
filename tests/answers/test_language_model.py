"""The client of language models against an address that misbehaves in every way."""

from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from bot.answers.language_model import LONGEST_REPLY, MOST_BYTES, LanguageModel
from bot.errors import ModelError
from tests.answers.model_server import ModelServer, a_model_server, begin, event, events
from tests.conftest import ROOT

QUESTION = [{"role": "user", "content": "Why?"}]
KEY = "sk-very-secret"


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with a_model_server() as server:
        yield server


@pytest.fixture
async def model(server: ModelServer) -> AsyncIterator[LanguageModel]:
    async with LanguageModel(server.url, "owl-1", KEY) as model:
        yield model


async def whole(model: LanguageModel) -> str:
    return "".join([piece.text async for piece in model.reply(QUESTION)])


async def test_the_pieces_come_as_they_are_written(server: ModelServer, model: LanguageModel):
    server.says("Because ", "it is", " so.")
    pieces = [piece.text async for piece in model.reply(QUESTION)]
    assert pieces == ["Because ", "it is", " so."]
    assert server.keys == [f"Bearer {KEY}"]
    assert server.asked == [{"model": "owl-1", "messages": QUESTION, "stream": True}]


def status(code: int, body: str = '{"error": {"message": "no sk-very-secret"}}', **headers: str):
    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(
            status=code, text=body, content_type="application/json", headers=headers
        )

    return behave


async def cut_off(request: web.Request) -> web.StreamResponse:
    response = await begin(request)
    await response.write(event("Bec").encode())
    assert request.transport is not None
    request.transport.abort()
    return response


async def not_json(request: web.Request) -> web.StreamResponse:
    return await events(request, ["data: {not json\n\n"])


async def error_inside(request: web.Request) -> web.StreamResponse:
    return await events(request, ['data: {"error": {"message": "out of memory"}}\n\n'])


async def packed(request: web.Request) -> web.StreamResponse:
    body = gzip.compress(event("x" * 10_000_000).encode())
    return web.Response(
        body=body, headers={"Content-Encoding": "gzip", "Content-Type": "text/event-stream"}
    )


async def endless_line(request: web.Request) -> web.StreamResponse:
    response = await begin(request)
    for _ in range(40):
        await response.write(b"x" * (MOST_BYTES // 16))
    return response


async def elsewhere(request: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect("http://evil.example/v1/chat/completions")


@pytest.mark.parametrize(
    "behave",
    [
        status(400),
        status(401),
        status(404, "<html>"),
        status(429, **{"Retry-After": "3600"}),
        status(500, "x" * 100_000),
        status(503),
        cut_off,
        not_json,
        error_inside,
        packed,
        endless_line,
        elsewhere,
    ],
)
async def test_what_is_no_answer_is_one_error_without_secrets(
    server: ModelServer,
    model: LanguageModel,
    behave: Callable[[web.Request], Awaitable[web.StreamResponse]],
    caplog: pytest.LogCaptureFixture,
):
    server.behave = behave
    with pytest.raises(ModelError) as caught:
        await whole(model)
    assert len(server.asked) == 1  # no repeats: the quotes are ready
    assert KEY not in str(caught.value) + repr(model) + caplog.text
    assert server.url not in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    "told",
    [
        [],
        ["data: []\n\n"],
        ["data: 7\n\n"],
        ["data: {}\n\n"],
        ['data: {"choices": []}\n\n'],
        ['data: {"choices": [{"delta": null}]}\n\n'],
        ['data: {"choices": [null]}\n\n'],
        ['data: {"choices": {"0": 1}}\n\n'],
        [event(None)],
        [event(7)],
        [event({"a": 1})],
        [event(["x"])],
        [event(None, tool_calls=[{"index": 0, "function": {"name": "rm", "arguments": "-rf"}}])],
        [event(None, refusal="I cannot help with that.")],
        ["<html><body>Please log in</body></html>\n\n"],
    ],
)
async def test_nonsense_is_nothing_or_an_error_and_never_a_bug(
    server: ModelServer, model: LanguageModel, told: list[str]
):
    server.behave = lambda request: events(request, told)
    try:
        outcome = await whole(model)
    except ModelError as error:
        outcome = str(error)
    assert outcome in ("", "The language model's answer made no sense.")


async def test_a_wrong_content_type_is_no_bug(server: ModelServer, model: LanguageModel):
    server.behave = lambda request: events(request, ["<p>hello</p>"], kind="text/html", end="")
    assert await whole(model) == ""


async def test_the_rest_of_a_huge_answer_is_not_waited_for(
    server: ModelServer, model: LanguageModel
):
    server.says(*["x" * 1_000] * 500)
    assert LONGEST_REPLY < len(await whole(model)) <= LONGEST_REPLY + 1_000


@pytest.mark.parametrize("slow", ["silence", "patience"])
async def test_a_slow_answer_is_not_waited_for(server: ModelServer, slow: str):
    async def never(request: web.Request) -> web.StreamResponse:
        response = await begin(request)
        await response.write(event("Well").encode())
        await asyncio.Event().wait()
        return response

    server.behave = never
    async with LanguageModel(server.url, "owl-1") as model:
        setattr(model, slow, 0.2)
        with pytest.raises(ModelError, match="did not answer in time"):
            await whole(model)
    await server.ended.wait()


async def test_time_that_runs_out_while_a_piece_is_read_ends_the_answer_and_not_its_reader(
    server: ModelServer,
):
    async def slowly(request: web.Request) -> web.StreamResponse:
        response = await begin(request)
        await response.write(event("Well").encode())
        await asyncio.Event().wait()
        return response

    server.behave = slowly
    async with LanguageModel(server.url, "owl-1", patience=0.3) as model:

        async def read_slowly() -> None:
            async for _ in model.reply(QUESTION):
                await asyncio.sleep(0.5)

        with pytest.raises(ModelError, match="did not answer in time"):
            await read_slowly()
    await server.ended.wait()


async def test_thoughts_are_no_text_and_are_counted(server: ModelServer, model: LanguageModel):
    thoughts = [
        event(None, reasoning_content="Hmm."),
        event("", reasoning="Well."),
        event("Yes.", reasoning="Oh", reasoning_content="Oh"),
        event("So.", reasoning={"a": 1}),
    ]
    server.behave = lambda request: events(request, thoughts)
    pieces = [(piece.text, piece.written) async for piece in model.reply(QUESTION)]
    assert pieces == [("", 4), ("", 5), ("Yes.", 6), ("So.", 3)]


async def test_leaving_early_ends_the_request(server: ModelServer, model: LanguageModel):
    async def slowly(request: web.Request) -> web.StreamResponse:
        response = await begin(request)
        await response.write(event("Well").encode())
        await asyncio.Event().wait()
        return response

    server.behave = slowly
    reply = model.reply(QUESTION)
    assert (await anext(reply)).text == "Well"
    await reply.aclose()
    await server.ended.wait()


async def test_an_address_where_nobody_listens_is_an_error():
    async with LanguageModel("http://127.0.0.1:9/v1", "owl-1") as model:
        with pytest.raises(ModelError, match="could not be reached"):
            await whole(model)


def test_starting_the_bot_does_not_load_what_only_some_answers_need():
    told = "import sys, bot.app; print(*{'openai', 'httpx2', 'pypdf'} & set(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert loaded.stdout.strip() == ""
