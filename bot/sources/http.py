"""The one way to read the web: a few known hosts, slowly, and never more than is sane."""

from __future__ import annotations

import asyncio
import codecs
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Protocol, Self

import aiohttp
from yarl import URL

from bot.errors import SourceError, SourceUnreachable
from bot.models import Listing
from bot.sources import patience
from bot.sources.patience import RateLimit

log = logging.getLogger(__name__)

NAMES = {
    "huggingface": "Hugging Face",
    "arxiv": "arXiv",
    "semantic_scholar": "Semantic Scholar",
}
"""What people call the sources."""

GAPS = {
    # https://info.arxiv.org/help/api/tou.html: over the query API, OAI-PMH and RSS together
    "arxiv": timedelta(seconds=3),
    # https://www.semanticscholar.org/product/api: with a key
    "semantic_scholar": timedelta(seconds=1),
}
"""The least time between two requests to a source, which then also has one connection only."""

AGENT = "Paperwire (a Discord bot for research papers)"
BODY_LIMIT = 16 * 2**20
"""Bytes of a body, unpacked. arXiv's longest answers (1,000 records) are about 3 MB."""
TIMEOUT = aiohttp.ClientTimeout(total=60, sock_connect=10, sock_read=30)
BACKOFF = (1.0, 4.0)
"""Seconds before each further try after a failure that may pass."""
MOST_REDIRECTS = 3
_CHUNK = 64 * 2**10

JSON = frozenset({"application/json"})
XML = frozenset({"application/xml", "text/xml", "application/atom+xml", "application/rss+xml"})
TEXT = frozenset({"text/plain", "text/markdown"})
_CHARSETS = frozenset(
    {"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252", "utf-16", "utf-16-le", "utf-16-be"}
)
"""By Python's names. Others that it knows take minutes for a long text (punycode), or make halves
of surrogate pairs (utf-7, unicode_escape), which cannot be stored."""
_LONGEST_HOST = 100
"""Characters of a host that we name."""
_LONGEST_TYPE = 80
"""Characters of a media type; those of papers have up to 20."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What lets a server answer that nothing has changed."""

    etag: str | None = None
    last_modified: str | None = None
    further: tuple[Validators, ...] = ()
    """Of a list of several pages: those of the pages after the first, in order."""


FRESH = Validators()
"""For whoever has nothing yet."""


def of_pages(pages: Sequence[Validators]) -> Validators:
    """Return the validators of a list from its pages'; none unless each page has its own."""
    first, *further = pages
    known = all(page.etag or page.last_modified for page in pages)
    return replace(first, further=tuple(further)) if known else FRESH


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said. Its body is hostile."""

    url: str
    status: int
    body: bytes = b""
    content_type: str = ""
    """The media type in lower case, without parameters; empty where the server named none."""
    charset: str = "utf-8"
    validators: Validators = FRESH
    limit: RateLimit | None = None

    @property
    def not_modified(self) -> bool:
        return self.status == 304

    @property
    def text(self) -> str:
        """The body as text; bytes that are none become U+FFFD, as does an unknown charset's."""
        try:
            charset = codecs.lookup(self.charset).name
        except (LookupError, ValueError):
            charset = ""
        return self.body.decode(charset if charset in _CHARSETS else "utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Fetched:
    """The lists that one asking brought."""

    listings: tuple[Listing, ...]
    """Empty where nothing has changed."""
    validators: Validators = FRESH
    """To be handed in at the next asking."""
    not_modified: bool = False


class Pace(Protocol):
    """Remembers when a source was last asked, so that gaps hold across restarts."""

    def turn(self, source: str) -> AbstractAsyncContextManager[None]:
        """Hold a source's only connection, whichever process wants it."""
        ...

    async def last_asked_at(self, source: str) -> datetime | None: ...

    async def note_asked(self, source: str, at: datetime) -> None: ...


@dataclass(slots=True)
class PaceInMemory:
    """Remembers until the process ends, and knows of no other process."""

    moments: dict[str, datetime] = field(default_factory=dict[str, datetime])

    def turn(self, source: str) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def last_asked_at(self, source: str) -> datetime | None:
        return self.moments.get(source)

    async def note_asked(self, source: str, at: datetime) -> None:
        self.moments[source] = at


def utc_now() -> datetime:
    return datetime.now(UTC)


class _Passing(Exception):
    """A failure that may be over in a moment; its text is one sentence."""


@dataclass
class Web:
    """Reads from known hosts. Use as an asynchronous context manager.

    Args:
        hosts: The only hosts that may be asked; no address that a person typed gets here.
        session: Shared with others and left open; without one, its own is opened, which
            ignores proxies named in the environment.
        gaps: The least time between two requests, by source.
        pace: Where the moments of the last requests are kept.
        now: The moment it is, UTC-aware.
        sleep: Waits for some seconds.
        agent: Who we say we are.
        timeout: For one request.
        body_limit: Bytes of a body after unpacking.
        backoff: Seconds before each further try.
    """

    hosts: Collection[str]
    session: aiohttp.ClientSession | None = None
    gaps: Mapping[str, timedelta] = field(default_factory=lambda: GAPS)
    pace: Pace = field(default_factory=PaceInMemory)
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    agent: str = AGENT
    timeout: aiohttp.ClientTimeout = TIMEOUT
    body_limit: int = BODY_LIMIT
    backoff: tuple[float, ...] = BACKOFF
    _own: aiohttp.ClientSession | None = field(default=None, init=False, repr=False)
    _lanes: dict[str, asyncio.Lock] = field(
        default_factory=dict[str, asyncio.Lock], init=False, repr=False
    )
    _shut_until: dict[str, datetime] = field(
        default_factory=dict[str, datetime], init=False, repr=False
    )

    async def __aenter__(self) -> Self:
        if self.session is None:
            self._own = self.session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit_per_host=4),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
            )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._own is not None:
            await self._own.close()
            self._own = self.session = None

    async def get(
        self,
        url: str,
        *,
        source: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        accept: Collection[str] = JSON,
        validators: Validators = FRESH,
        allow: Collection[int] = (),
        bucket: str = "",
    ) -> Answer:
        """Return what an address has.

        Args:
            url: On one of the known hosts.
            source: Whose it is: decides on gaps and on whose patience is spent.
            params: The query.
            headers: More of them, such as an authorization; never logged.
            accept: The media types that make sense.
            validators: From an earlier answer; the new one may then be ``not_modified``.
            allow: Further statuses that are an answer and not an error, such as 404.
            bucket: Which of the source's separate rate limits this counts towards.

        Raises:
            SourceError: There is no answer, or none of use. ``retry_after`` says how long
                the source wants to be left alone; without it the next run may try.
        """
        conditions = _conditions(validators)
        # "Not modified" is no answer to who has nothing yet.
        good = {200, 304} if conditions else {200}
        request = _Request(
            "GET",
            URL(url).update_query(dict(params or {})),
            source,
            headers={**conditions, **(headers or {})},
            accept=frozenset(accept),
            allow=frozenset({*good, *allow}),
            bucket=bucket,
        )
        return await self._ask(request)

    async def post(
        self,
        url: str,
        *,
        source: str,
        json: object,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        allow: Collection[int] = (),
    ) -> Answer:
        """Return the JSON that an address answers a question with that is too long for a GET.

        Only for questions: it is sent again after a failure. Arguments and errors as for
        ``get``.
        """
        request = _Request(
            "POST",
            URL(url).update_query(dict(params or {})),
            source,
            headers=dict(headers or {}),
            accept=JSON,
            allow=frozenset({200, *allow}),
            json=json,
        )
        return await self._ask(request)

    async def _ask(self, request: _Request) -> Answer:
        self._check_host(request.url)
        pauses = iter(self.backoff)
        while True:
            try:
                return await self._ask_once(request)
            except _Passing as failure:
                pause = next(pauses, None)
                if pause is None:
                    raise SourceError(str(failure)) from failure
                log.info("trying again in %g s: %s", pause, failure)
            await self.sleep(pause)

    async def _ask_once(self, request: _Request) -> Answer:
        """Ask, following redirects within the host."""
        url = request.url
        for _ in range(MOST_REDIRECTS + 1):
            async with self._turn(request):
                answer, target = await self._exchange(request, url)
            if target is None:
                return answer
            url = self._follow(request, url, target)
        raise SourceError(f"{request.name} redirects in circles.")

    @asynccontextmanager
    async def _turn(self, request: _Request) -> AsyncGenerator[None]:
        """Wait until the source may be asked; hold its only connection meanwhile."""
        gap = self.gaps.get(request.source)
        if gap is None:
            self._check_patience(request)
            yield
            return
        async with self._lanes.setdefault(request.source, asyncio.Lock()):
            self._check_patience(request)
            async with self.pace.turn(request.source):
                await self._keep_gap(request.source, gap)
                try:
                    yield
                finally:
                    await self.pace.note_asked(request.source, self.now())

    async def _keep_gap(self, source: str, gap: timedelta) -> None:
        asked_at = await self.pace.last_asked_at(source)
        if asked_at is not None and (wait := asked_at + gap - self.now()) > timedelta():
            # A clock that was set back must not make us wait for hours.
            await self.sleep(min(wait, gap).total_seconds())
        # Before asking, for the case that we do not live to note it afterwards.
        await self.pace.note_asked(source, self.now())

    def _check_patience(self, request: _Request) -> None:
        shut_until = self._shut_until.get(request.patience_key)
        if shut_until is not None and shut_until > self.now():
            wait = shut_until - self.now()
            raise SourceError(
                f"{request.name} asked us to wait; {_seconds(wait)} are left.", retry_after=wait
            )

    def _check_host(self, url: URL) -> None:
        if url.host not in self.hosts or url.scheme not in ("http", "https"):
            raise SourceError(f"{url.host or 'An address without a host'} may not be asked.")

    def _follow(self, request: _Request, url: URL, target: str) -> URL:
        try:
            follow = url.join(URL(target))
            elsewhere = follow.origin() != url.origin()
        except ValueError as error:
            raise SourceError(f"{request.name} redirects to no address.") from error
        upgraded = (url.scheme, follow.scheme) == ("http", "https") and follow.host == url.host
        if elsewhere and not (upgraded and follow.is_default_port()):
            where = (follow.host or "")[:_LONGEST_HOST]
            raise SourceError(f"{request.name} redirects to {where}, which is not followed.")
        self._check_host(follow)
        return follow

    async def _exchange(self, request: _Request, url: URL) -> tuple[Answer, str | None]:
        """Return the answer, or the address that it redirects to."""
        assert self.session is not None, "Web is used outside of its context"
        try:
            async with self.session.request(
                request.method,
                url,
                headers={"User-Agent": self.agent, "Accept": request.accepted, **request.headers},
                json=request.json,
                allow_redirects=False,
                timeout=self.timeout,
                middlewares=(_once,),
            ) as response:
                return await self._understand(request, response)
        except TimeoutError as error:
            raise _Passing(f"{request.name} did not answer in time.") from error
        except aiohttp.ClientPayloadError as error:
            raise _Passing(f"{request.name} broke off its answer.") from error
        except aiohttp.ClientConnectorError as error:
            raise SourceUnreachable(f"{request.name} could not be reached.") from error
        except aiohttp.ClientResponseError as error:
            raise _Passing(f"{request.name} gave an answer that is no valid HTTP.") from error
        except (aiohttp.ClientError, OSError) as error:
            raise _Passing(f"{request.name} could not be reached.") from error

    async def _understand(
        self, request: _Request, response: aiohttp.ClientResponse
    ) -> tuple[Answer, str | None]:
        limit = self._note_limit(request, response)
        if response.status in (301, 302, 303, 307, 308) and "Location" in response.headers:
            return Answer(str(response.url), response.status), response.headers["Location"]
        self._check_status(request, response, limit)
        answer = Answer(
            url=str(response.url),
            status=response.status,
            body=b"" if response.status == 304 else await self._body(request, response),
            content_type=_media_type(response),
            charset=response.charset or "utf-8",
            validators=_validators(response),
            limit=limit,
        )
        return answer, None

    def _note_limit(self, request: _Request, response: aiohttp.ClientResponse) -> RateLimit | None:
        limit = patience.rate_limit(response.headers, now=self.now())
        if limit is not None and limit.is_spent:
            self._shut_until[request.patience_key] = self.now() + limit.reset
        return limit

    def _check_status(
        self, request: _Request, response: aiohttp.ClientResponse, limit: RateLimit | None
    ) -> None:
        asked = patience.retry_after(response.headers.get("Retry-After"), now=self.now())
        if response.status == 429 or (response.status >= 500 and asked is not None):
            spent = limit.reset if limit is not None and limit.is_spent else None
            wait = asked or spent or patience.UNSAID
            self._shut_until[request.patience_key] = self.now() + wait
            raise SourceError(
                f"{request.name} asks us to wait {_seconds(wait)} (status {response.status}).",
                retry_after=wait,
            )
        if response.status >= 500:
            raise _Passing(f"{request.name} has trouble of its own (status {response.status}).")
        if response.status not in request.allow:
            raise SourceError(f"{request.name} refused the request (status {response.status}).")
        if response.status == 200 and (kind := _media_type(response)) not in {"", *request.accept}:
            raise SourceError(f"{request.name} answered with {kind} instead of {request.accepted}.")

    async def _body(self, request: _Request, response: aiohttp.ClientResponse) -> bytes:
        """Read a body chunk by chunk; aiohttp unpacks no more than a chunk at a time."""
        body = bytearray()
        async for chunk in response.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > self.body_limit:
                raise SourceError(
                    f"{request.name} answered with more than {self.body_limit:,} bytes."
                )
        return bytes(body)


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    url: URL
    source: str
    headers: Mapping[str, str] = field(repr=False)
    accept: frozenset[str]
    allow: frozenset[int]
    bucket: str = ""
    json: object = None

    @property
    def name(self) -> str:
        return NAMES.get(self.source, self.source)

    @property
    def accepted(self) -> str:
        return ", ".join(sorted(self.accept))

    @property
    def patience_key(self) -> str:
        return f"{self.source} {self.bucket}"


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Send a request once: aiohttp does it again by itself, without a gap, if nothing comes back."""
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # which it does not try again
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientError(str(error)) from error


def _conditions(validators: Validators) -> dict[str, str]:
    conditions = {
        "If-None-Match": validators.etag,
        "If-Modified-Since": validators.last_modified,
    }
    return {name: value for name, value in conditions.items() if value}


def _validators(response: aiohttp.ClientResponse) -> Validators:
    values = (response.headers.get("ETag"), response.headers.get("Last-Modified"))
    # What is not ASCII could neither be stored nor be sent back.
    etag, last_modified = (value if value and value.isascii() else None for value in values)
    return Validators(etag, last_modified)


def _media_type(response: aiohttp.ClientResponse) -> str:
    given = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    # Bytes that are no text come as halves of surrogate pairs, which cannot be stored.
    return given[:_LONGEST_TYPE].encode("ascii", "replace").decode()


def _seconds(wait: timedelta) -> str:
    return f"{max(1, round(wait.total_seconds())):,} s"
