"""The text of a PDF, drawn out in a process of its own: a hostile file can only end that one.

``python -m bot.answers.pdf_text`` reads a PDF from stdin and writes its text to stdout.
"""

from __future__ import annotations

import asyncio
import io
import resource
import sys

PATIENCE = 20.0
"""Seconds for one file."""
MOST_MEMORY = 2**30
"""Bytes of address space."""
MOST_PAGES = 120
LONGEST = 1_000_000
"""Characters of text."""


async def text_of(pdf: bytes, *, patience: float = PATIENCE) -> str | None:
    """Return a PDF's text; None for one without, or that cannot be read within bounds.

    Args:
        pdf: Hostile.
        patience: Seconds.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __spec__.name),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        told, _ = await asyncio.wait_for(child.communicate(pdf), patience)
    except TimeoutError:
        return None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    text = told.decode("utf-8", "replace").strip()
    return text if child.returncode == 0 and text else None


def main() -> None:
    """Draw the text out of what stdin has, within bounds."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(PATIENCE), int(PATIENCE)))
    from pypdf import PdfReader

    left = LONGEST
    for page in PdfReader(io.BytesIO(sys.stdin.buffer.read())).pages[:MOST_PAGES]:
        text = page.extract_text()[:left] + "\n"
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        left -= len(text)
        if left <= 0:
            break


if __name__ == "__main__":
    main()
