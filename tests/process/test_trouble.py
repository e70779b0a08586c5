"""A database that cannot be written for a while: nothing is lost, nothing doubled, and it shows."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.models import DeliveryState
from bot.store.store import Store
from tests.local_discord import Effect, Fault, LocalDiscord
from tests.process.bot_process import BotProcess, bot_process
from tests.process.conftest import Place
from tests.process.owing import everything, owe_words

Trouble = Callable[[BotProcess, Path], AbstractContextManager[None]]


@contextmanager
def locked(bot: BotProcess, database: Path) -> Generator[None]:
    """Write in the database without end."""
    with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def failing(bot: BotProcess, database: Path) -> Generator[None]:
    """Let every write of the process to a file fail."""
    pid, (soft, hard) = bot.process.pid, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    yield
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def full(bot: BotProcess, database: Path) -> Generator[None]:
    """Fill the disk to the last byte."""
    ballast = database.with_name("ballast")
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    yield
    ballast.unlink()


@pytest.fixture
def small_disk(tmp_path: Path) -> Generator[Path]:
    """A disk of two megabytes. Skips where this user may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "paperwire", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def owe_first(db: Database, place: Place) -> None:
    owe_words(db, place.reader, "before")


async def sent_exactly_once_through(
    trouble: Trouble, sign: str, server: LocalDiscord, place: Place, database: Path
) -> None:
    """Let trouble begin while a message is made, and end after it was said."""
    async with Store(database) as store:
        await store.run(owe_words, place.reader, "before")
    server.faults.add(Fault(Effect.SLOW, path="*/messages", seconds=2, after=True))
    async with bot_process(server, database) as bot:
        await server.gateway.ready()
        await server.until(lambda: server.ledger.messages, 60)
        with trouble(bot, database):
            await bot.logged(sign)
            status = await server.slash(place.owner, place.channel, "status")
            await status.finished()
            assert sign in status.text
            assert str(database.parent) not in status.text
            assert status.text.count("Trouble") == 1
            assert len(bot.lines(sign)) == 1
        async with Store(database) as store:
            await store.run(owe_words, place.owner, "after")
        await server.until(lambda: len(posted(server)) == 2, 60)
        assert await bot.stop() == 0
    async with Store(database) as store:
        deliveries = await store.read(everything)
    assert [d.state for d in deliveries] == [DeliveryState.SENT] * 2
    assert sorted(posted(server)) == sorted(d.message_id or 0 for d in deliveries)
    assert len(bot.lines(sign)) == 1
    assert not bot.lines("Traceback")


def posted(server: LocalDiscord) -> list[int]:
    return [m.id for m in server.ledger.messages.values() if not m.ephemeral]


async def test_another_process_that_holds_the_database(
    server: LocalDiscord, place: Place, database: Path
) -> None:
    await sent_exactly_once_through(locked, "locked by another", server, place, database)


async def test_a_disk_that_takes_nothing(
    server: LocalDiscord, place: Place, database: Path
) -> None:
    await sent_exactly_once_through(failing, "disk answers with errors", server, place, database)


async def test_a_full_disk(server: LocalDiscord, place: Place, small_disk: Path) -> None:
    database = small_disk / "paperwire.sqlite"
    await sent_exactly_once_through(full, "the disk is full", server, place, database)


async def test_a_disk_that_is_read_only_stops_the_start_with_a_sentence(
    server: LocalDiscord, place: Place, small_disk: Path
) -> None:
    database = small_disk / "paperwire.sqlite"
    async with Store(database) as store:
        await store.run(owe_words, place.reader, "before")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)  # noqa: ASYNC221
    async with bot_process(server, database) as bot:
        assert await bot.ended() == 1
    [said] = [line for line in bot.log if "INFO" not in line]
    assert said.startswith(f"paperwire: The database {database} ")
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)  # noqa: ASYNC221
    async with bot_process(server, database):
        await server.until(lambda: server.ledger.messages, 60)


@dataclass(frozen=True)
class Disk:
    """A disk of its own, with a real file system."""

    image: Path
    folder: Path

    def put_in(self) -> bool:
        mount = ["mount", "-o", "loop,errors=remount-ro", str(self.image), str(self.folder)]
        return not subprocess.run(mount, check=False, capture_output=True).returncode

    def take_out(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)

    def turn_read_only(self) -> None:
        """Let the kernel find the disk damaged: it writes nothing more on it, in no open file."""
        os.sync()  # pages that are clean by then, as most are, are the hardest to write
        find = ["findmnt", "--noheadings", "--output", "SOURCE", str(self.folder)]
        device = Path(subprocess.check_output(find, text=True).strip()).name
        Path(f"/sys/fs/ext4/{device}/trigger_fs_error").write_text("a test", encoding="ascii")

    def mend(self) -> None:
        self.take_out()
        # The exit code tells that errors were found and mended.
        subprocess.run(["e2fsck", "-fy", str(self.image)], check=False, capture_output=True)
        assert self.put_in()


@pytest.fixture
def disk(tmp_path: Path) -> Generator[Disk]:
    """A disk that can turn read-only. Skips where this user may not mount one."""
    disk = Disk(tmp_path / "image", tmp_path / "disk")
    disk.folder.mkdir()
    with disk.image.open("wb") as file:
        file.truncate(64_000_000)
    made = subprocess.run(["mkfs.ext4", "-q", str(disk.image)], check=False, capture_output=True)
    if made.returncode or not disk.put_in():
        pytest.skip("this user may not make and mount a disk")
    yield disk
    disk.take_out()


async def test_a_disk_that_turns_read_only(server: LocalDiscord, place: Place, disk: Disk) -> None:
    """The kernel gives such a disk back after a repair only, so the bot is started again."""
    sign = "has become read-only"
    database = disk.folder / "paperwire.sqlite"
    async with Store(database) as store:
        for text in ("going out", "owed"):
            await store.run(owe_words, place.reader, text)
    server.faults.add(Fault(Effect.SLOW, path="*/messages", seconds=2, after=True))
    async with bot_process(server, database) as bot:
        await server.gateway.ready()
        await server.until(lambda: server.ledger.messages, 60)
        disk.turn_read_only()
        await bot.logged(sign)
        await bot.logged("deliver: 1 tried")
        status = await server.slash(place.owner, place.channel, "status")
        await status.finished()
        assert status.text.count("Trouble") == 1
        assert sign in status.text
        assert "start Paperwire again" in status.text
        assert str(disk.folder) not in status.text
        assert await bot.stop() == 0
    [there] = posted(server)  # and nobody could write it down
    disk.mend()
    async with bot_process(server, database) as again:
        await server.until(lambda: len(posted(server)) == 2, 60)
        assert await again.stop() == 0
    async with Store(database) as store:
        deliveries = await store.read(everything)
    assert [d.state for d in deliveries] == [DeliveryState.SENT] * 2
    assert sorted(posted(server)) == sorted(d.message_id or 0 for d in deliveries)
    assert there in posted(server)
    assert len(bot.lines(sign)) == 1
    assert not bot.lines("Traceback")
    assert not again.lines("Traceback")
