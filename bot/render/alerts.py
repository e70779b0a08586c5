"""A person's alerts as Discord components: when they come."""

from __future__ import annotations

from datetime import datetime

from bot import schedules
from bot.models import Frequency
from bot.render.text import count, escape, moment
from bot.store.people import Person


def schedule(person: Person, *, changed: bool, now: datetime) -> str:
    """Return when a person's alerts come, in words.

    Args:
        changed: Whether that is so since just now.
    """
    wish = person.schedule
    how = schedules.in_words(wish)
    if person.dm_closed_because:
        waits = f"Alerts wait in /inbox: {escape(person.dm_closed_because)}."
        lines = [f"{waits} Once that is mended, they come as {how}."]
    else:
        comes = "Now your alerts come" if changed else "Your alerts come"
        most = count(wish.max_papers, "paper")
        lines = [f"{comes} as {how}. Each shows {most} at the most; /inbox has all."]
    if wish.frequency is not Frequency.INSTANT and not person.dm_closed_because:
        due_at = schedules.next_due_at(wish, now=now)
        lines.append(f"-# The next can come {moment(due_at)}, {moment(due_at, 'F')} on your clock.")
    if not changed:
        lines.append("-# Give options to change that: frequency, hour, timezone, quiet_days, most.")
    return "\n".join(lines)
