from __future__ import annotations

import pytest

from bot.topics.terms import joined, term, terms, without_addresses, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("LLMs", "llm"),
        ("GPUs", "GPU"),
        ("quantized models", "quantization model"),
        ("matrices", "matrix"),
        ("multi-modal", "multimodal"),
        ("pre training", "pretraining"),
        ("Fine-Tuning", "finetuning"),
        ("KV-caches", "kv cache"),
        ("naïve Ｂayes", "naive bayes"),
    ],
)
def test_spellings_of_the_same_are_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other)


@pytest.mark.parametrize(("one", "other"), [("plane", "plan"), ("css", "cs"), ("c++", "c")])
def test_different_words_stay_different(one: str, other: str) -> None:
    assert terms(one) != terms(other)


@pytest.mark.parametrize("whole", ["kvcaches", "keyframes", "datasets", "flashattention"])
def test_two_words_and_their_compound_are_one_term(whole: str) -> None:
    parts = {"kvcaches": "kv", "keyframes": "key", "datasets": "data", "flashattention": "flash"}
    first = parts[whole]
    assert joined(first, term(whole.removeprefix(first))) == term(whole)


def test_links_say_nothing() -> None:
    text = "See https://github.com/some/code, lab.github.io/page or www.example.org. Done."
    assert words(without_addresses(text)) == ["see", "or", "done"]
