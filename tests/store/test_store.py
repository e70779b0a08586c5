"""The one SQLite file: transactions, threads, and what goes wrong with disks."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.errors import PaperwireError, StoreError
from bot.store import papers
from bot.store.papers import take_in
from bot.store.store import READERS, Store, explain
from tests.builders import a_paper
from tests.conftest import NOON

NOBODY = 65_534
"""The user id without rights of its own, on Linux."""
FIRST, SECOND = a_paper("2403.00001"), a_paper("2403.00002")


class TripError(Exception):
    """Something that no store foresees."""


def take_in_and_trip(db: Database) -> None:
    take_in(db, "arxiv", [FIRST], said_at=NOON)
    raise TripError


def damage(path: Path) -> None:
    """Overwrite all but the first three pages."""
    whole = path.read_bytes()
    path.write_bytes(whole[: 3 * 4096] + b"\xff" * (len(whole) - 3 * 4096))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paperwire.sqlite"


@pytest.fixture
def ordinary_folder() -> Iterator[Path]:
    """A folder of a user whom file modes bind: root, who may write any file, is another meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        if os.geteuid() != 0:
            yield Path(name)
            return
        os.chown(name, NOBODY, NOBODY)
        os.seteuid(NOBODY)
        try:
            yield Path(name)
        finally:
            os.seteuid(0)


async def test_a_call_is_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(TripError):
        await store.run(take_in_and_trip)
    with pytest.raises(TripError):
        await store.run_durably(take_in_and_trip)
    assert await store.read(papers.count) == 0
    await store.run(take_in, "arxiv", [SECOND], said_at=NOON)
    assert await store.read(papers.newest, limit=9) == [SECOND]


async def test_a_cancelled_caller_does_not_stop_a_write_half_way(store: Store) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(db: Database) -> None:
        take_in(db, "arxiv", [FIRST], said_at=NOON)
        begun.set()
        assert go_on.wait(10)
        take_in(db, "arxiv", [SECOND], said_at=NOON)

    call = asyncio.create_task(store.run(slowly))
    await asyncio.to_thread(begun.wait, 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    go_on.set()
    await store.run(take_in, "arxiv", [FIRST], said_at=NOON)  # the writer's next turn
    assert await store.read(papers.count) == 2


async def test_closing_waits_for_the_write_under_way(path: Path) -> None:
    go_on = threading.Event()

    def slowly(db: Database) -> None:
        assert go_on.wait(10)
        take_in(db, "arxiv", [FIRST], said_at=NOON)

    async with Store(path) as store:
        call = asyncio.create_task(store.run(slowly))
        asyncio.get_running_loop().call_soon(go_on.set)
    await call
    async with Store(path) as store:
        assert await store.read(papers.count) == 1


async def test_a_reader_keeps_one_view_while_others_write(store: Store) -> None:
    looked, go_on = threading.Event(), threading.Event()

    def count_twice(db: Database) -> tuple[int, int]:
        before = papers.count(db)
        looked.set()
        assert go_on.wait(10)
        return before, papers.count(db)

    reading = asyncio.create_task(store.read(count_twice))
    await asyncio.to_thread(looked.wait, 10)
    await store.run(take_in, "arxiv", [FIRST], said_at=NOON)
    go_on.set()
    assert await reading == (0, 0)
    assert await store.read(papers.count) == 1


async def test_several_can_read_at_the_same_time(store: Store) -> None:
    together = threading.Barrier(READERS)

    def meet(_: Database) -> int:
        return together.wait(10)

    met = await asyncio.gather(*(store.read(meet) for _ in range(READERS)))
    assert sorted(met) == list(range(READERS))


async def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError):
        await store.read(take_in, "arxiv", [FIRST], said_at=NOON)
    assert await store.read(papers.count) == 0


async def test_a_durable_write_reaches_the_disk_before_the_call_returns(store: Store) -> None:
    def synchronous(db: Database) -> int:
        return db.execute("PRAGMA synchronous").fetchone()[0]

    full, normal = 2, 1
    assert await store.run_durably(synchronous) == full
    assert await store.run(synchronous) == normal
    with pytest.raises(TripError):
        await store.run_durably(take_in_and_trip)
    assert await store.run(synchronous) == normal


async def test_references_are_enforced(store: Store) -> None:
    def orphan(db: Database) -> None:
        db.execute("INSERT INTO saved (user_id, paper_id, saved_at) VALUES (7, 'none', '')")

    with pytest.raises(sqlite3.IntegrityError):
        await store.run(orphan)


async def test_a_store_makes_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "paperwire.sqlite"
    async with Store(path) as store:
        assert await store.read(papers.count) == 0
    assert path.exists()


async def test_two_programs_may_start_on_a_new_file_together(path: Path) -> None:
    async def start() -> None:
        async with Store(path) as store:
            await store.run(take_in, "arxiv", [FIRST], said_at=NOON)

    await asyncio.gather(*(start() for _ in range(4)))
    async with Store(path) as store:
        assert await store.read(papers.count) == 1


class TestTrouble:
    """Each is one sentence that says what to do, and nothing is half-written."""

    @pytest.fixture
    async def hasty(self, path: Path) -> AsyncIterator[Store]:
        """A store that does not wait for others."""
        async with Store(path, busy_timeout_ms=0) as store:
            yield store

    async def test_a_file_that_another_program_locks(self, path: Path, hasty: Store) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
            somebody.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="is locked by another process; stop that process"):
                await hasty.run(take_in, "arxiv", [FIRST], said_at=NOON)
            with pytest.raises(StoreError, match="locked"):
                await hasty.run_durably(take_in, "arxiv", [FIRST], said_at=NOON)
            assert await hasty.read(papers.count) == 0, "reading goes on"
            somebody.execute("ROLLBACK")
        await hasty.run(take_in, "arxiv", [FIRST], said_at=NOON)
        assert await hasty.read(papers.count) == 1

    async def test_a_lock_that_is_soon_gone_is_waited_for(self, path: Path, store: Store) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
            somebody.execute("BEGIN IMMEDIATE")
            call = asyncio.create_task(store.run(take_in, "arxiv", [FIRST], said_at=NOON))
            await asyncio.sleep(0)
            somebody.execute("ROLLBACK")
            assert (await call).new == 1

    async def test_a_file_that_is_locked_from_the_start(self, path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as somebody:
            somebody.execute("BEGIN EXCLUSIVE")
            with pytest.raises(StoreError, match="is locked by another process"):
                async with Store(path, busy_timeout_ms=0):
                    pass

    async def test_a_full_disk(self, store: Store) -> None:
        await store.run(take_in, "arxiv", [FIRST], said_at=NOON)

        def shrink(db: Database) -> None:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
            db.execute(f"PRAGMA max_page_count = {pages}").fetchall()

        await store.run(shrink)
        with pytest.raises(StoreError, match="cannot grow, the disk is full; free some space"):
            await store.run(take_in, "arxiv", [a_paper(abstract="x" * 99_999)], said_at=NOON)
        assert await store.read(papers.get, FIRST.id) == FIRST

        await store.run(lambda db: db.execute("PRAGMA max_page_count = 1000000").fetchall())
        await store.run(take_in, "arxiv", [SECOND], said_at=NOON)
        assert await store.read(papers.count) == 2

    async def test_a_file_that_may_not_be_written(self, store: Store) -> None:
        await store.run(lambda db: db.execute("PRAGMA query_only = ON").fetchall())
        with pytest.raises(StoreError, match="is read-only; give this user the right to write"):
            await store.run(take_in, "arxiv", [FIRST], said_at=NOON)
        assert await store.read(papers.count) == 0

    async def test_a_read_only_file(self, ordinary_folder: Path) -> None:
        path = ordinary_folder / "paperwire.sqlite"
        async with Store(path):
            pass
        await asyncio.to_thread(path.chmod, 0o400)
        with pytest.raises(StoreError, match="is read-only"):
            async with Store(path) as store:
                await store.run(take_in, "arxiv", [FIRST], said_at=NOON)

    async def test_a_file_that_is_something_else(self, path: Path) -> None:
        await asyncio.to_thread(path.write_text, "Dear diary, " * 100)
        with pytest.raises(StoreError, match="is not a database; name another file"):
            async with Store(path):
                pass
        assert (await asyncio.to_thread(path.read_text)).startswith("Dear diary")

    async def test_a_folder_in_the_file_s_place(self, path: Path) -> None:
        await asyncio.to_thread(path.mkdir)
        with pytest.raises(StoreError, match="cannot be opened; check that its folder exists"):
            async with Store(path):
                pass

    async def test_a_folder_that_cannot_be_made(self, path: Path) -> None:
        await asyncio.to_thread(path.write_text, "a file")
        with pytest.raises(StoreError, match=r"cannot be made: .+\.$"):
            async with Store(path / "paperwire.sqlite"):
                pass

    async def test_a_damaged_file(self, path: Path) -> None:
        async with Store(path) as store:
            many = [a_paper(f"2403.{n:05}", abstract="x" * 500) for n in range(1, 200)]
            await store.run(take_in, "arxiv", many, said_at=NOON)
        await asyncio.to_thread(damage, path)
        with pytest.raises(StoreError, match="is damaged; restore it from a backup"):
            async with Store(path) as store:
                await store.read(papers.newest, limit=999)

    @pytest.mark.parametrize("problem", ["database is locked", "something new"])
    def test_whatever_it_is_is_said_in_one_sentence(self, problem: str) -> None:
        said = explain(Path("paperwire.sqlite"), problem)
        assert said.startswith("The database paperwire.sqlite ")
        assert said.endswith(".")
        assert issubclass(StoreError, PaperwireError)
