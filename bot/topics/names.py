"""Whether two ways to write a person's name can mean the same person."""

from __future__ import annotations

from collections.abc import Sequence

Name = tuple[str, ...]
"""A name's words, folded."""


def is_named(wanted: Name, has: Sequence[str]) -> bool:
    """Whether each wanted word is one of the name's, or one is the other's initial.

    At least one is there in full: ``n shazeer`` can be ``noam shazeer``, not ``s shazeer``.
    """
    left = list(has)
    short: list[str] = []
    for word in wanted:
        if word in left:
            left.remove(word)
        else:
            short.append(word)
    in_full = any(len(word) > 1 and word in has for word in wanted)
    return in_full and all(_takes_initial(word, left) for word in short)


def _takes_initial(word: str, left: list[str]) -> bool:
    """Take out of ``left`` the first word of which ``word`` is the initial, or the reverse."""
    for other in left:
        if 1 in (len(word), len(other)) and word[:1] == other[:1]:
            left.remove(other)
            return True
    return False


def is_any_named(wanted: Name, names: Sequence[Name]) -> bool:
    """Whether one of the names can be the wanted one."""
    return any(is_named(wanted, name) for name in names)
