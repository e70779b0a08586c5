"""Why nothing can be written in a folder."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from bot import disk


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Generator[Path]:
    """A disk of two pages. Skips where this user may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8k", "paperwire", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_with_room_has_no_trouble_and_keeps_nothing(tiny_disk: Path) -> None:
    assert disk.trouble(tiny_disk) is None
    assert list(tiny_disk.iterdir()) == []


def test_a_full_disk(tiny_disk: Path) -> None:
    (tiny_disk / "ballast").write_bytes(bytes(8192))
    assert disk.trouble(tiny_disk) == disk.FULL


def test_a_disk_that_is_read_only(tiny_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    assert disk.trouble(tiny_disk) == disk.READ_ONLY


def test_a_disk_that_takes_a_part(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        assert disk.trouble(tmp_path) == disk.FAILING
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_is_not_the_disk_is_left_to_others_to_say(tmp_path: Path) -> None:
    assert disk.trouble(tmp_path / "nowhere") is None
