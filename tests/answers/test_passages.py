from itertools import pairwise
from pathlib import Path

import pytest

from bot.answers.blocks import anchor_of
from bot.answers.passages import (
    ABSTRACT,
    AI_SUMMARY,
    LONGEST_PASSAGE,
    MOST_SENTENCES,
    Form,
    FullText,
    Sentence,
    passages_of,
)
from bot.models import Paper
from tests.answers.conftest import HERON, LAMPREY

NAKED = Paper(id="2601.00009", title="A title")
PAGE_URL = "https://arxiv.org/html/2601.00009"

MARKDOWN = """# A title

Before all. See [the site](https://example.org/x "hm") for ![a picture](x.png) **two** _sets_.

## 3.2 Training *data*

We use two sets. They are small,
over two lines.

- First item here.
- Second item here.

| a | b |
|---|---|
| 1 | 2 |

```python
Not a sentence. Not at all.
```

## References

[1] Somebody. Something. 2019.

### More references

[2] Nobody.

# B.1 Proofs

By <b>induction</b>. QED follows.
"""

PAGE = """<!DOCTYPE html><html><head><title>No</title><style>p {}</style></head><body>
<nav>Menu. Menu.</nav><div>An announcement.</div>
<article class="ltx_document"><h1 class="ltx_title ltx_title_document">A title</h1>
<div class="ltx_authors">Ada Baker</div>
<div id="abstract1" class="ltx_abstract"><h6>Abstract</h6><p>Short &amp; sweet. Truly.</p></div>
<section id="S1" class="ltx_section"><h2><span>1 </span>Introduction</h2>
<p>Ledgers are long <cite>[<a href="#x">3</a>]</cite>. For
<math id="m" alttext="x&lt;y"><mi>x</mi><annotation>x</annotation></math>, we sum.<!-- not this --></p>
<table><tr><td>Number soup.</td></tr></table>
<section id="S1.SS1" class="ltx_subsection"><h3>1.1 Parts</h3><ul><li>One thing.</li></ul></section>
<p>Back in one.</p>
<figure><img src="x.png"><figcaption>Figure 1: A ledger.</figcaption></figure></section>
<section id="bib" class="ltx_bibliography"><p>[3] Somebody.</p></section>
<section id="x onmouseover" class="ltx_section"><h2>Odd</h2><p>Still here.</p></section>
</article><footer>Foot.</footer></body></html>"""


def all_sentences(paper: Paper, full_text: FullText | None = None) -> list[Sentence]:
    return [s for passage in passages_of(paper, full_text) for s in passage.sentences]


def told(full_text: FullText) -> list[tuple[str, str, str]]:
    found = all_sentences(NAKED, full_text)
    return [(s.section, s.url.removeprefix(PAGE_URL), s.text) for s in found]


def test_the_record_gives_abstract_and_ai_summary_with_their_pages():
    found = passages_of(LAMPREY)
    assert [(p.section, p.url) for p in found] == [
        (ABSTRACT, "https://arxiv.org/abs/2601.00001"),
        (AI_SUMMARY, "https://huggingface.co/papers/2601.00001"),
    ]
    assert found[0].text == LAMPREY.abstract
    assert [s.position for p in found for s in p.sentences] == list(range(8))


def test_a_paper_without_text_has_no_passages():
    assert passages_of(NAKED) == []


def test_markdown_gives_paragraphs_with_their_section_and_anchor():
    assert told(FullText(MARKDOWN, Form.MARKDOWN)) == [
        ("A title", "", "Before all."),
        ("A title", "", "See the site for two sets."),
        ("3.2 Training data", "#S3.SS2", "We use two sets."),
        ("3.2 Training data", "#S3.SS2", "They are small, over two lines."),
        ("3.2 Training data", "#S3.SS2", "First item here."),
        ("3.2 Training data", "#S3.SS2", "Second item here."),
        ("B.1 Proofs", "#A2.SS1", "By induction."),
        ("B.1 Proofs", "#A2.SS1", "QED follows."),
    ]


def test_a_page_gives_paragraphs_with_their_section_and_anchor():
    assert told(FullText(PAGE, Form.HTML)) == [
        ("Abstract", "#abstract1", "Short & sweet."),
        ("Abstract", "#abstract1", "Truly."),
        ("1 Introduction", "#S1", "Ledgers are long."),
        ("1 Introduction", "#S1", "For $x<y$, we sum."),
        ("1.1 Parts", "#S1.SS1", "One thing."),
        ("1 Introduction", "#S1", "Back in one."),
        ("1 Introduction", "#S1", "Figure 1: A ledger."),
        ("", "", "Still here."),
    ]


def test_plain_text_gives_sections_and_mends_broken_words():
    text = (
        "A Paper on Ledgers\nAbstract\nLedgers are long. They are bor-\ning.\n12\n3.1 Training Data\n"
        "We use\ntwo sets.\nReferences\n[1] Somebody. 2019.\nB Proofs of All\nBy induction.\n"
    )
    pdf = "https://arxiv.org/pdf/2601.00009"
    found = all_sentences(NAKED, FullText(text, Form.TEXT))
    assert [(s.section, s.text) for s in found] == [
        ("", "A Paper on Ledgers"),
        ("Abstract", "Ledgers are long."),
        ("Abstract", "They are boring."),
        ("3.1 Training Data", "We use two sets."),
        ("B Proofs of All", "By induction."),
    ]
    assert {s.url for s in found} == {pdf}


def test_what_the_abstract_said_is_not_said_again_by_the_full_text():
    full_text = FullText(f"## Abstract\n\n{HERON.abstract}\n\nOne more thing.", Form.MARKDOWN)
    again = all_sentences(HERON, full_text)[len(all_sentences(HERON)) :]
    assert [s.text for s in again] == ["One more thing."]


def test_a_paper_known_by_its_title_only_has_one_address():
    paper = Paper(id="title-a-title", title="A title", abstract="Something.")
    full_text = FullText("# 2 Part\n\nMore of it.", Form.TEXT)
    assert {s.url for s in all_sentences(paper, full_text)} == {paper.url}


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("3 Method", "#S3"),
        ("3.2 Data", "#S3.SS2"),
        ("3.2.1 Labels", "#S3.SS2.SSS1"),
        ("Appendix A Proofs", "#A1"),
        ("Appendix C.2 Sums", "#A3.SS2"),
        ("A title", ""),
        ("B.3 More", "#A2.SS3"),
        ("Method", ""),
        ("", ""),
    ],
)
def test_a_numbered_heading_names_its_anchor(heading: str, anchor: str):
    assert anchor_of(heading) == anchor


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize(
    "evil",
    [
        "<" * 200_000,
        "<!--" * 50_000,
        "<div>" * 50_000,
        "</div>" * 50_000,
        '<p id="' * 30_000,
        "(" * 200_000,
        "$" * 200_000,
        "![" * 100_000,
        "[a](" * 50_000,
        "*a" * 100_000,
        "# a" + " " * 200_000 + "b",
        "." * 200_000,
        '."' * 100_000,
        "a" * 200_000,
        "\n" * 200_000,
        "\x00\u200b\u202e" * 50_000,
    ],
    ids=lambda evil: repr(evil[:6]),
)
def test_a_hostile_text_is_read_to_its_end(form: Form, evil: str):
    for sentence in all_sentences(NAKED, FullText(evil, form)):
        assert "\x00" not in sentence.text


def test_what_is_read_of_a_text_is_bounded():
    text = "".join(f"This is sentence number {n}. " for n in range(2 * MOST_SENTENCES))
    found = passages_of(NAKED, FullText(text, Form.MARKDOWN))
    assert 0 < sum(len(p.sentences) for p in found) <= MOST_SENTENCES
    assert max(len(p.sentences) for p in found) == LONGEST_PASSAGE


def test_invisible_characters_are_in_no_sentence():
    paper = Paper(id="2601.00010", title="T", abstract="A\u200b li\u00adne\u202e here.")
    assert [s.text for s in all_sentences(paper)] == ["A line here."]


@pytest.mark.data
def test_a_recorded_page_is_read(shared_data: Path):
    page = next((shared_data / "arxiv" / "html").glob("*.html"))
    found = all_sentences(NAKED, FullText(page.read_text(), Form.HTML))
    sections = list(dict.fromkeys(s.section for s in found))
    assert sections == [
        "Abstract",
        "",
        "1 Introduction",
        "3.1 Preliminary",
        "3.2 Model Architecture",
    ]
    assert [s.position for s in found] == list(range(len(found)))
    assert all(a.position < b.position for a, b in pairwise(found))
    assert not any("<" in s.text or "References" in s.text for s in found)
