"""Vectors of papers: small codes in a file, their sign bits in memory, the nearest of them.

A vector takes 256 bytes or less on disk: 8, 4, 2 or 1 bits a dimension, whichever fits. The
nearest are found in two steps, by sign bits (32 bytes a paper, all of them) and then by the codes
(a few thousand). Measured at 1 M papers of 256 dimensions: see ``tests/benchmarks/search.py``.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bot.search.embed import Vectors, unit

Rows = NDArray[np.int64]
Codes = NDArray[np.uint8]

BYTES_A_ROW = 256
LEVEL_STEPS = {8: 0.031, 4: 0.335, 2: 0.996, 1: 1.596}
"""Bits a dimension → distance of two levels, in standard deviations, that loses least of a normal
distribution: J. Max, Quantizing for Minimum Distortion, IRE Trans. IT 6 (1960), table II."""
CHUNK = 1 << 15
"""Papers looked at together: their bits and what is made of them fit the processor's cache."""
NEAR = 4_000
"""Papers that the codes decide on, of all that the bits have seen."""
MEAN_PRIOR = 1_000
"""Papers that the mean must speak for before it counts in full: few have it by chance."""
VERSION = 1


class Quantizer:
    """Unit vectors into codes of at most 256 bytes, and back, nearly.

    A code of only zeros means that the vector is not known yet: no real one has it, being at
    least 256 times the lowest level.
    """

    def __init__(self, dims: int) -> None:
        self.dims = min(dims, BYTES_A_ROW * 8)
        """Of longer vectors only the first 2,048 dimensions count."""
        self.bits = next(b for b in LEVEL_STEPS if self.dims * b <= BYTES_A_ROW * 8)
        self.row_bytes = -(-self.dims * self.bits // 8)
        self._step = LEVEL_STEPS[self.bits] / np.sqrt(self.dims)
        self._middle = (2**self.bits - 1) / 2

    def encode(self, vectors: Vectors) -> Codes:
        cut = unit(vectors[:, : self.dims])
        levels = np.clip(np.round(cut / self._step + self._middle), 0, 2 * self._middle)
        return self._packed(levels.astype(np.uint8))

    def decode(self, codes: Codes) -> Vectors:
        """Return nearly unit vectors."""
        return (self._unpacked(codes).astype(np.float32) - self._middle) * np.float32(self._step)

    def _packed(self, levels: Codes) -> Codes:
        if self.bits == 8:
            return levels
        bits = np.unpackbits(levels[:, :, None], axis=2)[:, :, -self.bits :]
        return np.packbits(bits.reshape(len(levels), -1), axis=1)

    def _unpacked(self, codes: Codes) -> Codes:
        if self.bits == 8:
            return codes
        bits = np.unpackbits(codes, axis=1, count=self.dims * self.bits)
        weights = 1 << np.arange(self.bits - 1, -1, -1, dtype=np.uint8)
        return bits.reshape(len(codes), self.dims, self.bits) @ weights


class VectorStore:
    """One vector a row, for one model. Rows are numbers from 0, given out by the caller.

    Reading is safe from any thread while one other thread writes: a reader sees a row's old or
    new vector. Writing is for one thread at a time.
    """

    def __init__(self, folder: Path, *, model: str, dims: int, rows: int) -> None:
        """Open the vectors in ``folder``; those of another model are thrown away.

        Args:
            folder: Exists; the files are made where they are absent.
            model: Whose vectors these are.
            dims: How long a vector is.
            rows: How many rows there are at least.
        """
        self._quantizer = Quantizer(dims)
        self._path = folder / "vectors.bin"
        self._forget_other_models(folder / "vectors.json", model)
        self._file = open(self._path, "r+b", buffering=0)  # noqa: SIM115
        stored = self._path.stat().st_size // self._quantizer.row_bytes
        self._count = 0
        self._bits = np.zeros((self._words, 0), np.uint64)
        self._known = np.zeros(0, np.bool_)
        self._centre = np.zeros(self._quantizer.dims, np.float32)
        self._centred_for = 0
        self.grow(max(rows, stored))
        self._centre_anew()

    def close(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        """Return the number of rows, with those that have no vector yet."""
        return self._count

    @property
    def _words(self) -> int:
        return -(-self._quantizer.dims // 64)

    def _forget_other_models(self, header: Path, model: str) -> None:
        wanted = {"version": VERSION, "model": model, "dims": self._quantizer.dims}
        try:
            found = json.loads(header.read_bytes())
        except (OSError, ValueError):
            found = None
        if found != wanted or not self._path.exists():
            self._path.write_bytes(b"")
            header.write_text(json.dumps(wanted))

    def grow(self, count: int) -> None:
        """Have at least ``count`` rows; the new ones have no vector yet."""
        if count <= self._count:
            return
        self._file.truncate(count * self._quantizer.row_bytes)
        self._map = mmap.mmap(self._file.fileno(), 0)
        codes = np.frombuffer(self._map, np.uint8)
        self._codes = codes[: count * self._quantizer.row_bytes].reshape(count, -1)
        if count > len(self._known):
            self._widen(count + count // 8 + 1024)
        self._count = count

    def _widen(self, capacity: int) -> None:
        bits = np.zeros((self._words, capacity), np.uint64)
        bits[:, : self._count] = self._bits[:, : self._count]
        known = np.zeros(capacity, np.bool_)
        known[: self._count] = self._known[: self._count]
        self._bits, self._known = bits, known

    def put(self, rows: Sequence[int], vectors: Vectors) -> None:
        """Store the rows' vectors; they are on disk after ``flush``."""
        at = np.asarray(rows, np.int64)
        self._codes[at] = self._quantizer.encode(vectors)
        self._bits[:, at] = self._sign_bits(self._quantizer.decode(self._codes[at]))
        self._known[at] = True
        if self._count >= 2 * self._centred_for:
            self._centre_anew()

    def forget(self, rows: Sequence[int]) -> None:
        """Let the rows have no vector: their text changed or went."""
        at = np.asarray(rows, np.int64)
        self._codes[at] = 0
        self._bits[:, at] = 0
        self._known[at] = False

    def flush(self) -> None:
        if self._count:
            self._map.flush()

    def pending(self) -> Rows:
        """Return the rows that have no vector, in order."""
        return np.flatnonzero(~self._known[: self._count])

    def similarities(self, rows: Rows, vector: Vectors) -> Vectors:
        """Return the cosine of ``vector`` (shape ``(dims,)``) to each row, both less the centre.

        Rows without a vector get NaN.
        """
        found = self._codes[rows]
        scores = self._centred(self._quantizer.decode(found)) @ self._centred(vector[None])[0]
        return np.where(found.any(axis=1), scores, np.float32(np.nan))

    def vector(self, row: int) -> Vectors | None:
        """Return a row's vector, shape ``(dims,)``; None while it has none."""
        code = self._codes[row : row + 1]
        return self._quantizer.decode(code)[0] if code.any() else None

    def nearest(self, vector: Vectors, *, limit: int) -> list[tuple[int, float]]:
        """Return the nearest rows and their cosines, best first."""
        if not self._count:
            return []
        rows = self._near_by_bits(self._sign_bits(vector[None])[:, 0], max(NEAR, limit))
        scores = self.similarities(rows, vector)
        self._let_pages_go()
        order = np.argsort(-scores, kind="stable")[:limit]
        return [(int(rows[i]), float(scores[i])) for i in order if not np.isnan(scores[i])]

    def _near_by_bits(self, bits: NDArray[np.uint64], wanted: int) -> Rows:
        """Return about ``wanted`` rows, or more, whose sign bits differ least; in row order."""
        count = self._count
        distances = np.empty(count, np.uint16)
        for start in range(0, count, CHUNK):
            part = self._bits[:, start : min(count, start + CHUNK)]
            differing = np.bitwise_count(part ^ bits[:, None])
            distances[start : start + CHUNK] = differing.sum(axis=0, dtype=np.uint16)
        return np.flatnonzero(distances <= _cut(distances, wanted))

    def _let_pages_go(self) -> None:
        """Give back the file's pages that this process has mapped; the system still caches them."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def _sign_bits(self, vectors: Vectors) -> NDArray[np.uint64]:
        signs = np.zeros((len(vectors), self._words * 64), np.bool_)
        signs[:, : self._quantizer.dims] = vectors[:, : self._quantizer.dims] > self._centre
        return np.packbits(signs, axis=1).view(np.uint64).T

    def _centred(self, vectors: Vectors) -> Vectors:
        return unit(vectors[:, : self._quantizer.dims] - self._centre)

    def _centre_anew(self) -> None:
        """Measure the vectors' mean, and the sign bits on its two sides.

        What all papers have in common tells none from another: without it, sign bits find the
        ten nearest of 54,002 papers among their best 1,000 in 97 % of cases, with it in 94 %.
        """
        total = np.zeros(self._quantizer.dims, np.float64)
        for rows, codes in self._chunks():
            self._known[rows] = codes.any(axis=1)
            known = codes[self._known[rows]]
            total += self._quantizer.decode(known).sum(axis=0, dtype=np.float64)
        known = int(np.count_nonzero(self._known[: self._count]))
        self._centre = (total / max(known, MEAN_PRIOR)).astype(np.float32)
        self._centred_for = max(known, 64)
        for rows, codes in self._chunks():
            self._bits[:, rows] = self._sign_bits(self._quantizer.decode(codes))

    def _chunks(self) -> Iterator[tuple[slice, Codes]]:
        for start in range(0, self._count, CHUNK):
            rows = slice(start, min(self._count, start + CHUNK))
            yield rows, self._codes[rows]


def _cut(distances: NDArray[np.uint16], wanted: int) -> int:
    """Return a distance within which there are about ``wanted`` or more, from a sample."""
    if wanted >= len(distances):
        return int(distances.max())
    step = max(1, len(distances) // 65_536)
    sample = distances[::step]
    place = min(len(sample) - 1, -(-wanted // step))
    return int(np.partition(sample, place)[place])
