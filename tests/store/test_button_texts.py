"""Topics as typed, by the numbers that buttons carry."""

from __future__ import annotations

from bot.store import button_texts
from bot.store.store import Store


async def test_a_text_keeps_its_number_and_only_the_latest_are_kept(store: Store) -> None:
    numbers = [await store.run(button_texts.number_of, text, most=3) for text in "abcac"]
    assert numbers == [1, 2, 3, 1, 3]
    newest = await store.run(button_texts.number_of, "d", most=3)
    kept = [await store.read(button_texts.text_of, number) for number in (1, 2, 3, newest)]
    assert kept == [None, "b", "c", "d"]
    assert await store.run(button_texts.number_of, "a", most=3) > newest
