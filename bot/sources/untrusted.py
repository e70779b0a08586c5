"""Single values out of answers that nobody vouches for.

What does not make sense comes back empty or as None; nothing here raises but
``load_json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TypeGuard
from urllib.parse import urlsplit

from bot.errors import SourceError
from bot.models import clean_text

LONGEST_TITLE = 1_000
"""Characters. The longest in 62,000 recorded papers has 250."""
LONGEST_TEXT = 50_000
"""Characters of an abstract; what is longer is none."""
LONGEST_WORD = 300
"""Characters of a name, a keyword, a category."""
MOST_ITEMS = 6_000
"""Names in a list; the largest collaborations sign with some 5,000 authors."""
LARGEST_COUNT = 2**40
_LONGEST_URL = 2_048
_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_NOT_IN_A_URL = re.compile(r"[\s<>\"`\\^{|}\x00-\x1f\x7f]")


def load_json(body: bytes | str, *, source: str) -> object:
    """Return what a JSON text says. Bytes that are no UTF-8 become U+FFFD.

    Raises:
        SourceError: It is not JSON, or nested beyond measure.
    """
    text = body if isinstance(body, str) else body.decode("utf-8", "replace")
    try:
        return json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise SourceError(f"{source} did not give valid JSON.") from error


def is_object(value: object) -> TypeGuard[dict[str, object]]:
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def line(value: object, *, most: int = LONGEST_WORD) -> str:
    """Return a text on one line; empty if it is none or has more than ``most`` characters."""
    if not isinstance(value, str) or len(value) > 2 * most:
        return ""
    # Half of a surrogate pair, which JSON can spell, cannot be stored as UTF-8.
    text = clean_text(value if value.isascii() else value.encode("utf-8", "replace").decode())
    return text if len(text) <= most else ""


def lines(values: object) -> tuple[str, ...]:
    """Return the texts of a list, without those that are empty, too long or none."""
    if not is_list(values):
        return ()
    return tuple(text for value in values[:MOST_ITEMS] if (text := line(value)))


def count(value: object) -> int | None:
    """Return a number of things; None for what cannot be one."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= LARGEST_COUNT else None


def moment(value: object) -> datetime | None:
    """Return an ISO 8601 date or moment in UTC; one without a zone is taken as UTC."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        found = datetime.fromisoformat(value.strip())
        found = found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if _EARLIEST <= found < _LATEST else None


def day(value: object) -> date | None:
    """Return the date of a moment, in UTC."""
    found = moment(value)
    return found.date() if found else None


def web_address(value: object) -> str | None:
    """Return an http(s) address; None for anything that a reader should not be sent to."""
    url = value.strip() if isinstance(value, str) else ""
    if not url.isascii() or len(url) > _LONGEST_URL or _NOT_IN_A_URL.search(url):
        return None
    try:
        parts = urlsplit(url)
        sane = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return url if sane and "@" not in parts.netloc else None


def web_addresses(values: Iterable[object]) -> tuple[str, ...]:
    """Return the sane addresses among some values, each once, in order."""
    return tuple(dict.fromkeys(url for value in values if (url := web_address(value))))


_REPOSITORY = re.compile(
    r"(?:https?://)?(?:www\.)?github\.com/([a-z\d][a-z\d-]*)/([\w.-]+)", re.ASCII | re.IGNORECASE
)
_SPACES = re.compile(r"\s+")
_NO_OWNERS = frozenset({"orgs", "topics", "sponsors", "settings", "marketplace", "search"})


def code_address(value: object) -> str | None:
    """Return ``https://github.com/owner/name`` out of any address within a repository.

    Other hosts' addresses stay as they are; an owner alone is no code.
    """
    if not isinstance(value, str) or len(value) > _LONGEST_URL:
        return None
    text = _SPACES.sub("", value)
    found = _REPOSITORY.match(text)
    if not found:
        return None if "github.com" in text.lower() else web_address(text)
    owner, name = found[1], found[2].removesuffix(".git").rstrip(".")
    if not name or owner.lower() in _NO_OWNERS:
        return None
    return f"https://github.com/{owner}/{name}"
