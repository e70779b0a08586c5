"""The command line: what can be typed, and how it ends."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from bot import __version__
from bot.errors import PaperwireError
from config.settings import Settings, load

OK, FAILED, INTERRUPTED = 0, 1, 130
"""Exit codes; argparse itself exits with 2 for what it does not understand."""
MOST_RESULTS = 1_000

Action = Callable[[Settings, argparse.Namespace], Coroutine[Any, Any, int]]


def cli() -> None:
    """Run the command that was typed and leave with its exit code."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Return 0 for success and 1 for a failure that a person can mend."""
    given = parser().parse_args(arguments)
    try:
        settings = load(**({"database": given.database} if given.database else {}))
        start_log(settings, quiet=given.quiet)
        return asyncio.run(given.action(settings, given))
    except PaperwireError as error:
        sys.stderr.write(f"paperwire: {error}\n")
        return FAILED
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left (`| head`); Python would complain on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK


def start_log(settings: Settings, *, quiet: bool) -> None:
    """Log to stderr; ``quiet`` commands show warnings only, unless DEBUG was asked for."""
    level = settings.log_level
    if quiet and level == "INFO":
        level = "WARNING"
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # They tell of each run and each connection, some of the text that is sent.
    for name in (
        "apscheduler",
        "aiohttp.access",
        "discord.client",
        "discord.gateway",
        "openai",
        "httpx2",
    ):
        logging.getLogger(name).setLevel("ERROR" if level == "ERROR" else "WARNING")


def parser() -> argparse.ArgumentParser:
    """Return everything that can be typed."""
    top = argparse.ArgumentParser(
        prog="paperwire",
        description="A Discord bot for people who have to keep up with research papers.",
        epilog="Settings come from the environment or a file named .env; see the README.",
    )
    top.add_argument("--version", action="version", version=f"paperwire {__version__}")
    top.add_argument(
        "--database",
        type=Path,
        metavar="PATH",
        help="the database file (default: paperwire.sqlite)",
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    _running(commands)
    _jobs(commands)
    _reading(commands)
    _watching(commands)
    return top


Commands = Any
"""argparse's own type for sub-commands is private."""


def _add(
    commands: Commands, name: str, action: Action, about: str, *, quiet: bool = True
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=about, description=about)
    command.set_defaults(action=action, quiet=quiet)
    return command


def _running(commands: Commands) -> None:
    _add(
        commands,
        "run",
        _run,
        "start the bot on Discord if DISCORD_TOKEN is set, the sandbox if it is not",
        quiet=False,
    )
    sandbox = _add(
        commands,
        "sandbox",
        _sandbox,
        "try the bot in a local Discord, without a token",
        quiet=False,
    )
    sandbox.add_argument(
        "--port", type=_port, help="the page's port (default: the first free one from 8080)"
    )


def _jobs(commands: Commands) -> None:
    jobs = {
        "refresh": (_refresh, "look at the sources once and take in what they show"),
        "index": (_index, "bring the search index up to the database"),
        "compose": (_compose, "decide once what is owed to feeds and people"),
        "deliver": (_deliver, "send once what is owed"),
    }
    for name, (action, about) in jobs.items():
        command = _add(commands, name, action, about, quiet=False)
        if name == "index":
            command.add_argument("--rebuild", action="store_true", help="make it anew")


def _reading(commands: Commands) -> None:
    taking = _add(commands, "import", _import, "take in saved pages, JSON, Atom, RSS, or folders")
    taking.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    taking.add_argument(
        "--report",
        action="store_true",
        help="print, for each of Hugging Face's lists, how many papers lack which field",
    )
    filling = _add(commands, "backfill", _backfill, "fetch what the sources have since a day")
    filling.add_argument("--since", type=_day, required=True, metavar="DATE", help="2024-05-31")
    filling.add_argument("--source", choices=("huggingface", "arxiv"), help="only this one")
    filling.add_argument(
        "--report", action="store_true", help="print which fields each day's papers lack, as import"
    )
    search = _add(commands, "search", _search, "search the library")
    search.add_argument("query", metavar="QUERY")
    search.add_argument(
        "--limit", type=_limit, default=10, metavar="N", help="papers at the most (default: 10)"
    )
    show = _add(commands, "show", _show, "show one paper")
    show.add_argument("paper", metavar="ID", help="an arXiv id, a DOI, a link or a title")
    ask = _add(commands, "ask", _ask, "answer a question with sentences of papers")
    ask.add_argument("question", type=_text, metavar="QUESTION")
    ask.add_argument(
        "--paper", metavar="ID", help="the one asked about: an arXiv id, a DOI, a link or a title"
    )
    for command in (search, show, ask):
        command.add_argument("--json", action="store_true", help="for programs")


def _watching(commands: Commands) -> None:
    _add(commands, "doctor", _doctor, "say what is configured, reachable and missing")
    _add(commands, "bounce", _bounce, "read a bounce from stdin and end e-mail to its address")
    _add(commands, "health", _health, "exit with 0 if a running bot is alive and connected")
    outbox = _add(commands, "outbox", _outbox, "show what was sent, is owed or held back, and why")
    outbox.add_argument(
        "--limit", type=_limit, default=50, metavar="N", help="lines at the most (default: 50)"
    )
    outbox.add_argument("--only", choices=("sent", "owed", "held"), help="only these")
    outbox.add_argument("--feed", type=int, metavar="N", help="only this feed's papers")
    outbox.add_argument("--json", action="store_true", help="for programs")


def _text(given: str) -> str:
    """Return what was typed; bytes that are no UTF-8, which Python escapes, become U+FFFD."""
    return given.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _limit(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= MOST_RESULTS:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {MOST_RESULTS}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day like 2024-05-31") from None


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to 65535")


# Each command imports what it needs itself, so that `--help` and usage errors come at once.


async def _run(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import running

    return await running.run(settings)


async def _sandbox(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import running

    return await running.sandbox(settings, port=given.port)


async def _refresh(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import jobs

    return await jobs.refresh(settings)


async def _index(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import jobs

    return await jobs.index(settings, rebuild=given.rebuild)


async def _compose(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import jobs

    return await jobs.compose(settings)


async def _deliver(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import running

    return await running.deliver(settings)


async def _import(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import importing

    return await importing.take_in(settings, given.paths, report=given.report)


async def _backfill(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import backfilling

    return await backfilling.backfill(
        settings, since=given.since, source=given.source, report=given.report
    )


async def _search(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import reading

    return await reading.search(settings, given.query, limit=given.limit, as_json=given.json)


async def _show(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import reading

    return await reading.show(settings, given.paper, as_json=given.json)


async def _ask(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import questioning

    return await questioning.ask(settings, given.question, paper=given.paper, as_json=given.json)


async def _doctor(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import doctor

    return await doctor.examine(settings)


async def _bounce(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import bouncing

    return await bouncing.bounce(settings)


async def _health(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import reading

    return await reading.health(settings)


async def _outbox(settings: Settings, given: argparse.Namespace) -> int:
    from bot.cli import reading

    return await reading.outbox(
        settings, limit=given.limit, only=given.only, feed_id=given.feed, as_json=given.json
    )


if __name__ == "__main__":
    cli()
