"""Each limit is complained of, and what lies just within it is not."""

from __future__ import annotations

import pytest

from tests.discord_rules.commands import command_length
from tests.discord_rules.components import MOST_TEXT, Kind, text_length
from tests.discord_rules.lengths import Json
from tests.discord_rules.limits import complaints
from tests.discord_rules.messages import MOST_FILE_BYTES, Upload
from tests.discord_rules.samples import (
    NO_PINGS,
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
    a_text,
    a_thumbnail,
    an_autocompletion,
    an_embed_message,
    an_option,
    some_answers,
    some_options,
)

COMMANDS = "/applications/1/commands"
MESSAGES = "/channels/1/messages"
MESSAGE = "/channels/1/messages/2"
CALLBACK = "/interactions/1/token/callback"
THREADS = "/channels/1/threads"

GROUP = {"type": 2, "name": "more", "description": "More"}
SUBCOMMAND = {"type": 1, "name": "list", "description": "List them"}


@pytest.mark.parametrize(
    ("command", "complaint"),
    [
        (a_command(name="Bad Name"), "the name of command 'Bad Name' may not contain ' '"),
        (a_command(name="Ask"), "must be in lower case"),
        (a_command(name="a" * 33), "has 33 characters: 1 to 32"),
        (a_command(name="ask!"), "may not contain '!'"),
        (a_command(name_localizations={"de": "Frag nach"}), "may not contain ' '"),
        (a_command(description=""), "the description of command 'ask' has 0 characters"),
        (a_command(description="a" * 101), "has 101 characters: 1 to 100"),
        (a_command(description_localizations={"de": "a" * 101}), "has 101 characters"),
        (a_command(an_option(name="Paper")), "the name of command 'ask', 'Paper' must be in lower"),
        (a_command(an_option(), an_option(name="b", required=True)), "required option after one"),
        (
            a_command(SUBCOMMAND | {"options": [an_option(name="A")]}),
            "'list', 'A' must be in lower",
        ),
        (a_command(an_option(), an_option()), "has two options named 'question'"),
        (a_command(*(an_option(name=f"o{n}") for n in range(26))), "has 26 options"),
        (a_command(SUBCOMMAND, an_option()), "mixes subcommands with other options"),
        (a_command(GROUP | {"options": [GROUP]}), "is a group within a group"),
        (a_command(an_option(choices=[a_choice("a", "a")], autocomplete=True)), "both choices and"),
        (a_command(an_option(choices=[a_choice("a", "a")] * 2)), "two choices with the name 'a'"),
        (a_command(an_option(choices=[a_choice("", "a")])), "the choice's name has 0 characters"),
        (a_command(an_option(choices=[a_choice("a", "a" * 101)])), "has 101 characters"),
        (
            a_command(an_option(choices=[a_choice(str(n), n) for n in range(26)])),
            "has 26 choices: 0 to 25",
        ),
        ({"type": 3, "name": "a" * 33}, "has 33 characters"),
        ({"type": 3, "name": "Ask", "description": "a"}, "can have no description"),
        ({"type": 2, "name": "Ask", "options": [an_option()]}, "can have no options"),
    ],
)
def test_a_commands_faults_are_complained_of(command: Json, complaint: str) -> None:
    assert_complains("PUT", COMMANDS, [command], complaint)
    assert_complains("POST", "/applications/1/guilds/2/commands", command, complaint)


@pytest.mark.parametrize(
    "command",
    [
        a_command(),
        a_command(an_option(required=True), an_option(name="paper")),
        a_command(SUBCOMMAND, GROUP | {"options": [SUBCOMMAND]}),
        a_command(an_option(choices=[a_choice("one", 1), a_choice("one half", 0.5)])),
        a_command(name="論文", name_localizations={"th": "ถามคำถาม", "hi": "पूछें"}),
        {"type": 3, "name": "Papers in this message"},
    ],
)
def test_a_command_in_good_order_passes(command: Json) -> None:
    assert complaints("PUT", COMMANDS, [command]) == []


def test_a_commands_characters_count_together_and_of_translations_the_longest() -> None:
    choices = [a_choice("n" * 100, "v" * 100)] * 2
    option = an_option(name="o", description="dd", choices=choices)
    command = a_command(option, name="ab", description="c", name_localizations={"de": "abcd"})
    assert command_length(command) == 4 + 1 + 1 + 2 + 400


def test_more_than_8000_characters_in_a_command_are_too_many() -> None:
    choices = [a_choice(f"{n:0>100}", f"{n:0>100}") for n in range(20)]
    options = [an_option(name=name, choices=choices) for name in ("a", "b")]
    assert_complains("PUT", COMMANDS, [a_command(*options)], "characters: 0 to 8000")


@pytest.mark.parametrize(
    ("commands", "complaint"),
    [
        ([a_command(name=f"c{n}") for n in range(101)], "has 101 SLASH commands: 0 to 100"),
        ([{"type": 3, "name": f"c{n}"} for n in range(16)], "has 16 MESSAGE commands: 0 to 15"),
        ([{"type": 2, "name": f"c{n}"} for n in range(16)], "has 16 USER commands: 0 to 15"),
        ([a_command(), a_command()], "two SLASH commands are named 'ask'"),
    ],
)
def test_a_list_of_commands_has_limits_of_its_own(commands: list[Json], complaint: str) -> None:
    assert_complains("PUT", COMMANDS, commands, complaint)


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        ({}, "the message is empty"),
        (a_message(content=" "), "the message is empty"),
        (a_message(content="a" * 2_001), "the content has 2001 characters: 0 to 2000"),
        ({"content": "Hello"}, "allowed_mentions is missing"),
        (a_message(allowed_mentions={}), "allowed_mentions.parse is missing"),
        (a_message(allowed_mentions={"parse": ["everyone"]}), "lets text ping everyone"),
        (a_message(allowed_mentions={"parse": ["users", "roles"]}), "lets text ping roles"),
        (a_message(allowed_mentions={"parse": [], "users": ["1"] * 101}), "has 101 users"),
        (a_message(allowed_mentions={"parse": ["roles"], "roles": ["1"]}), "both parses and names"),
        (a_message(nonce="a" * 26), "the nonce has 26 characters: 1 to 25"),
        (a_message(enforce_nonce=True), "of no use without a nonce"),
        (a_message(attachments=[{"id": n} for n in range(11)]), "has 11 attachments"),
        (a_message(thread_name=""), "the thread's name has 0 characters"),
    ],
)
def test_a_messages_faults_are_complained_of(message: Json, complaint: str) -> None:
    assert_complains("POST", MESSAGES, message, complaint)
    assert_complains("POST", "/webhooks/1/token", message, complaint)


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (an_embed_message(), "an embed is empty"),
        (an_embed_message(color=1), "an embed is empty"),
        (an_embed_message(title="a" * 257), "an embed's title has 257 characters"),
        (an_embed_message(description="a" * 4_097), "description has 4097 characters"),
        (an_embed_message(fields=[{"name": "Votes", "value": ""}]), "'Votes' has 0 characters"),
        (an_embed_message(fields=[{"name": "Votes", "value": "\n"}]), "'Votes' has 0 characters"),
        (an_embed_message(fields=[{"name": "", "value": "1"}]), "name has 0 characters"),
        (an_embed_message(fields=[{"name": "a", "value": "b"}] * 26), "has 26 fields"),
        (an_embed_message(title="a", footer={"text": "a" * 2_049}), "a footer has 2049 characters"),
        (an_embed_message(author={"name": "a" * 257}), "author has 257 characters"),
        (an_embed_message(title="a", url="ftp://example.org"), "links to 'ftp://example.org'"),
        (an_embed_message(image={"url": "a.png"}), "an embed shows 'a.png'"),
        (an_embed_message(title="a", footer={"text": "b", "icon_url": "c"}), "an embed shows 'c'"),
        ({"embeds": [{"title": "a"}] * 11}, "has 11 embeds"),
        ({"embeds": [{"description": "a" * 3_001}] * 2}, "the embeds' text has 6002 characters"),
        (
            an_embed_message(image={"url": "attachment://a.png"}) | {"attachments": []},
            "attachment://a.png is shown, but no such file is sent",
        ),
    ],
)
def test_an_embeds_faults_are_complained_of(message: Json, complaint: str) -> None:
    assert_complains("POST", MESSAGES, message, complaint)
    assert_complains("PATCH", MESSAGE, message, complaint)


@pytest.mark.parametrize(
    ("component", "complaint"),
    [
        (a_row(a_button(label=None)), "has neither label nor emoji"),
        (a_row(a_button(label=" ")), "has neither label nor emoji"),
        (a_row(a_button(label="a" * 81)), "has 81 characters: 0 to 80"),
        (a_row(a_button(custom_id="")), "custom_id of button 'Save' has 0 characters"),
        (a_row(a_button(custom_id="a" * 101)), "has 101 characters: 1 to 100"),
        (a_row(a_button(custom_id=None)), "the custom_id of button 'Save' is missing"),
        (a_row(a_button(url="https://example.org")), "is no link and can have no url"),
        (a_row(a_link("ftp://example.org")), "'Open' links to 'ftp://example.org'"),
        (a_row(a_link("example.org")), "'Open' links to 'example.org'"),
        (a_row(a_link("https://example.org/" + "a" * 500)), "has 520 characters: 1 to 512"),
        (a_row(a_link("https://example.org", custom_id="a")), "can have no custom_id"),
        (a_row(a_button(), a_button()), "two components have the custom_id 'save:1'"),
        (a_row(a_button(id=1), a_link("https://example.org", id=1)), "have the id 1"),
        (a_row(), "an action row has 0 components: 1 to 5"),
        (a_row(*(a_button(custom_id=str(n)) for n in range(6))), "has 6 components: 1 to 5"),
        (a_row(a_select(), a_button()), "with a select can hold nothing else"),
        (a_row(a_select(options=[])), "select 'sort' has 0 options: 1 to 25"),
        (a_row(a_select(options=some_options(26))), "select 'sort' has 26 options: 1 to 25"),
        (a_row(a_select(options=some_options(1) * 2)), "two options with the value '0'"),
        (a_row(a_select(options=[{"label": "", "value": "a"}])), "an option's label has 0"),
        (a_row(a_select(options=[{"label": "a", "value": "a" * 101}])), "option's value has 101"),
        (a_row(a_select(placeholder="a" * 151)), "has 151 characters: 0 to 150"),
        (a_row(a_select(custom_id="")), "custom_id has 0 characters"),
        (a_row(a_select(min_values=2)), "asks for at least 2 and at most None values"),
    ],
)
def test_a_components_faults_are_complained_of_in_both_versions(
    component: Json, complaint: str
) -> None:
    assert_complains("POST", MESSAGES, a_message(components=[component]), complaint)
    assert_complains("POST", MESSAGES, a_card(component), complaint)
    assert_complains("PATCH", MESSAGE, a_card(component), complaint)


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (a_card(*(a_text("a") for _ in range(41))), "has 41 components, nested ones counted"),
        (a_card(*(a_section("a", "b") for _ in range(11))), "has 44 components, nested ones"),
        (a_card(a_text("a" * 2_000), a_section("a" * 2_001)), "text has 4001 characters"),
        (a_card(a_text(" ")), "a text display has 0 characters"),
        (a_card(a_section()), "a section has 0 texts: 1 to 3"),
        (a_card(a_section("a", "b", "c", "d")), "a section has 4 texts: 1 to 3"),
        (a_card(a_section("a", accessory=None)), "a section has no accessory"),
        (a_card(a_section("a", accessory=a_thumbnail("a.png"))), "a thumbnail shows 'a.png'"),
        (a_card(a_section("a", accessory=a_button(label=""))), "has neither label nor emoji"),
        (a_card({"type": Kind.MEDIA_GALLERY, "items": []}), "a media gallery has 0 items: 1 to 10"),
        (a_card({"type": Kind.MEDIA_GALLERY, "items": [{}]}), "a gallery's item shows ''"),
        (
            a_card({"type": Kind.FILE, "file": {"url": "https://example.org/a.pdf"}}),
            "only attachment links are allowed",
        ),
        (a_card(content="a"), "content cannot go with components of version 2"),
        (a_card(embeds=[{"title": "a"}]), "embeds cannot go with components of version 2"),
        (a_card() | a_poll(), "poll cannot go with components of version 2"),
        (a_card(sticker_ids=["1"]), "sticker_ids cannot go with components of version 2"),
        (a_card(flags=0), "components of version 2 need the flag 32768"),
        (a_card(allowed_mentions=None), "allowed_mentions is missing"),
        (a_message(components=[a_row(a_select(custom_id=str(n))) for n in range(6)]), "has 6 rows"),
    ],
)
def test_a_layouts_faults_are_complained_of(message: Json, complaint: str) -> None:
    assert_complains("POST", MESSAGES, message, complaint)
    assert_complains("POST", CALLBACK, {"type": 4, "data": message}, complaint)
    assert_complains("POST", THREADS, a_post(message=message), complaint)


@pytest.mark.parametrize(
    "message",
    [
        a_message(),
        a_message(allowed_mentions={"parse": [], "roles": ["1"]}),
        a_message(nonce="a" * 25, enforce_nonce=True),
        a_message(components=[a_row(a_button(), a_link("discord://-/channels/1/2"))]),
        a_message(components=[a_row(a_button(label=None, emoji={"name": "★"}))]),
        a_message(components=[a_row({"type": Kind.BUTTON, "style": 6, "sku_id": "1"})]),
        an_embed_message(image={"url": "https://example.org/a.png"}),
        an_embed_message(title="a" * 256, fields=[{"name": "a", "value": "b"}] * 25),
        {"message_reference": {"type": 1, "message_id": "1"}},
        a_card(a_text("a" * MOST_TEXT)),
        a_card(*(a_text("a") for _ in range(40))),
        a_card(a_row(a_button()), allowed_mentions=None),
        a_poll(),
    ],
)
def test_a_message_in_good_order_passes(message: Json) -> None:
    assert complaints("POST", MESSAGES, message) == []
    assert complaints("POST", THREADS, a_post(message=message)) == []


@pytest.mark.parametrize(
    "edit",
    [
        {"components": []},
        {"content": None, "embeds": []},
        {"attachments": [{"id": 5}], "embeds": [{"image": {"url": "attachment://old.png"}}]},
        {"components": [a_text("a")], "allowed_mentions": NO_PINGS},
    ],
)
def test_an_edit_may_leave_out_what_stays(edit: Json) -> None:
    assert complaints("PATCH", MESSAGE, edit) == []
    assert complaints("PATCH", "/webhooks/1/token/messages/@original", edit) == []
    assert complaints("POST", CALLBACK, {"type": 7, "data": edit}) == []


def test_an_edit_needs_allowed_mentions_like_a_new_message() -> None:
    assert_complains("PATCH", MESSAGE, {"content": "Hello"}, "allowed_mentions is missing")
    edit = a_card(allowed_mentions=None)
    assert_complains("POST", CALLBACK, {"type": 7, "data": edit}, "allowed_mentions is missing")


def test_text_may_ping_what_the_test_says() -> None:
    message = a_message(allowed_mentions={"parse": ["roles"]})
    assert complaints("POST", MESSAGES, message, pings={"roles"}) == []
    assert complaints("POST", MESSAGES, message, pings={"users"}) != []


@pytest.mark.parametrize(
    ("poll", "complaint"),
    [
        (a_poll(question={"text": "a" * 301}), "the poll's question has 301 characters: 1 to 300"),
        (a_poll(answers=some_answers(11)), "the poll has 11 answers: 1 to 10"),
        (a_poll(answers=[]), "the poll has 0 answers"),
        (a_poll(answers=some_answers(1, "a" * 56)), "a poll's answer has 56 characters: 1 to 55"),
        (a_poll(duration=800), "the poll has 800 hours: 1 to 768"),
        (a_poll(duration=0), "the poll has 0 hours"),
    ],
)
def test_a_polls_faults_are_complained_of(poll: Json, complaint: str) -> None:
    assert_complains("POST", MESSAGES, poll, complaint)


@pytest.mark.parametrize(
    ("modal", "complaint"),
    [
        (a_modal(title="a" * 46), "the modal's title has 46 characters: 1 to 45"),
        (a_modal(title=""), "the modal's title has 0 characters"),
        (a_modal(custom_id=""), "the modal's custom_id has 0 characters"),
        (a_modal(*(a_label(custom_id=str(n)) for n in range(6))), "has 6 components: 1 to 5"),
        (a_modal(components=[]), "the modal has 0 components"),
        (a_modal(a_label("a" * 46)), "a label has 46 characters: 1 to 45"),
        (a_modal(a_label(), a_label()), "two components have the custom_id 'question'"),
        (a_modal(a_label(value="a" * 4_001)), "has 4001 characters: 0 to 4000"),
        (a_modal(a_label(placeholder="a" * 101)), "has 101 characters: 0 to 100"),
        (a_modal(a_label(min_length=9, max_length=5)), "at least 9 and at most 5 characters"),
        (
            a_modal(a_label(type=Kind.RADIO_GROUP, options=some_options(1))),
            "radio group 'question' has 1 options: 2 to 10",
        ),
        (
            a_modal(a_label(type=Kind.CHECKBOX_GROUP, options=some_options(11))),
            "checkbox group 'question' has 11 options: 1 to 10",
        ),
    ],
)
def test_a_modals_faults_are_complained_of(modal: Json, complaint: str) -> None:
    assert_complains("POST", CALLBACK, modal, complaint)


@pytest.mark.parametrize(
    ("choices", "complaint"),
    [
        ([a_choice(str(n), str(n)) for n in range(26)], "has 26 choices: 0 to 25"),
        ([a_choice("", "a")], "the choice's name has 0 characters: 1 to 100"),
        ([a_choice("a" * 101, "a")], "the choice's name has 101 characters"),
        ([a_choice("a", "a" * 101)], "the value of the choice 'a' has 101 characters"),
        ([a_choice("a", "")], "the value of the choice 'a' has 0 characters"),
    ],
)
def test_an_autocompletions_faults_are_complained_of(choices: list[Json], complaint: str) -> None:
    assert_complains("POST", CALLBACK, an_autocompletion(*choices), complaint)


@pytest.mark.parametrize(
    "callback",
    [
        {"type": 1},
        {"type": 5, "data": {"flags": 64}},
        {"type": 6},
        a_modal(),
        an_autocompletion(),
        an_autocompletion(*(a_choice(str(n), n) for n in range(25))),
    ],
)
def test_a_callback_in_good_order_passes(callback: Json) -> None:
    assert complaints("POST", CALLBACK, callback) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "complaint"),
    [
        ("POST", THREADS, a_post(name=""), "the thread's name has 0 characters: 1 to 100"),
        ("POST", THREADS, a_post(name="a" * 101), "the thread's name has 101 characters"),
        ("POST", THREADS, a_post(applied_tags=["1"] * 6), "the post has 6 tags: 0 to 5"),
        ("POST", THREADS, a_post(auto_archive_duration=30), "archived after 30 minutes"),
        ("POST", MESSAGE + "/threads", {"name": "a" * 101}, "name has 101 characters"),
        ("PATCH", "/channels/1", {"name": ""}, "the channel's name has 0 characters"),
        ("PATCH", "/channels/1", {"applied_tags": ["1"] * 6}, "the post has 6 tags: 0 to 5"),
        ("PATCH", "/channels/1", {"available_tags": [{"name": "a" * 21}]}, "a tag's name has 21"),
        ("PATCH", "/channels/1", {"available_tags": [{"name": "a"}] * 21}, "has 21 tags: 0 to 20"),
        ("POST", "/guilds/1/channels", {"name": "a" * 101}, "the channel's name has 101"),
    ],
)
def test_a_threads_or_channels_faults_are_complained_of(
    method: str, path: str, body: Json, complaint: str
) -> None:
    assert_complains(method, path, body, complaint)


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ([Upload("a.png", MOST_FILE_BYTES + 1)], "the file 'a.png' has 10485761 bytes"),
        ([Upload(f"{n}.txt", 1) for n in range(11)], "the request has 11 files: 0 to 10"),
        ([Upload(f"{n}.txt", MOST_FILE_BYTES) for n in range(3)], "bytes of files: 0 to 26214400"),
    ],
)
def test_files_are_limited_in_number_and_size(files: list[Upload], complaint: str) -> None:
    assert any(complaint in said for said in complaints("POST", MESSAGES, {}, files=files))


def test_a_file_alone_is_a_message_and_may_be_shown_by_its_name() -> None:
    message = an_embed_message(image={"url": "attachment://a.png"}) | {"attachments": [{"id": 0}]}
    assert complaints("POST", MESSAGES, {}, files=[Upload("a.png", MOST_FILE_BYTES)]) == []
    assert complaints("POST", MESSAGES, message, files=[Upload("a.png", 1)]) == []


def test_what_has_no_body_or_no_rule_passes() -> None:
    assert complaints("DELETE", MESSAGE, None) == []
    assert complaints("PUT", "/channels/1/permissions/2", {"allow": 0}) == []


def test_a_layouts_text_is_counted_wherever_it_stands() -> None:
    container = {"type": Kind.CONTAINER, "components": [a_section("abc", "de"), a_text("f")]}
    assert text_length([container, a_text("gh")]) == 8


def assert_complains(method: str, path: str, body: object, complaint: str) -> None:
    said = complaints(method, path + "?with_response=true", body)
    assert any(complaint in sentence for sentence in said), said
