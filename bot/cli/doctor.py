"""``doctor``: says what is configured, reachable and missing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit

import aiohttp

from bot.app import opened
from bot.cli.say import say
from bot.errors import MailServerError, PaperwireError
from bot.mail.setup import outgoing
from bot.mail.smtp import connected
from bot.search.engine import SearchEngine
from bot.store import listings, papers
from config.settings import Settings

DISCORD_API = "https://discord.com/api/v10"
PATIENCE = aiohttp.ClientTimeout(total=8)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look came to."""

    good: bool
    text: str
    vital: bool = True
    """Whether the bot cannot run while this is bad."""


async def examine(settings: Settings) -> int:
    """Print a line for each thing looked at; 1 when the bot could not run."""
    findings = [await _database(settings), _token(settings), _sandbox()]
    async with aiohttp.ClientSession(timeout=PATIENCE) as web:
        findings += await asyncio.gather(
            _discord(web, settings),
            _source(web, "Hugging Face", settings.hugging_face_url),
            _source(web, "arXiv", settings.arxiv_url),
            _language_model(web, settings),
            _email(settings),
            _web(web, settings),
        )
    for finding in findings:
        sign = "ok     " if finding.good else "MISSING" if finding.vital else "note   "
        say(f"{sign} {finding.text}")
    good = all(finding.good for finding in findings if finding.vital)
    say("The bot can run." if good else "The bot cannot run on Discord as things are.")
    return 0 if good else 1


async def _database(settings: Settings) -> Finding:
    try:
        async with opened(settings) as rooms:
            number = await rooms.store.read(papers.count)
            meaning = _meaning(rooms.engine)
            states = await rooms.store.read(listings.source_states)
    except PaperwireError as error:
        return Finding(False, str(error))
    looked = max((s.good_at for s in states if s.good_at), default=None)
    when = f", last news from a source {looked:%Y-%m-%d %H:%M} UTC" if looked else ""
    text = f"database {settings.database}: {number:,} papers{when}; {meaning}"
    return Finding(True, text)


def _meaning(engine: SearchEngine) -> str:
    waiting = f", {engine.pending:,} papers still to be read" if engine.pending else ""
    return f"search by words and by {engine.embedder.model}{waiting}"


def _token(settings: Settings) -> Finding:
    if settings.discord_token is None:
        return Finding(False, "DISCORD_TOKEN is not set; without it only the sandbox runs")
    return Finding(True, "DISCORD_TOKEN is set")


def _sandbox() -> Finding:
    try:
        return Finding(True, f"sandbox: simcord {version('simcord')} is installed", vital=False)
    except PackageNotFoundError:
        return Finding(
            False, "sandbox: not installed (pip install 'paperwire[sandbox]')", vital=False
        )


async def _discord(web: aiohttp.ClientSession, settings: Settings) -> Finding:
    """Ask Discord who the token's bot is; the answer and the token are not shown."""
    api = settings.discord_api_url or DISCORD_API
    token = settings.discord_token
    headers = {"Authorization": f"Bot {token.get_secret_value()}"} if token else {}
    path = "/users/@me" if token else "/gateway"
    try:
        async with web.get(api.rstrip("/") + path, headers=headers) as answer:
            if answer.status == 401:
                return Finding(False, "Discord does not take DISCORD_TOKEN")
            return Finding(answer.ok, f"Discord answers {answer.status}")
    except (aiohttp.ClientError, TimeoutError, OSError):
        return Finding(False, f"Discord ({urlsplit(api).hostname}) cannot be reached")


async def _source(web: aiohttp.ClientSession, name: str, url: str) -> Finding:
    host = urlsplit(url).hostname
    try:
        async with web.head(url, allow_redirects=False) as answer:
            return Finding(answer.status < 500, f"{name} ({host}) answers {answer.status}", False)
    except (aiohttp.ClientError, TimeoutError, OSError):
        text = f"{name} ({host}) cannot be reached; papers come from imports and the library"
        return Finding(False, text, vital=False)


async def _language_model(web: aiohttp.ClientSession, settings: Settings) -> Finding:
    """Ask the language model's address what it offers; no question is sent, nothing is spent."""
    if settings.llm_url is None:
        text = "language model: PAPERWIRE_LLM_URL is not set; answers are the papers' own sentences"
        return Finding(False, text, vital=False)
    key = settings.llm_key
    headers = {"Authorization": f"Bearer {key.get_secret_value()}"} if key else {}
    where = f"language model: {settings.llm_model} at {urlsplit(settings.llm_url).hostname}"
    try:
        async with web.get(
            f"{settings.llm_url.rstrip('/')}/models", headers=headers, allow_redirects=False
        ) as answer:
            if answer.status in (401, 403):
                return Finding(False, f"{where} does not take PAPERWIRE_LLM_KEY", vital=False)
            good = answer.ok or answer.status == 404  # not every address lists its models
            return Finding(good, f"{where} answers {answer.status}", vital=False)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return Finding(False, f"{where} cannot be reached; answers are quotes", vital=False)


async def _email(settings: Settings) -> Finding:
    """Connect to the mail server and log in, without sending anything."""
    setup = outgoing(settings)
    if setup is None:
        return Finding(False, "e-mail: PAPERWIRE_SMTP_HOST is not set, so there is none", False)
    relay = replace(setup.relay, timeout=PATIENCE.total or setup.relay.timeout)
    try:
        async with connected(relay):
            pass
    except MailServerError as error:
        return Finding(False, f"e-mail: {error}", vital=False)
    ends = "mails end in one click" if _one_click(settings) else "mails end by command alone"
    return Finding(True, f"e-mail: {relay.host}:{relay.port} lets the bot in; {ends}", vital=False)


def _one_click(settings: Settings) -> bool:
    return settings.web_url is not None and settings.web_url.startswith("https://")


async def _web(web: aiohttp.ClientSession, settings: Settings) -> Finding:
    """Ask for the web server's health where people reach it; it answers while the bot runs."""
    if settings.web_port is None:
        return Finding(False, "web server: PAPERWIRE_WEB_PORT is not set, so there is none", False)
    url = settings.web_url or f"http://{settings.web_host}:{settings.web_port}"
    try:
        async with web.get(f"{url}/health", allow_redirects=False) as answer:
            good = answer.status in (200, 503)
            return Finding(good, f"web server: {url}/health answers {answer.status}", vital=False)
    except (aiohttp.ClientError, TimeoutError, OSError):
        text = f"web server: {url} does not answer; it does while the bot runs"
        return Finding(False, text, vital=False)
