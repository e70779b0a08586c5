from __future__ import annotations

import pytest

from bot.models import Strictness
from bot.topics.match import matches
from bot.topics.query import parse_topic
from tests.topics.samples import a_paper

PAPER = a_paper(
    "Smaller KV-caches for long contexts",
    "We prune the cache of large language models while decoding.",
    authors=("Ann Lee", "Noam Shazeer"),
    categories=("cs.CL",),
    keywords=("cache compression", "pruning"),
    organization="Example Lab",
    code_url="https://example.org",
)


@pytest.mark.parametrize(
    ("topic", "similarity", "reason"),
    [
        ("kv cache", 0.8, "“kv cache” in the title; close in meaning to your topic"),
        ("kv cache", 0.2, "“kv cache” in the title"),
        ("kvcache", None, "“kvcache” in the title"),
        ("cache compression", None, "“cache” in the title; “compression” in the keywords"),
        ('"language model" decoding', None, "“language model” and “decoding” in the abstract"),
        ("memory footprint", 0.5, "close in meaning to your topic"),
        ("memory caches", 0.4, "“caches” in the title; near your topic in meaning"),
        ("author:shazeer", None, "by Noam Shazeer, whom you follow"),
        (
            "kv cat:cs.CL org:lab",
            None,
            "“kv” in the title; in cs.CL; from Example Lab",
        ),
        ("has:code min:3", None, "has code; 4 votes"),
        ("pets OR kv", None, "“kv” in the title"),
    ],
)
def test_a_reason_says_where_and_how(topic: str, similarity: float | None, reason: str) -> None:
    why = matches(
        parse_topic(topic), PAPER, votes=4, similarity=similarity, strictness=Strictness.BROAD
    )
    assert str(why) == reason


def test_a_reason_names_the_alternative_that_fits() -> None:
    why = matches(parse_topic("pets OR memory"), PAPER, similarity=(0.1, 0.9))
    assert why is not None
    assert (why.text, why.by_words, why.similarity) == (
        "close in meaning to your topic",
        False,
        0.9,
    )


def test_who_follows_everything_is_told_so() -> None:
    why = matches(parse_topic("min:1 -survey"), PAPER, votes=1)
    assert str(why) == "1 vote"
