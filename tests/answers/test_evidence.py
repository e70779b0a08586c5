from dataclasses import fields, replace

import numpy as np
import pytest

from bot.answers.choose import MOST_SHOWN, choose, in_reading_order
from bot.answers.cues import cue
from bot.answers.evidence import Evidence, rank
from bot.answers.outline import outline, what_it_brings
from bot.answers.passages import ABSTRACT, AI_SUMMARY, Sentence, passages_of
from bot.answers.question import read_question
from bot.answers.signs import Signs, read_signs
from bot.answers.subject import paper_meant, paper_named, papers_about
from bot.answers.words import Reading, asked_words, search_words
from bot.models import Paper
from bot.search.embed import WordLlama
from tests.answers.conftest import HERON, LAMPREY, OTTER

ALL = [LAMPREY, HERON, OTTER]


def ranked(question: str, papers: list[Paper], embedder: WordLlama) -> list[Evidence]:
    passages = [passage for paper in papers for passage in passages_of(paper)]
    titles = {paper.id: paper.title for paper in papers}
    return rank(read_question(question), passages, embedder=embedder, titles=titles)


@pytest.mark.parametrize(
    ("question", "start"),
    [
        ("What is Lamprey?", "We introduce Lamprey"),
        ("How many ledgers was it trained on?", "Lamprey is trained on 12,500"),
        ("How much faster is it?", "It is 3.4x faster"),
        ("What is the problem with a line that was discarded?", "A sum that refers to a discarded"),
        ("Why are long ledgers expensive?", "However, their memory grows"),
        ("Where can I download the weights?", "The weights are available"),
        ("Which data was it trained on?", "Lamprey is trained on 12,500"),
    ],
)
def test_the_sentence_that_answers_comes_first(question: str, start: str, embedder: WordLlama):
    assert ranked(question, [LAMPREY], embedder)[0].sentence.text.startswith(start)


def test_of_several_papers_the_one_asked_about_comes_first(embedder: WordLlama):
    for paper, question in [
        (HERON, "How many birds does the balloon detector find?"),
        (OTTER, "Does forgetting on purpose make a reader learn faster?"),
        (LAMPREY, "How many ledgers from bakeries were there?"),
    ]:
        assert ranked(question, ALL, embedder)[0].sentence.paper_id == paper.id


def test_nothing_to_read_gives_no_evidence(embedder: WordLlama):
    assert ranked("What is it?", [Paper(id="2601.00004", title="Bare")], embedder) == []


@pytest.mark.parametrize("question", ["", "the of and", "???", "🦉🦉", "ß" * 900])
def test_any_question_ranks_every_sentence(question: str, embedder: WordLlama):
    assert len(ranked(question, [LAMPREY], embedder)) == 8


@pytest.mark.parametrize(
    ("question", "better", "worse"),
    [
        ("How many birds are there?", "There are 40 birds.", "There are birds in 2019 boats."),
        ("How many birds are there?", "We saw nine water birds.", "We saw birds."),
        ("How much faster is it?", "It is 3.4x faster.", "It has 12 parts."),
        ("How much better is the recall?", "Recall is 3 percentage points up.", "It has 12 parts."),
        ("How much faster is it?", "It is up to three times faster.", "It has three parts."),
        ("How much memory does it save?", "It halves the memory.", "It has three parts."),
        ("How long does it take?", "It takes 40 minutes.", "It takes 40 boats."),
        ("What did it cost?", "We paid $40 for it.", "We used 40 boats."),
        ("What accuracy does it reach?", "It reaches 91.2%.", "It has 12 parts."),
        ("How many boats?", "We had twelve boats.", "GPT-4 and Llama-3 rowed."),
        ("What is a ledger?", "A ledger is a list of sums.", "Ledgers grow."),
        ("What are its limits?", "However, it fails in fog.", "It finds birds."),
        ("Is the code public?", "Code is available on GitHub.", "It finds birds."),
        ("Why does it fail?", "It fails because of fog.", "It finds birds."),
        ("Is it better than boats?", "It outperforms boats.", "It finds birds."),
    ],
)
def test_an_answer_looks_like_what_was_asked_for(question: str, better: str, worse: str):
    asked = read_question(question)
    assert cue(asked, better) > cue(asked, worse)


def test_words_of_the_title_tell_no_sentence_apart():
    reading = Reading(np.array([1, 1, 2], np.float32), np.zeros((0, 3), np.float32))
    touched = np.array([[1, 1, 0], [0, 0, 1]], np.float32)
    in_title = np.array([[1, 1, 0], [1, 1, 0]], np.float32)
    assert reading.share(touched).tolist() == [0.5, 0.5]
    assert reading.share_beyond(touched, in_title).tolist() == [0, 1]
    assert reading.share_beyond(touched, np.ones_like(touched)).tolist() == [0.5, 0.5]


def test_an_ai_summary_comes_last_only_where_the_authors_speak(embedder: WordLlama):
    def of_summary(paper: Paper) -> float:
        titles = {paper.id: paper.title}
        asked = read_question("What is forgotten?")
        found, signs = read_signs(asked, passages_of(paper), embedder=embedder, titles=titles)
        column = [sign.name for sign in fields(Signs)].index("ai_summary")
        return next(
            float(row[column])
            for sentence, row in zip(found, signs, strict=True)
            if sentence.section == AI_SUMMARY
        )

    assert of_summary(LAMPREY) == 1
    assert of_summary(replace(LAMPREY, abstract="")) == 0


def signs_of(question: str, sentences: list[str], embedder: WordLlama) -> dict[str, list[float]]:
    paper = replace(LAMPREY, abstract=" ".join(sentences), ai_summary=None)
    found, signs = read_signs(
        read_question(question),
        passages_of(paper),
        embedder=embedder,
        titles={paper.id: paper.title},
    )
    assert [sentence.text for sentence in found] == sentences
    names = [sign.name for sign in fields(Signs)]
    return dict(zip(names, signs.T.tolist(), strict=True))


def test_a_sentence_that_goes_on_has_the_words_of_the_one_before(embedder: WordLlama):
    signs = signs_of(
        "What do bakers want from bread?",
        ["Bakers want bread.", "They sleep.", "Boats float."],
        embedder,
    )
    assert signs["carried"][1] > 0.3
    assert (signs["carried"][0], signs["carried"][2]) == (0, 0)


def test_what_opens_an_abstract_and_what_it_proposes_are_known(embedder: WordLlama):
    signs = signs_of("What floats?", ["Boats float.", "We propose a raft.", "It floats."], embedder)
    assert signs["opening"] == [1, 0, 0]
    assert signs["proposes"] == [0, 1, 0]


def evidence(position: int, score: float, text: str = "", section: str = ABSTRACT) -> Evidence:
    text = text or f"Sentence number {position} tells {'abcdefgh'[position] * 9}."
    return Evidence(Sentence(text, "2601.00001", section, "https://x.org", position), score, score)


def positions(chosen: list[Evidence]) -> list[int]:
    return [each.sentence.position for each in chosen]


def test_weak_evidence_is_not_shown():
    assert choose([]) == []
    assert choose([evidence(0, -1.0), evidence(1, -1.1)]) == []


def test_what_is_nearly_as_good_is_shown_beside_the_best():
    chosen = choose([evidence(5, 4.0), evidence(0, 3.9), evidence(3, 1.0)])
    assert positions(chosen) == [5, 0]


def test_at_most_three_sentences_are_shown():
    assert len(choose([evidence(n, 4.0) for n in range(8)])) == MOST_SHOWN


def test_the_same_words_are_not_shown_twice():
    twice = "We introduce Lamprey, a reader that keeps few lines."
    chosen = choose([evidence(0, 4.0, twice), evidence(6, 4.0, twice.upper(), "AI summary")])
    assert positions(chosen) == [0]


def test_neighbours_are_shown_in_the_papers_order_and_the_best_of_all_first():
    chosen = [evidence(4, 4.0), evidence(1, 3.9), evidence(3, 3.8)]
    assert positions(in_reading_order(chosen)) == [3, 4, 1]


def test_a_longer_paper_needs_better_evidence():
    best = evidence(0, 0.4)
    assert choose([best])
    assert not choose([best, *(evidence(n % 8, -9.0) for n in range(400))])


def test_an_outline_is_what_a_paper_brings_and_what_came_out(embedder: WordLlama):
    found = outline(passages_of(LAMPREY), LAMPREY.title, embedder=embedder)
    assert [s.text.split()[:3] for s in found] == [
        ["We", "introduce", "Lamprey,"],
        ["It", "is", "3.4x"],
    ]


def test_what_an_ai_summary_brings_is_not_what_was_before(embedder: WordLlama):
    summary = "Readers of ledgers were slow almost by habit. Lamprey reads ledgers fast."
    paper = Paper(id="2601.00007", title="Reading Ledgers", ai_summary=summary)
    found = what_it_brings(passages_of(paper), paper.title, embedder=embedder)
    assert found is not None
    assert found.text.startswith("Lamprey reads")


@pytest.mark.parametrize(
    ("before", "telling", "after"),
    [
        (
            "Writing ledgers is increasingly held up by slow readers: a central question.",
            "We study guessing as a way to make readers of ledgers faster that changes no sum.",
            "Our reader of ledgers achieves a speedup of 1.8x.",
        ),
        (
            "Recent readers of ledgers have achieved remarkable accuracy, yet often fail to add.",
            "This paper advocates for asking bakers which sums matter.",
            "Results show that bakers agree on most sums.",
        ),
        (
            "A guessing reader of ledgers reads a whole page in one look and outperforms slow ones.",
            "We introduce PageTree, which builds a tree of guesses out of one look.",
            "PageTree reads ledgers 30% faster.",
        ),
        (
            "We begin with plain ledgers, whose sums tend to be too smooth.",
            "A reader of ledgers that can be steered is introduced.",
            "It achieves better scores than ledgers read by hand.",
        ),
    ],
)
def test_what_a_paper_brings_is_not_what_was_before_nor_what_came_out(
    before: str, telling: str, after: str, embedder: WordLlama
):
    paper = Paper(id="2601.00006", title="Reading Ledgers", abstract=f"{before} {telling} {after}")
    found = what_it_brings(passages_of(paper), paper.title, embedder=embedder)
    assert found is not None
    assert found.text == telling
    assert what_it_brings([], paper.title, embedder=embedder) is None


def test_endings_are_no_words():
    assert asked_words("What's new in Lamprey's ledgers?") == ["new", "lamprey", "ledgers"]
    assert asked_words("Why doesn't it fail?") == ["fail"]
    assert search_words("What’s Lamprey?") == "Lamprey"


def test_an_outline_reads_the_ai_summary_where_there_is_no_abstract(embedder: WordLlama):
    paper = Paper(id="2601.00005", title="T", ai_summary="Birds are counted.")
    found = outline(passages_of(paper), paper.title, embedder=embedder)
    assert [s.text for s in found] == ["Birds are counted."]
    assert outline([], "T", embedder=embedder) == []


@pytest.mark.parametrize(
    ("question", "paper"),
    [
        ("who wrote lamprey?", LAMPREY),
        ("When did Heron come out?", HERON),
        ("Is there code for the water bird detector?", HERON),
        ("who wrote about forgetting on purpose in recurrent readers", OTTER),
        ("Who wrote it?", None),
        ("Who wrote about volcanoes on Io?", None),
    ],
)
def test_the_paper_that_is_meant_is_found_by_its_words(
    question: str, paper: Paper | None, embedder: WordLlama
):
    assert paper_meant(read_question(question), ALL, embedder=embedder) == paper


def test_a_single_paper_is_always_meant(embedder: WordLlama):
    assert paper_meant(read_question("Who wrote it?"), [HERON], embedder=embedder) == HERON
    assert paper_meant(read_question("Who wrote it?"), [], embedder=embedder) is None


def test_of_a_numbered_name_only_papers_that_have_it_are_meant(embedder: WordLlama):
    first = Paper(id="2601.00011", title="Lamprey: An Open Reader", abstract="It has 2 parts.")
    second = Paper(id="2601.00012", title="The Lamprey 2 Family", abstract="They grow.")
    asked = read_question("Who wrote lamprey 2?")
    assert paper_meant(asked, [first, OTTER], embedder=embedder) is None
    assert paper_meant(asked, [first, OTTER, second], embedder=embedder) == second


def test_a_paper_is_named_by_its_whole_title_the_longest_that_is_said():
    short = Paper(id="2601.00013", title="Wader Technical Report")
    long = Paper(id="2601.00014", title="Wader-Omni Technical Report")
    asked = read_question("who wrote the wader technical report")
    assert paper_named(asked, [long, short]) == short
    both = read_question("What is in the “Big Wader: Omni Technical Report”?")
    longer = Paper(id="2601.00015", title="Big Wader-Omni Technical Report")
    assert paper_named(both, [long, short, longer]) == longer


def test_a_name_is_of_one_paper_or_of_none():
    assert paper_named(read_question("How fast is heron?"), ALL) == HERON
    assert paper_named(read_question("Is Heron faster than Lamprey?"), ALL) is None
    assert paper_named(read_question("How fast are birds?"), ALL) is None


def test_a_field_has_several_papers(embedder: WordLlama):
    about = papers_about(read_question("what is new on readers?"), ALL, embedder=embedder)
    assert set(about) == {LAMPREY, OTTER}
    assert papers_about(read_question("what is new?"), ALL, embedder=embedder) == ALL


def test_words_that_only_ask_are_left_out():
    assert asked_words("Please tell me: how many water-birds are there?") == [
        "water",
        "birds",
        "waterbirds",
    ]
    assert search_words("What is the use of Code-A1 in this paper?") == "Code-A1"
    assert search_words("who are you?") == "who are you?"


def test_rare_words_count_more_than_words_of_every_sentence(embedder: WordLlama):
    texts = ["The bird flies.", "The bird eats.", "The bird sleeps on a satellite."]
    reading = Reading.of(["bird", "satellite"], texts, embedder)
    assert reading.touched[:, 0].tolist() == [1, 1, 1]
    assert reading.touched[2, 1] == 1
    assert reading.weights[1] > 3 * reading.weights[0]
    assert reading.share(reading.touched)[2] == pytest.approx(1)
