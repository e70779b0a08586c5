"""What the commands print: results on stdout, the rest on stderr."""

from __future__ import annotations

import json
import sys


def say(text: str) -> None:
    """Print a line of a result, at once also where stdout is a file."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Print a line that is not part of the result."""
    sys.stderr.write(text + "\n")


def say_json(value: object) -> None:
    say(json.dumps(value, ensure_ascii=False, indent=2))


class Progress:
    """A line on stderr that is written over, where somebody watches; nothing elsewhere."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._length = 0

    def show(self, text: str) -> None:
        if self._watched:
            sys.stderr.write("\r" + text.ljust(self._length))
            sys.stderr.flush()
            self._length = len(text)

    def end(self) -> None:
        if self._length:
            sys.stderr.write("\r" + " " * self._length + "\r")
            self._length = 0
