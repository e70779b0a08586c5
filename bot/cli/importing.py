"""``import``: takes in saved pages, answers and listings, with progress and every refusal named."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from datetime import date, datetime
from pathlib import Path

from bot import daily_lists
from bot.app import Rooms, opened
from bot.cli.indexing import bring_up
from bot.cli.say import Progress, note, say
from bot.errors import SourceError, UserError
from bot.listing_days import ONE_DAY, SATURDAY, holiday_on, quiet_because
from bot.models import Listing
from bot.render.text import plain
from bot.sources import huggingface
from bot.sources.saved import read_saved, saved_files
from bot.store import listings
from bot.store.listings import Recorded
from config.settings import Settings


async def take_in(settings: Settings, paths: Sequence[Path], *, report: bool = False) -> int:
    """Import files and folders; 1 if anything could not be read at all.

    Args:
        report: Print for each of Hugging Face's lists which fields are absent, and which
            weekdays have no list.
    """
    async with opened(settings) as rooms:
        importer = Importer(rooms, report=report)
        for path in files(paths):
            await importer.take(path)
        importer.progress.end()
        await bring_up(rooms)
    if report and (without := days_without_list(importer.days)):
        say(f"no list of: {without}")
    say(importer.summary())
    return 1 if importer.unreadable else 0


def files(paths: Sequence[Path]) -> list[Path]:
    """Return the files among some paths and within folders, in order.

    Raises:
        UserError: A path does not exist; then nothing was taken in.
    """
    try:
        return list(saved_files(paths))
    except SourceError as error:
        raise UserError(str(error)) from error


class Importer:
    """Takes files in, one listing at a time, and counts what came of it."""

    def __init__(self, rooms: Rooms, *, report: bool = False) -> None:
        self.rooms = rooms
        self.report = report
        self.progress = Progress()
        self.recorded = Recorded()
        self.listings = 0
        self.unreadable = 0
        self.days: set[date] = set()
        """Of Hugging Face's daily lists."""

    async def take(self, path: Path) -> None:
        """Take in a file; what cannot be read is named and left out, alone."""
        try:
            reading = read_saved(path, now=await self._first_seen_at(path))
            # Unpacking and understanding a large file takes seconds.
            while (listing := await asyncio.to_thread(next, reading, None)) is not None:
                await self.record(path, listing)
        except SourceError as error:
            self.refuse(str(error))

    async def _first_seen_at(self, path: Path) -> datetime:
        """Return when this very content was first imported, so that again changes nothing."""
        digest = await asyncio.to_thread(_digest, path)
        return await self.rooms.store.run(listings.first_import, digest, now=self.rooms.now())

    async def record(self, path: Path, listing: Listing) -> None:
        self.recorded += await self.rooms.store.run(listings.record, listing)
        self.listings += 1
        for refusal in listing.refusals:
            self.progress.end()
            note(
                f"refused: {path}, {listing.name} {listing.day}, {refusal.where}: {refusal.reason}"
            )
        if listing.source == daily_lists.SOURCE and listing.name == daily_lists.NAME:
            self.days.add(listing.day)
        if self.report and listing.source == huggingface.NAME:
            self.progress.end()
            say(absences(listing))
        r = self.recorded
        self.progress.show(f"{self.listings:,} lists, {r.new + r.updated + r.unchanged:,} papers")

    def refuse(self, why: str) -> None:
        self.progress.end()
        note(f"refused: {why}")
        self.unreadable += 1

    def summary(self) -> str:
        r = self.recorded
        return f"{r.new:,} new, {r.updated:,} updated, {r.unchanged:,} unchanged, {r.refused:,} refused"


def absences(listing: Listing) -> str:
    """Return which fields how many of a list's papers lack, the rarest first, and which are new."""
    absent = huggingface.absent_fields(listing.records)
    lacks = ", ".join(f"{field} {number}" for field, number in absent.items())
    papers = f"{len(listing.records)} papers, {len(listing.refusals)} refused"
    unknown = huggingface.unknown_fields_of(listing.records)
    has = ", ".join(f"{field} {number}" for field, number in unknown.items())
    more = f"; not known: {plain(has)}" if has else ""
    return f"{listing.name} {listing.day}: {papers}; absent: {lacks or 'nothing'}{more}"


def days_without_list(days: Collection[date]) -> str:
    """Return which weekdays between some days are not among them, with the holiday where it is one."""
    if not days:
        return ""
    first = min(days)
    span = (first + n * ONE_DAY for n in range((max(days) - first).days))
    missing = [day for day in span if day.weekday() < SATURDAY and day not in days]
    return ", ".join(f"{day}{_holiday(day)}" for day in missing)


def _holiday(day: date) -> str:
    name = holiday_on(day) or quiet_because(day)
    return f" ({name})" if name else ""


def _digest(path: Path) -> str:
    """Return what a file's content is known by.

    Raises:
        SourceError: It cannot be read, or is a pipe or a device, which might have no end.
    """
    try:
        if path.exists() and not path.is_file():
            raise SourceError(f"{path}: this is not a file.")
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{path}: {error.strerror}.") from error
