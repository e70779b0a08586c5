"""What Discord asks of components beyond the shapes in its document.

https://discord.com/developers/docs/components/reference
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from enum import IntEnum

from tests.discord_rules.lengths import Json, objects, repeated, text_within, within

MOST_COMPONENTS = 40
"""In a message of version 2, nested ones counted."""
MOST_TEXT = 4_000
"""Characters in all text displays of a message together."""
COMFORTABLE_TEXT = 3_600
"""What our own cards should keep to: Discord counts mentions as they are shown, which is longer."""
MOST_ROWS = 5
"""Action rows in a message of version 1, components in a modal."""

LINK = re.compile(r"(https?|discord)://\S+")
MEDIA = re.compile(r"(https?|attachment)://\S+")


class Kind(IntEnum):
    ACTION_ROW = 1
    BUTTON = 2
    STRING_SELECT = 3
    TEXT_INPUT = 4
    USER_SELECT = 5
    ROLE_SELECT = 6
    MENTIONABLE_SELECT = 7
    CHANNEL_SELECT = 8
    SECTION = 9
    TEXT_DISPLAY = 10
    THUMBNAIL = 11
    MEDIA_GALLERY = 12
    FILE = 13
    SEPARATOR = 14
    CONTAINER = 17
    LABEL = 18
    FILE_UPLOAD = 19
    RADIO_GROUP = 21
    CHECKBOX_GROUP = 22
    CHECKBOX = 23


class ButtonStyle(IntEnum):
    LINK = 5
    PREMIUM = 6


SELECTS = {
    Kind.STRING_SELECT,
    Kind.USER_SELECT,
    Kind.ROLE_SELECT,
    Kind.MENTIONABLE_SELECT,
    Kind.CHANNEL_SELECT,
}
NEEDS_CUSTOM_ID = SELECTS | {
    Kind.TEXT_INPUT,
    Kind.FILE_UPLOAD,
    Kind.RADIO_GROUP,
    Kind.CHECKBOX_GROUP,
    Kind.CHECKBOX,
}
VERSION_2 = {
    Kind.SECTION,
    Kind.TEXT_DISPLAY,
    Kind.THUMBNAIL,
    Kind.MEDIA_GALLERY,
    Kind.FILE,
    Kind.SEPARATOR,
    Kind.CONTAINER,
}


def walk(components: list[Json]) -> Iterator[Json]:
    """Yield the components and all within them, in the order in which they are shown."""
    for component in components:
        yield component
        yield from walk(objects(component.get("components")))
        inner = [component.get("component"), component.get("accessory")]
        yield from walk(objects(inner))


def text_length(components: list[Json]) -> int:
    """Return the characters in all text displays together."""
    return sum(len(text) for text in texts(components))


def texts(components: list[Json]) -> list[str]:
    """Return what the text displays say, in the order in which they are shown."""
    return [c.get("content") or "" for c in walk(components) if c.get("type") == Kind.TEXT_DISPLAY]


def is_version_2(components: list[Json]) -> bool:
    """Whether some component exists only in version 2."""
    return any(component.get("type") in VERSION_2 for component in walk(components))


def component_complaints(components: list[Json], *, version_2: bool) -> Iterator[str]:
    """Complain of a message's components."""
    if version_2:
        nested = sum(1 for _ in walk(components))
        yield from within(
            "the message", nested, 0, MOST_COMPONENTS, "components, nested ones counted"
        )
        yield from within("the message's text", text_length(components), 0, MOST_TEXT)
    else:
        yield from within("the message", len(components), 0, MOST_ROWS, "rows")
    yield from _each(components)


def modal_complaints(modal: Json) -> Iterator[str]:
    """Complain of a modal, the ``data`` of the callback that opens it."""
    components = objects(modal.get("components"))
    yield from text_within("the modal's title", modal.get("title"), 1, 45)
    yield from text_within("the modal's custom_id", modal.get("custom_id"), 1, 100)
    yield from within("the modal", len(components), 1, MOST_ROWS, "components")
    yield from _each(components)


def _each(components: list[Json]) -> Iterator[str]:
    everything = list(walk(components))
    for key in ("custom_id", "id"):
        for value in repeated([c[key] for c in everything if c.get(key)]):
            yield f"two components have the {key} {value!r}"
    for component in everything:
        if component.get("type") in NEEDS_CUSTOM_ID:
            yield from text_within("a component's custom_id", component.get("custom_id"), 1, 100)
        if rule := RULES.get(component.get("type", 0)):
            yield from rule(component)


def _action_row(row: Json) -> Iterator[str]:
    children = objects(row.get("components"))
    yield from within("an action row", len(children), 1, 5, "components")
    if len(children) > 1 and any(child.get("type") in SELECTS for child in children):
        yield "an action row with a select can hold nothing else"


def _button(button: Json) -> Iterator[str]:
    style, label = button.get("style"), button.get("label") or ""
    what = f"button {label or button.get('custom_id') or button.get('url')!r}"
    if style == ButtonStyle.PREMIUM:
        return
    if not label.strip() and not button.get("emoji"):
        yield f"{what} has neither label nor emoji"
    yield from within(f"the label of {what}", len(label), 0, 80)
    yield from _link(what, button) if style == ButtonStyle.LINK else _pressed(what, button)


def _link(what: str, button: Json) -> Iterator[str]:
    url = button.get("url") or ""
    if not LINK.fullmatch(url):
        yield f"{what} links to {url!r}: only http, https and discord links are allowed"
    yield from within(f"the link of {what}", len(url), 1, 512)
    if button.get("custom_id"):
        yield f"{what} is a link and can have no custom_id"


def _pressed(what: str, button: Json) -> Iterator[str]:
    yield from text_within(f"the custom_id of {what}", button.get("custom_id"), 1, 100)
    if button.get("url"):
        yield f"{what} is no link and can have no url"


def _select(select: Json) -> Iterator[str]:
    what = f"select {select.get('custom_id')!r}"
    yield from text_within(f"the placeholder of {what}", select.get("placeholder"), 0, 150)
    least, most = select.get("min_values"), select.get("max_values")
    if (1 if least is None else least) > (1 if most is None else most):
        yield f"{what} asks for at least {least} and at most {most} values"
    if select.get("type") == Kind.STRING_SELECT:
        yield from _choices(what, select, 1, 25)


def _choices(what: str, select: Json, least: int, most: int) -> Iterator[str]:
    options = objects(select.get("options"))
    yield from within(what, len(options), least, most, "options")
    for value in repeated([option.get("value") for option in options]):
        yield f"{what} has two options with the value {value!r}"
    for option in options:
        yield from text_within(f"{what}: an option's label", option.get("label"), 1, 100)
        yield from text_within(f"{what}: an option's value", option.get("value"), 1, 100)
        yield from text_within(f"{what}: a description", option.get("description"), 0, 100)


def _radio_group(group: Json) -> Iterator[str]:
    yield from _choices(f"radio group {group.get('custom_id')!r}", group, 2, 10)


def _checkbox_group(group: Json) -> Iterator[str]:
    yield from _choices(f"checkbox group {group.get('custom_id')!r}", group, 1, 10)


def _section(section: Json) -> Iterator[str]:
    yield from within("a section", len(objects(section.get("components"))), 1, 3, "texts")
    if not section.get("accessory"):
        yield "a section has no accessory: a button or a thumbnail"


def _text_display(text: Json) -> Iterator[str]:
    yield from text_within("a text display", text.get("content"), 1, MOST_TEXT)


def _thumbnail(thumbnail: Json) -> Iterator[str]:
    yield from _media("a thumbnail", thumbnail)


def _media_gallery(gallery: Json) -> Iterator[str]:
    items = objects(gallery.get("items"))
    yield from within("a media gallery", len(items), 1, 10, "items")
    for item in items:
        yield from _media("a gallery's item", item)


def _media(what: str, item: Json) -> Iterator[str]:
    media: Json = item.get("media") or {}
    url = media.get("url") or ""
    if not MEDIA.fullmatch(url):
        yield f"{what} shows {url!r}: only http, https and attachment links are allowed"
    yield from text_within(f"the description of {what}", item.get("description"), 0, 1_024)


def _file(file: Json) -> Iterator[str]:
    media: Json = file.get("file") or {}
    url = media.get("url") or ""
    if not url.startswith("attachment://"):
        yield f"a file shows {url!r}: only attachment links are allowed"


def _label(label: Json) -> Iterator[str]:
    yield from text_within("a label", label.get("label"), 1, 45)
    yield from text_within("a label's description", label.get("description"), 0, 100)


def _text_input(text_input: Json) -> Iterator[str]:
    what = f"text input {text_input.get('custom_id')!r}"
    yield from text_within(f"the label of {what}", text_input.get("label"), 0, 45)
    yield from text_within(f"the placeholder of {what}", text_input.get("placeholder"), 0, 100)
    yield from text_within(f"the text in {what}", text_input.get("value"), 0, 4_000)
    least, most = text_input.get("min_length") or 0, text_input.get("max_length") or 4_000
    if least > most:
        yield f"{what} asks for at least {least} and at most {most} characters"


RULES: dict[int, Callable[[Json], Iterator[str]]] = {
    Kind.ACTION_ROW: _action_row,
    Kind.BUTTON: _button,
    **dict.fromkeys(SELECTS, _select),
    Kind.TEXT_INPUT: _text_input,
    Kind.SECTION: _section,
    Kind.TEXT_DISPLAY: _text_display,
    Kind.THUMBNAIL: _thumbnail,
    Kind.MEDIA_GALLERY: _media_gallery,
    Kind.FILE: _file,
    Kind.LABEL: _label,
    Kind.RADIO_GROUP: _radio_group,
    Kind.CHECKBOX_GROUP: _checkbox_group,
}
