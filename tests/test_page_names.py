"""Papers by their pages at Semantic Scholar."""

from __future__ import annotations

import pytest

from bot.models import Paper
from bot.page_names import is_called, page_words

NUMBER = "204e3073870fae3d05bcbc2f6a8e263d9b72e776"
PAGE = f"https://www.semanticscholar.org/paper/{{}}/{NUMBER}"
BERT = Paper(
    "1810.04805",
    "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
    authors=("Jacob Devlin", "Ming-Wei Chang", "Kenton Lee"),
)


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("BERT%3A-Pre-training-of-Deep-Bidirectional-for-Devlin-Chang", True),
        ("BERT%3A-Pre-training-of-Deep-Bidirectional-Transformers-Devlin", True),
        ("Pre-training-of-Deep-Bidirectional-Transformers-Devlin-Chang", True),
        ("BERT%3A-Pre-training-of-Deep-Bidirectional-for-Liu-Ott", False),
        ("Deep-Pre-training-of-Bidirectional-Transformers-Devlin-Chang", False),
        ("RoBERTa%3A-A-Robustly-Optimized-BERT-Pretraining-Liu-Ott", False),
        ("BERT-Devlin-Chang", False),
        ("Devlin-Chang", False),
        ("-", False),
    ],
)
def test_a_page_is_called_like_its_paper(name: str, called: bool) -> None:
    assert is_called(BERT, page_words(PAGE.format(name))) is called


def test_a_paper_of_one_author_has_one_name() -> None:
    paper = Paper("2405.15738", "Quite Careful Caching", authors=("Ana Müller",))
    assert is_called(paper, page_words(PAGE.format("Quite-Careful-Caching-M%C3%BCller")))


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"https://www.semanticscholar.org/paper/{NUMBER}",
        f"https://notsemanticscholar.org/paper/Quite-Careful-Caching-Ng/{NUMBER}",
        "https://www.semanticscholar.org/paper/Quite-Careful-Caching-Ng/204e",
        "https://www.semanticscholar.org/arxiv/2405.15738",
    ],
)
def test_other_addresses_name_nothing(text: str) -> None:
    assert page_words(text) == []


@pytest.mark.parametrize(
    "form", ["{}", "<{}>", "see {}?utm_source=direct_link", "[it]({})", "{}#citing-papers", "{}."]
)
def test_the_words_are_found_in_what_people_paste(form: str) -> None:
    link = PAGE.format("Quite-Careful-Caching-Ng")
    assert page_words(form.format(link)) == ["quite", "careful", "caching", "ng"]
