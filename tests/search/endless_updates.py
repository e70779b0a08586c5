"""Adds twenty papers at a time, tells each time how far it is, and never ends: to be killed."""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

from bot.search.engine import SearchEngine
from tests.builders import a_paper


def main() -> None:
    engine = SearchEngine.open(Path(sys.argv[1]))
    for batch in count(int(engine.watermark or -1) + 1):
        papers = [
            a_paper(f"{batch % 90 + 10}{batch // 90 + 1:02}.{number:05}", f"Bees {number}")
            for number in range(20)
        ]
        engine.update(papers, watermark=str(batch))
        sys.stdout.write(f"{batch}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
