"""What buttons ask for where it is too long to be carried."""

from __future__ import annotations

from bot.store import button_texts
from bot.store.store import Store
from tests.conftest import NOON


async def test_a_text_keeps_its_number(store: Store) -> None:
    numbers = [await store.run(button_texts.number_of, text, now=NOON) for text in "aba"]
    assert numbers == [1, 2, 1]
    assert [await store.read(button_texts.text_of, n) for n in (1, 2, 3)] == ["a", "b", None]
