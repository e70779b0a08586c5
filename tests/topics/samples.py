"""Papers and an embedder for tests: small, made up, and the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np

from bot.models import Paper
from bot.topics.meaning import Vectors
from bot.topics.terms import terms

SYNONYMS = {"felin": "cat", "kitten": "cat", "hound": "dog", "puppi": "dog"}
"""Stems that mean the same to ``WordBag``."""


class WordBag:
    """An embedder for which texts are near that have words or synonyms in common."""

    dims = 256

    def embed(self, texts: Sequence[str]) -> Vectors:
        rows = np.zeros((len(texts), self.dims), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for stem in terms(text):
                row += _direction(SYNONYMS.get(stem, stem), self.dims)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.divide(rows, lengths, where=lengths > 0, out=rows)


@lru_cache
def _direction(stem: str, dims: int) -> Vectors:
    return np.random.default_rng(crc32(stem.encode())).standard_normal(dims).astype(np.float32)


def a_paper(
    title: str = "On nothing in particular",
    abstract: str = "",
    *,
    id_: str = "2601.00001",
    authors: tuple[str, ...] = (),
    categories: tuple[str, ...] = (),
    keywords: tuple[str, ...] = (),
    organization: str | None = None,
    code_url: str | None = None,
) -> Paper:
    return Paper(
        id=id_,
        title=title,
        abstract=abstract,
        authors=authors,
        categories=categories,
        ai_keywords=keywords,
        organization=organization,
        code_url=code_url,
    )
