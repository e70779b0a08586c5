"""The sources are looked at each on its own; what fails waits, what works goes on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pytest

from bot.errors import SourceError, SourceUnreachable
from bot.jobs.refresh import Look, Refresh
from bot.models import Listing, Refusal, SourceState
from bot.sources.http import FRESH, Fetched, Validators
from bot.store import listings, papers
from bot.store.listings import Entry
from bot.store.store import Store
from tests.builders import TODAY, a_listing, a_record
from tests.conftest import NOON, Clock

MINUTE = timedelta(minutes=1)
ONE, TWO = "2403.00001", "2403.00002"


@dataclass
class Source:
    """What the sources show, or why they cannot be read."""

    shows: dict[str, Listing | SourceError] = field(
        default_factory=dict[str, Listing | SourceError]
    )
    """By the look's name; nothing new for a name that is absent."""
    asked: list[tuple[str, Validators]] = field(default_factory=list[tuple[str, Validators]])
    every: timedelta | None = None

    def looks(self, *names: str, source: str = "huggingface") -> list[Look]:
        return [self._look(source, name) for name in names]

    def _look(self, source: str, name: str) -> Look:
        async def fetch(validators: Validators) -> Fetched:
            self.asked.append((name, validators))
            shown = self.shows.get(name)
            if isinstance(shown, SourceError):
                raise shown
            if shown is None:
                return Fetched((), validators, not_modified=True)
            return Fetched((shown,), known(name))

        return Look(source, name, fetch, self.every)

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.asked]


def known(name: str) -> Validators:
    """Return what lets a source say that a list of two pages has not changed."""
    return Validators(f"etag of {name}", "yesterday", (Validators("etag of its second page"),))


@pytest.fixture
def source() -> Source:
    return Source()


def refreshing(store: Store, clock: Clock, looks: Sequence[Look]) -> Refresh:
    return Refresh(store, lambda now: looks, clock)


async def state(store: Store, name: str, source: str = "huggingface") -> SourceState:
    return await store.read(listings.source_state, source, name)


async def entries(store: Store, source: str, name: str, day: date) -> list[Entry]:
    return await store.read(listings.entries, source, name, day)


async def test_what_a_source_shows_is_taken_in(store: Store, clock: Clock, source: Source) -> None:
    source.shows["daily"] = a_listing(papers=[ONE, TWO])
    refresh = refreshing(store, clock, source.looks("daily"))
    assert await refresh.all()
    assert [e.paper_id for e in await entries(store, "huggingface", "daily", TODAY)] == [ONE, TWO]
    good = await state(store, "daily")
    assert (good.tried_at, good.good_at, good.error) == (NOON, NOON, None)


async def test_one_failing_source_stops_no_other(
    store: Store, clock: Clock, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.shows = {
        "daily": SourceError("Hugging Face answered 500."),
        "trending": a_listing(papers=[ONE], name="trending"),
        "cs.LG": a_listing(papers=[TWO], source="arxiv", name="cs.LG"),
    }
    looks = [*source.looks("daily", "trending"), *source.looks("cs.LG", source="arxiv")]
    assert await refreshing(store, clock, looks).all()
    assert await store.read(papers.count) == 2
    failing = await state(store, "daily")
    assert (failing.error, failing.good_at) == ("Hugging Face answered 500.", None)
    assert "huggingface daily: Hugging Face answered 500." in caplog.messages


async def test_an_answer_that_meets_a_bug_is_a_line_and_stops_no_other(
    store: Store, clock: Clock, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    async def fetch(validators: Validators) -> Fetched:
        raise ZeroDivisionError("not foreseen")

    source.shows["trending"] = a_listing(papers=[ONE], name="trending")
    looks = [Look("huggingface", "daily", fetch), *source.looks("trending")]
    assert await refreshing(store, clock, looks).all()
    assert await store.read(papers.count) == 1
    failing = await state(store, "daily")
    assert failing.error == "Its answer met a bug of Paperwire; the log has it."
    assert "not foreseen" in caplog.text


async def test_a_failure_keeps_what_was_known_and_a_good_look_mends_it(
    store: Store, clock: Clock, source: Source
) -> None:
    refresh = refreshing(store, clock, source.looks("daily"))
    source.shows["daily"] = a_listing(papers=[ONE])
    await refresh()
    clock.now += MINUTE
    source.shows["daily"] = SourceError("no sense")
    await refresh()
    failing = await state(store, "daily")
    assert (failing.tried_at, failing.good_at) == (NOON + MINUTE, NOON)
    assert (failing.etag, failing.error) == ("etag of daily", "no sense")
    del source.shows["daily"]
    await refresh()
    assert (await state(store, "daily")).error is None
    assert await store.read(papers.count) == 1


async def test_a_source_is_told_what_we_have_so_that_it_need_not_say_it_again(
    store: Store, clock: Clock, source: Source
) -> None:
    source.shows["daily"] = a_listing(papers=[ONE])
    refresh = refreshing(store, clock, source.looks("daily"))
    await refresh()
    source.shows.clear()
    clock.now += MINUTE
    await refresh()
    assert source.asked[1] == ("daily", known("daily"))
    after = await state(store, "daily")
    assert (after.good_at, after.etag) == (NOON, "etag of daily"), "nothing new to write"
    assert refresh.unchanged.complete(after).good_at == NOON + MINUTE


async def test_a_source_that_asks_for_patience_gets_it_for_all_its_lists(
    store: Store, clock: Clock, source: Source
) -> None:
    source.shows["daily"] = SourceError("slow down", retry_after=5 * MINUTE)
    refresh = refreshing(store, clock, source.looks("daily", "trending"))
    await refresh()
    assert (await state(store, "daily")).retry_at == NOON + 5 * MINUTE
    clock.now += 4 * MINUTE
    await refresh()
    assert source.names == ["daily"]
    clock.now += MINUTE
    source.shows.clear()
    await refresh()
    assert source.names[-2:] == ["daily", "trending"]


async def test_a_list_is_looked_at_no_more_often_than_it_is_worth(
    store: Store, clock: Clock, source: Source
) -> None:
    source.every = 10 * MINUTE
    source.shows["daily"] = a_listing(papers=[ONE])
    refresh = refreshing(store, clock, source.looks("daily"))
    for _ in range(3):
        await refresh()
        clock.now += 5 * MINUTE
    assert source.names == ["daily", "daily"]


async def test_a_list_seen_to_be_unchanged_waits_for_its_turn_as_one_that_was_read(
    store: Store, clock: Clock, source: Source
) -> None:
    source.every = 10 * MINUTE
    source.shows["daily"] = a_listing(papers=[ONE])
    refresh = refreshing(store, clock, source.looks("daily"))
    await refresh()
    source.shows.clear()
    clock.now += 10 * MINUTE
    await refresh()
    clock.now += 5 * MINUTE
    await refresh()
    assert source.names == ["daily", "daily"]


async def test_a_failure_after_an_unchanged_list_tells_when_it_was_last_well(
    store: Store, clock: Clock, source: Source
) -> None:
    source.shows["daily"] = a_listing(papers=[ONE])
    refresh = refreshing(store, clock, source.looks("daily"))
    await refresh()
    source.shows.clear()
    clock.now += MINUTE
    await refresh()
    source.shows["daily"] = SourceError("no sense")
    clock.now += MINUTE
    await refresh()
    failing = refresh.unchanged.complete(await state(store, "daily"))
    assert (failing.tried_at, failing.good_at) == (NOON + 2 * MINUTE, NOON + MINUTE)
    assert failing.error == "no sense"


async def test_a_list_that_has_closed_is_read_whole_once_and_counts_as_complete_from_then_on(
    store: Store, clock: Clock, source: Source
) -> None:
    """Also where its source would say that it has not changed; also after a restart."""
    (look,) = source.looks("daily")
    looks = [replace(look, complete_at=NOON + 10 * MINUTE)]
    source.shows["daily"] = a_listing(papers=[ONE])
    for minutes in (0, 5, 11, 12):
        clock.now = NOON + minutes * MINUTE
        refresh = refreshing(store, clock, looks)
        await refresh()
    assert [validators for _, validators in source.asked] == [
        FRESH,
        known("daily"),
        FRESH,
        known("daily"),
    ]
    assert (await state(store, "daily")).good_at == NOON + 11 * MINUTE


async def test_a_look_that_began_before_the_close_says_nothing_of_the_whole_list(
    store: Store, clock: Clock, source: Source
) -> None:
    (look,) = source.looks("daily")

    async def slowly(validators: Validators) -> Fetched:
        clock.now += 2 * MINUTE
        return await look.fetch(validators)

    looks = [replace(look, fetch=slowly, complete_at=NOON + MINUTE)]
    source.shows["daily"] = a_listing(papers=[ONE])
    refresh = refreshing(store, clock, looks)
    await refresh()
    assert (await state(store, "daily")).good_at == NOON
    await refresh()
    assert source.asked[1] == ("daily", FRESH)
    assert (await state(store, "daily")).good_at == NOON + 2 * MINUTE


async def test_a_failed_look_is_made_again_at_the_next_run(
    store: Store, clock: Clock, source: Source
) -> None:
    source.every = 10 * MINUTE
    source.shows["daily"] = SourceError("no sense")
    refresh = refreshing(store, clock, source.looks("daily"))
    await refresh()
    await refresh()
    assert source.names == ["daily", "daily"]


async def test_where_nobody_answers_the_other_lists_are_not_asked(
    store: Store, clock: Clock, source: Source
) -> None:
    source.shows = {
        "daily": SourceUnreachable("Hugging Face cannot be reached."),
        "cs.LG": a_listing(papers=[TWO], source="arxiv", name="cs.LG"),
    }
    looks = [*source.looks("daily", "trending"), *source.looks("cs.LG", source="arxiv")]
    assert await refreshing(store, clock, looks).all()
    assert sorted(source.names) == ["cs.LG", "daily"]


async def test_where_three_lists_have_failed_in_a_row_the_others_wait_for_the_next_run(
    store: Store, clock: Clock, source: Source
) -> None:
    names = ["a", "b", "c", "d", "e", "f"]
    source.shows = {name: SourceError("no sense") for name in names if name != "c"}
    source.shows["c"] = a_listing(papers=[ONE])
    await refreshing(store, clock, source.looks(*names)).all()
    assert source.names == names, "one was good in between"

    source.shows["c"] = SourceError("no sense")
    await refreshing(store, clock, source.looks(*names)).all()
    assert source.names[len(names) :] == ["a", "b", "c"]


async def test_an_empty_store_that_reaches_nobody_gets_the_starter_library(
    store: Store, clock: Clock, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.shows["daily"] = SourceUnreachable("Hugging Face cannot be reached.")
    refresh = refreshing(store, clock, source.looks("daily"))
    assert not await refresh.all()
    number = await store.read(papers.count)
    assert number >= 60
    assert f"no source could be reached: starting with the starter library of {number}" in (
        caplog.text
    )
    assert not await refresh.all()
    assert caplog.text.count("starter library") == 1, "once is enough"


async def test_an_empty_answer_leaves_a_newcomer_with_the_starter_library_too(
    store: Store, clock: Clock, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    source.shows["daily"] = a_listing(papers=[])
    assert await refreshing(store, clock, source.looks("daily")).all()
    assert await store.read(papers.count) >= 60
    assert "the sources showed nothing" in caplog.text


@pytest.mark.parametrize("is_news", [False, True])
async def test_the_starter_library_is_news_in_the_sandbox_alone(
    store: Store, clock: Clock, is_news: bool
) -> None:
    refresh = Refresh(store, lambda now: [], clock, starter_is_news=is_news)
    await refresh()
    (entry, *_) = await store.read(listings.latest_entries, "starter")
    assert (entry.day == TODAY) is is_news


async def test_the_starter_library_is_for_an_empty_store_only(
    store: Store, clock: Clock, source: Source
) -> None:
    await store.run(listings.record, a_listing(papers=[ONE]))
    source.shows["daily"] = SourceUnreachable("Hugging Face cannot be reached.")
    await refreshing(store, clock, source.looks("daily"))()
    assert await store.read(papers.count) == 1


async def test_fields_that_a_source_has_begun_to_give_are_named_in_the_log(
    store: Store, clock: Clock, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    source.shows["daily"] = a_listing(replace(a_record(ONE), unknown=("paper.award",)))
    await refreshing(store, clock, source.looks("daily"))()
    assert "huggingface daily has fields that are new: ['paper.award']" in caplog.messages


async def test_refused_records_are_named_in_the_log_alone(
    store: Store, clock: Clock, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    refusals = tuple(Refusal(f"record {n}", "no title") for n in range(1, 9))
    listing = a_listing(papers=[ONE])
    source.shows["daily"] = Listing(
        listing.source, listing.name, listing.day, NOON, listing.records, refusals
    )
    await refreshing(store, clock, source.looks("daily"))()
    assert "huggingface daily, record 5: no title" in caplog.messages
    assert "huggingface daily, record 6: no title" not in caplog.messages
    assert caplog.messages[-1] == (
        "refresh: 1 of 1 lists read; papers: 1 new, 0 updated, 0 unchanged, 8 refused"
    )


async def test_looks_are_asked_for_at_the_moment_of_the_run(store: Store, clock: Clock) -> None:
    moments: list[datetime] = []

    def looks(now: datetime) -> list[Look]:
        moments.append(now)
        return []

    refresh = Refresh(store, looks, clock)
    await refresh()
    clock.now += MINUTE
    assert await refresh.all(), "nothing to look at is no failure"
    assert moments == [NOON, NOON + MINUTE]
