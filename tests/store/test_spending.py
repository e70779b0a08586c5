"""What the language model may cost: a person, a server and everybody, by the day."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlite_utils import Database

from bot.store import schema, spending
from bot.store.spending import EVERYBODY, Limits, Spent
from tests.conftest import NOON

TODAY = NOON.date()
LIMITS = Limits(person=100, server=250, everybody=400)


@pytest.fixture
def db() -> Database:
    db = Database(memory=True)
    schema.migrations.apply(db)
    return db


def reserve(db: Database, tokens: int, user: int | None = 1, guild: int | None = 2):
    return spending.reserve(db, TODAY, tokens, LIMITS, user_id=user, guild_id=guild)


def test_each_limit_forbids_on_its_own_and_nothing_is_counted_then(db: Database):
    assert reserve(db, 100) is None
    assert reserve(db, 1) == "person"
    assert reserve(db, 100, user=3) is None
    assert reserve(db, 100, user=4) == "server"
    assert reserve(db, 100, user=4, guild=5) is None
    assert reserve(db, 100, user=6, guild=None) is None
    assert reserve(db, 1, user=7, guild=None) == "everybody"
    assert spending.spent(db, TODAY) == Spent(answers=4, tokens=400)
    assert spending.spent(db, TODAY, "user:4") == Spent(answers=1, tokens=100)


def test_a_limit_of_nothing_forbids_everything(db: Database):
    none = Limits(0, 0, 0)
    assert spending.reserve(db, TODAY, 1, none, user_id=None, guild_id=None) == "everybody"


def test_what_was_reserved_is_corrected_by_what_was_used(db: Database):
    reserve(db, 100)
    spending.settle(db, TODAY, -60, user_id=1, guild_id=2)
    assert spending.spent(db, TODAY, "user:1") == Spent(answers=1, tokens=40)
    assert reserve(db, 60) is None
    spending.settle(db, TODAY, -1_000, user_id=1, guild_id=2)
    assert spending.spent(db, TODAY).tokens == 0


def test_a_new_day_begins_at_nothing_and_forgets_who_asked(db: Database):
    reserve(db, 100)
    tomorrow = TODAY + timedelta(days=1)
    refused = spending.reserve(db, tomorrow, 100, LIMITS, user_id=1, guild_id=2)
    assert refused is None
    assert spending.spent(db, TODAY, "user:1") == Spent()
    assert spending.spent(db, tomorrow, EVERYBODY) == Spent(answers=1, tokens=100)


def test_an_answer_that_ends_after_midnight_is_settled_without_harm(db: Database):
    reserve(db, 100)
    spending.reserve(db, TODAY + timedelta(days=1), 10, LIMITS, user_id=9, guild_id=None)
    spending.settle(db, TODAY, -60, user_id=1, guild_id=2)
    assert spending.spent(db, TODAY).tokens == 0
