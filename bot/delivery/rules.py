"""What becomes of a delivery that failed: decided from Discord's error code.

Codes: https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, auto

from bot.errors import DeliveryError, DeliveryRefused
from bot.models import Delivery, DeliveryKind

NONCE_IS_REMEMBERED = timedelta(minutes=2)
"""Discord compares nonces "within the past few minutes"; we count on two."""
LONGEST_SEND = timedelta(minutes=1)
"""No answer by then is none. Waiting for Discord's rate limits counts."""
FORUM_SETTLES = timedelta(minutes=2)
"""How long after a try a forum post may still appear: longer than a send and Discord's slowest."""
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
MOST_ATTEMPTS = 12
"""For what never goes stale; about two hours."""
DM_OPENS_REST = timedelta(hours=6)
"""After 40003, also over a restart. Discord names no time; going on risks the whole bot."""
NO_NEW_DMS = "Discord wants no new direct messages from the bot for a while"


class Fate(Enum):
    """What to do with a delivery that Discord did not take."""

    POSTPONE = auto()
    """Try again later by itself."""
    SHORTEN = auto()
    """Say it once more in fewer words, at once."""
    HOLD = auto()
    """Keep it back alone, with the reason."""
    PAUSE_PLACE = auto()
    """The channel is lost or closed to us: pause its feeds, keep their set-up, tell who made them."""
    CLOSE_DM = auto()
    """The person takes no messages from us: their alerts wait in the inbox."""
    REST_DM_OPENS = auto()
    """Discord wants no more new DM channels from us for a while."""
    WAS_SENT = auto()
    """The nonce names a message that was posted and then deleted."""


PLACE_LOST = {
    10003: "the channel is gone",
    10004: "the bot is not on that server any more",
    50001: "the bot cannot see the channel (it needs View Channel there)",
    50013: "the bot may not post in the channel",
    160005: "the thread is locked",
}
DM_CLOSED = {
    50007: "your settings do not let the bot send you direct messages",
    50278: "you share no server with the bot any more",
    10013: "Discord does not know the account any more",
}
BLOCKED = {
    200000: "the server's AutoMod blocked it",
    200001: "the server's AutoMod blocked its title",
    240000: "the server's link filter blocked it",
}
LATER = {
    401: "Discord does not know the bot's token any more",
    20028: "the channel takes no more messages for a while",
    40062: "Discord takes no more of these for a while",
    110000: "Discord is not ready",
    130000: "Discord is overloaded",
    160006: "the server has as many open threads as it may",
}
_FATES = {
    **dict.fromkeys(PLACE_LOST, Fate.PAUSE_PLACE),
    **dict.fromkeys(DM_CLOSED, Fate.CLOSE_DM),
    **dict.fromkeys(BLOCKED, Fate.HOLD),
    **dict.fromkeys(LATER, Fate.POSTPONE),
    10008: Fate.WAS_SENT,
    40003: Fate.REST_DM_OPENS,
    40067: Fate.HOLD,  # the forum wants a tag
    50035: Fate.SHORTEN,
}


def fate(error: DeliveryError, delivery: Delivery, *, shortened: bool) -> Fate:
    """Return what becomes of a delivery after an error."""
    known = _FATES.get(error.code or 0)
    if known is Fate.SHORTEN and shortened:
        return Fate.HOLD
    if known is Fate.PAUSE_PLACE and delivery.user_id is not None:
        return Fate.CLOSE_DM
    if known is not None:
        return known
    stubborn = delivery.expires_at is None and delivery.attempts >= MOST_ATTEMPTS
    return Fate.HOLD if isinstance(error, DeliveryRefused) or stubborn else Fate.POSTPONE


def reason(error: DeliveryError) -> str:
    """Return the reason in words for the person who wonders where the message is."""
    known = {**PLACE_LOST, **DM_CLOSED, **BLOCKED, **LATER}
    return known.get(error.code or 0, str(error))


def next_try(error: DeliveryError, *, attempts: int, now: datetime) -> datetime:
    """Return when to try again: as told, else after a wait that doubles."""
    if error.retry_after is not None:
        return now + error.retry_after
    return now + min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(attempts, 12))


def is_stale(delivery: Delivery, *, now: datetime) -> bool:
    return delivery.expires_at is not None and now > delivery.expires_at


def must_look(delivery: Delivery, *, now: datetime) -> bool:
    """Whether to look for the message in its place before sending it again.

    Within Discord's memory of nonces sending again is safe and cheaper; a
    forum post takes no nonce, so there we always look.
    """
    if delivery.uncertain_at is None:
        return False
    if delivery.kind is DeliveryKind.POST:
        return True
    # A clock that jumped back tells nothing: look.
    return not timedelta(0) <= now - delivery.uncertain_at < NONCE_IS_REMEMBERED


def leave_alone_until(delivery: Delivery, *, now: datetime) -> datetime | None:
    """Return until when looking would be too early to tell; None for look or send now.

    A request that a killed process has sent may be carried out after we looked.
    Where there is a nonce that does no harm.
    """
    if delivery.kind is not DeliveryKind.POST or delivery.uncertain_at is None:
        return None
    settled_at = delivery.uncertain_at + FORUM_SETTLES
    return settled_at if delivery.uncertain_at <= now < settled_at else None


def send_may_take(delivery: Delivery, *, now: datetime) -> timedelta:
    """Return how long a send may take; one that leans on its nonce has to arrive in time for it."""
    if delivery.uncertain_at is None:
        return LONGEST_SEND
    return min(LONGEST_SEND, delivery.uncertain_at + NONCE_IS_REMEMBERED - now)
