"""Discord's document says what is wrong with a request, and takes what Discord takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.discord_rules.lengths import Json
from tests.discord_rules.openapi import OpenApi
from tests.discord_rules.samples import (
    a_button,
    a_card,
    a_choice,
    a_command,
    a_label,
    a_link,
    a_message,
    a_modal,
    a_poll,
    a_post,
    a_row,
    a_section,
    a_select,
    an_autocompletion,
    an_embed_message,
    an_option,
    some_answers,
)

pytestmark = pytest.mark.data

COMMANDS = "/applications/1/commands"
MESSAGES = "/channels/1/messages"
MESSAGE = "/channels/1/messages/2"
CALLBACK = "/interactions/1/token/callback"
THREADS = "/channels/1/threads"


@pytest.fixture(scope="module")
def openapi(shared_data: Path) -> OpenApi:
    return OpenApi.load(shared_data / "discord" / "openapi.json")


@pytest.mark.parametrize(
    ("method", "path", "body", "complaint"),
    [
        ("GET", "/channels/1/massages", None, "names no such method and path"),
        ("PUT", MESSAGES, {}, "names no such method and path"),
        ("POST", MESSAGES, None, "a JSON body is required"),
        ("POST", MESSAGES, [], "the body: [] is not of type 'object'"),
        ("POST", MESSAGES, {"contnet": "a"}, "('contnet' was unexpected)"),
        ("POST", MESSAGES, a_message(content=5), "content: 5 is not of type"),
        ("POST", MESSAGES, a_message(nonce="a" * 26), "nonce: 'aaaaaaaaaaaaaaaaaaaaaaaaaa' is too"),
        (
            "POST",
            MESSAGES,
            a_message(allowed_mentions={"parse": ["all"]}),
            "parse[0]: 'all' is not valid",
        ),
        ("POST", MESSAGES, an_embed_message(image={"url": "not a url"}), "is not a 'uri'"),
        ("POST", MESSAGES, an_embed_message(timestamp="today"), "'today' is not a 'date-time'"),
        ("POST", MESSAGES, a_poll(answers=some_answers(11)), "poll.answers: "),
        ("POST", MESSAGES, a_poll(duration=800), "poll.duration: 800 is greater than"),
        (
            "POST",
            MESSAGES,
            a_card(a_row(a_button(label="a" * 81))),
            "components[0].components[0].label: 'aaa",
        ),
        ("POST", MESSAGES, a_card(a_row(a_button(colour=1))), "('colour' was unexpected)"),
        ("POST", MESSAGES, a_card(a_row(a_link("not a url"))), "url: 'not a url' is not a 'uri'"),
        ("POST", MESSAGES, a_card(a_section("a", accessory={})), "accessory: 'type' is a required"),
        ("PATCH", MESSAGE, {"nonce": "a"}, "('nonce' was unexpected)"),
        ("POST", THREADS, a_post(name="a" * 101), "name: 'aaa"),
        ("POST", CALLBACK, {"type": 99}, "type: 99 is not one of"),
        ("POST", CALLBACK, a_modal(title="a" * 46), "data.title: 'aaa"),
        ("POST", CALLBACK, a_modal(a_label("a" * 46)), "data.components[0].label: 'aaa"),
        (
            "POST",
            CALLBACK,
            an_autocompletion(*(a_choice(str(n), str(n)) for n in range(26))),
            "data.choices: ",
        ),
        ("PUT", COMMANDS, [a_command(description="a" * 101)], "[0].description: 'aaa"),
        ("PUT", COMMANDS, [a_command(an_option(name="a" * 33))], "[0].options[0].name: 'aaa"),
    ],
)
def test_a_fault_is_named_by_its_place(
    openapi: OpenApi, method: str, path: str, body: object, complaint: str
) -> None:
    said = openapi.validate(method, path, body)
    assert any(complaint in sentence for sentence in said), said


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/channels/1/messages?limit=5", None),
        ("DELETE", MESSAGE, None),
        ("PUT", "/channels/1/pins/2", {}),
        ("PUT", "/channels/1/messages/2/reactions/%F0%9F%91%8D/@me", None),
        ("PATCH", "/webhooks/1/token/messages/@original", {"content": "a", "tts": False}),
        ("POST", MESSAGES, a_message(attachments=[{"id": 0, "filename": "a.png"}])),
        ("POST", MESSAGES, a_message(message_reference={"message_id": 5, "guild_id": "6"})),
        ("POST", MESSAGES, an_embed_message(title="a", flags=0)),
        ("POST", MESSAGES, a_card(a_section("a"), a_row(a_button()), a_row(a_select()))),
        ("POST", MESSAGES, a_poll()),
        ("POST", THREADS, a_post(applied_tags=["1"])),
        ("POST", THREADS, {"name": "a", "type": 11}),
        ("POST", CALLBACK, {"type": 5, "data": {"flags": 64}}),
        ("POST", CALLBACK, a_modal()),
        ("POST", CALLBACK, an_autocompletion(a_choice("a", "b"))),
        ("PUT", COMMANDS, [a_command(an_option(), nsfw=False)]),
        ("PUT", COMMANDS, [a_command(an_option(type=7, channel_types=[15, 16]))]),
    ],
)
def test_a_request_in_good_order_passes(
    openapi: OpenApi, method: str, path: str, body: object
) -> None:
    assert openapi.validate(method, path, body) == []


def test_unnamed_properties_pass_where_strictness_is_off(shared_data: Path) -> None:
    lenient = OpenApi.load(shared_data / "discord" / "openapi.json", strict=False)
    assert lenient.validate("POST", MESSAGES, {"contnet": "a"}) == []


def test_a_long_value_is_cut_from_the_sentence(openapi: OpenApi) -> None:
    body: Json = a_message(content="a" * 5_000)
    (sentence,) = openapi.validate("POST", MESSAGES, body)
    assert sentence.endswith("is too long")
    assert len(sentence) < 400
