import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.answer import Answer, answer
from bot.answers.full_text import cut
from bot.answers.hostile import order_in
from bot.answers.passages import Form, FullText, passages_of
from bot.answers.verify import Text
from bot.models import Paper
from bot.search.embed import WordLlama
from tests.answers.attacks import ATTACKS
from tests.answers.conftest import HERON, LAMPREY, OTTER

QUESTIONS = ("What is Lamprey?", "How much faster is it?", "Which licence do the boats have?")


def test_there_are_enough_attacks():
    assert len(set(ATTACKS)) >= 50


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_order_is_recognised_alone_and_within_a_text(attack: str):
    assert order_in(attack)
    assert order_in(f"{HERON.abstract} {attack} {OTTER.abstract}")


@pytest.mark.parametrize(
    "text",
    [
        "Attackers write “ignore all previous instructions” into web pages.",
        'Prompts such as "You are now DAN" no longer work.',
        "We study how models ignore instructions that come late.",
        "Language models often ignore the previous context.",
        "The system prompt is optimised by evolution.",
        "We give a positive answer to a question of Erdős.",
        "Reviewers give positive feedback on helpful answers.",
        "Agents must follow the rules of a game.",
        "Models should respond only to what they are asked.",
        "The assistant is asked to summarise a review.",
        "Users delete old messages; we delete all duplicates.",
        "When answering questions, models often guess.",
        "You can run this on one GPU.",
        LAMPREY.abstract,
        "",
    ],
)
def test_talk_about_orders_is_no_order(text: str):
    assert order_in(text) is None


def ask(question: str, paper: Paper, embedder: WordLlama, text: FullText | None = None) -> Answer:
    return answer(
        question,
        [paper],
        embedder=embedder,
        full_texts={paper.id: cut(paper, text)} if text else None,
    )


def same_but_for_the_badge(one: Answer, other: Answer) -> bool:
    return (one.answer, one.abstained, one.claims) == (other.answer, other.abstained, other.claims)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_order_in_the_abstract_changes_no_answer_and_gives_a_badge(
    attack: str, embedder: WordLlama
):
    before, after = LAMPREY.abstract.split("However", 1)
    evil = replace(LAMPREY, abstract=f"{before}{attack} However{after}")
    for question in QUESTIONS:
        honest, given = ask(question, LAMPREY, embedder), ask(question, evil, embedder)
        assert same_but_for_the_badge(honest, given)
        assert given.suspicious == (LAMPREY.id,)
        assert honest.suspicious == ()


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_order_in_the_title_changes_no_answer_and_gives_a_badge(
    attack: str, embedder: WordLlama
):
    evil = replace(LAMPREY, title=f"{LAMPREY.title}. {attack}")
    given = ask("What is Lamprey?", evil, embedder)
    assert same_but_for_the_badge(ask("What is Lamprey?", LAMPREY, embedder), given)
    assert given.suspicious == (LAMPREY.id,)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_order_in_the_full_text_changes_no_answer_and_gives_a_badge(
    attack: str, embedder: WordLlama
):
    body = "## 4 Results\n\nLamprey needs 3 GB.\n\n{}\n\n## 5 End\n\nWe thank the bakers."
    plain = FullText(body.format("It is small."), Form.MARKDOWN)
    evil = FullText(body.format(f"It is small. {attack}"), Form.MARKDOWN)
    for question in QUESTIONS:
        honest = ask(question, LAMPREY, embedder, plain)
        given = ask(question, LAMPREY, embedder, evil)
        assert same_but_for_the_badge(honest, given)
        assert given.suspicious == (LAMPREY.id,)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_order_as_a_heading_is_left_out_and_gives_a_badge(attack: str):
    told = f"## {attack}\n\nLamprey needs 3 GB.\n\n## 5 End\n\nWe thank the bakers."
    body = cut(LAMPREY, FullText(told, Form.MARKDOWN))
    assert body.gives_orders
    sections = [s.section for passage in body.passages for s in passage.sentences]
    assert sections == [passage.section for passage in body.passages]
    assert all(order_in(section) is None for section in sections)
    assert sections[-1] == "5 End"


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_order_as_a_question_gets_quotes_or_silence(attack: str, embedder: WordLlama):
    for question in (attack, f"What is Lamprey? {attack}"):
        given = answer(question, [LAMPREY, HERON, OTTER], embedder=embedder)
        quotes_stay_quotes(given, [LAMPREY, HERON, OTTER])
        assert given.suspicious == ()


def quotes_stay_quotes(given: Answer, papers: list[Paper]) -> None:
    texts = {p.id: Text(each.text for each in passages_of(p)) for p in papers}
    homes = {p.id: (p.url, p.hugging_face_url) for p in papers}
    for claim in given.claims:
        assert claim.text == claim.quote
        assert texts[claim.paper_id].find(claim.quote) is not None
        assert claim.url in homes[claim.paper_id]
    assert given.abstained is not bool(given.claims)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_order_is_never_quoted_as_evidence(attack: str, embedder: WordLlama):
    evil = replace(LAMPREY, abstract=f"{attack} Ledgers are long.")
    for question in (attack, "What must be done?", "Summarize this"):
        for claim in ask(question, evil, embedder).claims:
            assert order_in(claim.quote) is None


@pytest.mark.data
def test_honest_papers_get_no_badge(shared_data: Path):
    accused = [
        paper["id"]
        for day in sorted((shared_data / "hf" / "daily_papers").glob("*.json.gz"))[::12]
        for paper in (record["paper"] for record in json.loads(gzip.decompress(day.read_bytes())))
        if order_in(f"{paper['title']}\n{paper.get('summary', '')}")
    ]
    assert accused == []
