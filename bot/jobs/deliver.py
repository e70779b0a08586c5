"""Sends what is owed: each delivery on its own, once."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlite_utils import Database

from bot import feeds as feed_rules
from bot import posts
from bot.delivery import rules
from bot.delivery.pacing import InvalidRequests, Pace, in_turns
from bot.delivery.rules import Fate
from bot.delivery.sender import Sender, Sent
from bot.errors import DeliveryError, StoreError
from bot.models import Delivery, DeliveryKind, DeliveryState
from bot.posts import Post
from bot.store import dm_rest, feeds, notices, outbox, people, refusals, telling
from bot.store.store import Store

T = TypeVar("T")

log = logging.getLogger(__name__)

AT_ONCE = 200
"""Sends under way; so many places may be slow to answer before others have to wait."""
BATCH = 400
MOST_UNKEPT = 20
"""Refused requests that a crash may forget. Starting again each three seconds, a bot could so make
4,000 in ten minutes beside those that it knows of: both together are less than Discord bears."""
RESTS = "Discord refused so many requests that sending rests for some minutes."
LOOK_AGAIN = timedelta(seconds=1)
"""How soon new work is seen while slow sends are under way."""
LAST_SENDS_MAY_TAKE = timedelta(seconds=1.5)
"""How long a cancelled run still waits for its sends; with the runner's wait, under ten seconds."""


@dataclass
class Deliver:
    """Send everything that is due. One failing delivery delays only itself.

    What a dead process left behind must have been recovered (``outbox.recover``)
    before the first call.
    """

    store: Store
    sender: Sender
    now: Callable[[], datetime]
    pace: Pace = field(default_factory=Pace)
    invalid: InvalidRequests | None = None
    changes: Counter[int] = field(default_factory=Counter[int])
    """How often each server's channels and permissions have changed, by its id."""
    look_again_at: Callable[[int], None] = field(default=lambda guild_id: None)
    """Told of a server that changed while a send to it was refused: before its feeds were paused,
    so that nobody let them go on."""
    under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict[str, asyncio.Task[None]])
    stopping: bool = False
    look_again: timedelta = LOOK_AGAIN
    last_sends_may_take: timedelta = LAST_SENDS_MAY_TAKE
    trouble: StoreError | None = None
    unsure: bool = False
    """Whether claims may be left whose outcome could not be written down."""
    _looked_at: datetime | None = None
    _knows_refusals: bool = False
    _begun: dict[str, int] = field(default_factory=dict[str, int])
    """For each send under way, how often its server had changed when it began."""

    async def __call__(self) -> None:
        """Send until nothing is due or under way. Cancelled, it still ends what is under way.

        Raises:
            StoreError: The outbox cannot be read or written. The next call
                goes on from what was written.
            DeliveryError: Discord refused so much that sending rests; calls
                in some minutes go on.
        """
        if self.unsure:
            await self.store.run(outbox.recover)
            self.unsure = False
        self.trouble = None
        await self._take_up_refusals()
        try:
            sent = await self._send_all()
        except asyncio.CancelledError:
            await self._cut_short()
            raise
        finally:
            await self.finish()
        if sent:
            log.info("deliver: %d tried", sent)
        if self.trouble:
            raise self.trouble
        if self._is_refused():
            raise DeliveryError(RESTS)

    async def _send_all(self) -> int:
        """Start what is due, also while slow sends are under way; returns how many."""
        sent = 0
        while not self._rests():
            busy = bool(self.under_way)  # one that ends during the look has made way for the next
            batch = await self._due()
            if not batch and not busy:
                break
            for delivery in in_turns(batch):
                if self._rests():
                    break
                await self._start(delivery)
                sent += 1
            await self._change(self.look_again)
            await self._keep_refusals(MOST_UNKEPT)
        await self.finish()
        await self._keep_refusals(1)
        return sent

    async def _take_up_refusals(self) -> None:
        """Count, once, what Discord refused an earlier process: it has not forgotten."""
        if self.invalid and not self._knows_refusals:
            self.invalid.take_up(await self.store.read(refusals.last))
            self._knows_refusals = True

    async def _keep_refusals(self, least: int) -> None:
        """Write down how many requests were refused, if so many were since the last time."""
        if self.invalid and self.trouble is None and self.invalid.unkept >= least:
            self.invalid.unkept = 0
            await self.store.run(refusals.keep, self.invalid.by_minute())

    def _rests(self) -> bool:
        """Whether nothing new may be started."""
        return self.stopping or self.trouble is not None or self._is_refused()

    def _is_refused(self) -> bool:
        return self.invalid is not None and self.invalid.exhausted()

    async def _change(self, within: timedelta | None = None) -> None:
        """Return when a send that is under way has ended, or after a time."""
        if self.under_way:
            timeout = None if within is None else within.total_seconds()
            await asyncio.wait(
                self.under_way.values(), timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )

    async def finish(self) -> None:
        """Wait for the sends that are under way; each notes its own outcome."""
        while self.under_way:
            await self._change()

    async def _cut_short(self) -> None:
        """Give the sends under way a last moment; what is cut off is recovered like a crash."""
        if not self.under_way:
            return
        _, late = await asyncio.wait(
            self.under_way.values(), timeout=self.last_sends_may_take.total_seconds()
        )
        for task in late:
            task.cancel()
            self.unsure = True

    async def _due(self) -> list[Delivery]:
        now = self.now()
        if self._looked_at is not None and now < self._looked_at:  # the clock was set back
            await self.store.run(outbox.keep_due, was=self._looked_at, now=now)
        self._looked_at = now
        return await self.store.read(outbox.due, now=now, limit=BATCH, but_for=list(self.under_way))

    async def _start(self, delivery: Delivery) -> None:
        while len(self.under_way) >= AT_ONCE:
            await self._change()
        await self.pace.wait()
        task = asyncio.create_task(self.deliver(delivery), name=f"deliver {delivery.id}")
        self.under_way[delivery.target] = task
        task.add_done_callback(lambda _: self.under_way.pop(delivery.target, None))

    async def deliver(self, delivery: Delivery) -> None:
        """Take one delivery as far as it goes now and note the outcome."""
        self._begun[delivery.target] = self.changes[delivery.guild_id or 0]
        try:
            await self._try(delivery)
        except StoreError as error:
            self.trouble = error
            self.unsure = True
        finally:
            del self._begun[delivery.target]

    async def _try(self, delivery: Delivery) -> None:
        try:
            if await self._ready(delivery):
                await self._claim_and_send(delivery)
        except StoreError:
            raise
        except DeliveryError as error:
            await self._fail(delivery, error, shortened=False)
        except Exception:
            log.exception("delivery %s met a bug", delivery.id)
            problem = DeliveryError("something went wrong on our side")
            until = rules.next_try(problem, attempts=delivery.attempts + 1, now=self.now())
            await self.store.run(
                outbox.postpone, delivery.id, until=until, reason=str(problem), uncertain=True
            )

    async def _ready(self, delivery: Delivery) -> bool:
        """Whether to send now; a stale delivery is held, unless it turns out to be there."""
        if rules.is_stale(delivery, now=self.now()) and delivery.uncertain_at is None:
            await self.store.run(hold_stale, delivery, now=self.now())
            return False
        if too_early_until := rules.leave_alone_until(delivery, now=self.now()):
            await self.store.run(
                outbox.postpone,
                delivery.id,
                until=too_early_until,
                reason="it may be there already, which can be told in a minute",
            )
            return False
        if resting_until := await self._opens_dm_too_early(delivery):
            await self.store.run(
                outbox.postpone, delivery.id, until=resting_until, reason=rules.NO_NEW_DMS
            )
            return False
        return True

    async def _opens_dm_too_early(self, delivery: Delivery) -> datetime | None:
        """Return from when on a delivery may open the DM channel that it needs; None for now."""
        if delivery.user_id is None or delivery.place_id is not None:
            return None
        return await self.store.read(dm_rest.resting_until, now=self.now())

    async def _claim_and_send(self, delivery: Delivery) -> None:
        if not await self.store.run_durably(outbox.claim, delivery.id, now=self.now()):
            return
        post = await self.store.read(posts.load, delivery)
        if post is None:
            await self.store.run(
                outbox.settle,
                delivery.id,
                DeliveryState.HELD,
                reason="what it was about is no longer wanted",
            )
            return
        delivery = replace(delivery, attempts=delivery.attempts + 1)
        if self._is_looked_for(delivery):
            if await self._settled_by_look(delivery, post):
                return
            delivery = replace(delivery, uncertain_at=None)
        await self._send(delivery, post, shortened=False)

    def _is_looked_for(self, delivery: Delivery) -> bool:
        """Whether an earlier try may have left a message that sending again would double."""
        stale = rules.is_stale(delivery, now=self.now())
        in_doubt = delivery.uncertain_at is not None
        return in_doubt and (stale or rules.must_look(delivery, now=self.now()))

    async def _settled_by_look(self, delivery: Delivery, post: Post) -> bool:
        """Look where an earlier try may have left the message; True if that ends the delivery."""
        if sent := await in_time(self.sender.find(delivery, post), rules.LONGEST_SEND):
            log.info("delivery %s was there already", delivery.id)
            await self._note_sent(delivery, sent)
            return True
        await self.store.run(outbox.is_absent, delivery.id)
        stale = rules.is_stale(delivery, now=self.now())
        if stale:
            await self.store.run(hold_stale, delivery, now=self.now())
        return stale

    async def _send(self, delivery: Delivery, post: Post, *, shortened: bool) -> None:
        within = rules.send_may_take(delivery, now=self.now())
        try:
            sent = await in_time(self.sender.send(delivery, post, shortened=shortened), within)
        except DeliveryError as error:
            if rules.fate(error, delivery, shortened=shortened) is Fate.SHORTEN:
                await self._send(delivery, post, shortened=True)
            else:
                await self._fail(delivery, error, shortened=shortened)
        else:
            await self._note_sent(delivery, sent)

    async def _note_sent(self, delivery: Delivery, sent: Sent) -> None:
        await self.store.run(
            outbox.mark_sent,
            delivery.id,
            message_id=sent.message_id,
            place_id=sent.place_id,
            now=self.now(),
        )

    async def _fail(self, delivery: Delivery, error: DeliveryError, *, shortened: bool) -> None:
        fate = rules.fate(error, delivery, shortened=shortened)
        await self.store.run(note_failure, delivery, error, fate, now=self.now())
        log.info("delivery %s: %s (%s)", delivery.id, error, fate.name.lower())
        guild_id = delivery.guild_id or 0
        if fate is Fate.PAUSE_PLACE and self.changes[guild_id] != self._begun[delivery.target]:
            self.look_again_at(guild_id)


async def in_time(answer: Awaitable[T], within: timedelta) -> T:
    """Return an answer of Discord's.

    Raises:
        DeliveryError: It did not come in time; what was asked may have been done.
    """
    try:
        async with asyncio.timeout(within.total_seconds()):
            return await answer
    except TimeoutError as error:
        raise DeliveryError("Discord did not answer in time") from error


def hold_stale(db: Database, delivery: Delivery, *, now: datetime) -> None:
    """Hold what is too late, and let its papers join the feed's or the person's next message."""
    outbox.settle(db, delivery.id, DeliveryState.HELD, reason=outbox.TOO_LATE)
    feeds.withdraw(db, delivery.id, feed_rules.Held.LATE, now=now)
    telling.withdraw(db, delivery.id)


def note_failure(
    db: Database, delivery: Delivery, error: DeliveryError, fate: Fate, *, now: datetime
) -> None:
    """Write down what becomes of a delivery that Discord did not take."""
    why = rules.reason(error)
    match fate:
        case Fate.PAUSE_PLACE:
            lose_place(db, delivery, why, now=now)
        case Fate.CLOSE_DM:
            close_dm(db, delivery, why, now=now)
        case Fate.WAS_SENT:
            outbox.settle(
                db, delivery.id, DeliveryState.SENT, reason="it was posted, and then deleted"
            )
        case Fate.HOLD | Fate.SHORTEN:
            outbox.settle(db, delivery.id, DeliveryState.HELD, reason=why)
            tell_what_is_held(db, delivery, error, now=now)
        case Fate.REST_DM_OPENS:
            until = now + rules.DM_OPENS_REST
            dm_rest.rest(db, until=until)
            outbox.postpone(db, delivery.id, until=until, reason=rules.NO_NEW_DMS)
        case Fate.POSTPONE:
            until = rules.next_try(error, attempts=delivery.attempts, now=now)
            outbox.postpone(db, delivery.id, until=until, reason=why, uncertain=error.code is None)


def tell_what_is_held(
    db: Database, delivery: Delivery, error: DeliveryError, *, now: datetime
) -> None:
    """Tell a feed's maker why Discord refuses a post, once a day for each feed and reason."""
    text = (
        f"A post of feed {delivery.feed_id} in {place(delivery)} could not be made:"
        f" {rules.reason(error)}. It is not tried again; /feeds history shows what is held."
    )
    subject = f"refused:{delivery.feed_id}:{error.code}:{now.date()}"
    tell_moderator(db, delivery, text, subject, now=now)


def place(delivery: Delivery) -> str:
    """Return the place as Discord shows it to a reader."""
    kind, _, number = delivery.target.partition(":")
    return f"<#{number}>" if kind == "channel" else "your direct messages"


def lose_place(db: Database, delivery: Delivery, why: str, *, now: datetime) -> None:
    """Pause a lost channel's feeds, keep their set-up and what they owe, and tell who made them."""
    channel_id = int(delivery.target.partition(":")[2])
    outbox.settle(db, delivery.id, DeliveryState.HELD, reason=why)
    outbox.hold_target(db, delivery.target, reason=why)
    for feed in feeds.of_channel(db, channel_id):
        if feeds.pause(db, feed.id, now=now, because=why):
            tell_moderator(
                db,
                replace(delivery, feed_id=feed.id),
                f"Feed {feed.id} in <#{channel_id}> is paused: {why}. Its set-up is kept, and it"
                " goes on by itself once that is mended.",
                f"paused:{feed.id}:{now.date()}",
                now=now,
            )


def close_dm(db: Database, delivery: Delivery, why: str, *, now: datetime) -> None:
    """Hold a person's alerts; their papers wait in the inbox, and nothing is tried by a timer."""
    outbox.settle(db, delivery.id, DeliveryState.HELD, reason=why)
    refused = [] if delivery.uncertain_at else [delivery.id]
    never_sent = (*refused, *outbox.owed_to(db, delivery.target))
    outbox.hold_target(db, delivery.target, reason=why)
    for delivery_id in never_sent:
        telling.withdraw(db, delivery_id)
    user_id = delivery.user_id or 0
    people.dm_closed(db, user_id, now=now, because=why)
    text = (
        f"The bot's direct messages no longer reach you: {why}. Alerts wait in /inbox; under"
        " /topics list you can let it try again."
    )
    notices.owe(db, user_id, text, f"closed:{now.date()}", now=now)


def tell_moderator(
    db: Database,
    delivery: Delivery,
    text: str,
    subject: str,
    *,
    now: datetime,
) -> None:
    """Owe a word to whoever set up the feed of a delivery, once a subject.

    Where they take no messages from us, or never opened a DM channel by a command
    of their own, it is held and shown under their next command.
    """
    feed = feeds.get(db, delivery.feed_id or 0)
    if feed is None or delivery.kind is DeliveryKind.NOTICE:
        return
    notices.owe(db, feed.created_by, text, subject, now=now)
