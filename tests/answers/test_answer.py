from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.answer import (
    ALL_SILENT,
    FULL_TEXT,
    ONE_SILENT,
    Claim,
    Read,
    answer,
    proven,
)
from bot.answers.full_text import cut
from bot.answers.passages import ABSTRACT, AI_SUMMARY, Form, FullText, passages_of
from bot.answers.record import RECORD
from bot.models import Paper, Snapshot
from bot.search.embed import WordLlama
from tests.answers.conftest import HERON, LAMPREY, OTTER
from tests.conftest import NOON

ALL = [LAMPREY, HERON, OTTER]


def test_an_answer_is_the_papers_own_sentence_with_its_place(embedder: WordLlama):
    given = answer("How much faster is Lamprey?", [LAMPREY], embedder=embedder)
    claim = given.claims[0]
    assert not given.abstained
    assert given.model is None
    assert given.answer == " ".join(each.text for each in given.claims)
    assert claim.quote == "It is 3.4x faster than a full-memory reader at the same accuracy."
    assert (claim.paper_id, claim.section) == (LAMPREY.id, ABSTRACT)
    assert claim.url == "https://arxiv.org/abs/2601.00001"


def test_what_the_paper_does_not_say_is_not_answered(embedder: WordLlama):
    for question in ("Which licence do the boats have?", "How many GPUs were used?", "", "🦉"):
        given = answer(question, [LAMPREY], embedder=embedder)
        assert given.abstained
        assert given.answer == ONE_SILENT
        assert given.claims == ()


def test_several_papers_that_do_not_say_are_silent_together(embedder: WordLlama):
    given = answer("Which volcano is highest?", ALL, embedder=embedder)
    assert (given.abstained, given.answer) == (True, ALL_SILENT)
    assert answer("What is it?", [], embedder=embedder).abstained


def test_what_was_read_is_told(embedder: WordLlama):
    full = {LAMPREY.id: cut(LAMPREY, FullText("# 1 Part\n\nMore.", Form.MARKDOWN))}
    given = answer("What is Lamprey?", [LAMPREY, HERON], embedder=embedder, full_texts=full)
    assert given.read == (
        Read(LAMPREY.id, (ABSTRACT, AI_SUMMARY, FULL_TEXT)),
        Read(HERON.id, (ABSTRACT,)),
    )


def test_the_full_text_answers_what_the_abstract_leaves_open(embedder: WordLlama):
    question = "Which optimizer was chosen?"
    full = FullText(
        "## 4.1 Training\n\nThe optimizer that was chosen is Adam.\n\n"
        "## 5 End\n\nWe thank all bakers.",
        Form.MARKDOWN,
    )
    assert answer(question, [LAMPREY], embedder=embedder).abstained
    given = answer(
        question, [LAMPREY], embedder=embedder, full_texts={LAMPREY.id: cut(LAMPREY, full)}
    )
    assert given.claims[0].quote == "The optimizer that was chosen is Adam."
    assert given.claims[0].section == "4.1 Training"
    assert given.claims[0].url == "https://arxiv.org/html/2601.00001#S4.SS1"


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Who wrote this?", "By Ada Baker, Ben Miller and Cem Yılmaz."),
        ("When was it published?", "First published on 5 January 2026."),
        ("Is there code?", "Code: https://github.com/example/lamprey"),
        ("How many upvotes does it have?", "41 votes on 3 March 2026."),
    ],
)
def test_the_record_answers_who_when_and_how_many(question: str, words: str, embedder: WordLlama):
    votes = {LAMPREY.id: Snapshot(LAMPREY.id, "huggingface", NOON, upvotes=41)}
    given = answer(question, [LAMPREY], embedder=embedder, votes=votes)
    assert given.answer == words
    assert [(c.section, c.url) for c in given.claims] == [
        (RECORD, "https://huggingface.co/papers/2601.00001")
    ]
    assert given.read == (Read(LAMPREY.id, (RECORD,)),)


def test_a_silent_record_says_so(embedder: WordLlama):
    given = answer("How many upvotes does it have?", [LAMPREY], embedder=embedder)
    assert given.abstained
    assert answer("Who wrote this?", [OTTER], embedder=embedder).abstained
    assert answer("Who wrote this?", ALL, embedder=embedder).abstained


def test_code_that_the_record_does_not_know_is_looked_for_in_the_text(embedder: WordLlama):
    paper = replace(
        LAMPREY,
        code_url=None,
        abstract=f"{LAMPREY.abstract} The code of Lamprey is on GitHub.",
    )
    given = answer("Is the code of Lamprey on GitHub?", [paper], embedder=embedder)
    assert given.claims[0].quote == "The code of Lamprey is on GitHub."


def test_of_several_papers_the_named_one_answers(embedder: WordLlama):
    assert answer("Who wrote Heron?", ALL, embedder=embedder).answer == "By Dora Reed."
    given = answer("How many birds does Heron find?", ALL, embedder=embedder)
    assert {claim.paper_id for claim in given.claims} == {HERON.id}


def test_a_summary_is_what_the_paper_brings_and_what_came_out(embedder: WordLlama):
    for question in ("What is this paper about?", "tl;dr", "what is new in bookkeeping?"):
        given = answer(question, [LAMPREY], embedder=embedder)
        assert given.answer.startswith("We introduce Lamprey")
        assert "3.4x" in given.answer


def test_a_field_is_answered_with_a_sentence_of_each_paper(embedder: WordLlama):
    given = answer("What is new on readers?", ALL, embedder=embedder)
    assert [claim.paper_id for claim in given.claims] == [OTTER.id, LAMPREY.id]
    assert answer("What is new on volcanoes?", ALL, embedder=embedder).abstained


def test_the_same_question_gets_the_same_answer(embedder: WordLlama):
    question = "Why are long ledgers expensive?"
    once, again = (answer(question, ALL, embedder=embedder) for _ in range(2))
    assert once == again


def test_a_claim_without_its_quote_is_dropped_and_the_others_get_their_true_place():
    passages = {LAMPREY.id: passages_of(LAMPREY), HERON.id: passages_of(HERON)}
    faster = "it is 3.4x faster than a full-memory reader"
    good = Claim("It is faster.", faster, LAMPREY.id, "9 Lies", "https://evil.example")
    claims = [
        good,
        replace(good, quote="It is 4.4x faster than a full-memory reader"),
        replace(good, paper_id=HERON.id),
        replace(good, paper_id="2601.09999"),
        replace(good, quote=""),
    ]
    assert proven(claims, passages) == (replace(good, section=ABSTRACT, url=LAMPREY.url),)


@pytest.mark.data
def test_answers_are_as_good_as_promised_on_the_report_part(shared_data: Path, embedder: WordLlama):
    from tests.benchmarks import answers as benchmark
    from tests.benchmarks.corpus import daily_papers

    papers = {paper.id: paper for paper in daily_papers(shared_data)}
    asked = benchmark.questions("report")

    def ours(question: str, paper: Paper):
        return benchmark.ours(question, paper, embedder=embedder)

    places = [place for _, place in benchmark.hits(asked, papers, ours)]
    given = [answer(q.question, [papers[q.paper]], embedder=embedder) for q in asked]
    silent = [(a.abstained, not q.has_answer) for q, a in zip(asked, given, strict=True)]
    right = sum(was and should for was, should in silent)
    assert sum(place == 0 for place in places) >= 0.60 * len(places)
    assert sum(place < 3 for place in places) >= 0.90 * len(places)
    assert 2 * right >= 0.75 * sum(was + should for was, should in silent)
