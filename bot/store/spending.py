"""What the language model costs: tokens a person, a server and everybody, by the day in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlite_utils import Database

EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class Limits:
    """How many tokens may be used in a day, those sent and those received together."""

    person: int
    server: int
    everybody: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used in a day."""

    answers: int = 0
    tokens: int = 0


def reserve(
    db: Database,
    day: date,
    tokens: int,
    limits: Limits,
    *,
    user_id: int | None,
    guild_id: int | None,
) -> str | None:
    """Count tokens before they are used; returns whose limit forbids it, or None for nobody's.

    Nothing is counted where one of the limits forbids it. Earlier days are forgotten.

    Returns:
        ``person``, ``server``, ``everybody`` or None.
    """
    db.execute("DELETE FROM model_use WHERE day < ?", [day.isoformat()])
    shares = [("everybody", EVERYBODY, limits.everybody)]
    if guild_id is not None:
        shares.insert(0, ("server", f"guild:{guild_id}", limits.server))
    if user_id is not None:
        shares.insert(0, ("person", f"user:{user_id}", limits.person))
    for name, who, most in shares:
        if spent(db, day, who).tokens + tokens > most:
            return name
    for _, who, _ in shares:
        _add(db, day, who, answers=1, tokens=tokens)
    return None


def settle(
    db: Database,
    day: date,
    difference: int,
    *,
    answered: bool = True,
    user_id: int | None,
    guild_id: int | None,
) -> None:
    """Correct what was reserved by what was used.

    Args:
        difference: Used less reserved, in tokens.
        answered: Whether there was any answer; else none is counted.
    """
    who = [EVERYBODY]
    who += [f"guild:{guild_id}"] if guild_id is not None else []
    who += [f"user:{user_id}"] if user_id is not None else []
    for each in who:
        _add(db, day, each, answers=0 if answered else -1, tokens=difference)


def spent(db: Database, day: date, who: str = EVERYBODY) -> Spent:
    rows = db.query(
        "SELECT answers, tokens FROM model_use WHERE day = ? AND who = ?", [day.isoformat(), who]
    )
    return next((Spent(row["answers"], row["tokens"]) for row in rows), Spent())


def _add(db: Database, day: date, who: str, *, answers: int, tokens: int) -> None:
    db.execute(
        "INSERT INTO model_use (day, who, answers, tokens) VALUES (?, ?, max(0, ?), max(0, ?))"
        " ON CONFLICT DO UPDATE SET answers = max(0, answers + ?), tokens = max(0, tokens + ?)",
        [day.isoformat(), who, answers, tokens, answers, tokens],
    )
