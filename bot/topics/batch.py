"""Papers side by side: for each thing that topics can ask for, one bit a paper."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from bot.topics.codes import Codes

Bits = NDArray[np.uint64]
"""Rows of bits; bit ``p % 64`` of column ``p // 64`` is paper ``p``."""
Mask = NDArray[np.bool_]

_FLAG_BITS = 22
"""4 million flags: 4 % of them set with 200 papers, and all in the processor's cache."""
_ROW_BITS = 20
_SPREAD = np.uint64(0x9E3779B97F4A7C15)
"""2^64 / golden ratio: makes the upper bits of a product depend on all of a code."""


class Batch:
    """What some papers have, by code."""

    def __init__(self, papers: Sequence[Codes], *, first: int = 0) -> None:
        self.first = first
        """The number of the first paper, among all that are matched."""
        self.count = len(papers)
        self.width = -(-self.count // 64)
        """Columns of a row of bits."""
        owners = np.repeat(np.arange(self.count), [len(codes) for codes in papers])
        everything = np.concatenate([*papers, np.zeros(0, np.int64)])
        order = np.argsort(everything)
        owners, everything = owners[order], everything[order]
        is_first = np.diff(everything, prepend=~everything[:1]) != 0
        self._codes = everything[is_first]
        self._bits = self._set_bits(np.cumsum(is_first) - 1, owners)
        self._may_have = np.zeros(1 << _FLAG_BITS, np.bool_)
        self._may_have[_places(self._codes, _FLAG_BITS)] = True
        self._rows = np.zeros(1 << _ROW_BITS, np.int32)
        self._rows[_places(self._codes, _ROW_BITS)] = np.arange(len(self._codes))

    def _set_bits(self, rows: NDArray[np.int64], owners: NDArray[np.int64]) -> Bits:
        bits = np.zeros((len(self._codes), self.width), np.uint64)
        places = rows * self.width + owners // 64
        np.bitwise_or.at(bits.reshape(-1), places, np.uint64(1) << (owners % 64).astype(np.uint64))
        return bits

    def may_have(self, codes: Codes) -> Mask:
        """Return for each code whether a paper can have it: a fast look, seldom wrong."""
        return self._may_have[_places(codes, _FLAG_BITS)]

    def having(self, codes: Codes) -> Bits:
        """Return for each code which papers have it."""
        if not len(self._codes):
            return np.zeros((len(codes), self.width), np.uint64)
        rows = self._rows[_places(codes, _ROW_BITS)]
        wrong = np.flatnonzero(self._codes[rows] != codes)
        found = np.searchsorted(self._codes, codes[wrong])
        rows[wrong] = np.minimum(found, len(self._codes) - 1)
        bits = self._bits[rows]
        bits[wrong[self._codes[rows[wrong]] != codes[wrong]]] = 0
        return bits

    def spread(self, bits: Bits) -> Mask:
        """Return rows of bits as one flag a paper."""
        flags = np.unpackbits(bits.view(np.uint8), axis=1, count=self.count, bitorder="little")
        return flags.view(np.bool_)


def _places(codes: Codes, bits: int) -> NDArray[np.uint64]:
    return (codes.view(np.uint64) * _SPREAD) >> np.uint64(64 - bits)
