"""arXiv's categories: what is asked for and not read."""

from __future__ import annotations

import pytest

from bot.categories import not_read

READ = ("cs.AI", "cs.CL", "stat.ML")


@pytest.mark.parametrize("asked", [[], ["cs.CL"], ["cs"], ["CS.cl", "stat"]])
def test_nothing_is_said_of_what_is_read(asked: list[str]) -> None:
    assert not_read(asked, READ) == ""


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (["hep-th"], "hep-th"),
        (["cs.CV", "cs.CL", "cs.CV", "hep"], "cs.CV or hep"),
        (["c", "cs.C"], "c or cs.C"),
    ],
)
def test_what_is_not_read_is_named_with_what_is(asked: list[str], named: str) -> None:
    assert not_read(asked, READ) == (
        f"The bot does not read {named} on arXiv: it knows only papers that are in cs.AI, cs.CL or"
        " stat.ML too, or on Hugging Face."
    )


def test_nothing_is_said_where_it_is_not_known_what_is_read() -> None:
    assert not_read(["hep-th"], ()) == ""
