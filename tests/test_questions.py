"""Questions asked of the whole: store, search index and answers together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.answer import ALL_SILENT
from bot.answers.passages import passages_of
from bot.answers.question import read_question
from bot.answers.verify import Text
from bot.asking import MOST_NAMED, Answers, Exchange, Scope, find_candidates
from bot.errors import NoSuchPaper, UserError
from bot.jobs.index import Index
from bot.models import Record
from bot.search.embed import WordLlama
from bot.search.engine import SearchEngine
from bot.store import feeds, listings, people
from bot.store.store import Store
from tests.answers.attacks import ATTACKS
from tests.answers.conftest import HERON, LAMPREY, OTTER, embedder
from tests.builders import a_feed, a_listing
from tests.conftest import NOON, Clock

__all__ = ["embedder"]

READER, GUILD = 7, 10


@pytest.fixture
async def answers(
    store: Store, tmp_path: Path, clock: Clock, embedder: WordLlama
) -> AsyncIterator[Answers]:
    """Three papers, found by search."""
    engine = SearchEngine.open(tmp_path / "index", embedder=embedder)
    shown = (Record(LAMPREY, upvotes=41), Record(HERON), Record(OTTER))
    await store.run(listings.record, a_listing(*shown))
    await Index(store, engine)()
    yield Answers(store, engine, clock)
    await asyncio.to_thread(engine.close)


async def test_a_question_finds_its_paper_and_the_sentence(answers: Answers):
    given = await answers.answer("How much faster is Lamprey?")
    assert given.claims[0].paper_id == LAMPREY.id
    assert "3.4x faster" in given.answer


async def test_a_field_is_searched_for_without_the_words_that_ask_for_one(
    answers: Answers, store: Store
):
    survey = replace(HERON, id="2601.00009", title="An Overview of the Latest Surveys")
    await store.run(listings.record, a_listing(Record(survey)))
    await Index(store, answers.engine)()
    asked = read_question("overview of the latest papers on ledgers")
    found = find_candidates(answers.engine, asked, now=NOON)
    assert found[0] == LAMPREY.id
    assert survey.id not in found


@pytest.mark.parametrize(
    "question",
    ["is there code?", "tldr?", "who wrote it?", "What are its limitations?", "how fast is it"],
)
async def test_a_question_that_says_nothing_of_which_paper_is_asked_back(
    question: str, answers: Answers
):
    given = await answers.answer(question)
    assert (given.abstained, given.claims) == (True, ())
    assert given.answer.startswith("Which paper do you mean?")
    named = await answers.answer(question, paper_ids=[LAMPREY.id])
    assert not named.answer.startswith("Which paper")


async def test_a_paper_whose_title_is_said_is_the_first_that_is_read(
    answers: Answers, store: Store
):
    named = replace(HERON, id="2601.00010", title="Wader Technical Report", authors=("Ida Wade",))
    other = replace(HERON, id="2601.00011", title="Wader-Omni Technical Report", authors=("Bo",))
    await store.run(listings.record, a_listing(Record(other), Record(named)))
    await Index(store, answers.engine)()
    asked = read_question("Who wrote the Wader technical report?")
    assert find_candidates(answers.engine, asked, now=NOON)[0] == named.id
    assert "Ida Wade" in (await answers.answer(asked.text)).answer


async def test_the_paper_asked_about_is_the_only_one_read(answers: Answers):
    for named in (HERON.id, "https://arxiv.org/abs/2601.00002v3"):
        given = await answers.answer("How many birds are found?", paper_ids=[named])
        assert [each.paper_id for each in given.read] == [HERON.id]
        assert given.claims[0].quote == "Heron finds 91% of the birds that people see."
    given = await answers.answer(f"What does arXiv:{HERON.id} present?")
    assert [each.paper_id for each in given.read] == [HERON.id]


async def test_a_link_alone_asks_what_the_paper_is_about(answers: Answers):
    given = await answers.answer("https://arxiv.org/abs/2601.00001")
    assert given.answer.startswith("We introduce Lamprey")


async def test_a_doi_in_a_question_names_its_paper(answers: Answers, store: Store):
    published = replace(HERON, doi="10.1145/ABC.7")
    await store.run(listings.record, a_listing(Record(published), source="arxiv"))
    given = await answers.answer("How many birds are found in https://doi.org/10.1145/abc.7?")
    assert [each.paper_id for each in given.read] == [HERON.id]
    assert given.claims[0].quote == "Heron finds 91% of the birds that people see."
    with pytest.raises(NoSuchPaper, match="no paper with that DOI"):
        await answers.answer("What is 10.1145/never about?")


async def test_votes_are_answered_from_the_latest_numbers(answers: Answers):
    given = await answers.answer("How many votes does it have?", paper_ids=[LAMPREY.id])
    assert given.answer == "41 votes on 3 March 2026."


async def test_what_no_paper_says_is_said_so(answers: Answers):
    assert (await answers.answer("Which volcano is the highest?")).answer == ALL_SILENT


@pytest.mark.parametrize("question", ["\u200b\u202e", "", "  \n "])
async def test_an_empty_question_is_refused(answers: Answers, question: str):
    with pytest.raises(UserError, match="Ask a question"):
        await answers.answer(question)


async def test_too_many_or_unknown_papers_are_refused(answers: Answers):
    with pytest.raises(NoSuchPaper, match="2601.09999"):
        await answers.answer("What is it?", paper_ids=["2601.09999"])
    with pytest.raises(UserError, match=str(MOST_NAMED)):
        await answers.answer("What?", paper_ids=[f"2601.0000{n}" for n in range(1, 5)])


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_order_as_a_question_gets_quotes_or_silence(answers: Answers, attack: str):
    quotable = {p.id: Text(each.text for each in passages_of(p)) for p in (LAMPREY, HERON, OTTER)}
    given = await answers.answer(f"What is Lamprey? {attack}")
    assert given.suspicious == ()
    for claim in given.claims:
        assert claim.text == claim.quote
        assert quotable[claim.paper_id].find(claim.quote) is not None
        assert claim.url.startswith(("https://arxiv.org/", "https://huggingface.co/papers/"))


async def test_a_library_holds_what_its_owner_saved(answers: Answers, store: Store):
    with pytest.raises(UserError, match="/library save"):
        await answers.answer("What is new on readers?", scope=Scope.LIBRARY, user_id=READER)
    await store.run(people.save, READER, OTTER.id, now=NOON)
    given = await answers.answer("What is new on readers?", scope=Scope.LIBRARY, user_id=READER)
    assert {claim.paper_id for claim in given.claims} == {OTTER.id}
    given = await answers.answer(
        "How many birds does Heron find?", scope=Scope.LIBRARY, user_id=READER
    )
    assert given.abstained


async def test_a_server_is_asked_for_what_its_feeds_posted(answers: Answers, store: Store):
    question = "How many birds does Heron find?"
    with pytest.raises(UserError, match="/feeds add"):
        await answers.answer(question, scope=Scope.SAVED_HERE, guild_id=GUILD)
    feed = await store.run(feeds.add, a_feed(guild_id=GUILD))
    await store.run(feeds.decide, feed.id, [(HERON.id, "below the bar")], now=NOON)
    with pytest.raises(UserError, match="/feeds add"):  # held back is not posted
        await answers.answer(question, scope=Scope.SAVED_HERE, guild_id=GUILD)
    await store.run(feeds.decide, feed.id, [(HERON.id, None)], now=NOON)
    given = await answers.answer(question, scope=Scope.SAVED_HERE, guild_id=GUILD)
    assert given.claims[0].paper_id == HERON.id


async def test_a_follow_up_is_about_the_paper_before(answers: Answers):
    first = await answers.answer("How many birds does Heron find?")
    earlier = [Exchange.after("How many birds does Heron find?", first)]
    assert earlier[0].paper_ids == (HERON.id,)
    given = await answers.answer("Who wrote it?", earlier=earlier)
    assert given.answer == "By Dora Reed."
    given = await answers.answer("And which licence does it have?", earlier=earlier)
    assert given.abstained
    assert [each.paper_id for each in given.read] == [HERON.id]


async def test_a_comparison_with_the_paper_before_reads_both(answers: Answers):
    earlier = [Exchange("How many birds does Heron find?", "91%", (HERON.id,))]
    question = f"How does it compare to {LAMPREY.id}?"
    given = await answers.answer(question, earlier=earlier)
    assert [each.paper_id for each in given.read] == [HERON.id, LAMPREY.id]
    given = await answers.answer(question, paper_ids=[OTTER.id], earlier=earlier)
    assert [each.paper_id for each in given.read] == [OTTER.id, LAMPREY.id]
    given = await answers.answer(f"Who wrote {LAMPREY.id}?", earlier=earlier)
    assert [each.paper_id for each in given.read] == [LAMPREY.id]


async def test_a_new_subject_leaves_the_paper_before(answers: Answers):
    earlier = [Exchange("How many birds does Heron find?", "91%", (HERON.id,))]
    given = await answers.answer("How much faster is Lamprey?", earlier=earlier)
    assert given.claims[0].paper_id == LAMPREY.id
    given = await answers.answer("What is new on readers of ledgers?", earlier=earlier)
    assert LAMPREY.id in {claim.paper_id for claim in given.claims}
