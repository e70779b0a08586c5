"""``bounce``: takes a mail that the operator's mail server pipes in."""

from __future__ import annotations

import asyncio
import sys

from bot.app import utc_now
from bot.cli.say import say
from bot.errors import StoreError
from bot.mail import bounces
from bot.mail.bounces import Outcome
from bot.store.store import Store
from config.settings import Settings

MOST_BYTES = 10_000_000
"""What is longer is no bounce of ours; the rest of it is not read."""
_SAID = {
    Outcome.NO_BOUNCE: "This is no bounce; nothing was changed.",
    Outcome.NOT_OURS: "This bounce is of no mail from this database; nothing was changed.",
    Outcome.NOT_FINAL: "This bounce does not say that the mailbox is gone; nothing was changed.",
    Outcome.ENDED_BEFORE: "E-mail to that address was ended before.",
    Outcome.ENDED: "E-mail to that address is ended; its owner is told.",
}


async def bounce(settings: Settings) -> int:
    """Read one mail from stdin and print what it came to.

    Also 0 for what is no bounce: a mail server that pipes mail here answers a
    failure with one more bounce.
    """
    if not settings.database.exists():
        raise StoreError(f"There is no database {settings.database}.")
    source = await asyncio.to_thread(sys.stdin.buffer.read, MOST_BYTES)
    async with Store(settings.database) as store:
        outcome = await store.run(bounces.take, source, now=utc_now())
    say(_SAID[outcome])
    return 0
