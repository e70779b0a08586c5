"""How papers came to Hugging Face: kept, and merged field by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.models import Account, Submission
from bot.paper_ids import title_only_id
from bot.store import listings, submissions
from bot.store.store import Store
from tests.builders import a_listing, a_record
from tests.conftest import NOON
from tests.store.test_papers import written

HOUR = timedelta(hours=1)
ONE, TWO = "2403.00001", "2403.00002"
WHOLE = Submission(
    submitted_at=NOON,
    submitted_by="ada",
    submitter_organization="The Senders",
    authors_take_part=False,
    discussion_id="66ac",
    accounts=(Account("Ada First", "ada", "claimed_verified"), Account("Bob", "bob")),
    organization_handle="lab",
    organization_logo_url="https://cdn.example.org/lab.png",
    code_added_by="auto",
    summary_model="a/model",
    rest='{"paper":{"x":1},"submittedBy":{"isPro":true}}',
)


async def kept(store: Store) -> dict[str, Submission]:
    return await store.read(submissions.get_many, [ONE, TWO])


async def test_what_a_list_says_beside_its_papers_is_kept(store: Store) -> None:
    listing = a_listing(replace(a_record(ONE), submission=WHOLE), a_record(TWO))
    await store.run(listings.record, listing)
    assert await kept(store) == {ONE: WHOLE}

    before = await store.run(written)
    await store.run(listings.record, replace(listing, seen_at=NOON + HOUR))
    assert await store.run(written) == before


async def test_later_words_count_and_silence_erases_nothing(store: Store) -> None:
    async def hear(said: Submission, hours: int) -> Submission:
        record = replace(a_record(ONE), submission=said)
        await store.run(listings.hear, "huggingface", [record], seen_at=NOON + hours * HOUR)
        return (await kept(store))[ONE]

    await hear(WHOLE, 0)
    taking_part = replace(WHOLE, authors_take_part=True)
    assert await hear(Submission(authors_take_part=True), 2) == taking_part
    assert await hear(Submission(authors_take_part=False, submitted_by="eve"), 1) == taking_part


async def test_a_paper_s_page_erases_nothing_of_what_a_list_said(store: Store) -> None:
    for hours, rest in enumerate(['{"paper":{"x":1,"y":1},"pinned":true}', '{"paper":{"y":2}}']):
        record = replace(a_record(ONE), submission=Submission(rest=rest))
        await store.run(listings.hear, "huggingface", [record], seen_at=NOON + hours * HOUR)
    merged = '{"paper":{"x":1,"y":2},"pinned":true}'
    assert await kept(store) == {ONE: Submission(rest=merged)}


async def test_an_old_file_fills_what_was_empty(store: Store) -> None:
    for said, hours in ((Submission(submitted_by="ada"), 1), (Submission(discussion_id="66"), 0)):
        record = replace(a_record(ONE), submission=said)
        await store.run(listings.hear, "huggingface", [record], seen_at=NOON + hours * HOUR)
    assert await kept(store) == {ONE: Submission(submitted_by="ada", discussion_id="66")}


async def test_it_follows_a_title_that_gets_its_arxiv_id(store: Store) -> None:
    title = "A study of quite many things"
    by_title = replace(a_record(title_only_id(title), title=title), submission=WHOLE)
    await store.run(listings.hear, "page", [by_title], seen_at=NOON)
    await store.run(listings.hear, "arxiv", [a_record(ONE, title=title)], seen_at=NOON)
    assert await kept(store) == {ONE: WHOLE}
