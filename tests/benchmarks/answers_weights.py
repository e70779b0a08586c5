"""Fit the weights of ``bot/answers/evidence.py``, and say what they would do on papers not seen.

``python -m tests.benchmarks.answers_weights [--folder DIR]`` reads the ``tune`` part of the
benchmark's questions alone. The order is fitted so that the sentences that answer have the most of
a softmax over all that were read; how sure to be, by logistic regression on the best sentence, from
its place in that order and a few of its signs. Both are fitted with the paper given and with none
given. The figures are of eightfold cross-validation: no paper's questions are fitted and judged.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from bot.answers.answer import passages_to_rank
from bot.answers.question import Kind, Question, read_question
from bot.answers.signs import Signs, read_signs
from bot.asking import find_candidates
from bot.models import Paper
from bot.search.embed import Embedder, WordLlama
from bot.search.engine import SearchEngine
from tests.benchmarks.answers import NOW, Asked, at_work, indexed, questions, say

Numbers = NDArray[np.float64]

NAMES = [sign.name for sign in fields(Signs)]
OF_SURENESS = ("words", "meaning", "untold", "lacks_name")
"""The signs that say more of the best sentence than its place in the order does."""
PULL = 3.0
"""How strongly weights are pulled to zero (L2)."""
FOLDS = 8
STEPS = 100
SMALL = 1e-5


@dataclass(frozen=True, slots=True)
class Case:
    """A question with sentences to choose from."""

    asked: Asked
    is_number: bool
    given: bool
    """Whether its paper was given."""
    signs: Numbers
    """Sentences × signs."""
    answers: NDArray[np.bool_]
    """Which sentences answer."""
    own: NDArray[np.bool_]
    """Which sentences are of the question's own paper."""


def case(
    asked: Asked, question: Question, read: Sequence[Paper], own: Paper, embedder: Embedder
) -> Case | None:
    passages, titles, people = passages_to_rank(question, read)
    found, signs = read_signs(question, passages, embedder=embedder, titles=titles, people=people)
    if not found:
        return None
    return Case(
        asked,
        question.kind is Kind.NUMBER,
        len(read) == 1,
        signs.astype(np.float64),
        np.array([asked.is_answered_by(sentence, own) for sentence in found]),
        np.array([sentence.paper_id == own.id for sentence in found]),
    )


def cases(papers: dict[str, Paper], embedder: Embedder, engine: SearchEngine) -> Iterator[Case]:
    for asked in questions("tune"):
        question = read_question(asked.question)
        found = find_candidates(engine, question, now=NOW, recency=False)
        for ids in ([asked.paper], found):
            read = [papers[id_] for id_ in ids]
            made = case(asked, question, read, papers[asked.paper], embedder)
            if made is not None:
                yield made


def fitted_order(known: Sequence[Case]) -> Numbers:
    """Return the weights under which the answering sentences have the most of the softmax."""
    usable = [each for each in known if each.answers.any()]
    weights = np.zeros(len(NAMES))
    for _ in range(STEPS):
        slope, bend = -PULL * weights, PULL * np.eye(len(weights))
        for each in usable:
            scores = each.signs @ weights
            share = np.exp(scores - scores.max())
            share /= share.sum()
            right = share * each.answers
            mean = share @ each.signs
            slope += right @ each.signs / right.sum() - mean
            away = each.signs - mean
            bend += (away.T * share) @ away
        step = np.linalg.solve(bend, slope)
        weights += step
        if abs(step).max() < SMALL:
            break
    return weights


def fitted_sureness(known: Sequence[Case], order: Numbers) -> Numbers:
    """Return the weights of the score, the signs, numbers and a constant, as log odds."""
    rows = np.array([_of_best(each, order) for each in known])
    right = np.array([each.asked.has_answer and _best(each, order)[1] for each in known], float)
    middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    x = np.column_stack([(rows - middle) / spread, np.ones(len(rows))])
    pull = np.diag([*([PULL] * rows.shape[1]), 0.0])
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS):
        share = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (share - right) + pull @ weights
        step = np.linalg.solve((x.T * (share * (1 - share))) @ x + pull, slope)
        weights -= step
        if abs(step).max() < SMALL:
            break
    own = weights[:-1] / spread
    return np.append(own, weights[-1] - own @ middle)


def _best(each: Case, order: Numbers) -> tuple[int, bool]:
    best = int(np.argmax(each.signs @ order))
    return best, bool(each.own[best])


def _of_best(each: Case, order: Numbers) -> Numbers:
    best, _ = _best(each, order)
    signs = each.signs[best]
    some = [signs[NAMES.index(name)] for name in OF_SURENESS]
    return np.array([signs @ order, *some, each.is_number])


def as_signs(order: Numbers, sureness: Numbers) -> tuple[Signs, float, float]:
    """Return sureness as weights of all signs, how much harder numbers are, and the constant."""
    weights = sureness[0] * order
    for name, weight in zip(OF_SURENESS, sureness[1:], strict=False):
        weights[NAMES.index(name)] += weight
    return Signs(*weights), -float(sureness[-2]), float(sureness[-1])


@dataclass(frozen=True, slots=True)
class Judged:
    """What weights that have not seen a case make of it."""

    case: Case
    place: int
    """Of the first sentence that answers, from 0."""
    own_paper: bool
    sure: float


def judged(known: Sequence[Case], seed: int) -> Iterator[Judged]:
    papers = sorted({each.asked.paper for each in known})
    shuffled = np.random.default_rng(seed).permutation(len(papers))
    fold = {paper: int(n) % FOLDS for paper, n in zip(papers, shuffled, strict=True)}
    for n in range(FOLDS):
        seen = [each for each in known if fold[each.asked.paper] != n]
        order = fitted_order(seen)
        sureness = fitted_sureness(seen, order)
        for each in known:
            if fold[each.asked.paper] == n:
                ranked = each.answers[np.argsort(-(each.signs @ order), kind="stable")]
                place = int(np.argmax(ranked)) if ranked.any() else len(ranked)
                sure = float(_of_best(each, order) @ sureness[:-1] + sureness[-1])
                yield Judged(each, place, _best(each, order)[1], sure)


def f1(of: Sequence[Judged], enough: float) -> float:
    silent = [each.sure < enough for each in of]
    should = [not each.case.asked.has_answer for each in of]
    right = sum(a and b for a, b in zip(silent, should, strict=True))
    return 2 * right / max(1, sum(silent) + sum(should))


def report(known: Sequence[Case]) -> None:
    every = [each for seed in range(3) for each in judged(known, seed)]
    answered = [each for each in every if each.case.given and each.case.asked.has_answer]
    many = [each for each in every if not each.case.given]
    say(f"hit@1 {fmean(each.place == 0 for each in answered):.3f}")
    say(f"hit@3 {fmean(each.place < 3 for each in answered):.3f}")
    for enough in np.arange(-0.6, 1.3, 0.2):
        sure = [each for each in many if each.case.asked.has_answer and each.sure >= enough]
        say(
            f"enough {enough:+.1f}: silence F1 {f1([e for e in every if e.case.given], enough):.3f}"
            f" with the paper given, {f1(many, enough):.3f} with none,"
            f" right paper first {fmean(each.own_paper for each in sure):.3f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the index stays for the next run")
    folder: Path | None = parser.parse_args().folder
    papers, embedder = at_work(0), WordLlama.load()
    with TemporaryDirectory() as scratch:
        engine = indexed(papers, folder or Path(scratch), embedder)
        known = list(cases(papers, embedder, engine))
        engine.close()
    order = fitted_order(known)
    sure, harder, constant = as_signs(order, fitted_sureness(known, order))
    for name, weights in (("ORDER", Signs(*order)), ("SURE", sure)):
        named = zip(NAMES, astuple(weights), strict=True)
        say(f"{name}: {', '.join(f'{sign}={weight:.2f}' for sign, weight in named)}")
    say(f"SURE_OF_NOTHING {constant:.2f}, NUMBER_IS_HARDER {harder:.2f}")
    report(known)


if __name__ == "__main__":
    main()
