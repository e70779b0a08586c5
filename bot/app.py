"""Opens everything in the order it is needed; leaving closes it in reverse."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import discord
import discord.http
import yarl
from discord.gateway import DiscordWebSocket

from bot.answers.language_model import LanguageModel
from bot.asking import Answers
from bot.client import PaperBot, Services
from bot.delivery.lock import only_deliverer
from bot.discord_sender import DiscordSender
from bot.errors import PaperwireError, SettingsError
from bot.jobs.compose import Compose
from bot.jobs.deliver import Deliver
from bot.jobs.email import DeliverEmail
from bot.jobs.enrich import Enrich
from bot.jobs.forget import Forget
from bot.jobs.index import Embed, Index, open_engine
from bot.jobs.looks import Looks
from bot.jobs.match import MatchNew
from bot.jobs.refresh import Refresh
from bot.jobs.runner import JobRunner
from bot.jobs.watch import Watch
from bot.lookup import Lookup
from bot.mail import confirming
from bot.mail.setup import outgoing
from bot.search.embed import Embedder, chosen
from bot.search.engine import SearchEngine
from bot.search.vectors import dims_kept
from bot.sources.arxiv import ArXiv
from bot.sources.http import Web
from bot.sources.huggingface import HuggingFace
from bot.sources.semantic_scholar import SemanticScholar
from bot.store import heartbeat, mailboxes, outbox, pace, people
from bot.store.spending import Limits
from bot.store.store import Store
from bot.unchanged import Unchanged
from bot.web.server import serving
from bot.wording import Wording
from cogs import EXTENSIONS
from config.settings import Settings

log = logging.getLogger(__name__)

COMPOSE_EVERY = timedelta(minutes=1)
INDEX_EVERY = timedelta(minutes=5)
DELIVER_EVERY = timedelta(seconds=5)
EMAIL_EVERY = timedelta(seconds=15)
WATCH_EVERY = timedelta(minutes=30)
ENRICH_EVERY = timedelta(hours=1)
FORGET_EVERY = timedelta(minutes=30)
LONGEST_STOP = timedelta(seconds=9.5)
"""A supervisor kills after ten seconds."""
AUTHENTICATION_FAILED = 4004
"""The gateway's code for a token that was taken back while the bot was running."""
BAD_TOKEN = (
    "Discord does not take DISCORD_TOKEN; copy it again from the developer portal"
    " (Bot, Reset Token)."
)
NO_MESSAGE_CONTENT = (
    "PAPERWIRE_MESSAGE_CONTENT is on, but Discord does not let the bot read all messages: turn on"
    " Message Content Intent in the developer portal (Bot), or leave the setting out."
)


def utc_now() -> datetime:
    return datetime.now(UTC)


def index_folder(database: Path) -> Path:
    """Return where a database's search index is; it can be made anew at any time."""
    return database.with_name(database.name + ".index")


def embedder_for(settings: Settings) -> Embedder:
    """Return the model of meaning that the settings name; loading one may take seconds.

    Raises:
        SettingsError: It is not installed, not known, or cannot be asked.
    """
    key = settings.embeddings_key
    return chosen(
        settings.embeddings,
        settings.embeddings_model,
        dims=settings.embeddings_dims,
        key=key.get_secret_value() if key else None,
        before=partial(dims_kept, index_folder(settings.database)),
    )


@dataclass(frozen=True)
class Rooms:
    """What is open while anything runs."""

    settings: Settings
    store: Store
    engine: SearchEngine
    now: Callable[[], datetime] = utc_now
    model: LanguageModel | None = None


@asynccontextmanager
async def opened(settings: Settings, *, rebuild: bool = False) -> AsyncGenerator[Rooms]:
    """Open the database and its search index.

    Args:
        rebuild: Make the index anew.
    """
    async with AsyncExitStack() as stack:
        model = language_model(settings)
        if model:
            await stack.enter_async_context(model)
        store = await stack.enter_async_context(Store(settings.database))
        folder = index_folder(settings.database)
        embedder = await asyncio.to_thread(embedder_for, settings)
        engine = await open_engine(store, folder, embedder=embedder, rebuild=rebuild)
        try:
            yield Rooms(settings, store, engine, model=model)
        finally:
            await asyncio.to_thread(engine.close)


@dataclass(frozen=True)
class Sources:
    """Who can be asked."""

    hugging_face: HuggingFace
    arxiv: ArXiv
    semantic_scholar: SemanticScholar | None
    """None without a key: it would refuse most requests."""


@asynccontextmanager
async def asking(rooms: Rooms) -> AsyncGenerator[Sources]:
    """Open the web for asking the sources."""
    settings = rooms.settings
    addresses = (
        settings.hugging_face_url,
        settings.arxiv_url,
        settings.arxiv_rss_url,
        settings.arxiv_oai_url,
        settings.arxiv_pages_url,
        settings.semantic_scholar_url,
    )
    hosts = frozenset(urlsplit(address).hostname or "" for address in addresses)
    token, key = settings.hugging_face_token, settings.semantic_scholar_key
    async with Web(hosts, pace=pace.PaceInFiles(rooms.store), now=rooms.now) as web:
        yield Sources(
            HuggingFace(
                web, settings.hugging_face_url, token=token.get_secret_value() if token else None
            ),
            ArXiv(
                web,
                settings.arxiv_url,
                settings.arxiv_rss_url,
                settings.arxiv_oai_url,
                settings.arxiv_pages_url,
            ),
            SemanticScholar(web, settings.semantic_scholar_url, key=key.get_secret_value())
            if key
            else None,
        )


def looking_up(rooms: Rooms, sources: Sources) -> Lookup:
    """Return what fetches single papers that are asked about."""
    most = rooms.settings.full_text_megabytes * 1_000_000
    return Lookup(rooms.store, sources.hugging_face, sources.arxiv, rooms.now, most)


def refresher(
    rooms: Rooms, sources: Sources, unchanged: Unchanged, *, starter_is_news: bool = False
) -> Refresh:
    """Return the job that looks at the sources' lists."""
    looks = Looks(sources.hugging_face, sources.arxiv, rooms.settings.arxiv_categories)
    return Refresh(rooms.store, looks, rooms.now, starter_is_news, unchanged)


@asynccontextmanager
async def looking(rooms: Rooms) -> AsyncGenerator[Refresh]:
    """Open the web for looking at the sources' lists."""
    async with asking(rooms) as sources:
        yield refresher(rooms, sources, Unchanged())


@dataclass
class Engine:
    """The jobs, and how they wake each other. It stands outside the bot object."""

    rooms: Rooms
    sources: Sources
    refresh: Refresh
    runner: JobRunner
    deliver: Deliver
    match: MatchNew
    connected: Callable[[], bool]
    """Whether Discord tells the bot what happens; sending needs no more than the log-in."""
    email: DeliverEmail | None = None
    """None where the operator has set up no mail server."""

    def start(self) -> None:
        """Begin to run all jobs, each for the first time at once."""
        minutes = timedelta(minutes=self.rooms.settings.refresh_minutes)
        self.runner.every(minutes, "refresh", self._refresh)
        self.runner.every(INDEX_EVERY, "index", self._index)
        self.runner.every(INDEX_EVERY, "embed", Embed(self.rooms.engine), now=False)
        self.runner.every(COMPOSE_EVERY, "compose", self._compose)
        self.runner.every(DELIVER_EVERY, "deliver", self.deliver)
        if self.email:
            self.runner.every(EMAIL_EVERY, "email", self.email)
        self.runner.every(heartbeat.EVERY, "heartbeat", self._beat)
        self._start_asking()

    def _start_asking(self) -> None:
        """Begin to ask for what the lists do not say of single papers."""
        store, now = self.rooms.store, self.rooms.now
        watch = Watch(store, self.sources.hugging_face, self.sources.arxiv, now)
        self.runner.every(WATCH_EVERY, "watch", watch, now=False)
        if self.sources.semantic_scholar:
            enrich = Enrich(store, self.sources.semantic_scholar, now)
            self.runner.every(ENRICH_EVERY, "enrich", enrich, now=False)

    async def _refresh(self) -> None:
        await self.refresh()
        self.runner.wake("index")
        self.runner.wake("compose")

    async def _index(self) -> None:
        await Index(self.rooms.store, self.rooms.engine)()
        await asyncio.to_thread(self.rooms.engine.prepare)
        self.runner.wake("embed")

    async def _compose(self) -> None:
        await self.match()
        by_email = self.email is not None
        await Compose(self.rooms.store, self.rooms.now, self.match.reader, by_email=by_email)()
        self.runner.wake("deliver")
        if by_email:
            self.runner.wake("email")

    def stop(self) -> None:
        """Begin nothing more; what is under way ends by itself."""
        self.deliver.stopping = True
        if self.email:
            self.email.stopping = True

    async def _beat(self) -> None:
        connected = self.connected()
        await self.rooms.store.run(heartbeat.beat, now=self.rooms.now(), connected=connected)


def deliverer(rooms: Rooms, bot: PaperBot) -> Deliver:
    """Return the job that sends what is owed through a bot."""

    async def on_dm_open(user_id: int, channel_id: int) -> None:
        await rooms.store.run(people.dm_opened, user_id, channel_id)

    sender = DiscordSender(bot, on_dm_open)
    return Deliver(
        rooms.store,
        sender,
        rooms.now,
        invalid=bot.requests.invalid,
        changes=bot.services.place_changes,
        look_again_at=bot.look_again_at,
    )


def emailer(rooms: Rooms) -> DeliverEmail | None:
    """Return the job that hands in e-mail; None where the operator has set up no mail server."""
    setup = outgoing(rooms.settings)
    if setup is None:
        return None
    return DeliverEmail(rooms.store, setup.relay, setup.sender, rooms.now)


@asynccontextmanager
async def web_server(rooms: Rooms) -> AsyncGenerator[None]:
    """Serve by HTTP, where the operator has named a port."""
    settings = rooms.settings
    if settings.web_port is None:
        yield
        return
    async with serving(
        rooms.store, rooms.now, host=settings.web_host, port=settings.web_port
    ) as port:
        log.info("the web server listens on %s:%d", settings.web_host, port)
        yield


@asynccontextmanager
async def working(
    rooms: Rooms, bot: PaperBot, runner: JobRunner, *, starter_is_news: bool = False
) -> AsyncGenerator[Engine]:
    """Run all jobs against a bot that is logged in.

    Args:
        starter_is_news: Post from the starter library, for the sandbox's first minute.
    """
    with only_deliverer(rooms.settings.database):
        if interrupted := await rooms.store.run(outbox.recover):
            log.warning("%d deliveries were interrupted and are looked after first", interrupted)
        if outgoing(rooms.settings) is None:
            await rooms.store.run(mailboxes.hold_all, because="the operator ended e-mail")
        async with (
            web_server(rooms),
            asking(rooms) as sources,
            looking_up(rooms, sources) as lookup,
            runner,
        ):
            bot.services.answers.lookup = lookup
            unchanged = bot.services.unchanged
            refresh = refresher(rooms, sources, unchanged, starter_is_news=starter_is_news)
            match = MatchNew(rooms.store, rooms.now, bot.services.reader)
            engine = Engine(
                rooms,
                sources,
                refresh,
                runner,
                deliverer(rooms, bot),
                match,
                bot.is_ready,
                emailer(rooms),
            )
            engine.start()
            runner.every(FORGET_EVERY, "forget", forgetting(rooms, bot), now=False)
            try:
                yield engine
            finally:
                engine.stop()
                bot.services.answers.lookup = None


def forgetting(rooms: Rooms, bot: PaperBot) -> Callable[[], Awaitable[None]]:
    """Return what removes talks that are over, addresses never proved, and what is too old."""
    let_go = Forget(rooms.store, rooms.now)

    async def forget() -> None:
        await bot.services.conversations.forget()
        await confirming.forget(rooms.store, now=rooms.now())
        await let_go()

    return forget


def answering(rooms: Rooms) -> Answers:
    """Return what answers questions; its ``lookup`` is set while the web is open."""
    settings = rooms.settings
    limits = Limits(settings.llm_tokens_person, settings.llm_tokens_server, settings.llm_tokens_day)
    wording = Wording(rooms.store, rooms.model, limits, rooms.now) if rooms.model else None
    return Answers(rooms.store, rooms.engine, rooms.now, wording=wording)


def language_model(settings: Settings) -> LanguageModel | None:
    """Return the model that words answers; None where none is set.

    Raises:
        SettingsError: The address is set and the model's name is not.
    """
    if not settings.llm_url:
        return None
    if not settings.llm_model:
        raise SettingsError("PAPERWIRE_LLM_URL is set without PAPERWIRE_LLM_MODEL: name the model.")
    key = settings.llm_key.get_secret_value() if settings.llm_key else None
    return LanguageModel(settings.llm_url, settings.llm_model, key)


def services_for(rooms: Rooms, runner: JobRunner) -> Services:
    """Return what commands and buttons work with."""
    store, engine, now = rooms.store, rooms.engine, rooms.now
    services = Services(
        store,
        engine,
        now,
        runner.wake,
        runner.next_run_at,
        runner.troubles,
        by_email=outgoing(rooms.settings) is not None,
        categories=rooms.settings.arxiv_categories,
    )
    services.answers = answering(rooms)
    return services


async def run_bot(settings: Settings) -> None:
    """Run the bot on Discord until it is told to stop.

    Raises:
        SettingsError: Discord does not take the token.
    """
    assert settings.discord_token is not None
    use_api(settings.discord_api_url)
    async with opened(settings) as rooms:
        runner = JobRunner()
        services, reads_all = services_for(rooms, runner), settings.message_content
        async with PaperBot(services, EXTENSIONS, message_content=reads_all) as bot:
            with login_errors():
                await bot.login(settings.discord_token.get_secret_value())
                if settings.discord_api_url:
                    await use_gateway_of_api(bot)
            async with working(rooms, bot, runner):
                with login_errors():
                    await heeding_cancellation(bot.connect())


def use_api(url: str | None) -> None:
    """Send Discord's HTTP requests elsewhere, to a REST proxy or a test server."""
    if url:
        discord.http.Route.BASE = url.rstrip("/")


async def use_gateway_of_api(bot: PaperBot) -> None:
    """Connect to the gateway that the API at the other address names.

    discord.py asks for it at the first connection only; after an invalid session
    it goes to Discord's own.
    """
    _, url, _ = await bot.http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)


@contextmanager
def login_errors() -> Generator[None]:
    """Turn what keeps the bot from coming online into a sentence for the operator."""
    try:
        yield
    except discord.LoginFailure as error:
        raise SettingsError(BAD_TOKEN) from error
    except discord.PrivilegedIntentsRequired as error:
        raise SettingsError(NO_MESSAGE_CONTENT) from error
    except discord.ConnectionClosed as error:
        if error.code == AUTHENTICATION_FAILED:
            raise SettingsError(BAD_TOKEN) from error
        raise PaperwireError(f"Discord closed the connection for good ({error.code}).") from error
    except (aiohttp.ClientError, OSError, discord.HTTPException, discord.GatewayNotFound) as error:
        raise PaperwireError("Discord cannot be reached; check the network.") from error


async def heeding_cancellation(work: Coroutine[None, None, None]) -> None:
    """Wait for work that may miss its cancellation, as ``asyncio.wait_for`` does up to Python 3.11.

    Cancelled, this returns all the same; closing what the work uses then ends it.
    """
    task = asyncio.create_task(work)
    try:
        await asyncio.wait({task})
    finally:
        task.cancel()
    await task


def stop_on_signals(*, within: timedelta = LONGEST_STOP) -> None:
    """Cancel the running task on SIGTERM, so that everything is closed in its order.

    Args:
        within: After this long the process ends, closed or not. That loses nothing: what it was
            at is recovered at the next start, as after a crash.
    """
    task = asyncio.current_task()
    assert task is not None

    def stop() -> None:
        task.cancel()
        # A thread: the loop may be gone by then, while Python waits for its other threads.
        last_resort = threading.Timer(within.total_seconds(), _end_now)
        last_resort.daemon = True
        last_resort.start()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)


def _end_now() -> None:
    log.warning("closing takes too long; the process ends now, and the next one recovers the rest")
    logging.shutdown()
    os._exit(1)
