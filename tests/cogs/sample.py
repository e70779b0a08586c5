"""A few papers of our own, as the sources would show them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bot.listing_days import complete_at
from bot.models import Listing, Paper, Record
from tests.conftest import NOON

MONDAY = date(2026, 3, 2)
"""The newest complete list at noon of Tuesday, 3 March."""
TUESDAY, WEDNESDAY = date(2026, 3, 3), date(2026, 3, 4)
PUBLISHED = datetime(2026, 2, 27, 18, tzinfo=UTC)

TITLES = (
    "Sparse attention for long documents",
    "A cache that forgets on purpose",
    "Diffusion models that count to ten",
    "Robots fold laundry from one video",
    "Protein language models read sequences",
    "Small models write tests for code",
    "Speech recognition in noisy kitchens",
    "Graph networks for bus timetables",
    "Reinforcement learning plays chess blindfolded",
    "Rendering rain in real time",
    "Tokenizers for languages without spaces",
    "Weather forecasts by transformers",
)


def paper_id(number: int) -> str:
    return f"2602.{number:05}"


def a_record(number: int, votes: int | None = None) -> Record:
    """Return paper ``number``, counted from 1."""
    title = TITLES[(number - 1) % len(TITLES)]
    if number > len(TITLES):
        title += f", part {(number - 1) // len(TITLES) + 1}"
    paper = Paper(
        id=paper_id(number),
        title=title,
        abstract=f"We study {title.lower()}. It works better than before.",
        authors=("Ada Example", "Ben Sample"),
        published_at=PUBLISHED + timedelta(minutes=number),
        categories=("cs.LG",),
    )
    return Record(paper, upvotes=votes)


def daily(
    *records: Record, day: date = MONDAY, count: int = 0, seen_at: datetime | None = None
) -> Listing:
    """Return a daily list, as fetched when it was complete.

    Args:
        count: How many papers, where no records are given: the first has the most votes.
    """
    records = records or tuple(a_record(n, 100 - n) for n in range(1, count + 1))
    return Listing("huggingface", "daily", day, seen_at or min(complete_at(day), NOON), records)
