"""What Discord asks of application commands beyond the shapes in its document.

https://discord.com/developers/docs/interactions/application-commands
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from enum import IntEnum

from tests.discord_rules.lengths import Json, objects, repeated, text_within, within

MOST_CHARACTERS = 8_000
"""In a command's names, descriptions and choice values together; of a text with translations,
the longest counts."""
MOST_OPTIONS = 25
MOST_CHOICES = 25

THAI_OR_DEVANAGARI = re.compile("[\u0900-\u097f\u0e00-\u0e7f]")


class CommandType(IntEnum):
    SLASH = 1
    USER = 2
    MESSAGE = 3
    ENTRY_POINT = 4


MOST_COMMANDS = {
    CommandType.SLASH: 100,
    CommandType.USER: 15,
    CommandType.MESSAGE: 15,
    CommandType.ENTRY_POINT: 1,
}
"""In one scope: global, or one server."""

SUBCOMMAND = 1
GROUP = 2


def command_list_complaints(commands: list[Json]) -> Iterator[str]:
    """Complain of a scope's whole list of commands, as a bulk overwrite sends it."""
    counts = Counter(_type(command) for command in commands)
    for kind, most in MOST_COMMANDS.items():
        yield from within("the list", counts[kind], 0, most, f"{kind.name} commands")
    for kind, name in repeated([(_type(command), command.get("name")) for command in commands]):
        yield f"two {kind.name} commands are named {name!r}"
    for command in commands:
        yield from command_complaints(command)


def command_complaints(command: Json) -> Iterator[str]:
    """Complain of one command and all below it."""
    what = f"command {command.get('name')!r}"
    if _type(command) in (CommandType.USER, CommandType.MESSAGE):
        yield from _context_menu(what, command)
    else:
        yield from _named(what, command)
        yield from _options(what, command)
    yield from within(what, command_length(command), 0, MOST_CHARACTERS)


def command_length(command: Json) -> int:
    """Return the characters that count towards the 8,000 of a command."""
    own = _longest(command, "name") + _longest(command, "description")
    choices = sum(
        _longest(choice, "name") + len(str(choice.get("value", "")))
        for choice in objects(command.get("choices"))
    )
    return own + choices + sum(command_length(o) for o in objects(command.get("options")))


def name_complaints(what: str, name: str) -> Iterator[str]:
    """Complain of the name of a slash command, or of something in one."""
    yield from within(f"the name of {what}", len(name), 1, 32)
    if odd := [character for character in name if not _may_stand_in_name(character)]:
        yield f"the name of {what} may not contain {''.join(odd)!r}"
    if name != name.lower():
        yield f"the name of {what} must be in lower case"


def _type(command: Json) -> CommandType:
    return CommandType(command.get("type") or CommandType.SLASH)


def _longest(node: Json, key: str) -> int:
    localized: Json = node.get(f"{key}_localizations") or {}
    return max(len(text or "") for text in (node.get(key), *localized.values()))


def _may_stand_in_name(character: str) -> bool:
    return (
        character in "-_'"
        or unicodedata.category(character)[0] in "LN"
        or THAI_OR_DEVANAGARI.match(character) is not None
    )


def _named(what: str, node: Json) -> Iterator[str]:
    """Complain of the name and description, in every language, of a command or option."""
    names: Json = node.get("name_localizations") or {}
    for name in (node.get("name") or "", *names.values()):
        yield from name_complaints(what, name)
    descriptions: Json = node.get("description_localizations") or {}
    for description in (node.get("description"), *descriptions.values()):
        yield from text_within(f"the description of {what}", description, 1, 100)


def _context_menu(what: str, command: Json) -> Iterator[str]:
    yield from text_within(f"the name of {what}", command.get("name"), 1, 32)
    if command.get("description"):
        yield f"{what} is in a context menu and can have no description"
    if command.get("options"):
        yield f"{what} is in a context menu and can have no options"


def _options(what: str, node: Json, *, in_group: bool = False) -> Iterator[str]:
    options = objects(node.get("options"))
    yield from within(what, len(options), 0, MOST_OPTIONS, "options")
    for name in repeated([option.get("name") for option in options]):
        yield f"{what} has two options named {name!r}"
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        yield f"{what} has a required option after one that is not"
    kinds = {option.get("type") in (SUBCOMMAND, GROUP) for option in options}
    if len(kinds) > 1:
        yield f"{what} mixes subcommands with other options"
    for option in options:
        yield from _option(f"{what}, {option.get('name')!r}", option, in_group=in_group)


def _option(what: str, option: Json, *, in_group: bool) -> Iterator[str]:
    yield from _named(what, option)
    if option.get("type") == GROUP:
        if in_group:
            yield f"{what} is a group within a group"
        yield from _options(what, option, in_group=True)
    elif option.get("type") == SUBCOMMAND:
        yield from _options(what, option, in_group=in_group)
    else:
        yield from _choices(what, option)


def _choices(what: str, option: Json) -> Iterator[str]:
    choices = objects(option.get("choices"))
    if choices and option.get("autocomplete"):
        yield f"{what} has both choices and autocomplete"
    for key in ("name", "value"):
        for text in repeated([choice.get(key) for choice in choices]):
            yield f"{what} has two choices with the {key} {text!r}"
    yield from choice_complaints(what, choices)


def choice_complaints(what: str, choices: list[Json]) -> Iterator[str]:
    """Complain of an option's choices, be they fixed or an autocompletion's."""
    yield from within(what, len(choices), 0, MOST_CHOICES, "choices")
    for choice in choices:
        name, value = choice.get("name"), choice.get("value")
        yield from text_within(f"{what}: the choice's name", name, 1, 100)
        if not isinstance(value, (int, float)):
            yield from text_within(f"{what}: the value of the choice {name!r}", value, 1, 100)
