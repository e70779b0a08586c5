import pytest

from bot.answers.question import LONGEST_QUESTION, Fact, Kind, read_question


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("What is Lamprey?", Kind.DEFINITION),
        ("what's a ledger", Kind.DEFINITION),
        ("What is meant by forgetting on purpose?", Kind.DEFINITION),
        ("How many ledgers were used?", Kind.NUMBER),
        ("How much faster is it?", Kind.NUMBER),
        ("What accuracy does it reach?", Kind.NUMBER),
        ("How does it compare with a full-memory reader?", Kind.COMPARISON),
        ("Is Lamprey better than a person?", Kind.COMPARISON),
        ("How does Lamprey choose lines?", Kind.METHOD),
        ("Which algorithm picks the lines?", Kind.METHOD),
        ("Which datasets does it use?", Kind.DATASET),
        ("What was it trained on?", Kind.DATASET),
        ("What were the results?", Kind.RESULT),
        ("What did the evaluation reveal?", Kind.RESULT),
        ("What are the limitations?", Kind.LIMITATION),
        ("Where does it fail?", Kind.LIMITATION),
        ("Are the weights public?", Kind.CODE),
        ("Where can I get the checkpoint?", Kind.CODE),
        ("Why is memory a concern?", Kind.REASON),
        ("What is this paper about?", Kind.SUMMARY),
        ("tl;dr", Kind.SUMMARY),
        ("Summarize it please", Kind.SUMMARY),
        ("What is the main contribution?", Kind.SUMMARY),
        ("What is new in speculative decoding?", Kind.OVERVIEW),
        ("recent papers on water birds", Kind.OVERVIEW),
        ("are there any papers about water birds", Kind.OVERVIEW),
        ("Any new methods for counting birds?", Kind.OVERVIEW),
        ("How does Lamprey compare to recent methods?", Kind.COMPARISON),
        ("Why are new approaches costly?", Kind.REASON),
        ("What hinders research on water birds? What is hard?", Kind.LIMITATION),
        ("What was lacking in earlier work on water birds?", Kind.LIMITATION),
        ("What does keeping a line mean for Lamprey?", Kind.DEFINITION),
        ("What is the batch size of Lamprey?", Kind.NUMBER),
        ("What is the lowest bitrate?", Kind.NUMBER),
        ("How is the number of lines cut?", Kind.METHOD),
        ("Does training on data of bakeries help?", Kind.RESULT),
        ("Does it run on a toaster?", Kind.OTHER),
        ("", Kind.OTHER),
    ],
)
def test_a_question_is_known_by_its_words(text: str, kind: Kind):
    assert read_question(text).kind is kind


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("Who wrote this?", Fact.AUTHORS),
        ("who are the authors", Fact.AUTHORS),
        ("Who is the first author of Lamprey?", Fact.AUTHORS),
        ("When was it published?", Fact.PUBLISHED),
        ("When did Lamprey come out?", Fact.PUBLISHED),
        ("How old is this paper?", Fact.PUBLISHED),
        ("When was it last updated?", Fact.UPDATED),
        ("Which version of the paper is this?", Fact.UPDATED),
        ("How many upvotes does it have?", Fact.VOTES),
        ("how many votes?", Fact.VOTES),
        ("How many GitHub stars?", Fact.STARS),
        ("How many comments are there?", Fact.COMMENTS),
        ("Is there code?", Fact.CODE),
        ("Is the code for Lamprey available?", Fact.CODE),
        ("Where is the source code?", Fact.CODE),
        ("github?", Fact.CODE),
        ("Is there a project page?", Fact.PROJECT),
        ("Is there a demo?", Fact.PROJECT),
        ("Which lab is behind this?", Fact.ORGANIZATION),
        ("Which arXiv category is it in?", Fact.CATEGORIES),
        ("Which conference was it at?", Fact.VENUE),
        ("Is it peer-reviewed?", Fact.VENUE),
        ("What is the arXiv id?", Fact.IDENTIFIER),
        ("link to the paper", Fact.IDENTIFIER),
        ("What is the title of this paper?", Fact.TITLE),
        ("Has it been withdrawn?", Fact.WITHDRAWN),
    ],
)
def test_what_the_record_knows_is_asked_of_the_record(text: str, fact: Fact):
    assert read_question(text).fact is fact


@pytest.mark.parametrize(
    "text",
    [
        "How does Code-A1 compare with tests written by people?",
        "Does it improve code generation?",
        "What is the trouble with unit tests as a source of reward?",
        "When was the data collected?",
        "Who annotated the ledgers?",
        "How many samples were released?",
        "Who made the best pies?",
    ],
)
def test_what_only_sounds_like_the_record_is_asked_of_the_text(text: str):
    assert read_question(text).fact is None


def test_a_question_is_cut_and_put_on_one_line():
    asked = read_question("What\nis\x00 it? " + "x" * 5_000)
    assert asked.text.startswith("What is it? x")
    assert len(asked.text) == LONGEST_QUESTION
