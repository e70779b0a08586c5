"""Papers read once and kept, since many topics are held against the same ones."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.models import Paper
from bot.topics.codes import Codes, ReadPaper, read_paper
from bot.topics.meaning import Embedder, Steps, paper_steps
from bot.topics.names import Name

MOST_KEPT = 12_000
"""Papers: about 9 kB each, so 110 MB at the most. To read one takes two milliseconds."""
TOGETHER = 256
"""Papers whose meaning is looked up at once."""


@dataclass(frozen=True, slots=True)
class Read:
    """Papers, ready to be matched by words and by meaning."""

    papers: Sequence[ReadPaper]
    steps: Steps
    """One row a paper."""

    def __len__(self) -> int:
        return len(self.papers)


@dataclass(frozen=True, slots=True)
class _Kept:
    of: int
    """The hash of all that the paper says: another means that it has changed."""
    codes: Codes
    names: tuple[Name, ...]
    steps: Steps


class Reader:
    """Reads papers, each once for as long as it stays as it is. Safe from any thread.

    Args:
        embedder: The model of meaning; one whose nearness ``bot.topics.meaning`` knows.
        most: Papers that are kept, those asked for last.
    """

    def __init__(self, embedder: Embedder, *, most: int = MOST_KEPT) -> None:
        self.embedder = embedder
        self._most = most
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, paper_id: str) -> bool:
        return paper_id in self._kept

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def has_room(self) -> bool:
        """Whether a paper can be kept without another being let go."""
        return len(self._kept) < self._most

    def read(self, papers: Sequence[Paper]) -> Read:
        """Return papers as topics see them, in order. Takes two milliseconds for a new one."""
        known = self._known(papers)
        new = [paper for paper in papers if paper.id not in known]
        for start in range(0, len(new), TOGETHER):
            known |= self._learn(new[start : start + TOGETHER])
        kept = [known[paper.id] for paper in papers]
        return Read(
            [ReadPaper(p, k.codes, k.names) for p, k in zip(papers, kept, strict=True)],
            np.stack([k.steps for k in kept]) if kept else paper_steps([], self.embedder),
        )

    def _known(self, papers: Sequence[Paper]) -> dict[str, _Kept]:
        """Return what is kept of papers that are still as they were."""
        found: dict[str, _Kept] = {}
        with self._lock:
            for paper in papers:
                kept = self._kept.get(paper.id)
                if kept is not None and kept.of == hash(paper):
                    self._kept.move_to_end(paper.id)
                    found[paper.id] = kept
        return found

    def _learn(self, papers: Sequence[Paper]) -> dict[str, _Kept]:
        read = [read_paper(paper) for paper in papers]
        steps = paper_steps(read, self.embedder)
        new = {
            each.id: _Kept(hash(each.paper), each.codes, each.names, row)
            for each, row in zip(read, steps, strict=True)
        }
        with self._lock:
            self._kept.update(new)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return new
