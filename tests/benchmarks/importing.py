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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from time import perf_counter, process_time
from typing import Self

from sqlite_utils import Database

from bot.errors import SourceError
from bot.jobs.index import Index, open_engine
from bot.models import Listing, Paper, Record
from bot.sources.saved import read_saved, saved_files
from bot.store import listings, papers
from bot.store.store import Store
from tests.benchmarks.corpus import arxiv_papers, resampled_papers
from tests.conftest import SHARED_DATA

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PARTS = ("hf", "arxiv_corpus", "trending_page.txt", "arxiv")
SIZES = (10_000, 100_000, 300_000)
MEASURED = 3_000
"""Papers over which the speed at a size is taken, just before it …"""
WINDOWS = 3
"""… as often as this: the fastest counts, for whatever else the machine was doing."""
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


async def record(store: Store, shown: Iterable[Listing]) -> Stopwatch:
    watch = Stopwatch()
    for listing in shown:
        with watch:
            await store.run(listings.record, listing)
    return watch


async def grow(store: Store, shown: Iterator[Listing], size: int) -> None:
    """Take in papers up to a size; tell how fast the last ones came in, and came again."""
    before = size - await store.read(papers.count) - WINDOWS * MEASURED
    await record(store, islice(shown, before // BATCH))
    new: list[Stopwatch] = []
    again: list[Stopwatch] = []
    for _ in range(WINDOWS):
        some = list(islice(shown, MEASURED // BATCH))
        new.append(await record(store, some))
        again.append(await record(store, some))
    each = await store.read(database_bytes) / size
    fastest, again_fastest = (min(watches, key=cpu_of) for watches in (new, again))
    say(f"{size:>8,} papers: new {fastest.rates(MEASURED)}")
    say(f"{'':<12}unchanged {again_fastest.rates(MEASURED)}")
    say(f"{'':<18}{each:,.0f} bytes each; {resident_mb():,.0f} MB of memory")


def cpu_of(watch: Stopwatch) -> float:
    return watch.cpu


async def growth(folder: Path, *, index: bool) -> None:
    base = arxiv_papers(SHARED_DATA)[: BATCH * 10]
    shown = batches(resampled_papers(base, SIZES[-1]))
    indexed = 0
    async with Store(folder / "growth.sqlite") as store:
        for size in SIZES:
            await grow(store, shown, size)
            if index:
                await bring_up(store, folder, size - indexed)
                indexed = size


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
