"""The sentences that most rules come down to: how much there is, and how much may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]
"""An object as it travels: checked for its values, so that a wrong type is the schema's affair."""


def within(what: str, count: int, least: int, most: int, unit: str = "characters") -> Iterator[str]:
    """Complain where ``count`` lies outside ``least`` to ``most``, both allowed."""
    if not least <= count <= most:
        yield f"{what} has {count} {unit}: {least} to {most} are allowed"


def text_within(what: str, text: object, least: int, most: int) -> Iterator[str]:
    """Complain of a text's length; Discord trims it first, so blanks alone are empty."""
    if isinstance(text, str):
        yield from within(what, len(text) if text.strip() else 0, least, most)
    elif text is not None or least:
        yield f"{what} is missing"


def objects(value: object) -> list[Json]:
    """Return a list's objects; none where it is null, absent or no list."""
    items: list[Any] = value if isinstance(value, list) else []
    return [item for item in items if isinstance(item, dict)]


def repeated(values: list[Any]) -> list[Any]:
    """Return the values that stand there more than once, each once, in their order."""
    return list(dict.fromkeys(value for value in values if values.count(value) > 1))
