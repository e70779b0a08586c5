from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import PAGE, Run


def test_an_answer_for_programs_has_what_it_rests_on(run: Run, page: Path) -> None:
    run("import", page)
    outcome = run("ask", "How are the small graphs sorted?", "--json")
    given = json.loads(outcome.out)
    assert outcome.code == 0
    assert set(given) == {"answer", "abstained", "claims", "model", "read"}
    assert (given["abstained"], given["model"]) == (False, None)
    claim = given["claims"][-1]
    assert set(claim) == {"text", "quote", "paper_id", "section", "url"}
    assert claim["quote"].startswith("We collect a thousand of them by hand, sort them by shape")
    assert claim["section"] == "Abstract"
    assert claim["url"].startswith("https://arxiv.org/")
    assert claim["paper_id"] in {read["paper_id"] for read in given["read"]}
    assert given["answer"] == " ".join(each["text"] for each in given["claims"])


def test_an_answer_for_people_is_quotes_under_titles_with_section_and_address(
    run: Run, page: Path
) -> None:
    run("import", page)
    outcome = run("ask", "How are the small graphs sorted?", "--paper", "Gardens of Small Graphs")
    title, *quotes, source, gap, read = outcome.out.splitlines()
    assert (outcome.code, title, gap) == (0, "Gardens of Small Graphs", "")
    assert any(quote.startswith("  We collect a thousand of them by hand") for quote in quotes)
    assert source.startswith("    Abstract, https://arxiv.org/")
    assert read.startswith("Read: Abstract of ")


def test_a_question_in_bytes_that_are_no_text_is_answered(run: Run, page: Path) -> None:
    run("import", page)
    outcome = run("ask", "How are the small gr\udcff graphs sorted?")
    assert (outcome.code, outcome.err) == (0, "")
    assert "We collect a thousand of them by hand" in outcome.out


def test_papers_that_are_quoted_together_each_stand_under_their_title(run: Run, page: Path) -> None:
    run("import", page)
    outcome = run("ask", "papers on what grows")
    blocks = [block.splitlines() for block in outcome.out.strip().split("\n\n")[:-1]]
    assert {block[0] for block in blocks} == {
        "A First Look at Careful Caching",
        "Gardens of Small Graphs",
    }
    assert all(line.startswith("  ") for block in blocks for line in block[1:])


def test_a_title_does_nothing_to_the_terminal(run: Run, tmp_path: Path) -> None:
    hostile = tmp_path / "page.txt"
    title = "Gardens\x1b[31m of\u202e Small\u200b Graphs"
    hostile.write_text(PAGE.replace("Gardens of Small Graphs", title), encoding="utf-8")
    run("import", hostile)
    outcome = run("ask", "How are the small graphs sorted?")
    assert "Small Graphs" in outcome.out
    assert not set(outcome.out) & set("\x1b\u202e\u200b")


def test_what_the_papers_do_not_say_is_a_success(run: Run, page: Path) -> None:
    run("import", page)
    given = json.loads(run("ask", "Which volcano is the highest?", "--json").out)
    assert (given["answer"], given["abstained"], given["claims"]) == (
        "The papers do not say.",
        True,
        [],
    )
    outcome = run("ask", "Which volcano is highest?", "--paper", "Gardens of Small Graphs")
    assert outcome.code == 0
    assert outcome.out.startswith("The paper does not say.\n")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ask", ""), "Ask a question"),
        (("ask", "What is it?", "--paper", "2601.00001"), "could not be fetched just now"),
        (("ask", "What is it?", "--paper", "no such title"), "No paper here has that title"),
    ],
)
def test_what_cannot_be_asked_is_a_failure_in_one_sentence(
    run: Run, page: Path, arguments: tuple[str, ...], told: str
) -> None:
    run("import", page)
    outcome = run(*arguments)
    assert (outcome.code, outcome.out) == (1, "")
    assert told in outcome.err


def test_ask_wants_a_question(run: Run) -> None:
    assert run("ask").code == 2
