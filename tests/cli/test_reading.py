from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_a_search_finds_what_was_imported(run: Run, page: Path) -> None:
    run("import", page)
    outcome = run("search", "careful caching")
    assert outcome.code == 0
    assert "A First Look at Careful Caching" in outcome.out


def test_a_search_for_programs_lists_id_title_score_date_and_address(run: Run, page: Path) -> None:
    run("import", page)
    found = json.loads(run("search", "small graphs", "--json", "--limit", "1").out)
    assert [set(paper) for paper in found] == [{"id", "title", "score", "published_at", "url"}]
    assert found[0]["title"] == "Gardens of Small Graphs"
    assert found[0]["published_at"] is None
    assert found[0]["url"].startswith("https://arxiv.org/")


def test_a_search_without_a_result_succeeds_and_says_so(run: Run) -> None:
    outcome = run("search", "quokka", "--json")
    assert (outcome.code, json.loads(outcome.out)) == (0, [])
    outcome = run("search", "quokka")
    assert (outcome.code, outcome.out) == (0, "")
    assert "No paper has those words" in outcome.err


def test_show_prints_one_paper(run: Run, page: Path) -> None:
    run("import", page)
    paper_id = json.loads(run("search", "caching", "--json").out)[0]["id"]
    outcome = run("show", paper_id)
    assert outcome.code == 0
    assert outcome.out.startswith("A First Look at Careful Caching\n")
    whole = json.loads(run("show", paper_id, "--json").out)
    assert whole["id"] == paper_id
    assert whole["votes"] is None


@pytest.mark.parametrize("wanted", ["2401.00001", "https://arxiv.org/abs/2401.00001v2", "no such"])
def test_an_unknown_paper_is_a_failure_in_one_sentence(run: Run, wanted: str) -> None:
    outcome = run("show", wanted)
    assert outcome.code == 1
    assert outcome.out == ""
    assert outcome.err.startswith("paperwire: ")
    assert outcome.err.count("\n") == 1


def test_an_empty_outbox_is_an_empty_list(run: Run) -> None:
    assert json.loads(run("outbox", "--json").out) == []
    assert run("outbox").err == "The outbox is empty.\n"


def test_the_named_database_is_the_one_that_is_read(run: Run, page: Path, tmp_path: Path) -> None:
    run("--database", tmp_path / "other" / "papers.sqlite", "import", page)
    found = run("--database", tmp_path / "other" / "papers.sqlite", "search", "caching", "--json")
    assert len(json.loads(found.out)) == 1
    assert json.loads(run("search", "caching", "--json").out) == []


def test_what_is_no_database_is_refused_with_advice(run: Run, page: Path) -> None:
    outcome = run("--database", page, "search", "x")
    assert outcome.code == 1
    assert outcome.err.endswith("is not a database; name another file with --database.\n")
    assert page.read_text(encoding="utf-8").startswith("Get trending papers")
