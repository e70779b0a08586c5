"""What a person is told of their topics: decided from the matches, without asking anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.models import Match

MOST_IN_ALERT = 8
"""Papers with a line of their own, as many as a message lists; the rest waits in the inbox."""
STRAGGLERS = timedelta(hours=2)
"""How long after a person's hour a first match of the day still goes out the same day."""
ALERT_STAYS_FRESH = timedelta(days=3)
MOST_TOPICS = 50
"""Topics a person; more is a mistake or a script."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One digest to one person."""

    shown: tuple[str, ...]
    """Papers, best first."""
    more: tuple[str, ...]
    """Papers that did not fit, best first."""


def choose(matches: Sequence[Match], scores: Mapping[str, float]) -> Alert:
    """Gather a person's waiting matches, each paper once whatever topics it matches."""
    papers = sorted({m.paper_id for m in matches}, key=lambda id_: (-scores.get(id_, 0.0), id_))
    return Alert(tuple(papers[:MOST_IN_ALERT]), tuple(papers[MOST_IN_ALERT:]))


def is_due(matches: Sequence[Match], due_at: datetime, *, now: datetime) -> bool:
    """Whether a person's alert goes out for their last due moment.

    It does if something was waiting at that moment, or came soon after; what
    comes later waits for the next day.
    """
    waiting = any(match.matched_at <= due_at for match in matches)
    return bool(matches) and due_at <= now and (waiting or now - due_at <= STRAGGLERS)
