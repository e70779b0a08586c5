"""What does it cost to ask the outbox once it has sent very much?

``python -m tests.benchmarks.outbox [--sizes 10k,1m] [--folder F]`` fills databases with so many sent
messages and a few that wait, and prints the milliseconds of processor time of what is asked every
few seconds and by ``/status``. It fails where the largest costs more than ``MOST`` times the
smallest and more than a millisecond.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median

from sqlite_utils import Database

from bot import status
from bot.store import outbox, schema
from bot.unchanged import Unchanged

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
TURNS = 9
MOST = 2.0
WAITING = 20
PEOPLE = 1_000
ASKED: dict[str, Callable[[Database], object]] = {
    "what is due (every 5 s)": partial(outbox.due, now=NOW, limit=400),
    "recovering (each start)": outbox.recover,
    "a clock set back": partial(outbox.keep_due, was=NOW + timedelta(hours=1), now=NOW),
    "words for a person (each command)": lambda db: outbox.held_notices(db, 1),
    "/status": partial(status.take, now=NOW, unchanged=Unchanged()),
}


def fill(db: Database, sent: int) -> None:
    """Make alerts that were sent over a year, and a few that are owed or held."""
    schema.migrations.apply(db)
    rows = (_row(n, "sent", NOW - timedelta(days=365 * (1 - n / sent))) for n in range(sent))
    late = [_row(sent + n, state, NOW) for n, state in enumerate(("owed", "held") * WAITING)]
    with db.conn:
        db.conn.executemany(_INSERT, rows)
        db.conn.executemany(_INSERT, late)


_INSERT = (
    "INSERT INTO delivery (target, kind, subject, payload, state, nonce, user_id, created_at,"
    " due_at, sent_at, message_id, place_id) VALUES (?, 'alert', ?, ?, ?, 'n', ?, ?, ?, ?, ?, 1)"
)


def _row(number: int, state: str, at: datetime) -> tuple[object, ...]:
    user_id, moment = number % PEOPLE, at.isoformat()
    payload = '{"papers": ["2403.00001", "2403.00002", "2403.00003"], "more": []}'
    sent = (moment, number) if state == "sent" else (None, None)
    return (f"user:{user_id}", f"alert:{number}", payload, state, user_id, moment, moment, *sent)


def milliseconds(db: Database, call: Callable[[Database], object]) -> float:
    """Return the processor time of one call, the middle of some."""
    taken: list[float] = []
    for _ in range(TURNS):
        began = time.process_time()
        call(db)
        taken.append((time.process_time() - began) * 1000)
        db.conn.rollback()
    return median(taken)


def sizes(text: str) -> list[int]:
    units = {"k": 1_000, "m": 1_000_000}
    return [int(part[:-1]) * units[part[-1]] for part in text.lower().split(",")]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.outbox", description=__doc__)
    parser.add_argument("--sizes", type=sizes, default=[10_000, 1_000_000])
    parser.add_argument("--folder", type=Path, help="where to keep the databases")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or Path(made)
        found = [_measured(folder, size) for size in options.sizes]
    good = True
    say("sent", [f"{size:,}" for size in options.sizes])
    for name in ASKED:
        costs = [figures[name] for figures in found]
        say(name, [f"{cost:.2f} ms" for cost in costs])
        good &= costs[-1] <= max(1.0, MOST * costs[0])
    return 0 if good else 1


def say(name: str, figures: Sequence[str]) -> None:
    sys.stdout.write(name.ljust(36) + "".join(f"{figure:>14}" for figure in figures) + "\n")


def _measured(folder: Path, size: int) -> dict[str, float]:
    path = folder / f"outbox-{size}.sqlite"
    there = path.exists()
    db = Database(path)
    if not there:
        fill(db, size)
    return {name: milliseconds(db, call) for name, call in ASKED.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
