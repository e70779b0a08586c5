"""What counts as an e-mail address."""

from __future__ import annotations

import pytest

from bot.errors import UserError
from bot.mail.addresses import LONGEST, for_smtp, key, parse_address, parse_sender


@pytest.mark.parametrize(
    ("typed", "kept", "sent_to"),
    [
        (" Reader@Example.COM ", "Reader@example.com", "Reader@example.com"),
        ("a.b+papers@example.com", "a.b+papers@example.com", "a.b+papers@example.com"),
        ("reader@bücher.de", "reader@bücher.de", "reader@xn--bcher-kva.de"),
        ("reader@xn--bcher-kva.de", "reader@bücher.de", "reader@xn--bcher-kva.de"),
        ("δοκιμή@παράδειγμα.gr", "δοκιμή@παράδειγμα.gr", "δοκιμή@xn--hxajbheg2az3al.gr"),
        ("o'brien@example.com", "o'brien@example.com", "o'brien@example.com"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str, sent_to: str) -> None:
    assert parse_address(typed) == kept
    assert for_smtp(kept) == sent_to


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "reader",
        "reader@",
        "@example.com",
        "reader@example",
        "reader@localhost",
        "reader@127.0.0.1",
        "reader@[127.0.0.1]",
        "reader@printer.local",
        "Reader <reader@example.com>",
        "one@example.com, two@example.com",
        "reader@example.com\nBcc: all@example.com",
        "reader@example.com\r\nBcc: all@example.com",
        "rea\x00der@example.com",
        "rea\u202eder@example.com",
        '"a b"@example.com',
        "reader@exam ple.com",
        "a" * 65 + "@example.com",
        f"{'a' * 64}@{'.'.join(['d' * 61] * 3)}.orgs",
    ],
)
def test_what_is_no_address_is_refused_with_a_reason(typed: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_address(typed)
    assert 20 < len(str(caught.value)) < 250
    assert "\n" not in str(caught.value)


def test_the_longest_address_is_taken() -> None:
    address = f"{'a' * 64}@{'.'.join(['d' * 61] * 3)}.org"
    assert len(address) == LONGEST
    assert parse_address(address) == address


def test_one_mailbox_has_one_limit_however_it_is_spelled() -> None:
    spellings = ("Reader@example.com", "reader+a@example.com", "READER+b+c@EXAMPLE.com")
    assert {key(parse_address(spelling)) for spelling in spellings} == {"reader@example.com"}
    assert key("+tag@example.com") == "+tag@example.com"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("papers@example.org", "papers@example.org"),
        ("Paperwire <papers@example.org>", "Paperwire <papers@example.org>"),
        ("papers@mail.lan", "papers@mail.lan"),
    ],
)
def test_the_operators_address_may_have_a_name(text: str, shown: str) -> None:
    assert str(parse_sender(text)) == shown


@pytest.mark.parametrize("text", ["", "Paperwire", "a\nb <papers@example.org>", "δ@example.org"])
def test_an_operators_address_that_fits_no_header_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        parse_sender(text)
