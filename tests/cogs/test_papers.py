"""/papers: what is listed, what rises, what is asked for, and the buttons on papers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot import finding
from bot.client import PaperBot, Services
from bot.listing_days import closes_at, complete_at
from bot.models import Listing, Paper, Record, SourceState
from bot.store import button_texts, listings
from bot.store.store import Store
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow
from tests.cogs.sample import MONDAY, TITLES, TUESDAY, a_record, daily, paper_id
from tests.conftest import NOON, Clock
from tests.discord_rules.world import World

HOSTILE = "@everyone <@&42> [free](https://evil.example) **gold** `now`\u202e\n# <#7>"
ESCAPED = (
    r"\@everyone \<\@\&42\> \[free\]\(https\://evil.example\) \*\*gold\*\* \`now\` \# \<\#7\>"
).replace(r"\&", "&")


def titles(text: str) -> list[str]:
    """Return the titles of a numbered list, in order."""
    return [line.split("[")[1].split("]")[0] for line in text.splitlines() if line[:2] == "**"]


async def test_daily_shows_the_newest_complete_list_the_most_voted_first(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(a_record(1, 3), a_record(2, 30)), daily(a_record(3, 9), day=TUESDAY))
    answer = await world.slash(world.reader, "papers daily")
    assert answer.text.startswith("## Daily papers of 2 March 2026: 2 papers")
    assert titles(answer.text) == [TITLES[1], TITLES[0]]
    assert "▲ 30" in answer.text
    assert not answer.ephemeral


async def test_a_day_s_list_can_be_leafed_through(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=20))
    first = await world.slash(world.reader, "papers daily", date="2026-03-02")
    second = await world.press(world.reader, first, "Next")
    third = await world.press(world.reader, second, "Next")
    assert [len(titles(page.text)) for page in (first, second, third)] == [8, 8, 4]
    assert (second.ephemeral, third.ephemeral) == (True, True)
    assert third.text.splitlines()[1].startswith("**17.**")
    assert [b.label for b in third.buttons] == ["17", "18", "19", "20", "Previous"]
    assert (await world.press(world.reader, third, "Previous")).text == second.text


async def test_a_list_that_is_still_filling_says_so(world: World, take_in: TakeIn) -> None:
    await take_in(daily(a_record(1, 3), day=TUESDAY))
    answer = await world.slash(world.reader, "papers daily", date="2026-03-03")
    complete = int(complete_at(TUESDAY).timestamp())
    assert f"Still filling; the list is complete at <t:{complete}:f>." in answer.text


async def test_a_list_that_was_last_looked_at_half_filled_is_not_called_complete(
    world: World, take_in: TakeIn, store: Store, services: Services
) -> None:
    half_past = closes_at(MONDAY) - timedelta(hours=1)
    await take_in(daily(a_record(1, 3), seen_at=half_past))
    state = SourceState("huggingface", f"daily {MONDAY}", good_at=half_past)
    await store.run(listings.note_state, state)

    answer = await world.slash(world.reader, "papers daily")
    looked = int(half_past.timestamp())
    assert f"Still filling when last looked at, <t:{looked}:f>;" in answer.text

    services.unchanged.note("huggingface", state.name, half_past + timedelta(minutes=9))
    answer = await world.slash(world.reader, "papers daily")
    assert f"Still filling when last looked at, <t:{looked + 540}:f>;" in answer.text

    state = SourceState("huggingface", f"daily {MONDAY}", tried_at=NOON, good_at=NOON)
    await store.run(listings.note_state, state)
    assert "filling" not in (await world.slash(world.reader, "papers daily")).text


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-03-01", "1 March 2026 is a weekend: Hugging Face makes no list then."),
        ("2026-03-03", "The list of 3 March 2026 is still filling; nothing is on it yet."),
        ("2026-03-05", "The list of 5 March 2026 has not begun."),
        ("2026-02-27", "no list of 27 February 2026. /papers trending shows what it has."),
        ("2025-12-26", "26 December 2025: arXiv announced nothing the evening before (Christmas)."),
    ],
)
async def test_a_day_without_papers_is_explained(world: World, day: str, said: str) -> None:
    assert said in (await world.slash(world.reader, "papers daily", date=day)).text


async def test_without_a_date_an_older_list_is_better_than_none(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(a_record(1, 3), day=date(2026, 2, 20)))
    answer = await world.slash(world.reader, "papers daily")
    assert answer.text.startswith("## Daily papers of 20 February 2026: 1 paper\n")


@pytest.mark.parametrize("typed", ["2026-02-30", "tomorrow!!"])
async def test_a_day_that_is_none_is_refused_with_an_example(world: World, typed: str) -> None:
    answer = await world.slash(world.reader, "papers daily", date=typed)
    assert answer.text == "Give the day as YYYY-MM-DD, for example 2026-03-02."
    assert answer.ephemeral


async def test_trending_puts_first_what_gains_most_and_turns_its_pages(
    world: World, take_in: TakeIn
) -> None:
    await take_in(
        daily(*(a_record(n, 10) for n in range(1, 13)), seen_at=NOON - timedelta(hours=9)),
        daily(*(a_record(n, 10 + 5 * n) for n in range(1, 13)), seen_at=NOON),
    )
    first = await world.slash(world.reader, "papers trending", period="day")
    assert first.text.startswith("## Trending in the last day")
    assert titles(first.text)[0] == TITLES[11]
    assert not first.ephemeral
    second = await world.press(world.reader, first, "Next")
    assert second.ephemeral
    assert [b.label for b in second.buttons] == ["9", "10", "11", "12", "Previous"]


async def test_of_equals_in_trending_the_newest_paper_comes_first(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(*(a_record(n, 10) for n in (2, 1, 3)), seen_at=NOON))
    answer = await world.slash(world.reader, "papers trending")
    assert titles(answer.text) == [TITLES[2], TITLES[1], TITLES[0]]


async def test_trending_on_a_topic_keeps_to_it_and_says_why(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(world.reader, "papers trending", topic="language models")
    assert answer.text.startswith("## Trending in the last 7 days on language models")
    assert titles(answer.text) == [TITLES[4]]


async def test_trending_on_a_topic_and_feeds_go_by_meaning_too(
    world: World, take_in: TakeIn, flow: Flow
) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(
        world.reader, "papers trending", topic="automatic speech recognition"
    )
    assert titles(answer.text) == [TITLES[6]]
    assert "“speech recognition” in the title; close in meaning to your topic" in answer.text
    await world.slash(
        world.moderator,
        "feeds add",
        channel=world.channel,
        topic="automatic speech recognition",
        min_votes=0,
    )
    await take_in(daily(*(a_record(n, 200 - n) for n in range(13, 25)), day=TUESDAY))
    await flow.after(hours=24)
    assert titles(world.messages()[-1].text) == [f"{TITLES[6]}, part 2"]


async def test_a_topic_that_makes_no_sense_is_told_to_its_writer_alone(world: World) -> None:
    answer = await world.slash(world.reader, "papers trending", topic='"half a phrase')
    assert "has no partner" in answer.text
    assert answer.ephemeral


async def test_at_the_first_look_an_old_list_stands_behind_todays(
    world: World, take_in: TakeIn
) -> None:
    old = replace(daily(a_record(1, 90), day=date(2026, 2, 24)), seen_at=NOON)
    await take_in(old, replace(daily(a_record(2, 30), day=TUESDAY), seen_at=NOON))
    answer = await world.slash(world.reader, "papers trending")
    assert titles(answer.text) == [TITLES[1], TITLES[0]]


async def test_trending_without_any_numbers_shows_the_starter_library(
    world: World, take_in: TakeIn
) -> None:
    starter = Listing("starter", "starter", date(2024, 1, 1), NOON, (a_record(1),))
    await take_in(starter)
    answer = await world.slash(world.reader, "papers trending")
    assert answer.text.startswith("## Starter library")
    assert "No source has been reached yet" in answer.text


async def test_trending_with_nothing_to_show_says_so(world: World) -> None:
    answer = await world.slash(world.reader, "papers trending", period="month")
    assert answer.text == "Nothing gained attention in the last 30 days."


@pytest.mark.parametrize(
    "query", ["forgets on purpose", "cach forgts", "2602.00002", "arxiv.org/abs/2602.00002v3"]
)
async def test_search_finds_by_words_with_typos_by_id_and_by_link(
    world: World, take_in: TakeIn, query: str
) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(world.reader, "papers search", query=query)
    assert titles(answer.text)[0] == TITLES[1]
    assert not answer.ephemeral


async def test_a_search_without_a_find_says_what_to_try(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=2))
    answer = await world.slash(world.reader, "papers search", query="zymurgy")
    assert answer.text == (
        "No paper here has those words. Try fewer or more general ones, or an arXiv id."
    )


async def test_a_search_shows_the_sentence_and_its_words_also_in_the_card(
    world: World, take_in: TakeIn, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(world.reader, "papers search", query="forgetting caches")
    why = "We study a **cache** that **forgets** on purpose."
    assert why in answer.text
    await world.restart(make_bot)
    card = await world.press(world.moderator, answer, "1")
    assert f"> {why}" in card.text
    assert card.ephemeral


async def test_a_hit_whose_query_no_button_can_carry_opens_all_the_same(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(world.reader, "papers search", query="forgets " * 25)
    card = await world.press(world.reader, answer, "1")
    assert card.text.startswith(f"### [{TITLES[1]}]")


async def test_a_search_says_what_was_read_for_words_that_no_paper_has(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(world.reader, "papers search", query="cashe forgts on")
    assert answer.text.endswith("\n-# Searched for: cache forgets on")
    known = await world.slash(world.reader, "papers search", query="cache forgets")
    assert "Searched for" not in known.text


def like_that(option: str, typed: str) -> dict[str, Any]:
    return {option: typed}


def somebody(number: int, votes: int, **kw: Any) -> Record:
    record = a_record(number, votes)
    return replace(record, paper=replace(record.paper, **kw))


WINTER = datetime(2025, 12, 20, tzinfo=UTC)
LIBRARY = (
    somebody(1, 5, title="Cache misses in kitchens", authors=("Grace Okonkwo",)),
    somebody(2, 90, title="Kitchens with a cache", published_at=WINTER),
    somebody(3, 50, title="Kitchens of the world", code_url="https://github.com/a/b"),
)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"since": "2026-01"}, [1, 3]),
        ({"since": "7d"}, [1, 3]),
        ({"since": "2025", "author": "okonkwo"}, [1]),
        ({"author": "Okonkwa"}, [1]),
        ({"author": "Ada Example"}, [2, 3]),
        ({"sort": "newest"}, [1, 2]),
        ({"sort": "votes"}, [2, 1]),
        ({"source": "huggingface", "sort": "votes"}, [2, 1]),
    ],
)
async def test_a_search_can_be_narrowed_and_sorted(
    world: World, take_in: TakeIn, options: dict[str, Any], found: list[int]
) -> None:
    await take_in(daily(*LIBRARY))
    answer = await world.slash(world.reader, "papers search", query="kitchens cache", **options)
    seen = titles(answer.text)
    expected = [LIBRARY[number - 1].paper.title for number in found]
    assert (seen if "sort" in options else sorted(seen)) == (
        expected if "sort" in options else sorted(expected)
    )


async def test_a_search_by_what_only_another_source_has_shown_says_what_to_try(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(*LIBRARY))
    answer = await world.slash(world.reader, "papers search", query="cache", source="arxiv")
    assert answer.text == (
        "No paper here has those words and fits the options. Try without one of them."
    )


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("author:okonkwo", "-# by Grace Okonkwo"),
        ("has:code cat:cs", "-# with code · in cs.LG"),
        ("2602.00002", "-# named by its id"),
    ],
)
async def test_a_hit_without_a_sentence_says_why_too(
    world: World, take_in: TakeIn, query: str, why: str
) -> None:
    await take_in(daily(*LIBRARY))
    assert why in (await world.slash(world.reader, "papers search", query=query)).text


@pytest.mark.parametrize("typed", ["yesterday", "2026-02-30", "13.1.2026", "-3d"])
async def test_a_first_day_that_is_none_is_refused_with_examples(
    world: World, take_in: TakeIn, typed: str
) -> None:
    await take_in(daily(*LIBRARY))
    answer = await world.slash(world.reader, "papers search", query="cache", since=typed)
    assert answer.text.startswith("Give the first day as 2026-03-02, a month as 2026-03,")
    assert answer.ephemeral


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "2401.04088",
            "The library does not have arXiv 2401.04088 (yet). A question about it looks it up.",
        ),
        ("https://arxiv.org/pdf/2401.04088v2", "The library does not have arXiv 2401.04088 (yet)."),
        ("10.1103/physrevd.76.013009", "The library has no paper with that DOI (yet)."),
        ("author:Ada Unknown", 'Names of several words go in quotes: author:"Ada Lovelace".'),
        ("since:2026-03-03", "No paper here is from those days."),
        (
            "cat:hep-th",
            "The bot does not read hep-th on arXiv: it knows only papers that are in cs.CL",
        ),
        (
            "cache cat:cs.CL,cs.LG",
            "cat: takes one category: look in each by itself, as with cat:cs.CL",
        ),
        ("cat:nlp", "There is no arXiv category of that name: cat: goes with one such as cs.CL."),
        ("🤗", "There is no word in that to search for."),
    ],
)
async def test_a_search_that_finds_nothing_says_why(
    world: World, take_in: TakeIn, services: Services, query: str, said: str
) -> None:
    services.categories = ("cs.CL", "cs.LG")
    await take_in(daily(somebody(1, 1)))
    assert said in (await world.slash(world.reader, "papers search", query=query)).text


async def test_the_most_voted_are_found_among_more_papers_than_are_looked_at(
    world: World, take_in: TakeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_LOOKED_AT", 3)
    monkeypatch.setattr(finding, "VOTED_TOGETHER", 4)
    close = [somebody(n, n, title="Kitchen") for n in range(1, 9)]
    far = somebody(9, 70, title="What robots that fold laundry see of a kitchen, and of a garden")
    other = [somebody(n, 90, title="Garden") for n in range(10, 16)]
    await take_in(daily(*close, far, *other))
    found = await world.slash(world.reader, "papers search", query="kitchen", sort="votes")
    assert titles(found.text)[0] == far.paper.title
    assert "▲ 8" in found.text.splitlines()[5]


async def test_what_a_search_found_can_be_leafed_through_after_a_restart(
    world: World, take_in: TakeIn, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(*(somebody(n, n, title=f"Kitchen {n}") for n in range(1, 21))))
    first = await world.slash(
        world.reader, "papers search", query="kitchen", sort="votes", since="2026", author="ada"
    )
    assert first.text.startswith("## kitchen, by ada, since 2026, most votes first")
    await world.restart(make_bot)
    second = await world.press(world.moderator, first, "Next")
    assert titles(second.text) == [f"Kitchen {n}" for n in range(12, 4, -1)]
    third = await world.press(world.moderator, second, "Next")
    assert [b.label for b in third.buttons] == ["17", "18", "19", "20", "Previous"]


@pytest.mark.parametrize(
    ("option", "typed", "offered"),
    [
        ("author", "okon", "Grace Okonkwo"),
        ("author", "Gracee Okonkwo", "Grace Okonkwo"),
        ("author", "grace okonwko", "Grace Okonkwo"),
        ("author", "Exampl", "Ada Example"),
        ("since", "", "the last 7 days"),
        ("since", "year", "the last year"),
    ],
)
async def test_what_a_search_offers_it_accepts(
    world: World, take_in: TakeIn, option: str, typed: str, offered: str
) -> None:
    await take_in(daily(*LIBRARY))
    choices = await world.autocomplete(world.reader, "papers search", **like_that(option, typed))
    assert offered in [name for name, _ in choices]
    for _, value in choices:
        answer = await world.slash(
            world.reader, "papers search", query="kitchens", **like_that(option, value)
        )
        assert titles(answer.text)


async def test_topics_are_offered_from_keywords_and_categories_and_accepted(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(somebody(1, 5, ai_keywords=("sparse attention", "long documents"))))
    for typed in ("spar", "sparce att", "sprase attention"):
        choices = await world.autocomplete(world.reader, "papers trending", topic=typed)
        assert choices == [("sparse attention", "sparse attention")]
    answer = await world.slash(world.reader, "papers trending", topic="sparse attention")
    assert titles(answer.text) == [TITLES[0]]
    assert ("cat:cs.LG", "cat:cs.LG") in await world.autocomplete(
        world.reader, "papers trending", topic="cs"
    )
    answer = await world.slash(world.reader, "papers trending", topic="cat:cs.LG")
    assert titles(answer.text) == [TITLES[0]]


@pytest.mark.parametrize(
    "typed", [paper_id(2), TITLES[1], TITLES[1].upper(), "https://huggingface.co/papers/2602.00002"]
)
async def test_show_takes_an_id_a_link_or_the_whole_title(
    world: World, take_in: TakeIn, typed: str
) -> None:
    await take_in(daily(count=3))
    card = await world.slash(world.reader, "papers show", paper=typed)
    assert card.text.startswith(f"### [{TITLES[1]}](<https://arxiv.org/abs/2602.00002>)")
    assert [b.label for b in card.buttons] == ["Open", "Ask", "Similar", "Save"]
    assert card.button("Open").url == "https://arxiv.org/abs/2602.00002"


@pytest.mark.parametrize(
    "typed", ["10.1103/PhysRevD.76.013009", "https://doi.org/10.1103/physrevd.76.013009"]
)
async def test_show_takes_the_doi_of_a_journal(world: World, take_in: TakeIn, typed: str) -> None:
    found = a_record(2)
    published = replace(found, paper=replace(found.paper, doi="10.1103/PhysRevD.76.013009"))
    await take_in(daily(a_record(1), published))
    choices = await world.autocomplete(world.reader, "papers show", paper=typed)
    assert choices == [(TITLES[1], paper_id(2))]
    card = await world.slash(world.reader, "papers show", paper=typed)
    assert card.text.startswith(f"### [{TITLES[1]}]")
    unknown = await world.slash(world.reader, "papers show", paper="10.1103/unknown")
    assert unknown.text.startswith("No paper here has that title or id.")


async def test_search_goes_straight_to_the_paper_of_a_doi(world: World, take_in: TakeIn) -> None:
    found = a_record(2)
    published = replace(found, paper=replace(found.paper, doi="10.1103/PhysRevD.76.013009"))
    await take_in(daily(a_record(1), published))
    link = "https://doi.org/10.1103/physrevd.76.013009"
    for query, expected in ((link, [TITLES[1]]), (f"{TITLES[0]} {link}", [TITLES[1], TITLES[0]])):
        answer = await world.slash(world.reader, "papers search", query=query)
        assert titles(answer.text) == expected
    unknown = await world.slash(world.reader, "papers search", query="10.1103/unknown")
    assert unknown.text == "The library has no paper with that DOI (yet)."


@pytest.mark.parametrize("typed", ["a cache", "forgts on purpse", "2602.00002", "2602.0000"])
async def test_what_autocomplete_offers_is_accepted(
    world: World, take_in: TakeIn, typed: str
) -> None:
    await take_in(daily(count=12))
    choices = await world.autocomplete(world.reader, "papers show", paper=typed)
    assert (TITLES[1], paper_id(2)) in choices
    for title, value in choices:
        card = await world.slash(world.reader, "papers show", paper=value)
        assert card.text.startswith(f"### [{title}]")


async def test_autocomplete_offers_the_newest_before_anything_is_typed(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=30))
    choices = await world.autocomplete(world.reader, "papers similar", paper="")
    assert [value for _, value in choices] == [paper_id(n) for n in range(30, 5, -1)]


async def test_an_unknown_title_gets_the_nearest_offered(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=12))
    answer = await world.slash(world.reader, "papers show", paper="Sparse atention for documents")
    assert answer.text == (
        "No paper here has that title or id. Did you mean “Sparse attention for long documents”?"
    )


async def test_a_title_near_none_is_said_to_be_unknown(world: World) -> None:
    answer = await world.slash(world.reader, "papers show", paper="zymurgy")
    assert answer.text == (
        "No paper here has that title or id. /papers search finds it by its words."
    )


async def test_an_unknown_id_is_said_to_be_unknown(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=1))
    answer = await world.slash(world.reader, "papers show", paper="arXiv:2401.99999")
    assert answer.text == "The library does not have arXiv 2401.99999 (yet)."


async def test_similar_shows_what_is_near_and_not_the_paper_itself(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=5))
    answer = await world.slash(world.reader, "papers similar", paper=paper_id(5))
    assert answer.text.startswith(f"## Near in meaning to {TITLES[4]}")
    assert sorted(titles(answer.text)) == sorted(TITLES[:4])


async def test_similar_to_the_only_paper_is_nothing_yet(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=1))
    answer = await world.slash(world.reader, "papers similar", paper=paper_id(1))
    assert answer.text == "Nothing near it is known yet."


async def test_a_hostile_paper_is_only_words(world: World, take_in: TakeIn) -> None:
    paper = Paper(
        id=paper_id(1),
        title=HOSTILE,
        abstract=HOSTILE * 300,
        authors=(HOSTILE,) * 400,
        organization=HOSTILE,
        categories=(HOSTILE,),
        code_url="javascript:alert(1)",
        thumbnail_url="file:///etc/passwd",
    )
    await take_in(daily(Record(paper, upvotes=1)))
    card = await world.slash(world.reader, "papers show", paper=paper_id(1))
    assert card.text.startswith(f"### [{ESCAPED}](<https://arxiv.org/abs/2602.00001>)")
    assert [b.label for b in card.buttons] == ["Open", "Ask", "Similar", "Save"]
    for command in ("papers daily", "papers trending"):
        assert ESCAPED in (await world.slash(world.reader, command)).text
    choices = await world.autocomplete(world.reader, "papers show", paper="")
    assert choices == [(HOSTILE.replace("\u202e\n", " "), paper_id(1))]
    near = await world.slash(world.reader, "papers show", paper="everyone free gold")
    assert f"Did you mean “{ESCAPED}”?" in near.text


async def test_the_buttons_of_a_list_and_a_card_work_after_a_restart(
    world: World, take_in: TakeIn, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(count=20))
    listed = await world.slash(world.reader, "papers trending")
    await world.restart(make_bot)

    card = await world.press(world.moderator, listed, "2")
    assert card.ephemeral
    assert card.text.startswith(f"### [{TITLES[1]}]")
    similar = await world.press(world.moderator, card, "Similar")
    assert similar.text.startswith(f"## Near in meaning to {TITLES[1]}")
    assert similar.ephemeral
    assert "**9.**" in (await world.press(world.moderator, listed, "Next")).text


LONG_QUERY = (
    "a cache that forgets on purpose, for language models that have to read long contexts:" * 2
)


async def test_a_search_of_any_length_can_be_leafed_through_after_a_restart_too(
    world: World, take_in: TakeIn, make_bot: Callable[[], PaperBot]
) -> None:
    await take_in(daily(count=20))
    first = await world.slash(world.reader, "papers search", query=LONG_QUERY, author="Ada Example")
    assert [b.label for b in first.buttons] == [*map(str, range(1, 9)), "Next"]
    await world.restart(make_bot)
    second = await world.press(world.moderator, first, "Next")
    assert second.text.splitlines()[0] == first.text.splitlines()[0]
    assert second.text.splitlines()[1].startswith("**9.**")
    assert set(titles(second.text)).isdisjoint(titles(first.text))


async def test_a_long_search_that_was_let_go_says_how_to_go_on(
    world: World, take_in: TakeIn, store: Store
) -> None:
    await take_in(daily(count=20))
    first = await world.slash(world.reader, "papers search", query=LONG_QUERY)
    await store.run(button_texts.number_of, "a later search", most=1)
    answer = await world.press(world.moderator, first, "Next")
    assert answer.text == "That search is from long ago. Search anew with /papers search."


async def test_trending_on_a_topic_of_any_length_can_be_leafed_through(
    world: World, take_in: TakeIn
) -> None:
    topic = " OR ".join(f"author:nobody{n}" for n in range(9)) + " OR author:example"
    await take_in(daily(count=20))
    first = await world.slash(world.reader, "papers trending", topic=topic)
    second = await world.press(world.moderator, first, "Next")
    assert second.text.splitlines()[0] == first.text.splitlines()[0]
    assert second.text.splitlines()[1].startswith("**9.**")


async def test_save_saves_and_pressed_again_takes_off(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=2))
    card = await world.slash(world.reader, "papers show", paper=paper_id(2))
    saved = await world.press(world.moderator, card, "Save")
    assert saved.text.startswith("Saved. /library list")
    assert saved.ephemeral
    assert TITLES[1] in (await world.slash(world.moderator, "library list")).text
    again = await world.press(world.moderator, card, "Save")
    assert again.text == "Taken off your reading list."
    assert (await world.slash(world.reader, "library list")).text.startswith("Your reading list is")


async def test_papers_work_in_direct_messages(world: World, take_in: TakeIn, clock: Clock) -> None:
    await take_in(daily(count=3))
    there = world.dm(world.reader)
    listed = await world.slash(world.reader, "papers daily", where=there)
    assert titles(listed.text) == list(TITLES[:3])
    assert (await world.press(world.reader, listed, "3")).text.startswith(f"### [{TITLES[2]}]")
