"""A language model behind any OpenAI-compatible address, asked through the openai client."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from bot.errors import ModelError

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds for a whole answer."""
SILENCE = 30.0
"""Seconds without a word, the time before the first among them."""
LONGEST_REPLY = 20_000
"""Characters; the rest is not waited for."""
MOST_BYTES = 2**20
"""Of one answer on the wire."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an answer."""

    text: str
    """Empty while the model thinks."""
    written: int
    """Characters, of the text and of thoughts: both cost."""


@dataclass
class LanguageModel:
    """Asks one model. Use as an asynchronous context manager.

    The openai package is imported at the first question: it takes up to two seconds.

    Args:
        url: Where the API begins, such as ``http://localhost:11434/v1``.
        name: The model, as that address calls it.
        key: Sent as a bearer token, where the address asks for one.
        patience: Seconds for a whole answer.
        silence: Seconds without a word.
    """

    url: str
    name: str
    key: str | None = field(default=None, repr=False)
    patience: float = PATIENCE
    silence: float = SILENCE
    _client: Any = field(default=None, init=False, repr=False)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def reply(self, messages: Sequence[dict[str, str]]) -> AsyncGenerator[Piece]:
        """Give the model's answer piece by piece. Closing it early ends the request.

        Raises:
            ModelError: It did not answer, or not in time, or with what is no answer.
        """
        client = await self._opened()
        until = asyncio.get_running_loop().time() + self.patience
        told = 0
        with _model_errors():
            async with aclosing(self._written(client, messages)) as pieces:
                while told <= LONGEST_REPLY:
                    # Only here: around the `yield`, it would run out in whoever reads the pieces,
                    # and cancel them.
                    async with asyncio.timeout_at(until):
                        piece = await anext(pieces, None)
                    if piece is None:
                        return
                    told += len(piece.text)
                    yield piece

    async def _written(
        self, client: Any, messages: Sequence[dict[str, str]]
    ) -> AsyncGenerator[Piece]:
        stream = await client.chat.completions.create(
            model=self.name, messages=list(messages), stream=True
        )
        async with stream:
            async for chunk in stream:
                yield _piece_of(chunk)

    async def _opened(self) -> Any:
        async with self._opening:
            if self._client is None:
                openai = await asyncio.to_thread(importlib.import_module, "openai")
                self._client = openai.AsyncOpenAI(
                    base_url=self.url,
                    api_key=self.key or "none",
                    max_retries=0,
                    http_client=_http_client(self.silence),
                )
            return self._client


@contextmanager
def _model_errors() -> Generator[None]:
    """Raise what goes wrong as a ``ModelError``."""
    # What the address sends is put into objects unseen: nonsense ends in any of these.
    nonsense = (ValueError, TypeError, AttributeError, KeyError, RecursionError)
    try:
        yield
    except TimeoutError as error:
        raise ModelError("The language model did not answer in time.") from error
    except _failures() as error:
        raise ModelError(_in_words(error)) from error
    except nonsense as error:
        raise ModelError("The language model's answer made no sense.") from error


def _failures() -> tuple[type[Exception], ...]:
    import httpx2
    import openai

    return (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError, OSError)


def _in_words(error: Exception) -> str:
    """Return what went wrong, without the address or a word of the answer."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return f"The language model refused the request (status {status})."
    if "Timeout" in type(error).__name__:
        return "The language model did not answer in time."
    return "The language model could not be reached, or broke off its answer."


def _piece_of(chunk: Any) -> Piece:
    """Return what one event tells; an empty text for one of another kind, as a call of a tool."""
    choices = getattr(chunk, "choices", None) or [None]
    delta = getattr(choices[0], "delta", None)
    said, *thought = (getattr(delta, name, None) for name in ("content", *_THOUGHTS))
    text = said if isinstance(said, str) else ""
    # Some addresses send a thought under both names.
    longest = max((len(each) for each in thought if isinstance(each, str)), default=0)
    return Piece(text, len(text) + longest)


_THOUGHTS = ("reasoning_content", "reasoning")
"""Where models that think before they answer write it, the first at most addresses."""


def _http_client(silence: float) -> Any:
    """Return a client that follows no redirects, knows no proxies and takes no endless answers."""
    import httpx2

    class Bounded(httpx2.AsyncBaseTransport):
        """Takes answers that are not packed, up to a length."""

        def __init__(self) -> None:
            self._inner = httpx2.AsyncHTTPTransport()

        async def handle_async_request(self, request: Any) -> Any:
            request.headers["Accept-Encoding"] = "identity"
            response = await self._inner.handle_async_request(request)
            if response.headers.get("Content-Encoding", "identity") != "identity":
                await response.aclose()
                raise httpx2.RemoteProtocolError("The answer is packed.")
            response.stream = Bytes(response.stream)
            return response

        async def aclose(self) -> None:
            await self._inner.aclose()

    class Bytes(httpx2.AsyncByteStream):
        def __init__(self, inner: Any) -> None:
            self._inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            length = 0
            async for part in self._inner:
                length += len(part)
                if length > MOST_BYTES:
                    raise httpx2.ReadError(f"The answer has more than {MOST_BYTES:,} bytes.")
                yield part

        async def aclose(self) -> None:
            await self._inner.aclose()

    timeout = httpx2.Timeout(silence, connect=10.0)
    return httpx2.AsyncClient(transport=Bounded(), timeout=timeout, follow_redirects=False)
