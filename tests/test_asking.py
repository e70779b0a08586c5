"""Whom the program may ask, by its settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.app import asking, opened
from bot.errors import SourceError
from config.settings import Settings


def settings(folder: Path, **given: Any) -> Settings:
    return Settings(database=folder / "db.sqlite", **given)


async def test_without_a_key_semantic_scholar_is_not_asked(tmp_path: Path) -> None:
    given = settings(tmp_path, semantic_scholar_key=None)
    async with opened(given) as rooms, asking(rooms) as sources:
        assert sources.semantic_scholar is None


async def test_with_a_key_it_is_and_the_key_is_shown_nowhere(tmp_path: Path) -> None:
    given = settings(tmp_path, semantic_scholar_key="sesame")
    assert "sesame" not in repr(given)
    async with opened(given) as rooms, asking(rooms) as sources:
        assert sources.semantic_scholar is not None
        assert sources.semantic_scholar.key == "sesame"
        assert "sesame" not in repr(sources)


async def test_no_other_host_than_those_of_the_settings_is_asked(tmp_path: Path) -> None:
    given = settings(tmp_path, arxiv_oai_url="http://catalogue.example")
    async with opened(given) as rooms, asking(rooms) as sources:
        assert "catalogue.example" in sources.arxiv.web.hosts
        with pytest.raises(SourceError, match="elsewhere.example may not be asked"):
            await sources.arxiv.web.get("http://elsewhere.example", source="arxiv")
