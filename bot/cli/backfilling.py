"""``backfill``: fetches the past from the sources, with progress, and goes on where it stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Generator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path

from bot.app import asking, opened, utc_now
from bot.cli.importing import absences
from bot.cli.indexing import bring_up
from bot.cli.say import Progress, note, say
from bot.errors import AlreadyLocked, SourceError, UserError
from bot.jobs.backfill import Backfill, check_since
from bot.jobs.refresh import sum_up
from bot.models import Listing
from bot.sources import arxiv, huggingface
from bot.sources.http import NAMES
from bot.store.lock import locked
from config.settings import Settings


async def backfill(
    settings: Settings, *, since: date, source: str | None, report: bool = False
) -> int:
    """Fetch what the sources have since a day; 1 if any of it could not be read.

    Args:
        source: ``huggingface`` or ``arxiv``; None for both.
        report: Print for each of Hugging Face's lists which fields are absent.

    Raises:
        UserError: A source has nothing from that day, or another backfill is at it.
    """
    check_since(since, source, now=utc_now())
    wanted = (source,) if source else (huggingface.NAME, arxiv.NAME)
    async with opened(settings) as rooms, asking(rooms) as sources:
        progress = Progress()

        def absent(listing: Listing) -> None:
            progress.end()
            say(absences(listing))

        job = Backfill(
            rooms.store,
            sources.hugging_face,
            sources.arxiv,
            rooms.now,
            asyncio.sleep,
            progress.show,
            show=absent if report else None,
        )
        with only_backfill(settings.database, wanted):
            async with _summed_up(job, progress):
                if huggingface.NAME in wanted:
                    await _to_its_end(job, job.daily_lists(since))
                if arxiv.NAME in wanted:
                    await _to_its_end(job, job.catalogue(settings.arxiv_categories, since))
        await bring_up(rooms)
    return 1 if job.left_out else 0


@contextmanager
def only_backfill(database: Path, sources: Sequence[str]) -> Generator[None]:
    """Hold the right to fetch sources' past until leaving; two would ask for each page twice.

    Raises:
        UserError: Another process holds it.
    """
    with ExitStack() as leaving:
        for source in sources:
            try:
                leaving.enter_context(locked(database.with_name(f"{database.name}.fills-{source}")))
            except AlreadyLocked as error:
                raise UserError(
                    f"Another backfill from {NAMES[source]} runs on {database}; let it end, or"
                    " stop it first."
                ) from error
        yield


async def _to_its_end(job: Backfill, part: Awaitable[None]) -> None:
    """Let one source's part run; one that fails does not hold up the other."""
    try:
        await part
    except SourceError as error:
        job.left_out.append(f"{error} The same command goes on from there.")


@asynccontextmanager
async def _summed_up(job: Backfill, progress: Progress) -> AsyncGenerator[None]:
    """Say what came of it in any case, also when it is stopped half-way."""
    try:
        yield
    finally:
        progress.end()
        for why in job.left_out:
            note(f"left out: {why}")
        say(sum_up([job.recorded]))
