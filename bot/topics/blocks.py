"""Many topics' alternatives in arrays, in the order in which they came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.topics.batch import Batch, Bits, Mask
from bot.topics.codes import Codes
from bot.topics.meaning import Steps, Vectors

Rows = NDArray[np.int64]
Numbers = NDArray[np.int32]

CHUNK = 4096
"""Topics whose meaning is compared at once: their vectors fit the processor's cache."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One alternative of a topic, as numbers."""

    topic_id: int
    codes: tuple[int, ...]
    """All that it asks for, also of plain words; not empty."""
    firm: tuple[int, ...]
    """What nearness of meaning cannot stand in for."""
    refused: tuple[tuple[int, ...], ...]
    least_product: int
    """Of its vector and a paper's, for meaning to stand in for words."""


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists of codes of different lengths, one after the other; none is empty."""

    rows: Rows
    """To which alternative each list belongs; ascending."""
    codes: Codes
    starts: Rows
    """Where each list begins, and where the last one ends."""

    @classmethod
    def of(cls, lists: Iterable[tuple[int, Sequence[int]]]) -> Lists:
        kept = [(row, codes) for row, codes in lists if codes]
        return cls(
            np.fromiter((row for row, _ in kept), np.int64),
            np.fromiter((code for _, codes in kept for code in codes), np.int64),
            np.cumsum([0, *(len(codes) for _, codes in kept)]),
        )

    def then(self, other: Lists, *, rows: int) -> Lists:
        """Return these lists and others, whose alternatives come after ``rows`` of ours."""
        return Lists(
            np.concatenate((self.rows, other.rows + rows)),
            np.concatenate((self.codes, other.codes)),
            np.concatenate((self.starts, other.starts[1:] + self.starts[-1])),
        )

    def chosen(self, places: Rows) -> Lists:
        """Return the lists at some places."""
        lengths = self.starts[places + 1] - self.starts[places]
        starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths)))
        shift = np.repeat(self.starts[places] - starts[:-1], lengths)
        return Lists(self.rows[places], self.codes[np.arange(starts[-1]) + shift], starts)

    def of_rows(self, kept: Mask) -> Lists:
        """Return the lists of some alternatives, which are numbered anew."""
        mine = self.chosen(np.flatnonzero(kept[self.rows]))
        return Lists((np.cumsum(kept) - 1)[mine.rows], mine.codes, mine.starts)

    def between(self, start: int, end: int) -> Lists:
        """Return the lists of the alternatives from ``start`` to before ``end``."""
        first, last = np.searchsorted(self.rows, (start, end))
        return self.chosen(np.arange(first, last))

    def held(self, batch: Batch) -> tuple[Rows, Bits]:
        """Return which papers have all of a list, for the lists of which some may, by row."""
        if not len(self.rows):
            return self.rows, np.zeros((0, batch.width), np.uint64)
        possible = np.logical_and.reduceat(batch.may_have(self.codes), self.starts[:-1])
        mine = self.chosen(np.flatnonzero(possible))
        if not len(mine.rows):
            return mine.rows, np.zeros((0, batch.width), np.uint64)
        bits = batch.having(mine.codes)
        return mine.rows, np.bitwise_and.reduceat(bits, mine.starts[:-1], axis=0)


@dataclass(frozen=True, slots=True)
class Found:
    """Pairs of alternatives and papers that fit."""

    topic_ids: Rows
    papers: Numbers
    by_words: Mask
    products: Vectors
    """Of the vectors; NaN where the alternatives have none."""


@dataclass(frozen=True, slots=True)
class Block:
    """Alternatives of topics: all with a meaning, or all without."""

    topic_ids: Rows
    demands: Lists
    """One for each alternative."""
    firm: Lists
    refused: Lists
    least_products: Numbers
    steps: Steps
    """One row for each alternative, or no columns."""

    @classmethod
    def of(cls, demands: Sequence[Demand], steps: Steps) -> Block:
        return cls(
            np.array([each.topic_id for each in demands], np.int64),
            Lists.of((row, each.codes) for row, each in enumerate(demands)),
            Lists.of((row, each.firm) for row, each in enumerate(demands)),
            Lists.of((row, out) for row, each in enumerate(demands) for out in each.refused),
            np.array([each.least_product for each in demands], np.int32),
            steps,
        )

    def __len__(self) -> int:
        return len(self.topic_ids)

    def then(self, other: Block) -> Block:
        rows = len(self)
        return Block(
            np.concatenate((self.topic_ids, other.topic_ids)),
            self.demands.then(other.demands, rows=rows),
            self.firm.then(other.firm, rows=rows),
            self.refused.then(other.refused, rows=rows),
            np.concatenate((self.least_products, other.least_products)),
            np.concatenate((self.steps, other.steps)),
        )

    def without(self, topic_ids: Rows) -> Block:
        kept = ~np.isin(self.topic_ids, topic_ids)
        if kept.all():
            return self
        return Block(
            self.topic_ids[kept],
            self.demands.of_rows(kept),
            self.firm.of_rows(kept),
            self.refused.of_rows(kept),
            self.least_products[kept],
            self.steps[kept],
        )

    def match(self, batch: Batch, papers: Steps) -> list[Found]:
        """Return what fits.

        Args:
            papers: One row a paper; not looked at without meaning.
        """
        bits = np.zeros((len(self), batch.width), np.uint64)
        rows, held = self.demands.held(batch)
        bits[rows] = held
        refused = self._refused_bits(batch)
        if refused is not None:
            bits &= ~refused
        if not self.steps.shape[1]:
            return [self._found_by_words(batch, bits)]
        across = papers.astype(np.float32).T
        return [
            self._found(batch, bits, refused, across, start) for start in range(0, len(self), CHUNK)
        ]

    def _refused_bits(self, batch: Batch) -> Bits | None:
        rows, held = self.refused.held(batch)
        if not len(rows):
            return None
        bits = np.zeros((len(self), batch.width), np.uint64)
        np.bitwise_or.at(bits, rows, held)
        return bits

    def _found_by_words(self, batch: Batch, bits: Bits) -> Found:
        rows = np.flatnonzero(bits.any(axis=1))
        places, papers = np.divmod(np.flatnonzero(batch.spread(bits[rows])), batch.count)
        return Found(
            self.topic_ids[rows[places]],
            (papers + batch.first).astype(np.int32),
            np.ones(len(papers), np.bool_),
            np.full(len(papers), np.nan, np.float32),
        )

    def _found(
        self, batch: Batch, bits: Bits, refused: Bits | None, across: Vectors, start: int
    ) -> Found:
        """Return what fits by words or meaning, for the alternatives of one chunk."""
        end = min(start + CHUNK, len(self))
        products = self.steps[start:end].astype(np.float32) @ across
        fits = products >= self.least_products[start:end, None]
        self._hold_to_firm(batch, fits, refused, start)
        with_words = np.flatnonzero(bits[start:end].any(axis=1))
        worded = np.zeros_like(fits)
        worded[with_words] = batch.spread(bits[start:end][with_words])
        pairs = np.flatnonzero(fits | worded)
        rows, papers = np.divmod(pairs, batch.count)
        return Found(
            self.topic_ids[start:end][rows],
            (papers + batch.first).astype(np.int32),
            worded.reshape(-1)[pairs],
            products.reshape(-1)[pairs],
        )

    def _hold_to_firm(self, batch: Batch, fits: Mask, refused: Bits | None, start: int) -> None:
        """Take out of ``fits`` the papers without what meaning cannot stand in for."""
        firm = self.firm.between(start, start + len(fits))
        if len(firm.rows):
            allowed = np.zeros((len(fits), batch.width), np.uint64)
            rows, held = firm.held(batch)
            allowed[rows - start] = held
            fits[firm.rows - start] &= batch.spread(allowed[firm.rows - start])
        if refused is not None:
            some = np.flatnonzero(refused[start : start + len(fits)].any(axis=1))
            fits[some] &= ~batch.spread(refused[start:][some])
