from __future__ import annotations

import gzip
import json
import socket
from pathlib import Path

import pytest

from tests.cli.conftest import PAGE, Run


def daily(*records: object) -> str:
    return json.dumps(list(records))


def a_record(number: int, **paper: object) -> dict[str, object]:
    about = {
        "id": f"2603.{number:05}",
        "title": f"Paper number {number} on nothing much",
        "summary": "It is about nothing much.",
        "publishedAt": "2026-03-02T10:00:00.000Z",
        "upvotes": number,
        "authors": [{"name": "Ada Example", "hidden": False}],
    }
    return {"paper": {**about, **paper}, "title": about["title"], "numComments": 1}


def test_importing_twice_changes_nothing(run: Run, page: Path) -> None:
    assert run("import", page).out == "2 new, 0 updated, 0 unchanged, 0 refused\n"
    assert run("import", page).out == "0 new, 0 updated, 2 unchanged, 0 refused\n"


def test_plain_and_packed_answers_are_the_same_papers(run: Run, tmp_path: Path) -> None:
    (tmp_path / "2026-03-02.json").write_text(daily(a_record(1), a_record(2)), encoding="utf-8")
    packed = tmp_path / "packed" / "2026-03-02.json.gz"
    packed.parent.mkdir()
    packed.write_bytes(gzip.compress(daily(a_record(1), a_record(2)).encode()))
    assert run("import", tmp_path / "2026-03-02.json").out.startswith("2 new")
    assert run("import", packed).out == "0 new, 0 updated, 2 unchanged, 0 refused\n"


def test_a_record_that_makes_no_sense_is_refused_alone(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "2026-03-02.json"
    path.write_text(daily(a_record(1), {"paper": {"id": "x"}}, a_record(3)), encoding="utf-8")
    outcome = run("import", path)
    assert outcome.code == 0
    assert outcome.out == "2 new, 0 updated, 0 unchanged, 1 refused\n"
    assert "record 2" in outcome.err


def test_a_page_that_breaks_off_is_refused_with_its_line(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(PAGE + "A Title Without an Abstract\n", encoding="utf-8")
    outcome = run("import", path)
    assert outcome.out == "2 new, 0 updated, 0 unchanged, 1 refused\n"
    assert "line 6" in outcome.err


def test_a_page_without_its_first_lines_is_still_a_page(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "page.txt"
    path.write_text(PAGE.split("\n", 1)[1], encoding="utf-8")
    assert run("import", path).out == "2 new, 0 updated, 0 unchanged, 0 refused\n"


def test_a_file_of_no_known_kind_fails_but_not_the_others(
    run: Run, page: Path, tmp_path: Path
) -> None:
    other = tmp_path / "broken.json.gz"
    other.write_bytes(gzip.compress(b"[" * 100)[:40])
    outcome = run("import", other, page)
    assert outcome.code == 1
    assert outcome.out.startswith("2 new")
    assert "broken.json.gz" in outcome.err
    assert "Traceback" not in outcome.err


def test_what_is_no_file_in_a_folder_is_left_out_alone(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "2026-03-02.json").write_text(daily(a_record(1)), encoding="utf-8")
    (folder / "gone.json").symlink_to("nowhere")
    (folder / "round.json").symlink_to("round.json")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "a.socket"))
        outcome = run("import", folder)
    assert (outcome.code, outcome.out) == (1, "1 new, 0 updated, 0 unchanged, 0 refused\n")
    assert outcome.err == (
        f"refused: {folder}/a.socket: this is not a file.\n"
        f"refused: {folder}/gone.json: No such file or directory.\n"
        f"refused: {folder}/round.json: Too many levels of symbolic links.\n"
    )


def test_a_path_that_does_not_exist_is_named_and_nothing_is_taken_in(run: Run, page: Path) -> None:
    outcome = run("import", page, page.parent / "missing")
    assert outcome.code == 1
    assert "missing does not exist" in outcome.err
    assert run("search", "caching", "--json").out == "[]\n"


def test_refresh_without_a_network_says_so_and_starts_the_library(
    run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING"):
        assert run("refresh").code == 1
    assert "no source could be reached: starting with the starter library" in caplog.text
    assert "Attention" in run("search", "attention is all you need").out


@pytest.mark.data
def test_the_saved_trending_page_has_527_papers(run: Run, shared_data: Path) -> None:
    page = shared_data / "trending_page.txt"
    assert run("import", page).out == "527 new, 0 updated, 0 unchanged, 0 refused\n"
    assert run("import", page).out == "0 new, 0 updated, 527 unchanged, 0 refused\n"


def test_a_report_says_for_each_list_what_was_absent(run: Run, tmp_path: Path) -> None:
    given = a_record(1, ai_summary="In short.", githubRepo="https://github.com/a/b", award="gold")
    given["submittedBy"] = {"name": "user-1"}
    path = tmp_path / "2026-03-02.json"
    path.write_text(daily(given, a_record(2), {"paper": {"id": "x"}}), encoding="utf-8")
    line, _ = run("import", "--report", path).out.splitlines()
    assert line == (
        "daily 2026-03-02: 2 papers, 1 refused; absent: ai_keywords 2, organization 2,"
        " project_url 2, thumbnail_url 2, media_urls 2, stars 2, submitted_at 2,"
        " submitter_organization 2, authors_take_part 2, discussion_id 2, accounts 2,"
        " organization_handle 2, organization_logo_url 2, code_added_by 2, summary_model 2,"
        " ai_summary 1, code_url 1, submitted_by 1;"
        " not known: paper.award 1"
    )


def test_a_report_names_the_weekdays_without_a_list_and_the_holidays_among_them(
    run: Run, tmp_path: Path
) -> None:
    for day in ("2024-12-31", "2025-01-02", "2025-01-06", "2025-01-08"):
        (tmp_path / f"{day}.json").write_text(daily(a_record(1)), encoding="utf-8")
    *_, without, _ = run("import", "--report", tmp_path).out.splitlines()
    assert without == "no list of: 2025-01-01 (New Year's Day), 2025-01-03, 2025-01-07"
    assert "no list of" not in run("import", tmp_path).out
