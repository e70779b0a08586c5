"""What becomes of a delivery that failed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.delivery import rules
from bot.delivery.rules import (
    FIRST_WAIT,
    FORUM_SETTLES,
    LONGEST_SEND,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    NONCE_IS_REMEMBERED,
    Fate,
    fate,
    is_stale,
    leave_alone_until,
    must_look,
    next_try,
    send_may_take,
)
from bot.errors import DeliveryError, DeliveryRefused
from bot.models import DeliveryKind
from tests.builders import a_delivery
from tests.conftest import NOON

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (10003, Fate.PAUSE_PLACE),
        (10004, Fate.PAUSE_PLACE),
        (50001, Fate.PAUSE_PLACE),
        (50013, Fate.PAUSE_PLACE),
        (160005, Fate.PAUSE_PLACE),
        (50007, Fate.CLOSE_DM),
        (50278, Fate.CLOSE_DM),
        (10013, Fate.CLOSE_DM),
        (40003, Fate.REST_DM_OPENS),
        (10008, Fate.WAS_SENT),
        (50035, Fate.SHORTEN),
        (200000, Fate.HOLD),
        (200001, Fate.HOLD),
        (240000, Fate.HOLD),
        (40067, Fate.HOLD),
        (20028, Fate.POSTPONE),
        (40062, Fate.POSTPONE),
        (110000, Fate.POSTPONE),
        (130000, Fate.POSTPONE),
        (160006, Fate.POSTPONE),
        (401, Fate.POSTPONE),
        (99999, Fate.HOLD),  # refused, and we do not know why
    ],
)
def test_discord_s_code_decides(code: int, expected: Fate) -> None:
    error = DeliveryRefused("Discord refused it", code=code)
    assert fate(error, a_delivery(), shortened=False) is expected


@pytest.mark.parametrize("code", [None, 429])
def test_what_was_not_refused_is_tried_again(code: int | None) -> None:
    assert fate(DeliveryError("503", code=code), a_delivery(), shortened=False) is Fate.POSTPONE


def test_a_bad_body_is_shortened_once() -> None:
    error = DeliveryRefused("bad body", code=50035)
    assert fate(error, a_delivery(), shortened=True) is Fate.HOLD


@pytest.mark.parametrize("code", [10003, 50001, 50013])
def test_a_person_s_channel_that_is_lost_is_a_closed_one(code: int) -> None:
    delivery = a_delivery("user:7")
    assert fate(DeliveryRefused("no", code=code), delivery, shortened=False) is Fate.CLOSE_DM


def test_what_never_goes_stale_is_not_tried_for_ever() -> None:
    error = DeliveryError("503")
    stubborn = a_delivery(attempts=MOST_ATTEMPTS)
    assert fate(error, stubborn, shortened=False) is Fate.HOLD
    fresh = a_delivery(attempts=MOST_ATTEMPTS, expires_at=NOON)
    assert fate(error, fresh, shortened=False) is Fate.POSTPONE


def test_every_reason_is_words_for_a_person() -> None:
    for code in (*rules.PLACE_LOST, *rules.DM_CLOSED, *rules.BLOCKED, *rules.LATER):
        said = rules.reason(DeliveryRefused("Discord refused it (1)", code=code))
        assert "Discord refused" not in said
        assert not said.endswith(".")
    assert rules.reason(DeliveryRefused("Discord refused it (1)", code=1)) == (
        "Discord refused it (1)"
    )


@pytest.mark.parametrize(
    ("attempts", "wait"),
    [(0, FIRST_WAIT), (1, 2 * FIRST_WAIT), (3, 8 * FIRST_WAIT), (99, LONGEST_WAIT)],
)
def test_each_wait_is_twice_the_last(attempts: int, wait: timedelta) -> None:
    assert next_try(DeliveryError("503"), attempts=attempts, now=NOON) == NOON + wait


def test_discord_s_own_wait_is_kept() -> None:
    error = DeliveryError("429", code=429, retry_after=HOUR)
    assert next_try(error, attempts=1, now=NOON) == NOON + HOUR


@pytest.mark.parametrize(
    ("expires_at", "stale"),
    [(None, False), (NOON - SECOND, True), (NOON, False), (NOON + SECOND, False)],
)
def test_a_delivery_is_stale_after_its_last_moment(expires_at: object, stale: bool) -> None:
    assert is_stale(a_delivery(expires_at=expires_at), now=NOON) is stale


@pytest.mark.parametrize(
    ("kind", "ago", "look"),
    [
        (DeliveryKind.DIGEST, None, False),  # nothing can be there
        (DeliveryKind.DIGEST, timedelta(0), False),
        (DeliveryKind.DIGEST, NONCE_IS_REMEMBERED - SECOND, False),
        (DeliveryKind.DIGEST, NONCE_IS_REMEMBERED, True),
        (DeliveryKind.ALERT, 9 * HOUR, True),
        (DeliveryKind.CARD, -HOUR, True),  # the clock jumped back
        (DeliveryKind.POST, None, False),
        (DeliveryKind.POST, timedelta(0), True),  # a forum post takes no nonce
    ],
)
def test_we_look_where_the_nonce_does_not_help(
    kind: DeliveryKind, ago: timedelta | None, look: bool
) -> None:
    uncertain_at = None if ago is None else NOON - ago
    assert must_look(a_delivery(kind=kind, uncertain_at=uncertain_at), now=NOON) is look


@pytest.mark.parametrize(
    ("kind", "ago", "until"),
    [
        (DeliveryKind.POST, None, None),
        (DeliveryKind.POST, SECOND, NOON - SECOND + FORUM_SETTLES),
        (DeliveryKind.POST, FORUM_SETTLES, None),
        (DeliveryKind.POST, -HOUR, None),  # the clock jumped back: nobody waits an hour for it
        (DeliveryKind.DIGEST, SECOND, None),  # its nonce makes it safe
    ],
)
def test_a_forum_post_in_doubt_is_left_alone_until_it_can_be_told(
    kind: DeliveryKind, ago: timedelta | None, until: datetime | None
) -> None:
    delivery = a_delivery(kind=kind, uncertain_at=None if ago is None else NOON - ago)
    assert leave_alone_until(delivery, now=NOON) == until


@pytest.mark.parametrize(
    ("ago", "within"),
    [
        (None, LONGEST_SEND),
        (SECOND, LONGEST_SEND),
        (NONCE_IS_REMEMBERED - SECOND, SECOND),
    ],
)
def test_a_send_that_leans_on_its_nonce_has_no_more_time_than_the_nonce(
    ago: timedelta | None, within: timedelta
) -> None:
    delivery = a_delivery(uncertain_at=None if ago is None else NOON - ago)
    assert send_may_take(delivery, now=NOON) == within
