"""What servers say about waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.patience import LONGEST, UNSAID, RateLimit, rate_limit, retry_after
from tests.conftest import NOON


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Tue, 03 Mar 2026 12:00:30 GMT", 30),
        ("Tue, 03 Mar 2026 13:00:30 +0100", 30),
        ("Tue, 03 Mar 2026 11:00:00 GMT", 0),
        ("99999999999999", LONGEST.total_seconds()),
        ("Fri, 01 Jan 9999 00:00:00 GMT", LONGEST.total_seconds()),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None):
    expected = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after(value, now=NOON) == expected


@pytest.mark.parametrize(
    ("limit", "policy", "expected"),
    [
        (
            '"api";r=489;t=243',
            '"fixed window";"api";q=500;w=300',
            RateLimit(489, timedelta(seconds=243), 500),
        ),
        ('"api";r=0;t=17', "", RateLimit(0, timedelta(seconds=17))),
        ('"api"; r=9; t=1, "pages"; r=0; t=60', "", RateLimit(0, timedelta(seconds=60))),
        ('"pages";r=0', '"pages";q=100;w=300', RateLimit(0, timedelta(seconds=300), 100)),
        ('"pages";r=0', "", RateLimit(0, UNSAID)),
        ("limit=500, remaining=3, reset=20", "", RateLimit(3, timedelta(seconds=20), 500)),
        ("", "", None),
        ("unlimited", "", None),
        ("r=-1;t=x", "", None),
    ],
)
def test_rate_limit_headers_are_understood(limit: str, policy: str, expected: RateLimit | None):
    assert rate_limit({"RateLimit": limit, "RateLimit-Policy": policy}) == expected


@given(st.text(), st.text())
def test_nonsense_in_headers_is_no_limit_or_a_sane_one(limit: str, policy: str):
    found = rate_limit({"RateLimit": limit, "RateLimit-Policy": policy})
    assert found is None or timedelta() <= found.reset <= LONGEST
    wait = retry_after(limit, now=NOON)
    assert wait is None or timedelta() <= wait <= LONGEST
