"""Small requests in good order; a test names only what it makes wrong."""

from __future__ import annotations

from typing import Any

from tests.discord_rules.components import Kind
from tests.discord_rules.lengths import Json
from tests.discord_rules.messages import COMPONENTS_V2

NO_PINGS: Json = {"parse": []}


def a_message(**changes: Any) -> Json:
    return {"content": "A new paper", "allowed_mentions": NO_PINGS} | changes


def an_embed_message(**embed: Any) -> Json:
    return {"embeds": [embed]}


def a_card(*components: Json, **changes: Any) -> Json:
    """A message of version 2; a text where no component is given."""
    return {
        "components": list(components) or [a_text("A new paper")],
        "flags": COMPONENTS_V2,
        "allowed_mentions": NO_PINGS,
    } | changes


def a_text(content: str) -> Json:
    return {"type": Kind.TEXT_DISPLAY, "content": content}


def a_row(*components: Json) -> Json:
    return {"type": Kind.ACTION_ROW, "components": list(components)}


def a_button(**changes: Any) -> Json:
    return {"type": Kind.BUTTON, "style": 1, "label": "Save", "custom_id": "save:1"} | changes


def a_link(url: str, **changes: Any) -> Json:
    return {"type": Kind.BUTTON, "style": 5, "label": "Open", "url": url} | changes


def a_select(**changes: Any) -> Json:
    return {"type": Kind.STRING_SELECT, "custom_id": "sort", "options": some_options(2)} | changes


def some_options(count: int) -> list[Json]:
    return [{"label": f"Option {n}", "value": str(n)} for n in range(count)]


def a_section(*texts: str, **changes: Any) -> Json:
    section = {"type": Kind.SECTION, "components": [a_text(text) for text in texts]}
    return section | {"accessory": a_thumbnail("https://example.org/a.png")} | changes


def a_thumbnail(url: str) -> Json:
    return {"type": Kind.THUMBNAIL, "media": {"url": url}}


def a_modal(*components: Json, **changes: Any) -> Json:
    """The callback that opens a modal; with one text input where no component is given."""
    data: Json = {"custom_id": "ask", "title": "Ask", "components": list(components) or [a_label()]}
    return {"type": 9, "data": data | changes}


def a_label(text: str = "Your question", **component: Any) -> Json:
    control: Json = {"type": Kind.TEXT_INPUT, "custom_id": "question", "style": 1}
    return {"type": Kind.LABEL, "label": text, "component": control | component}


def a_command(*options: Json, **changes: Any) -> Json:
    command: Json = {"name": "ask", "description": "Ask a question", "type": 1}
    return command | {"options": list(options)} | changes


def an_option(**changes: Any) -> Json:
    return {"type": 3, "name": "question", "description": "What to ask"} | changes


def a_choice(name: str, value: str | float) -> Json:
    return {"name": name, "value": value}


def an_autocompletion(*choices: Json) -> Json:
    return {"type": 8, "data": {"choices": list(choices)}}


def a_post(**changes: Any) -> Json:
    return {"name": "A paper", "message": a_message()} | changes


def a_poll(**changes: Any) -> Json:
    poll: Json = {"question": {"text": "Which one?"}, "answers": some_answers(2), "duration": 24}
    return {"poll": poll | changes}


def some_answers(count: int, text: str = "This one") -> list[Json]:
    return [{"poll_media": {"text": text}} for _ in range(count)]
