"""How fast papers come in, what that takes, and whether it stays so as the database grows.

``python -m tests.benchmarks.importing`` imports all recorded answers, twice, and then fills a
database with made-up papers to 10,000, 100,000 and 300,000. ``--index`` brings the search index
up as well, as ``paperwire import`` does at its end.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import resource
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from shutil import copyfile
from time import perf_counter, process_time
from typing import Self

from sqlite_utils import Database

from bot.errors import SourceError
from bot.jobs.index import Index, open_engine
from bot.models import Listing, Paper, Record
from bot.sources.saved import read_saved, saved_files
from bot.store import listings, papers
from bot.store.store import Store
from bot.store.title_places import STEP
from tests.benchmarks.corpus import arxiv_papers, resampled_papers
from tests.conftest import SHARED_DATA

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PARTS = ("hf", "arxiv_corpus", "trending_page.txt", "arxiv")
SIZES = (10_000, 100_000, 300_000)
MEASURED = 4 * STEP
"""Papers over which the speed at a size is taken: titles are placed as often as they will be."""
BATCH = 500
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
CLOSES_AFTER = timedelta(days=1, hours=3)


@dataclass
class Stopwatch:
    """How long some work took, on the clock and on the processor."""

    wall: float = 0.0
    cpu: float = 0.0
    began: tuple[float, float] = field(default=(0.0, 0.0), init=False)

    def __enter__(self) -> Self:
        self.began = (perf_counter(), process_time())
        return self

    def __exit__(self, *exc: object) -> None:
        self.wall += perf_counter() - self.began[0]
        self.cpu += process_time() - self.began[1]

    def rates(self, count: int) -> str:
        """Return papers a second."""
        return f"{count / self.wall:>7,.0f}/s ({count / self.cpu:>6,.0f}/s of processor time)"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def database_bytes(db: Database) -> int:
    pages, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size")
    )
    return pages * size


def changes(db: Database) -> int:
    return db.conn.total_changes


async def take_everything(store: Store) -> int:
    """Import all recorded answers; return how many records there were."""
    count = 0
    for file in saved_files(SHARED_DATA / part for part in PARTS):
        try:
            for listing in read_saved(file, now=NOW):
                await store.run(listings.record, listing)
                count += len(listing.records)
        except SourceError:
            continue
    return count


async def everything(folder: Path, *, index: bool) -> None:
    async with Store(folder / "everything.sqlite") as store:
        for what in ("everything", "everything again"):
            before = await store.run(changes)
            with Stopwatch() as watch:
                count = await take_everything(store)
            written = await store.run(changes) - before
            say(f"{what:<18}{count:>8,} records {watch.rates(count)}, {written:,} rows written")
        number = await store.read(papers.count)
        size = await store.read(database_bytes)
        say(f"{'':<18}{number:>8,} papers of {size / number:,.0f} bytes; peak {peak_mb():,.0f} MB")
        if index:
            await bring_up(store, folder, number)


async def bring_up(store: Store, folder: Path, count: int) -> None:
    """Take into the search index what is new in the store."""
    engine = await open_engine(store, folder / "index")
    with Stopwatch() as watch:
        await Index(store, engine)()
    await asyncio.to_thread(engine.close)
    say(f"{'':<18}{count:>8,} indexed {watch.rates(count)}; peak {peak_mb():,.0f} MB")


def batches(made_up: Iterable[Paper]) -> Iterator[Listing]:
    """Yield daily lists of papers with votes, each published on the day of its list."""
    papers_left = iter(made_up)
    day = FIRST_DAY
    while some := tuple(islice(papers_left, BATCH)):
        records = tuple(
            Record(replace(paper, published_at=day), upvotes=rank % 50)
            for rank, paper in enumerate(some)
        )
        yield Listing("huggingface", "daily", day.date(), day + CLOSES_AFTER, records)
        day += timedelta(days=1)


async def record(store: Store, shown: Iterable[Listing]) -> None:
    for listing in shown:
        await store.run(listings.record, listing)


async def growth(folder: Path, *, index: bool) -> None:
    """Fill one database, keep it as it is at each size, and let these take in the same papers."""
    base = arxiv_papers(SHARED_DATA)[: BATCH * 10]
    shown = batches(resampled_papers(base, SIZES[-1] + MEASURED))
    grown = folder / "growth.sqlite"
    indexed = 0
    for size in SIZES:
        async with Store(grown) as store:
            await record(store, islice(shown, (size - await store.read(papers.count)) // BATCH))
            each = await store.read(database_bytes) / size
            say(f"{size:>8,} papers of {each:,.0f} bytes; {resident_mb():,.0f} MB of memory")
            if index:
                await bring_up(store, folder, size - indexed)
                indexed = size
        copyfile(grown, kept(folder, size))
    await compare(folder, list(shown))


def kept(folder: Path, size: int) -> Path:
    return folder / f"{size}.sqlite"


async def compare(folder: Path, shown: Sequence[Listing]) -> None:
    """Take the same papers in at each size, in turns, so that a busy machine is busy for all."""
    new, again = ([Stopwatch() for _ in SIZES] for _ in range(2))
    async with AsyncExitStack() as opened:
        stores = [await opened.enter_async_context(Store(kept(folder, size))) for size in SIZES]
        for listing in shown:
            for watches in (new, again):
                for store, watch in zip(stores, watches, strict=True):
                    with watch:
                        await store.run(listings.record, listing)
    for size, first, second in zip(SIZES, new, again, strict=True):
        slower = first.cpu / new[0].cpu
        say(f"{size:>8,} papers: new {first.rates(MEASURED)}, {slower:.2f} of the smallest's time")
        say(f"{'':<12}unchanged {second.rates(MEASURED)}")


def run(part: str, *, index: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = {"everything": everything, "growth": growth}[part]
        asyncio.run(work(Path(folder), index=index))


def main() -> None:
    """Run each part in a process of its own, so that its memory is its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=["everything", "growth"])
    parser.add_argument("--index", action="store_true")
    given = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    for part in given.parts:
        process = context.Process(target=run, args=(part,), kwargs={"index": given.index})
        process.start()
        process.join()


if __name__ == "__main__":
    main()
