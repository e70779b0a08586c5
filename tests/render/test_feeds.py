"""How feeds look to the moderators who set them up."""

from __future__ import annotations

from bot.feeding import History, Part
from bot.models import DeliveryState
from bot.render.feeds import history
from tests.builders import a_feed
from tests.render.pages import texts


def test_what_was_held_is_counted_by_reason_once_escaped() -> None:
    counts: dict[tuple[DeliveryState, str | None], int] = {
        (DeliveryState.SENT, None): 1200,
        (DeliveryState.HELD, "baseline"): 72,
        (DeliveryState.HELD, "403: *forbidden*"): 2,
        (DeliveryState.GAVE_UP, "it is so"): 1,
    }
    (text,) = texts(history(History(a_feed(), Part.ALL, counts, 0, ())))
    assert text.splitlines()[1] == (
        "-# 1,200 sent, 74 held (72 listed before the feed, 2 403\\: \\*forbidden\\*), 1 given up"
    )
