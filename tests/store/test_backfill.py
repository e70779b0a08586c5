"""How far arXiv's catalogue has been read: legs that leave no gap, in whatever order."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from bot.store import backfill
from bot.store.backfill import TOKEN_LIVES, Days, Position, after_page, setting_out
from bot.store.store import Store
from tests.conftest import NOON

TODAY = NOON.date()
DAY = timedelta(days=1)
MAY, JUNE = date(2024, 5, 1), date(2024, 6, 1)


@pytest.mark.parametrize(
    ("read", "since", "leg"),
    [
        (None, MAY, Days(MAY, TODAY)),
        (Days(JUNE, TODAY), MAY, Days(MAY, JUNE)),
        (Days(MAY, TODAY), JUNE, None),
        (Days(MAY, TODAY), MAY, None),
        (Days(MAY, JUNE), MAY, Days(JUNE, TODAY)),
    ],
)
def test_the_next_leg_is_what_is_missing(read: Days | None, since: date, leg: Days | None) -> None:
    assert setting_out(Position("cs", read), since, now=NOON).leg == leg


def test_a_leg_that_was_begun_is_read_to_its_end_first() -> None:
    begun = Position("cs", None, Days(JUNE, TODAY), "token", NOON)
    assert setting_out(begun, MAY, now=NOON + DAY / 2) == begun


def test_a_leg_whose_token_has_died_begins_again() -> None:
    begun = Position("cs", None, Days(JUNE, TODAY), "token", NOON)
    again = setting_out(begun, MAY, now=NOON + TOKEN_LIVES)
    assert again == Position("cs", None, Days(JUNE, TODAY))


def test_legs_grow_together_until_nothing_is_missing() -> None:
    position = Position("cs")
    for since in (JUNE, MAY):
        while (position := setting_out(position, since, now=NOON)).leg:
            position = after_page(position, "next", now=NOON)
            assert position.token == "next"
            position = after_page(position, None, now=NOON)
    assert position == Position("cs", Days(MAY, TODAY))


@pytest.mark.parametrize(
    "position",
    [
        Position("cs:cs:CL"),
        Position("cs:cs:CL", Days(MAY, JUNE)),
        Position("cs:cs:CL", Days(JUNE, TODAY), Days(MAY, JUNE), "token", NOON),
    ],
)
async def test_a_position_is_kept(position: Position, store: Store) -> None:
    await store.run(backfill.note, Position("cs:cs:CL", Days(MAY, MAY)))
    await store.run(backfill.note, position)
    assert await store.read(backfill.position, "cs:cs:CL") == position
    assert await store.read(backfill.position, "cs:cs:AI") == Position("cs:cs:AI")
