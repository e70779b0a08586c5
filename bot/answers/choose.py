"""Which of the ranked sentences to show, in which order, and when there is nothing to show."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

from bot.answers.evidence import Evidence
from bot.answers.verify import normalized

ENOUGH = 0.0
"""How sure one must be of a paper of ten sentences; see ``tests/benchmarks/answers.py``."""
MORE_FOR_LONG = 0.7
"""How much more a paper of ten times as many sentences needs: some always come near by chance."""
MOST_SHOWN = 3
NEARLY_AS_GOOD = 2.0
"""How far a score may be below the best for its sentence to be shown beside it: at an eighth of
the best's odds."""
_ALIKE = 0.7


def choose(ranked: Sequence[Evidence]) -> list[Evidence]:
    """Return one to three sentences to show, the best first; none where evidence is weak.

    Sentences that follow each other in the paper are shown in the paper's order.
    """
    if not ranked or ranked[0].sure < _enough(ranked):
        return []
    chosen: list[Evidence] = []
    for evidence in ranked:
        good = evidence.score >= ranked[0].score - NEARLY_AS_GOOD
        if good and len(chosen) < MOST_SHOWN and not _is_repeated(evidence, chosen):
            chosen.append(evidence)
    return in_reading_order(chosen)


def _enough(ranked: Sequence[Evidence]) -> float:
    best = ranked[0].sentence.paper_id
    length = sum(evidence.sentence.paper_id == best for evidence in ranked)
    return ENOUGH + MORE_FOR_LONG * max(0.0, log10(length / 10))


def in_reading_order(chosen: Sequence[Evidence]) -> list[Evidence]:
    """Return the runs of neighbouring sentences, each in the paper's order, the best run first."""
    runs: list[list[Evidence]] = []
    for evidence in chosen:
        run = next((run for run in runs if any(_adjoin(evidence, each) for each in run)), None)
        if run is None:
            runs.append([evidence])
        else:
            run.append(evidence)
            run.sort(key=lambda each: each.sentence.position)
    return [evidence for run in runs for evidence in run]


def _adjoin(one: Evidence, other: Evidence) -> bool:
    a, b = one.sentence, other.sentence
    same = a.paper_id == b.paper_id and a.section == b.section
    return same and abs(a.position - b.position) == 1


def _is_repeated(evidence: Evidence, chosen: Sequence[Evidence]) -> bool:
    """Whether a chosen sentence says the same in nearly the same words."""
    words = _words(evidence)
    return any(
        len(words & (other := _words(each))) > _ALIKE * min(len(words), len(other))
        for each in chosen
    )


def _words(evidence: Evidence) -> set[str]:
    return {normalized(word) for word in evidence.sentence.text.split()} - {""}
