"""Whoever can put a message in its place: Discord in production, a list in tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.models import Delivery
from bot.posts import Post


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message is."""

    message_id: int
    place_id: int
    """The channel, thread or DM channel."""


class Sender(Protocol):
    """Puts messages in their places and finds them there again."""

    async def send(self, delivery: Delivery, post: Post, *, shortened: bool = False) -> Sent:
        """Send one message under the delivery's nonce.

        Args:
            shortened: Say it in fewer words; Discord refused the full text.

        Raises:
            DeliveryError: It did not arrive, or no answer came.
            DeliveryRefused: It will not arrive as things are.
        """
        ...

    async def find(self, delivery: Delivery, post: Post) -> Sent | None:
        """Look in the place itself for a message that an earlier try may have left.

        Raises:
            DeliveryError: The place could not be looked at.
        """
        ...
