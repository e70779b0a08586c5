"""Single values out of answers that nobody vouches for."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SourceError
from bot.sources import untrusted
from tests.sources.conftest import utc


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (" a\n b\x00c ", "a bc"),
        ("naïve \ud800!", "naïve ?!"),
        ("x" * 300, "x" * 300),
        ("x" * 301, ""),
        ("x" + " " * 400 + "y", "x y"),
        ("x" + " " * 4_000 + "y", ""),
        (7, ""),
        (None, ""),
        (["a"], ""),
    ],
)
def test_a_text_is_one_line_of_sane_length(value: object, text: str):
    assert untrusted.line(value) == text


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), (7, 7), (-1, None), (True, None), (2**70, None), (1.5, None), ("7", None)],
)
def test_a_count_is_a_whole_number(value: object, number: int | None):
    assert untrusted.count(value) == number


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2025-01-02T03:04:05.678Z", utc(2025, 1, 2, 3, 4, 5, 678_000)),
        ("2025-01-02T03:04:05-04:00", utc(2025, 1, 2, 7, 4, 5)),
        ("2025-01-02", utc(2025, 1, 2)),
        ("0001-01-01T00:00:00+23:00", None),
        ("9999-12-31T23:59:59-23:00", None),
        ("1812-01-01", None),
        ("2812-01-01", None),
        ("soon", None),
        (1735786000, None),
        (None, None),
    ],
)
def test_a_moment_is_in_utc(value: object, moment: datetime | None):
    assert untrusted.moment(value) == moment
    assert untrusted.day(value) == (moment.date() if moment else None)


@pytest.mark.parametrize(
    ("value", "url"),
    [
        (" https://example.org/a?b=c#d ", "https://example.org/a?b=c#d"),
        ("http://example.org", "http://example.org"),
        ("javascript:alert(1)", None),
        ("ftp://example.org/", None),
        ("//example.org/", None),
        ("/avatars/a.svg", None),
        ("https://example.org/a b", None),
        ("https://example.org/<b>", None),
        ("https://github.com@evil.example/", None),
        ("https://", None),
        ("https://[::1", None),
        ("https://example.org:99999/", None),
        ("https://exämple.org/", None),
        ("https://example.org/" + "a" * 3_000, None),
        (7, None),
    ],
)
def test_an_address_is_one_that_a_reader_may_be_sent_to(value: object, url: str | None):
    assert untrusted.web_address(value) == url


@pytest.mark.parametrize(
    ("value", "url"),
    [
        ("https://github.com/owner/name", "https://github.com/owner/name"),
        ("https://github.com/owner/name/", "https://github.com/owner/name"),
        ("https://github.com/owner/name///", "https://github.com/owner/name"),
        ("https://github.com/owner/name/tree/main/x", "https://github.com/owner/name"),
        ("https://github.com/owner/name?tab=readme", "https://github.com/owner/name"),
        ("https://github.com/owner/na.me.git", "https://github.com/owner/na.me"),
        ("https://github.com/owner/\nname ", "https://github.com/owner/name"),
        ("http://www.github.com/Owner-1/N_2", "https://github.com/Owner-1/N_2"),
        ("github.com/owner/name", "https://github.com/owner/name"),
        ("https://gitlab.com/owner/name", "https://gitlab.com/owner/name"),
        ("https://github.com/owner", None),
        ("https://github.com/owner/", None),
        ("https://github.com/owner/.git", None),
        ("https://github.com/orgs/owner", None),
        ("owner/name", None),
        (None, None),
    ],
)
def test_a_code_address_is_the_repositorys_own(value: object, url: str | None):
    assert untrusted.code_address(value) == url


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"1" * 5_000, b"\xff", b"nope"])
def test_what_is_no_json_is_a_source_error(body: bytes):
    with pytest.raises(SourceError, match="The list did not give valid JSON"):
        untrusted.load_json(body, source="The list")


def test_json_with_a_byte_order_mark_or_broken_characters_is_read():
    assert untrusted.load_json(b'\xef\xbb\xbf["\xff"]', source="") == ["�"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_nothing_that_json_can_say_raises(value: object):
    untrusted.line(value)
    untrusted.lines(value)
    untrusted.count(value)
    untrusted.moment(value)
    untrusted.web_address(value)
    untrusted.code_address(value)
