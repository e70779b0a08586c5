"""Which papers a message is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.models import DeliveryKind
from bot.posted import MOST_FOUND, papers_named, papers_of
from bot.store import exchanges, listings, outbox
from bot.store.store import Store
from tests.builders import a_listing, a_record, owed
from tests.conftest import NOON
from tests.store.test_exchanges import SAID

ANYBODY = 1


async def send(store: Store, kind: DeliveryKind, subject: str, **payload: object) -> int:
    message = owed(subject=subject, kind=kind, payload=payload)
    delivery_id = await store.run(outbox.enqueue, message, now=NOON)
    assert delivery_id
    await store.run(outbox.mark_sent, delivery_id, message_id=100, place_id=200, now=NOON)
    return delivery_id


async def about(store: Store, message_id: int, *custom_ids: str) -> tuple[str, ...]:
    return await store.read(papers_of, message_id, custom_ids, user_id=ANYBODY, now=NOON)


async def test_a_card_is_about_its_paper(store: Store) -> None:
    await send(store, DeliveryKind.CARD, "2602.00001")
    assert await about(store, 100) == ("2602.00001",)
    assert await about(store, 200) == (), "other talk in the channel is not about it"


async def test_a_forum_post_is_about_its_paper(store: Store) -> None:
    await send(store, DeliveryKind.POST, "2602.00001")
    assert await about(store, 100) == ("2602.00001",)
    assert await about(store, 200) == ("2602.00001",)


async def test_a_digest_is_about_all_its_papers(store: Store) -> None:
    await send(store, DeliveryKind.DIGEST, "1:2026-03-02", papers=["a", "b"], more=["c"])
    assert await about(store, 100, "show:a") == ("a", "b", "c")


async def test_words_from_us_are_about_nothing(store: Store) -> None:
    await send(store, DeliveryKind.NOTICE, "x", text="A feed was paused.")
    assert await about(store, 100) == ()


async def test_an_answer_is_about_what_it_quotes(store: Store) -> None:
    await store.run(exchanges.add, SAID)
    assert await about(store, 100, "show:z") == SAID.paper_ids
    later = SAID.kept_until + timedelta(seconds=1)
    old = await store.read(papers_of, 100, ["show:z"], user_id=ANYBODY, now=later)
    assert old == ("z",), "its buttons still tell"


async def test_another_s_private_answer_tells_nothing(store: Store) -> None:
    await store.run(exchanges.add, replace(SAID, private=True, user_id=ANYBODY + 1))
    assert await about(store, 100) == ()


async def test_buttons_tell_where_nothing_else_does(store: Store) -> None:
    ids = ("show:2602.00001", "save:2602.00001", "ask:hep-th/9901001", "topics", "more:1:0")
    assert await about(store, 5, *ids) == ("2602.00001", "hep-th/9901001")


async def test_papers_named(store: Store) -> None:
    known = a_record("2403.00009", doi="10.1145/3580305.ABC")
    await store.run(listings.record, a_listing(known))
    texts = [
        "arxiv.org/abs/2602.00001v2 and 10.1145/3580305.abc.",
        "https://doi.org/10.48550/arXiv.2602.00002, 10.5555/never-heard-of",
        "2602.00001.pdf",
    ]
    assert await store.read(papers_named, texts) == ("2602.00001", "2602.00002", "2403.00009")


async def test_of_very_many_papers_the_first_are_taken(store: Store) -> None:
    text = " ".join(f"2602.{n:05}" for n in range(1, MOST_FOUND + 200))
    assert len(await store.read(papers_named, [text])) == MOST_FOUND
