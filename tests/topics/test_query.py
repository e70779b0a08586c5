from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.topics.query import (
    LONGEST,
    Clause,
    Kind,
    TopicQuery,
    exclusions,
    parse_topic,
    wish,
)

PIECES = st.one_of(
    st.sampled_from(
        [
            "kv",
            "cache",
            "kv-cache",
            "the",
            "OR",
            "or",
            "NOT",
            '"',
            '"large language models"',
            "“curly”",
            "author:shazeer",
            'author:"Noam Shazeer"',
            "org:",
            "org:deepmind",
            "cat:cs.CL",
            "cat:math",
            "cat:nlp",
            "has:code",
            "has:weights",
            "min:20",
            "min:0",
            "-survey",
            '-"a survey"',
            "—cat:cs.CV",
            "--",
            "(",
            "a)",
            "titel:x",
            "https://example.org/x",
            "c++",
            "大语言模型",
            "\u200b",
            "ﬁne",
        ]
    ),
    st.text(max_size=8),
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kv cache compression", "papers with kv, cache and compression"),
        (
            '"kv cache" compression -survey min:20',
            "papers with “kv cache” and compression, not survey, at least 20 votes",
        ),
        ("papers about the diffusion", "papers with diffusion"),
        ("author:shazeer cat:cs.cl", "papers by shazeer in cs.CL"),
        (
            'author:"Noam Shazeer" org:"Google DeepMind"',
            "papers by Noam Shazeer from Google DeepMind",
        ),
        ("attention OR mamba has:code", "papers with attention, or with mamba, with code"),
        ("attention or mamba -cat:cs.CV", "papers with attention, or with mamba, not in cs.CV"),
        ("min:1", "all papers, at least 1 vote"),
        ("“state space” models", "papers with “state space” and models"),
        ("vision —author:doe", "papers with vision, not by doe"),
        ("C++ code", "papers with C++ and code"),
        ("vision/language (robots),", "papers with vision, language and robots"),
        ("cat:cs.* reasoning", "papers with reasoning in cs"),
        ("author: hinton", "papers by hinton"),
    ],
)
def test_a_topic_is_said_back_as_it_was_understood(text: str, said: str) -> None:
    assert parse_topic(text).in_words() == said


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "That has no words"),
        ("the of", "“the of” stands in every paper"),
        ("-survey", "only what to leave out"),
        ("titel:x", "I do not know titel: (“titel:x”)"),
        ("bert autor:x", "(“autor:x” after “bert”); did you mean author:?"),
        ("https://arxiv.org/abs/2601.00001", "A link is not a topic"),
        ("kv min:many", "not “many”: write for example min:20"),
        ("kv min:0", "from 1 to"),
        ("kv min:3 min:4", "min: is there twice (“min:4”)"),
        ("kv -min:3", "min: cannot be left out with a dash (“-min:3”)"),
        ("has:weights", "not with “weights”: write has:code"),
        ("cat:nlp", "“nlp” is no arXiv category"),
        ("cat:cs.cl,cs.LG", "for papers of any of them write cat:cs.CL OR cat:cs.LG."),
        ("cat:cs.CL,nlp", "is no arXiv category: write it like cat:cs.CL"),
        ("author:x", "author: needs a name of two letters or more (“author:x”)"),
        ("kv author:", "There is nothing behind “author:”"),
        ('kv "cache', "The quote before “cache” has no partner"),
        ('kv cache"', "The quote at the end has no partner"),
        ('kv ""', "The quotes after “kv” have no words in them"),
        ("OR kv", "OR stands between two things"),
        ("kv OR OR cache", "OR stands between two things to look for, not after “OR”"),
        ("kv OR", "nothing to look for after the last OR"),
        ("kv OR min:3", "nothing to look for after the last OR"),
        ("kv NOT survey", "put a dash before it: “-survey”"),
        ("(kv OR cache) mamba", "Brackets do not group words here (“(kv”)"),
        ("word " * 60, "299 characters; a topic has at most 200"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_and_where(text: str, complaint: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse_topic(text)
    assert complaint in str(refusal.value)


@given(st.lists(PIECES, max_size=12), st.sampled_from([" ", ""]))
@example(['"a""b"'], "")
@example(["\ud800"], "")
@example(["OR;", '"0"'], "")
def test_any_text_is_understood_or_refused_and_means_the_same_when_written_out(
    pieces: list[str], between: str
) -> None:
    try:
        query = parse_topic(between.join(pieces))
    except UserError:
        return
    assert len(str(query)) <= LONGEST
    assert parse_topic(str(query)) == query
    assert query.in_words().startswith(("papers ", "all papers"))


def test_exclusions_votes_and_code_hold_for_all_alternatives() -> None:
    query = parse_topic("kv min:5 OR has:code mamba -survey")
    assert query == TopicQuery(
        ((Clause(Kind.WORD, "kv"),), (Clause(Kind.WORD, "mamba"),)),
        (Clause(Kind.WORD, "survey"),),
        has_code=True,
        min_votes=5,
    )


def test_what_is_said_twice_counts_once() -> None:
    assert parse_topic("kv kv -x1 -x1 OR kv") == parse_topic("kv -x1")


def test_a_topic_has_a_meaning_only_where_it_has_plain_words() -> None:
    query = parse_topic('"kv cache" pruning OR "beam search" OR author:doe')
    assert [wish(each) for each in query.alternatives] == ["kv cache pruning", "", ""]


@pytest.mark.parametrize(
    ("text", "left_out"),
    [
        ("laundry, real time, -chess", ["-laundry", '-"real time"', "-chess"]),
        ('author:"Jane Doe", cat:cs.CV', ['-author:"Jane Doe"', "-cat:cs.CV"]),
        ("author: Jane Doe", ['-author:"Jane Doe"']),
        ("“new york”; survey", ['-"new york"', "-survey"]),
        ("book review OR survey", ['-"book review"', "-survey"]),
        ("llama 3: the herd", ['-"llama 3: the herd"']),
        (" , -", []),
    ],
)
def test_what_to_leave_out_is_taken_as_people_list_it(text: str, left_out: list[str]) -> None:
    assert exclusions(text) == left_out
    assert all(str(parse_topic(f"robots {each}")) == f"robots {each}" for each in left_out)


def test_a_field_among_what_to_leave_out_that_is_none_is_named() -> None:
    with pytest.raises(UserError, match="I do not know journal:"):
        parse_topic(" ".join(("robots", *exclusions("journal:Nature Physics"))))
