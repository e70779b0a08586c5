"""arXiv ids in whatever people paste."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.paper_ids import (
    arxiv_id,
    doi,
    find_arxiv_ids,
    title_only_id,
    version_of,
    without_ids,
)

NEW = "2405.15738"

SAME_PAPER = [
    "2405.15738",
    " 2405.15738 ",
    "2405.15738v2",
    "2405.15738V2",
    "arXiv:2405.15738",
    "ARXIV: 2405.15738v3",
    "arxiv 2405.15738",
    "arXiv:2405.15738v1 [cs.CL]",
    "[2405.15738]",
    "<https://arxiv.org/abs/2405.15738>",
    "https://arxiv.org/abs/2405.15738",
    "http://www.arxiv.org/abs/2405.15738v4",
    "arxiv.org/abs/2405.15738",
    "https://export.arxiv.org/abs/2405.15738?context=cs",
    "https://arxiv.org/pdf/2405.15738.pdf",
    "https://arxiv.org/pdf/2405.15738v2#page=3",
    "https://arxiv.org/html/2405.15738v1/",
    "HTTPS://ARXIV.ORG/ABS/2405.15738",
    "https://www.alphaxiv.org/abs/2405.15738",
    "https://alphaxiv.org/overview/2405.15738v1",
    "https://ar5iv.org/abs/2405.15738",
    "https://ar5iv.labs.arxiv.org/html/2405.15738",
    "https://huggingface.co/papers/2405.15738",
    "https://huggingface.co/papers/2405.15738.md",
    "https://huggingface.co/papers/2405.15738#community",
    "https://hf.co/papers/2405.15738",
    "https://huggingface.co/api/papers/2405.15738",
    "10.48550/arXiv.2405.15738",
    "doi:10.48550/arxiv.2405.15738",
    "https://doi.org/10.48550/arXiv.2405.15738",
    "https://doi.org/10.48550%2FarXiv.2405.15738",
    "https://www.semanticscholar.org/arxiv/2405.15738",
    "https://api.semanticscholar.org/graph/v1/paper/ARXIV:2405.15738",
    "https://api.semanticscholar.org/arXiv:2405.15738",
    "oai:arXiv.org:2405.15738v1",
    "https://web.archive.org/web/2024/https://arxiv.org/abs/2405.15738",
    "https://www.google.com/url?q=https%3A%2F%2Farxiv.org%2Fabs%2F2405.15738&sa=D",
    "https://huggingface.co/models?other=arxiv%3A2405.15738",
    "http://arxiv.org:80//abs/2405.15738",
    "https://arxiv.org/abs/arXiv.2405.15738",
    "arXiv:2405.15738v1 [cs.CL] 24 May 2024",
    "arXiv:2405.15738 (cs)",
    "DOI: 10.48550/arXiv.2405.15738",
    "arXiv-2405.15738",
    "2405.15738v2.pdf",
    "**2405.15738**",
    "_2405.15738_",
    "_https://arxiv.org/abs/2405.15738_",
    "||2405.15738||",
    "2405.15738?",
    "“2405.15738”",
    "（https://arxiv.org/abs/2405.15738）。",
    "\u200b2405.15738\u200e",
]


@pytest.mark.parametrize("text", SAME_PAPER)
def test_every_form_of_an_id_is_the_same_paper(text: str):
    assert arxiv_id(text) == NEW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hep-th/9901001", "hep-th/9901001"),
        ("HEP-TH/9901001v2", "hep-th/9901001"),
        ("math.GT/0309136", "math/0309136"),
        ("arXiv:math.GT/0309136v1 [math.GT]", "math/0309136"),
        ("https://arxiv.org/abs/math/0309136", "math/0309136"),
        ("https://arxiv.org/pdf/math.GT/0309136v2.pdf", "math/0309136"),
        ("https://doi.org/10.48550/arXiv.cond-mat/0703470", "cond-mat/0703470"),
        ("https://doi.org/10.48550/arXiv.hep-th%2F9901001", "hep-th/9901001"),
        ("cond-mat.stat-mech/9901001", "cond-mat/9901001"),
        ("https://arxiv.org/abs/physics.acc-ph/9901001v2", "physics/9901001"),
        ("math-ph/0506001", "math-ph/0506001"),
        ("1412.6980", "1412.6980"),
        ("0704.0001", "0704.0001"),
    ],
)
def test_old_ids_keep_their_archive_and_lose_their_class(text: str, expected: str):
    assert arxiv_id(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "attention",
        "2413.15738",
        "2400.15738",
        "2405.1573",
        "2405.157381",
        "2405.00000",
        "1412.69800",
        "0703.0001",
        "hep-th/9913001",
        "hep-th/0704001",
        "hep-th/9106001",
        "hep-th/9901000",
        "nope-th/9901001",
        "2405.15738v0",
        "x2405.15738",
        "figure_2405.15738",
        "2405.15738_a",
        "2405.15738.docx",
        "v2405.15738",
        "12405.15738",
        "1.2405.15738",
        "2405.15738.5",
        "https://example.org/2405.15738",
        "someone@2405.15738",
        "https://notarxiv.org/abs/2405.15738x",
        "https://huggingface.co/datasets/2405.15738",
        "https://arxiv.org/list/cs.CL/recent",
        "a survey after 2405.15738",
        "2405.15738 and 2405.15739",
        "2405.15738,2405.15739",
        "10.1000/182",
    ],
)
def test_what_arxiv_cannot_have_given_is_no_id(text: str):
    assert arxiv_id(text) is None


def test_a_free_text_gives_all_its_papers_once_and_in_order():
    text = (
        "See arXiv:2405.15738v2, (hep-th/9901001) and https://arxiv.org/pdf/1412.6980.pdf; "
        "10.48550/arXiv.2503.11731, again 2405.15738, not https://example.org/2503.11742 "
        "nor 2413.00001. Also <https://huggingface.co/papers/2601.00005>."
    )
    expected = ["2405.15738", "hep-th/9901001", "1412.6980", "2503.11731", "2601.00005"]
    assert find_arxiv_ids(text, limit=9) == expected
    assert find_arxiv_ids(text, limit=2) == expected[:2]
    assert find_arxiv_ids(text, limit=0) == []


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("2405.15738v12", 12),
        ("2405.15738", None),
        ("oai:arXiv.org:math.GT/0309136v3", 3),
        ("", None),
    ],
)
def test_the_version_is_told_apart_from_the_id(text: str, version: int | None):
    assert version_of(text) == version


@pytest.mark.parametrize(
    "text",
    [
        "10.1103/PhysRevD.76.013009",
        " doi:10.1103/PhysRevD.76.013009. ",
        "DOI: 10.1103/physrevd.76.013009",
        "<https://doi.org/10.1103/PhysRevD.76.013009>",
        "http://dx.doi.org/10.1103%2FPhysRevD.76.013009",
        "https://journals.aps.org/prd/abstract/10.1103/PhysRevD.76.013009?query=1#abstract",
    ],
)
def test_every_form_of_a_doi_is_the_same(text: str):
    assert doi(text) == "10.1103/physrevd.76.013009"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1016/S0370-2693(98)00377-3", "10.1016/s0370-2693(98)00377-3"),
        ("see 10.1103/PhysRevD.76.013009 for this", None),
        ("110.1103/x", None),
        ("10.12/x", None),
        ("10.1103/", None),
        ("", None),
    ],
)
def test_what_is_no_doi_by_itself_is_none(text: str, expected: str | None):
    assert doi(text) == expected


def test_two_spellings_of_a_title_have_one_id():
    one = title_only_id("Step-by-Step: Naïve  Distillation")
    assert one == title_only_id("step by step naive distillation")
    assert one != title_only_id("step by step")
    assert len(one) == len("title-") + 12
    assert title_only_id("???") != title_only_id("!!!")


@st.composite
def new_ids(draw: st.DrawFn) -> str:
    year, month = draw(st.integers(15, 99)), draw(st.integers(1, 12))
    return f"{year:02}{month:02}.{draw(st.integers(1, 99_999)):05}"


@given(new_ids(), st.sampled_from(["", "v1", "v23"]), st.sampled_from(SAME_PAPER))
@settings(deadline=None)
def test_any_id_is_found_in_any_form(paper_id: str, version: str, form: str):
    text = form.replace(NEW, paper_id)
    assert arxiv_id(text) == paper_id
    assert find_arxiv_ids(f"look: {text} !", limit=2) == [paper_id]
    assert arxiv_id(paper_id + version) == paper_id


pieces = st.sampled_from(
    [
        "arxiv.org/", "abs/", "a", "-", "/", ".", "2405.", "15738", "v1", "10.48550/arxiv.",
        "math", ".GT/", "0309136", " ", "arxiv:", "huggingface.co/papers/", "9", "<", "é", "²",
    ]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(pieces).map("".join)))
@settings(deadline=None)
def test_no_text_breaks_it_and_what_it_finds_is_an_id(text: str):
    found = doi(text)
    assert found is None or found.startswith("10.")
    for paper_id in find_arxiv_ids(text, limit=5):
        assert arxiv_id(paper_id) == paper_id
    assert arxiv_id(text) in {None, *find_arxiv_ids(text, limit=1)}


@pytest.mark.parametrize("piece", ["arxiv.org/a/", "arxiv ", "2405.", "hep-th/", "a-", "9", "\n"])
def test_a_long_hostile_text_is_read_in_passing(piece: str):
    assert find_arxiv_ids(piece * 100_000 + " 2405.15738", limit=1) in ([], [NEW])


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("What is it? https://arxiv.org/abs/2405.15738v2 please", "What is it? please"),
        ("Who wrote arXiv:2405.15738?", "Who wrote"),
        ("arXiv 2405.15738 and 10.48550/arXiv.2405.15739", "and"),
        ("Is <https://huggingface.co/papers/2405.15738> good?", "Is good?"),
        ("2405.15738", ""),
        ("What does https://doi.org/10.1145/3580305.1 say?", "What does say?"),
        ("What does 10.1145/3580305.1?", "What does"),
        ("no id, 3.14 and 12345.678", "no id, 3.14 and 12345.678"),
    ],
)
def test_a_text_without_its_ids(text: str, rest: str) -> None:
    assert without_ids(text) == rest
