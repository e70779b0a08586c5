"""Papers in the store: taken in, merged, renamed, and told to the index."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from bot.models import Match, Paper, Strictness
from bot.paper_ids import title_only_id
from bot.store import feeds, listings, papers, people, schema
from bot.store.papers import Took, take_in
from bot.store.store import Store
from tests.builders import a_feed, a_listing, a_paper, a_record
from tests.conftest import NOON

DAY = timedelta(days=1)
TITLE = "A Long Enough Title"


def by_title(title: str = TITLE, **kw: object) -> Paper:
    return a_paper(title_only_id(title), title, **kw)


def written(db: Database) -> int:
    return db.conn.total_changes


async def test_a_paper_comes_back_as_it_was_said(store: Store) -> None:
    paper = a_paper(
        abstract="Words.",
        authors=("Zoë Ångström", "李 雷"),
        published_at=NOON,
        updated_at=NOON + DAY,
        version=2,
        categories=("cs.CL", "cs.AI"),
        comment="12 pages",
        doi="10.1/1",
        journal_ref="J. 1",
        ai_summary="Short.",
        ai_keywords=("one", "two"),
        organization="Lab",
        code_url="https://a.org/code",
        project_url="https://a.org",
        thumbnail_url="https://a.org/a.png",
        media_urls=("https://a.org/b.png",),
        withdrawn=True,
    )
    await store.run(take_in, "arxiv", [paper], said_at=NOON)
    assert await store.read(papers.get, paper.id) == paper


async def test_taking_the_same_in_twice_writes_nothing(store: Store) -> None:
    said = [a_paper(authors=("Ada",)), by_title(), a_paper("2403.00002", doi="10.1/1")]
    first = await store.run(take_in, "arxiv", said, said_at=NOON)
    await store.run(take_in, "huggingface", said, said_at=NOON)
    before = await store.run(written)

    again = await store.run(take_in, "arxiv", said, said_at=NOON + DAY)

    assert first == Took(first.ids, new=3)
    assert again == Took(first.ids, unchanged=3)
    assert await store.run(written) == before


async def test_the_same_paper_twice_in_one_answer_is_one(store: Store) -> None:
    said = [a_paper(title="One"), a_paper(title="One"), a_paper(title="Two", doi="10.1/1")]
    for again in (False, True):
        took = await store.run(take_in, "arxiv", said, said_at=NOON)
        assert (took.new, took.unchanged, took.updated) == ((0, 3, 0) if again else (1, 1, 1))
    assert await store.read(papers.newest, limit=9) == [a_paper(title="One", doi="10.1/1")]


async def test_sources_are_merged_and_each_one_s_words_are_kept(store: Store) -> None:
    await store.run(take_in, "huggingface", [a_paper(title="Late", ai_summary="S.")], said_at=NOON)
    took = await store.run(take_in, "arxiv", [a_paper(title="Right", doi="10.1/1")], said_at=NOON)

    merged = await store.read(papers.get, "2403.00001")
    assert merged == a_paper(title="Right", ai_summary="S.", doi="10.1/1")
    assert took.updated == 1
    said = await store.read(papers.statements_of, "2403.00001")
    assert [(s.source, s.paper) for s in said] == [
        ("arxiv", a_paper(title="Right", doi="10.1/1")),
        ("huggingface", a_paper(title="Late", ai_summary="S.")),
    ]


async def test_words_that_change_nothing_are_no_update(store: Store) -> None:
    await store.run(take_in, "arxiv", [a_paper(title="Right")], said_at=NOON)
    revision = await store.read(papers.latest_revision)
    took = await store.run(take_in, "huggingface", [a_paper(title="Wrong")], said_at=NOON)
    assert took.unchanged == 1
    assert await store.read(papers.latest_revision) == revision


async def test_an_unknown_paper_is_none(store: Store) -> None:
    await store.run(take_in, "arxiv", [a_paper()], said_at=NOON)
    assert await store.read(papers.get, "2403.09999") is None
    assert await store.read(papers.get, "title-nothing") is None
    assert await store.read(papers.statements_of, "2403.09999") == []


async def test_papers_come_in_the_order_asked_and_once(store: Store) -> None:
    await store.run(take_in, "arxiv", [a_paper("2403.00001"), a_paper("2403.00002")], said_at=NOON)
    asked = ["2403.00002", "2403.09999", "2403.00001", "2403.00002"]
    assert [p.id for p in await store.read(papers.get_many, asked)] == ["2403.00002", "2403.00001"]
    assert await store.read(papers.get_many, []) == []


async def test_the_newest_come_first_and_those_without_a_date_last(store: Store) -> None:
    dated = [a_paper("2403.00001", published_at=NOON), a_paper("2403.00002")]
    dated.append(a_paper("2403.00003", published_at=NOON + DAY))
    await store.run(take_in, "arxiv", dated, said_at=NOON)
    newest = await store.read(papers.newest, limit=9)
    assert [p.id for p in newest] == ["2403.00003", "2403.00001", "2403.00002"]


class TestATitleThatGetsItsArxivId:
    """A page names a paper by its title; arXiv gives its id later."""

    alias = title_only_id(TITLE)

    async def test_the_old_id_stays_valid(self, store: Store) -> None:
        await store.run(take_in, "page", [by_title(abstract="Words.")], said_at=NOON)
        took = await store.run(
            take_in, "arxiv", [a_paper(title="a LONG enough title!")], said_at=NOON
        )
        assert (took.ids, took.new) == (("2403.00001",), 0)
        paper = await store.read(papers.get, self.alias)
        assert paper == a_paper(title="a LONG enough title!", abstract="Words.")
        assert await store.read(papers.count) == 1

    async def test_everything_about_it_follows(self, store: Store) -> None:
        await store.run(listings.record, a_listing(a_record(self.alias, 5, title=TITLE)))
        feed = await store.run(feeds.add, a_feed())
        await store.run(feeds.decide, feed.id, [(self.alias, None)], now=NOON)
        await store.run(people.ensure, 7, now=NOON)
        topic = await store.run(people.follow, 7, "titles", Strictness.NORMAL, now=NOON)
        assert topic is not None
        match = Match(topic.id, self.alias, "its title", NOON)
        await store.run(people.add_matches, [match])
        await store.run(people.save, 7, self.alias, now=NOON)

        await store.run(take_in, "arxiv", [a_paper(title=TITLE)], said_at=NOON)

        new = "2403.00001"
        assert list(await store.read(listings.snapshots_of, [new])) == [new]
        [entry] = await store.read(listings.entries_since, NOON.date())
        assert entry.paper_id == new
        assert await store.read(feeds.decided, feed.id, [new]) == {new: ("post", None)}
        [waiting] = await store.read(people.waiting_matches, 7)
        assert waiting.paper_id == new
        assert await store.read(people.saved, 7) == [new]
        assert [s.source for s in await store.read(papers.statements_of, new)] == [
            "arxiv",
            "huggingface",
        ]

    async def test_the_index_hears_that_the_old_id_is_gone(self, store: Store) -> None:
        await store.run(take_in, "page", [by_title()], said_at=NOON)
        before = await store.read(papers.latest_revision)
        await store.run(take_in, "arxiv", [a_paper(title=TITLE)], said_at=NOON)

        changed, gone, revision = await store.read(papers.changed_since, before, limit=99)
        assert [paper.id for paper in changed] == ["2403.00001"]
        assert gone == [self.alias]
        assert revision == await store.read(papers.latest_revision)

    async def test_the_page_seen_again_adds_nothing(self, store: Store) -> None:
        await store.run(take_in, "page", [by_title()], said_at=NOON)
        await store.run(take_in, "arxiv", [a_paper(title=TITLE)], said_at=NOON)
        before = await store.run(written)
        took = await store.run(take_in, "page", [by_title()], said_at=NOON + DAY)
        assert took == Took(("2403.00001",), unchanged=1)
        assert await store.run(written) == before

    async def test_nor_after_the_authors_gave_it_another_title(self, store: Store) -> None:
        await store.run(take_in, "page", [by_title()], said_at=NOON)
        await store.run(take_in, "arxiv", [a_paper(title=TITLE)], said_at=NOON)
        renamed = a_paper(title="Now It Is Called This")
        await store.run(take_in, "arxiv", [renamed], said_at=NOON + DAY)
        took = await store.run(take_in, "page", [by_title()], said_at=NOON + DAY)
        assert took.ids == ("2403.00001",)
        assert await store.read(papers.count) == 1

    @pytest.mark.parametrize("order", [1, -1])
    async def test_both_in_one_answer_are_one_paper(self, order: int, store: Store) -> None:
        said = [by_title(), a_paper(title=TITLE)][::order]
        took = await store.run(take_in, "page", said, said_at=NOON)
        assert took.ids == ("2403.00001", "2403.00001")
        assert await store.read(papers.count) == 1

    async def test_a_short_title_is_not_enough(self, store: Store) -> None:
        await store.run(take_in, "page", [by_title("Deep Learning")], said_at=NOON)
        await store.run(take_in, "arxiv", [a_paper(title="Deep learning")], said_at=NOON)
        assert await store.read(papers.count) == 2

    async def test_two_rows_that_turn_out_to_be_one_paper_become_one(self, store: Store) -> None:
        """A page shows the second version's title while arXiv still has the first's."""
        new, day = "2403.00001", NOON.date()
        page = a_listing(a_record(self.alias, 7, title=TITLE, abstract="W."), source="page")
        await store.run(listings.record, page)
        await store.run(listings.record, a_listing(a_record(new, 5, title="As It Was At First")))
        feed = await store.run(feeds.add, a_feed())
        await store.run(feeds.decide, feed.id, [(new, "no match"), (self.alias, None)], now=NOON)
        for saved in (self.alias, new):
            await store.run(people.save, 7, saved, now=NOON)

        renamed = a_paper(title=TITLE, doi="10.1/1")
        took = await store.run(take_in, "arxiv", [renamed], said_at=NOON + DAY)

        assert (took.ids, await store.read(papers.count)) == ((new,), 1)
        merged = a_paper(title=TITLE, abstract="W.", doi="10.1/1")
        assert await store.read(papers.get, self.alias) == merged
        said = await store.read(papers.statements_of, new)
        assert [s.source for s in said] == ["arxiv", "huggingface", "page"]
        snapshots = await store.read(listings.snapshots_of, [new])
        assert sorted(s.upvotes or 0 for s in snapshots[new]) == [5, 7]
        entries = await store.read(listings.entries_since, day)
        assert [(e.source, e.paper_id) for e in entries] == [("huggingface", new), ("page", new)]
        assert await store.read(feeds.decided, feed.id, [new]) == {new: ("post", None)}
        assert await store.read(people.saved, 7) == [new]
        gone = (await store.read(papers.changed_since, 0, limit=99))[1]
        assert gone == [self.alias]


async def test_two_papers_with_the_same_title_stay_two(store: Store) -> None:
    twins = [a_paper("2403.00001", TITLE), a_paper("2403.00002", TITLE)]
    await store.run(take_in, "arxiv", twins, said_at=NOON)
    assert await store.read(papers.count) == 2

    took = await store.run(take_in, "page", [by_title()], said_at=NOON)
    assert took.ids == (title_only_id(TITLE),), "nobody knows which of the two it is"


async def test_dois_find_their_papers_in_their_order_and_of_several_the_newest(
    store: Store,
) -> None:
    twins = [
        a_paper(f"2403.0000{n}", f"T{n}", doi="10.1/B", published_at=NOON + n * DAY)
        for n in (1, 2, 0)
    ]
    other = a_paper("2403.00009", "Other", doi="10.1/a")
    await store.run(take_in, "arxiv", [other, *twins], said_at=NOON)
    found = await store.read(papers.with_dois, ["10.1/b", "10.1/never", "10.1/a"])
    assert found == ["2403.00002", "2403.00009"]


async def test_a_doi_is_looked_up_by_an_index(store: Store) -> None:
    def plan(db: Database) -> str:
        asked: list[str] = []
        db.conn.set_trace_callback(asked.append)
        papers.with_dois(db, ["10.1/a"])
        db.conn.set_trace_callback(None)
        [look] = [sql for sql in asked if sql.startswith("SELECT")]
        return "; ".join(row["detail"] for row in db.query(f"EXPLAIN QUERY PLAN {look}"))

    assert "USING INDEX paper_by_doi" in await store.read(plan)


async def test_a_known_title_finds_its_paper(store: Store) -> None:
    await store.run(take_in, "arxiv", [a_paper(title=TITLE)], said_at=NOON)
    took = await store.run(take_in, "page", [by_title(abstract="Words.")], said_at=NOON)
    assert took == Took(("2403.00001",), updated=1)


async def test_the_index_gets_changes_in_portions(store: Store) -> None:
    ids = [f"2403.0000{n}" for n in range(1, 6)]
    await store.run(take_in, "arxiv", [a_paper(id) for id in ids], said_at=NOON)
    await store.run(take_in, "arxiv", [a_paper(ids[0], "New title")], said_at=NOON + DAY)

    seen: list[str] = []
    revision = 0
    while True:
        changed, gone, upto = await store.read(papers.changed_since, revision, limit=2)
        if upto == revision:
            break
        seen += [paper.id for paper in changed]
        revision = upto
    assert seen == [*ids[1:], ids[0]]
    assert gone == []


async def test_an_empty_store_has_changed_nothing(store: Store) -> None:
    assert await store.read(papers.latest_revision) == 0
    assert await store.read(papers.changed_since, 0, limit=9) == ([], [], 0)


async def test_papers_listed_by_another_source_are_told_apart(store: Store) -> None:
    await store.run(listings.record, a_listing(papers=["2403.00001"], source="starter"))
    assert not await store.read(papers.listed_elsewhere, "starter", ["2403.00001"])
    await store.run(listings.record, a_listing(papers=["2403.00001"]))
    assert await store.read(papers.listed_elsewhere, "starter", ["2403.00001"])


said = st.tuples(
    st.sampled_from(["arxiv", "huggingface", "page"]),
    st.sampled_from(
        [
            a_paper(title=TITLE, version=1),
            a_paper(title=TITLE, abstract="Words."),
            a_paper(title="Another Long Title"),
            by_title(abstract="By title."),
            by_title("Another Long Title"),
        ]
    ),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(said, max_size=8))
def test_whatever_is_said_in_whatever_order_saying_it_again_settles(
    sayings: list[tuple[str, Paper]],
) -> None:
    db = Database(memory=True)
    schema.migrations.apply(db)
    db.execute("PRAGMA foreign_keys = ON")
    before = -1
    for _ in range(3):
        before = written(db)
        for i, (source, paper) in enumerate(sayings):
            take_in(db, source, [paper], said_at=NOON + i * DAY)
    assert written(db) == before
    ids = {paper.id for paper in papers.newest(db, limit=99)}
    for _, paper in sayings:
        found = papers.get(db, paper.id)
        assert found is not None
        assert found.id in ids
    changed, gone, _ = papers.changed_since(db, 0, limit=99)
    assert {paper.id for paper in changed} == ids
    assert ids.isdisjoint(gone)
