"""Citations and venues, and whom to ask about."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.models import Reception
from bot.store import listings, papers, receptions
from bot.store.store import Store
from tests.builders import TODAY, a_listing, a_paper
from tests.conftest import NOON
from tests.store.test_papers import by_title

DAY = timedelta(days=1)
ONE, TWO, THREE = "2403.00001", "2403.00002", "2403.00003"


async def wanting(store: Store, *, now: datetime = NOON, limit: int = 9) -> list[str]:
    return await store.read(
        receptions.wanting, listed_since=TODAY - 30 * DAY, asked_before=now - 7 * DAY, limit=limit
    )


async def test_the_never_asked_come_first_and_of_them_the_newest(store: Store) -> None:
    await store.run(listings.record, a_listing(papers=[ONE, by_title().id]))
    await store.run(listings.record, a_listing(papers=[TWO], day=TODAY - DAY))
    await store.run(listings.record, a_listing(papers=[THREE], day=TODAY - 31 * DAY))
    assert await wanting(store) == [ONE, TWO]
    assert await wanting(store, limit=1) == [ONE]

    await store.run(receptions.take_in, [ONE], {}, now=NOON)
    assert await wanting(store, now=NOON + 6 * DAY) == [TWO]
    assert await wanting(store, now=NOON + 7 * DAY) == [TWO, ONE]


async def test_a_summary_fills_what_hugging_face_has_not_said(store: Store) -> None:
    said = [a_paper(ONE, ai_summary="By Hugging Face."), a_paper(TWO)]
    await store.run(papers.take_in, "huggingface", said, said_at=NOON)
    found = {id_: Reception(id_, "Its title", tldr="In a sentence.") for id_ in (ONE, TWO)}
    took = await store.run(receptions.take_in, [ONE, TWO], found, now=NOON)

    assert took.updated == 1
    known = await store.read(papers.get_many, [ONE, TWO])
    assert [paper.ai_summary for paper in known] == ["By Hugging Face.", "In a sentence."]
    assert [paper.title for paper in known] == [said[0].title, said[1].title]
    sources = [s.source for s in await store.read(papers.statements_of, ONE)]
    assert sources == ["huggingface", "semantic_scholar"]


async def test_numbers_are_kept_when_they_are_not_told_again(store: Store) -> None:
    await store.run(listings.record, a_listing(papers=[ONE, TWO]))
    found = Reception(ONE, "T", citations=7, influential_citations=1, venue="Some Venue")
    await store.run(receptions.take_in, [ONE, TWO], {ONE: found}, now=NOON)
    await store.run(receptions.take_in, [ONE], {ONE: Reception(ONE, "T", citations=9)}, now=NOON)
    await store.run(receptions.take_in, [ONE], {}, now=NOON)
    assert await store.read(receptions.get_many, [ONE, TWO, THREE]) == {
        ONE: Reception(ONE, citations=9, influential_citations=1, venue="Some Venue"),
        TWO: Reception(TWO),
    }
