"""/ask, its buttons and forms, and the menus of messages: what people see."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.answers.answer import Answer, Read
from bot.asking import Exchange, Scope
from bot.client import PaperBot, Services
from bot.conversations import LIMITS, Conversations
from bot.render.answers import READING
from bot.store import people
from bot.store.store import Store
from cogs import EXTENSIONS
from tests.cogs.conftest import TakeIn
from tests.cogs.flow import Flow
from tests.cogs.sample import TITLES, TUESDAY, a_record, daily, paper_id
from tests.cogs.scripted import Scripted, an_answer, says
from tests.conftest import NOON, Clock
from tests.discord_rules.world import World

Give = Callable[[Scripted], Scripted]
Restart = Callable[[], Awaitable[None]]
ABSTRACT = "> We study sparse attention for long documents."


@pytest.fixture
def give(services: Services, store: Store, clock: Clock) -> Give:
    """Let everything be answered as scripted."""

    def give(scripted: Scripted) -> Scripted:
        services.conversations = Conversations(store, lambda: scripted, clock)
        return scripted

    return give


@pytest.fixture
def restart(world: World, store: Store, services: Services, clock: Clock) -> Restart:
    """Start a new bot that knows only what is stored."""

    async def restart() -> None:
        fresh = Services(store, services.engine, clock)
        await world.restart(lambda: PaperBot(fresh, EXTENSIONS))

    return restart


def sent(world: World, method: str, part: str) -> list[str]:
    """Return the paths of what the bot asked of Discord."""
    return [r.path for r in world.env.http_requests if r.method == method and part in r.path]


async def test_an_answer_quotes_the_paper_with_section_and_link(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=3))
    answer = await world.slash(world.reader, "ask", question="What is studied?", paper=paper_id(1))
    assert answer.text == (
        f"-# What is studied?\n{ABSTRACT}\n"
        f"-# Abstract · [{TITLES[0]}](<https://arxiv.org/abs/{paper_id(1)}>)\n"
        "-# Read: abstract"
    )
    assert not answer.ephemeral
    assert [b.label for b in answer.buttons] == ["Ask again", "Show", "Similar"]
    card = await world.press(world.reader, answer, "Show")
    assert card.text.startswith(f"### [{TITLES[0]}]")


async def test_what_the_record_says_needs_no_quote(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=3))
    answer = await world.slash(world.reader, "ask", question="Who wrote it?", paper=TITLES[1])
    assert "\nBy Ada Example and Ben Sample.\n-# Record · [" in answer.text
    assert ">" not in answer.text.splitlines()[1]


async def test_the_papers_do_not_say_what_they_do_not_say(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=3))
    one = await world.slash(
        world.reader, "ask", question="How many GPUs were used?", paper=paper_id(1)
    )
    assert "### The paper does not say." in one.text
    assert f"Read: abstract of {TITLES[0]}" in one.text
    any_ = await world.slash(world.moderator, "ask", question="Which volcano erupted in Iceland?")
    assert "### The papers do not say." in any_.text
    assert "name one paper" in any_.text
    assert [b.label for b in any_.buttons] == ["Ask again"]


async def test_a_user_installed_bot_never_runs_out_of_follow_ups(
    world: World, take_in: TakeIn
) -> None:
    """Discord allows five, so an answer is an edit of what was deferred."""
    await take_in(daily(count=3))
    await world.slash(world.reader, "ask", question="What is studied?", paper=paper_id(1))
    assert sent(world, "POST", "/webhooks/") == []
    assert len(sent(world, "PATCH", "/webhooks/")) == 1


async def test_a_private_answer_is_for_its_asker_alone(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=3))
    answer = await world.slash(
        world.reader, "ask", question="What is studied?", paper=paper_id(1), private=True
    )
    assert answer.ephemeral
    form = await world.press(world.reader, answer, "Ask again")
    assert (await world.submit(form, {"Question": "Who wrote it?"})).ephemeral
    assert world.messages() == []


async def test_my_library_is_asked_in_private_unless_said_otherwise(
    world: World, take_in: TakeIn, store: Store
) -> None:
    await take_in(daily(count=12))
    empty = await world.slash(
        world.reader, "ask", question="What about attention?", scope=Scope.LIBRARY.name
    )
    assert empty.text.startswith("You have saved no papers.")
    await store.run(people.save, world.reader.user.id, paper_id(1), now=NOON)
    answer = await world.slash(
        world.reader, "ask", question="What about attention?", scope=Scope.LIBRARY.name
    )
    assert ABSTRACT in answer.text
    assert (empty.ephemeral, answer.ephemeral) == (True, True)
    open_ = await world.slash(
        world.reader,
        "ask",
        question="What about attention?",
        scope=Scope.LIBRARY.name,
        private=False,
    )
    assert not open_.ephemeral


async def test_a_server_that_posted_nothing_says_so(world: World) -> None:
    answer = await world.slash(world.reader, "ask", question="What?", scope=Scope.SAVED_HERE.name)
    assert answer.text.startswith("No papers were posted on this server yet.")


async def test_the_paper_is_offered_while_it_is_typed(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=12))
    offered = await world.autocomplete(world.reader, "ask", question="Why?", paper="spars")
    assert offered[0] == (TITLES[0], paper_id(1))


async def test_a_paper_that_is_not_known_is_named(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=1))
    answer = await world.slash(world.reader, "ask", question="Why?", paper="2401.99999")
    assert "2401.99999" in answer.text
    unclear = await world.slash(world.reader, "ask", question="Why?", paper="zzzz")
    assert unclear.text.startswith("No paper here has that title or id.")


async def test_the_card_s_ask_button_opens_a_form_also_after_a_restart(
    world: World, take_in: TakeIn, restart: Restart
) -> None:
    await take_in(daily(count=3))
    card = await world.slash(world.reader, "papers show", paper=paper_id(1))
    await restart()
    form = await world.press(world.moderator, card, "Ask")
    assert form.modal
    assert form.modal.title == "Ask what the papers say"
    await restart()
    answer = await world.submit(form, {"Question": "What is studied?"})
    assert answer.text.startswith(f"-# What is studied?\n{ABSTRACT}")
    assert not answer.ephemeral


async def test_a_private_card_is_asked_in_private(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=3))
    listed = await world.slash(world.reader, "papers daily")
    card = await world.press(world.reader, listed, "1")
    form = await world.press(world.reader, card, "Ask")
    assert (await world.submit(form, {"Question": "What is studied?"})).ephemeral


async def test_ask_again_goes_on_where_the_answer_left_off(
    world: World, take_in: TakeIn, give: Give, restart: Restart
) -> None:
    await take_in(daily(count=12))
    both = Answer(
        "One. Two.",
        abstained=False,
        claims=(says("One."), says("Two.", paper_id(2))),
        read=tuple(Read(paper_id(n), ("Abstract",)) for n in (1, 2)),
    )
    scripted = give(Scripted(both))
    first = await world.slash(world.reader, "ask", question="What is new?")
    labels = [button.label for button in first.buttons]
    assert labels == ["Ask again", "Sparse attention for long…", TITLES[1]]
    form = await world.press(world.reader, first, "Ask again")
    await world.submit(form, {"Question": "And the second?"})
    assert scripted.earlier == [[], ["What is new?"]]
    assert "Read: what is known of 2 papers" in first.text


async def test_a_follow_up_keeps_its_context_for_half_an_hour(
    world: World, take_in: TakeIn, give: Give, clock: Clock
) -> None:
    await take_in(daily(count=3))
    scripted = give(Scripted(an_answer("One.")))
    await world.slash(world.reader, "ask", question="A?")
    clock.now += timedelta(minutes=29)
    await world.slash(world.reader, "ask", question="B?")
    clock.now += timedelta(minutes=29)
    await world.slash(world.reader, "ask", question="C?")
    await world.slash(world.moderator, "ask", question="Mine?")
    clock.now += timedelta(minutes=31)
    await world.slash(world.reader, "ask", question="D?")
    assert scripted.earlier == [[], ["A?"], ["A?", "B?"], [], []]


async def test_another_paper_or_shelf_begins_another_conversation(
    world: World, take_in: TakeIn, give: Give
) -> None:
    await take_in(daily(count=3))
    scripted = give(Scripted(an_answer("One.")))
    await world.slash(world.reader, "ask", question="A?")
    await world.slash(world.reader, "ask", question="B?", paper=paper_id(2))
    scripted.final = an_answer("One.")
    await world.slash(world.reader, "ask", question="C?", scope=Scope.SAVED_HERE.name)
    assert scripted.earlier == [[], [], []]


async def test_what_was_asked_in_private_is_not_taken_up_in_public(
    world: World, take_in: TakeIn, give: Give
) -> None:
    await take_in(daily(count=3))
    scripted = give(Scripted(an_answer("One.")))
    await world.slash(world.reader, "ask", question="Secret?", private=True)
    await world.slash(world.reader, "ask", question="Open?")
    await world.slash(world.reader, "ask", question="Secret again?", private=True)
    assert scripted.earlier[:2] == [[], []]


async def test_a_slow_answer_says_so_and_can_be_stopped_by_its_asker(
    world: World, take_in: TakeIn, give: Give
) -> None:
    await take_in(daily(count=3))
    scripted = give(Scripted(an_answer("Too late."), seconds=20))
    await world.slash(world.reader, "ask", question="A?", paper=paper_id(1))
    await world.env.advance_time(2)
    (draft,) = world.messages()
    assert draft.text == READING
    busy = await world.slash(world.reader, "ask", question="B?")
    assert busy.text.startswith("Your last question is still being answered.")
    other = await world.press(world.moderator, draft, "Stop")
    assert other.text == "Only the person who asked can stop it."
    await world.press(world.reader, draft, "Stop")
    await world.env.advance_time(30)
    stopped = world.messages()[0]
    assert stopped.text == "Stopped."
    assert scripted.asked == ["A?"]
    form = await world.press(world.reader, stopped, "Ask again")
    scripted.seconds = 0
    again = await world.submit(form, {"Question": "C?"})
    assert "> Too late." in again.text


async def test_a_stop_button_from_before_a_restart_clears_its_message(
    world: World, take_in: TakeIn, give: Give, restart: Restart
) -> None:
    await take_in(daily(count=3))
    give(Scripted(an_answer("Never."), seconds=20))
    await world.slash(world.reader, "ask", question="A?", paper=paper_id(1))
    await world.env.advance_time(2)
    (draft,) = world.messages()
    await restart()
    await world.press(world.reader, draft, "Stop")
    assert world.messages()[0].text == "Stopped."


async def test_an_answer_grows_by_few_edits_and_always_ends_whole(
    world: World, take_in: TakeIn, give: Give
) -> None:
    await take_in(daily(count=3))
    steps = [(0.1, an_answer(*["Word."] * n)) for n in range(1, 31)]
    give(Scripted(an_answer("All", "of it."), steps))
    await world.slash(world.reader, "ask", question="A?", paper=paper_id(1))
    await world.env.advance_time(4)
    assert len(sent(world, "PATCH", "/webhooks/")) in (3, 4)  # in three seconds, and the end
    (answer,) = world.messages()
    assert "> All\n\n> of it." in answer.text
    assert "Stop" not in [b.label for b in answer.buttons]


async def test_an_edit_that_discord_refuses_does_not_cost_the_answer(
    world: World, take_in: TakeIn, give: Give
) -> None:
    await take_in(daily(count=3))
    give(Scripted(an_answer("All."), [(0.1, an_answer("Some."))]))
    world.env.inject_error("PATCH", "/webhooks/*/*/messages/*", status=503, code=0, times=1)
    answer = await world.slash(world.reader, "ask", question="A?", paper=paper_id(1))
    await world.env.advance_time(2)
    assert "> All." in (answer.text or world.messages()[0].text)


async def test_a_bug_while_answering_gives_a_number_where_the_answer_was_to_be(
    world: World, take_in: TakeIn, give: Give
) -> None:
    await take_in(daily(count=3))
    give(Scripted(ZeroDivisionError(), seconds=6))
    await world.slash(world.reader, "ask", question="A?", paper=paper_id(1))
    await world.env.advance_time(10)
    (said,) = world.messages()
    assert said.text.startswith("Something went wrong on our side (`")


async def test_too_many_questions_are_refused_with_the_time_of_the_next(
    world: World, take_in: TakeIn, give: Give, clock: Clock
) -> None:
    await take_in(daily(count=3))
    scripted = give(Scripted(an_answer("One.")))
    most, span = LIMITS[0]
    for _ in range(most):
        await world.slash(world.reader, "ask", question="A?")
    await world.slash(world.reader, "ask", question="A?")
    refused = await world.slash(world.reader, "ask", question="A?")
    again = int((NOON + span).timestamp())
    assert refused.text == f"You have asked 6 questions in a short time. Ask again <t:{again}:R>."
    assert len(scripted.asked) == most
    assert "> One." in (await world.slash(world.moderator, "ask", question="A?")).text
    clock.now += span
    assert "> One." in (await world.slash(world.reader, "ask", question="A?")).text


HOSTILE = "@everyone <@&1> [x](https://evil.example) **b** `c` > q https://evil.example"


async def test_hostile_words_are_only_words(world: World, take_in: TakeIn, give: Give) -> None:
    record = a_record(1)
    await take_in(daily(replace(record, paper=replace(record.paper, title=HOSTILE))))
    answer = an_answer(HOSTILE)
    claim = replace(answer.claims[0], section=HOSTILE, url="https://evil.example/")
    told = replace(answer, claims=(claim,), model=HOSTILE, suspicious=(paper_id(1),))
    give(Scripted(told))
    seen = await world.slash(world.reader, "ask", question=HOSTILE, paper=paper_id(1))
    assert "](<https://evil" not in seen.text
    assert "](https" not in seen.text
    assert "@everyone" not in seen.text.replace("\\@everyone", "")
    assert "https://" not in seen.text
    assert "gives orders to language models" in seen.text


async def test_in_a_thread_the_thread_s_paper_is_asked(
    world: World, take_in: TakeIn, flow: Flow, give: Give
) -> None:
    await world.slash(world.moderator, "feeds add", channel=world.forum, style="forum")
    await take_in(daily(*(a_record(n, 50 - n) for n in (1, 2)), day=TUESDAY))
    await flow.after(hours=22)
    scripted = give(Scripted(an_answer("One.")))
    post = next(thread for thread in world.forum.threads if thread.name == TITLES[0])
    await world.slash(world.reader, "ask", question="A?", where=post)
    await world.slash(world.moderator, "ask", question="B?", where=post)
    assert scripted.about == [(paper_id(1),), (paper_id(1),)]
    assert scripted.earlier == [[], ["A?"]], "a thread is one conversation"


async def test_each_person_asks_in_their_own_direct_messages(
    world: World, take_in: TakeIn, give: Give
) -> None:
    await take_in(daily(count=3))
    scripted = give(Scripted(an_answer("One.")))
    dm = world.dm(world.reader)
    await world.slash(world.reader, "ask", question="A?", where=dm)
    await world.say(world.reader, "And then?", where=dm)
    assert scripted.earlier == [[], ["A?"]]


PAPERS_IN = "Papers in this message"
ASK_ABOUT = "Ask about this"


async def test_the_papers_of_any_message_are_shown_to_one_person(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=3))
    message = await world.say(
        world.moderator,
        f"see https://huggingface.co/papers/{paper_id(2)} and arXiv:{paper_id(1)}v3,"
        " or https://doi.org/10.48550/arXiv.2401.00001",
    )
    found = await world.menu(world.reader, PAPERS_IN, message)
    assert found.ephemeral
    lines = found.text.splitlines()
    assert lines[0] == "## 3 papers in this message"
    assert lines[1].startswith(f"**1.** [{TITLES[1]}]")
    assert "[arXiv 2401.00001](<https://arxiv.org/abs/2401.00001>)" in found.text
    assert [b.label for b in found.buttons] == ["Ask", "Similar", "Save"] * 2 + ["Ask"]
    saved = await world.press(world.reader, found, f"save:{paper_id(2)}")
    assert saved.text.startswith("Saved.")


async def test_a_doi_of_a_journal_is_a_paper_if_the_library_knows_it(
    world: World, take_in: TakeIn
) -> None:
    record = a_record(1)
    await take_in(
        daily(replace(record, paper=replace(record.paper, doi="10.1145/3580305.3599999")))
    )
    message = await world.say(world.moderator, "https://doi.org/10.1145/3580305.3599999.")
    found = await world.menu(world.reader, PAPERS_IN, message)
    assert found.text.startswith(f"## 1 paper in this message\n**1.** [{TITLES[0]}]")


async def test_a_message_without_papers_says_so_in_both_menus(world: World) -> None:
    message = await world.say(world.moderator, "version 2403.1 of pi is 3.14159")
    for name in (PAPERS_IN, ASK_ABOUT):
        answer = await world.menu(world.reader, name, message)
        assert answer.text.startswith("No paper is named in this message")
        assert answer.ephemeral


async def test_many_papers_of_a_message_fit(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=20))
    ids = [*(paper_id(n) for n in range(1, 21)), *(f"2401.{n:05}" for n in range(1, 11))]
    found = await world.menu(
        world.reader, PAPERS_IN, await world.say(world.moderator, " ".join(ids))
    )
    assert found.text.startswith("## 30 papers in this message")
    assert found.text.count("https://arxiv.org/abs/") == 30


async def test_any_message_with_a_paper_can_be_asked_about(
    world: World, take_in: TakeIn, give: Give
) -> None:
    await take_in(daily(count=12))
    scripted = give(Scripted(an_answer("One.")))
    message = await world.say(world.moderator, " ".join(paper_id(n) for n in range(1, 13)))
    form = await world.menu(world.reader, ASK_ABOUT, message)
    answer = await world.submit(form, {"Question": "A?"})
    assert "> One." in answer.text
    assert scripted.about == [()], "more than can be named: they are looked at first"


async def test_a_post_of_ours_can_be_asked_about_by_its_menu(
    world: World, take_in: TakeIn, flow: Flow, give: Give, restart: Restart
) -> None:
    await world.slash(world.moderator, "feeds add", channel=world.channel, style="cards")
    await take_in(daily(a_record(5, 50), day=TUESDAY))
    await flow.after(hours=22)
    (card,) = world.messages()
    form = await world.menu(world.reader, ASK_ABOUT, card)
    scripted = give(Scripted(an_answer("One.")))
    await world.submit(form, {"Question": "A?"})
    assert scripted.about == [(paper_id(5),)]
    found = await world.menu(world.reader, PAPERS_IN, card)
    assert found.text.startswith(f"## 1 paper in this message\n**1.** [{TITLES[4]}]")


async def test_a_digest_can_be_asked_about_by_its_menu(
    world: World, take_in: TakeIn, flow: Flow, give: Give
) -> None:
    await world.slash(world.moderator, "feeds add", channel=world.channel)
    await take_in(daily(*(a_record(n, 50 - n) for n in range(1, 13)), day=TUESDAY))
    await flow.after(hours=22)
    (digest,) = world.messages()
    form = await world.menu(world.reader, ASK_ABOUT, digest)
    scripted = give(Scripted(an_answer("One.")))
    await world.submit(form, {"Question": "A?"})
    assert scripted.papers_before == [[tuple(paper_id(n) for n in range(1, 13))]]


async def test_the_menus_work_in_direct_messages(world: World, take_in: TakeIn) -> None:
    await take_in(daily(count=3))
    message = await world.say(world.reader, paper_id(1), where=world.dm(world.reader))
    found = await world.menu(world.reader, PAPERS_IN, message)
    assert found.text.startswith("## 1 paper in this message")
    form = await world.menu(world.reader, ASK_ABOUT, message)
    assert ABSTRACT in (await world.submit(form, {"Question": "What is studied?"})).text


async def test_where_nobody_invited_the_bot_only_its_user_sees_the_answer(
    world: World, take_in: TakeIn
) -> None:
    await take_in(daily(count=3))
    message = await world.say(world.moderator, paper_id(1))
    with world.brought_along(world.reader):
        asked = await world.slash(
            world.reader, "ask", question="What is studied?", paper=paper_id(1)
        )
        form = await world.menu(world.reader, ASK_ABOUT, message)
        told = await world.submit(form, {"Question": "What is studied?"})
        found = await world.menu(world.reader, PAPERS_IN, message)
    assert (asked.ephemeral, told.ephemeral, found.ephemeral) == (True, True, True)
    assert ABSTRACT in asked.text


def test_reading_commands_are_offered_to_everybody_everywhere(world: World) -> None:
    (commands,) = [r.json for r in world.env.http_requests if r.path.endswith("/commands")]
    everywhere = {
        command["name"]
        for command in commands or ()
        if command.get("contexts") == [0, 1, 2] and command.get("integration_types") == [0, 1]
    }
    assert everywhere == {"papers", "ask", ASK_ABOUT, PAPERS_IN}


def test_an_exchange_carries_what_the_next_question_is_about() -> None:
    assert Exchange.after("A?", an_answer("One.")).paper_ids == (paper_id(1),)
