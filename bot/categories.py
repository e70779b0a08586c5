"""arXiv's categories: what is asked for and not read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def not_read(asked: Iterable[str], read: Sequence[str]) -> str:
    """Return a sentence about the categories that are asked for and that the bot does not read.

    Args:
        asked: As arXiv writes them; an archive (``cs``) stands for all of it.
        read: The categories whose announcements the bot reads.

    Returns:
        Empty where all are read, or where it is not known which are.
    """
    missing = [name for name in dict.fromkeys(asked) if not any(_has(name, r) for r in read)]
    if not missing or not read:
        return ""
    return (
        f"The bot does not read {_listed(missing, 'or')} on arXiv: it knows only papers that are in"
        f" {_listed(read, 'or')} too, or on Hugging Face."
    )


def _has(asked: str, read: str) -> bool:
    """Whether a category that is read is the one asked for, or of the archive asked for."""
    return f"{read.casefold()}.".startswith(f"{asked.casefold()}.")


def _listed(names: Sequence[str], conjunction: str) -> str:
    *first, last = names
    return f"{', '.join(first)} {conjunction} {last}" if first else last
