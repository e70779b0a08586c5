"""What is said of one paper of an alert."""

from __future__ import annotations

import pytest

from bot.following import Happened, Wanted, Why
from bot.models import Strictness
from bot.render.alerts import about, catchup, why
from bot.render.cards import MOST_TEXT, words
from tests.conftest import NOON
from tests.render.pages import a_shown, texts, the_longest


def the_longest_why(character: str, *, topics: int = 50) -> Why:
    """Return reasons as long as they can be, each letter of which may need an escape."""
    shown = the_longest(character=character)
    wanted = Wanted(1, character * 200, Strictness.NORMAL, character * 300, NOON)
    return Why(
        shown,
        (wanted,) * topics,
        (Happened(character * 100, NOON),) * 9,
        is_disliked=True,
        held_for=character * 400,
    )


@pytest.mark.parametrize("character", ["*", "x", "漢"])
def test_the_longest_reasons_fit_a_message(character: str) -> None:
    found = the_longest_why(character)
    said = words(why(found))
    assert said.content_length() <= MOST_TEXT
    assert "- And 45 more topics of yours." in texts(said)[0]
    assert "- You want less like it." in texts(said)[0]
    opened = about(found)
    assert opened.content_length() <= MOST_TEXT
    assert "- And 45 more topics of yours." in texts(opened)[0]


@pytest.mark.parametrize(("votes", "which"), [(3, "the 2 that rise most"), (None, "2 of them")])
def test_a_catchup_says_what_rises_only_where_there_are_votes(
    votes: int | None, which: str
) -> None:
    found = [(a_shown("2403.00001", votes=votes), "robots"), (a_shown("2403.00002"), "robots")]
    heading = texts(catchup(found, 5, NOON))[0].splitlines()[0]
    assert heading.startswith("## 5 papers on your topics since <t:")
    assert heading.endswith(f"; {which}")
