"""Discord as far as sending goes, in memory: places, nonces, and what can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from bot.delivery.sender import Sent
from bot.errors import DeliveryError
from bot.models import Delivery, DeliveryKind
from bot.posts import Post
from tests.conftest import Clock

NONCES_ARE_KEPT = timedelta(minutes=3)
LOOK_BACK = timedelta(minutes=5)

Step = Callable[[Delivery], Awaitable[None]]


@dataclass(frozen=True)
class Message:
    """A message that is in its place."""

    id: int
    target: str
    subject: str
    nonce: str
    at: datetime
    shortened: bool


async def nothing(_: Delivery) -> None:
    """Go on."""


@dataclass
class Places:
    """Takes messages as Discord does: the same nonce within minutes makes no second one.

    A forum post takes no nonce. ``before`` runs before each message is made or looked
    for, ``after`` after it; each may raise: before, and it is not made; after, and the
    answer is lost.
    """

    clock: Clock
    messages: list[Message] = field(default_factory=list[Message])
    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """``send`` or ``look``, and the delivery's subject."""
    failing: dict[str, BaseException] = field(default_factory=dict[str, BaseException])
    """By target."""
    hanging: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    before: Step = nothing
    after: Step = nothing
    _ids: count[int] = field(default_factory=lambda: count(1000))
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def subjects(self) -> list[str]:
        return [message.subject for message in self.messages]

    async def until_asked(self, times: int) -> None:
        """Return when so many sends and looks have begun."""
        while len(self.asked) < times:
            self._news.clear()
            await self._news.wait()

    async def send(self, delivery: Delivery, post: Post, *, shortened: bool = False) -> Sent:
        self.asked.append(("send", delivery.subject))
        self._news.set()
        if hanging := self.hanging.get(delivery.target):
            await hanging.wait()
        if delivery.target in self.failing:
            raise self.failing[delivery.target]
        await self.before(delivery)
        message = self._same(delivery) or self._make(delivery, shortened=shortened)
        await self.after(delivery)
        return sent(message)

    async def find(self, delivery: Delivery, post: Post) -> Sent | None:
        self.asked.append(("look", delivery.subject))
        if delivery.target in self.failing:
            raise self.failing[delivery.target]
        await self.before(delivery)
        assert delivery.uncertain_at is not None
        since = delivery.uncertain_at - LOOK_BACK
        for message in self._of(delivery):
            if message.at >= since:
                return sent(message)
        return None

    def _same(self, delivery: Delivery) -> Message | None:
        if delivery.kind is DeliveryKind.POST:
            return None
        kept = [m for m in self._of(delivery) if self.clock() - m.at <= NONCES_ARE_KEPT]
        return kept[0] if kept else None

    def _of(self, delivery: Delivery) -> list[Message]:
        key = (delivery.target, delivery.nonce)
        return [message for message in self.messages if (message.target, message.nonce) == key]

    def _make(self, delivery: Delivery, *, shortened: bool) -> Message:
        message = Message(
            next(self._ids),
            delivery.target,
            delivery.subject,
            delivery.nonce,
            self.clock(),
            shortened,
        )
        self.messages.append(message)
        return message


def sent(message: Message) -> Sent:
    return Sent(message.id, int(message.target.partition(":")[2]))


async def lose_the_answer(_: Delivery) -> None:
    raise DeliveryError("Discord did not answer")


async def die(_: Delivery) -> None:
    """End here, as a killed process does: nothing after this is written down."""
    raise asyncio.CancelledError
