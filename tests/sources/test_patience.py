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
    headers = {"RateLimit": limit, "RateLimit-Policy": policy}
    assert rate_limit(headers, now=NOON) == expected


@pytest.mark.parametrize("prefix", ["RateLimit", "X-RateLimit"])
@pytest.mark.parametrize(
    ("limit", "remaining", "reset", "expected"),
    [
        ("60", "59", "30", RateLimit(59, timedelta(seconds=30), 60)),
        ("", "0", f"{NOON.timestamp() + 90:.0f}", RateLimit(0, timedelta(seconds=90))),
        ("", "0", f"{NOON.timestamp() - 90:.3f}", RateLimit(0, timedelta())),
        ("100, 100;w=60", "0", "1.5", RateLimit(0, timedelta(seconds=1), 100)),
        ("60", "0", "soon", RateLimit(0, UNSAID, 60)),
        ("60", "0", "999999999999", RateLimit(0, LONGEST, 60)),
        ("60", "", "30", None),
        ("60", "-1", "30", None),
    ],
)
def test_rate_limits_in_headers_of_their_own_are_understood(
    prefix: str, limit: str, remaining: str, reset: str, expected: RateLimit | None
):
    headers = {
        f"{prefix}-Limit": limit,
        f"{prefix}-Remaining": remaining,
        f"{prefix}-Reset": reset,
    }
    assert rate_limit(headers, now=NOON) == expected


def test_the_tightest_of_all_limits_counts():
    headers = {
        "RateLimit": '"api";r=9;t=5',
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": "7",
    }
    assert rate_limit(headers, now=NOON) == RateLimit(0, timedelta(seconds=7))


@given(st.text() | st.from_regex(r"\d{1,14}"), st.text() | st.from_regex(r"\d{1,14}"))
def test_nonsense_in_headers_is_no_limit_or_a_sane_one(limit: str, policy: str):
    apart = {"X-RateLimit-Remaining": limit, "X-RateLimit-Reset": policy}
    for headers in ({"RateLimit": limit, "RateLimit-Policy": policy}, apart):
        found = rate_limit(headers, now=NOON)
        assert found is None or timedelta() <= found.reset <= LONGEST
    wait = retry_after(limit, now=NOON)
    assert wait is None or timedelta() <= wait <= LONGEST
