"""One process at a time delivers from a database."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bot.delivery.lock import only_deliverer
from bot.errors import StoreError

HOLD = """
import sys
from pathlib import Path
from bot.delivery.lock import only_deliverer
with only_deliverer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "paperwire.sqlite"


def test_a_second_one_is_told_what_to_do(database: Path) -> None:
    with (
        only_deliverer(database),
        pytest.raises(StoreError, match="Another Paperwire delivers from .+; stop it first"),
        only_deliverer(database),
    ):
        pass
    with only_deliverer(database):
        pass


def test_another_database_is_another_s(database: Path, tmp_path: Path) -> None:
    with only_deliverer(database), only_deliverer(tmp_path / "other.sqlite"):
        pass


def test_a_killed_process_holds_nothing(database: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StoreError), only_deliverer(database):
            pass
        other.kill()
        other.wait(10)
    with only_deliverer(database):
        pass


def test_what_goes_wrong_inside_is_not_taken_for_the_lock(database: Path) -> None:
    with pytest.raises(ZeroDivisionError), only_deliverer(database):
        raise ZeroDivisionError


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(StoreError, match="cannot be opened; check that its folder exists"),
        only_deliverer(tmp_path / "nowhere" / "paperwire.sqlite"),
    ):
        pass
