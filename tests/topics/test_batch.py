from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bot.topics.batch import Batch

CODES = st.integers(-(2**63), 2**63 - 1)
codes_of_papers = st.lists(st.sets(st.one_of(CODES, st.integers(0, 9)), max_size=8), max_size=70)


@given(codes_of_papers, st.lists(st.one_of(CODES, st.integers(0, 9)), max_size=12))
def test_a_batch_knows_which_papers_have_which_code(
    papers: list[set[int]], asked: list[int]
) -> None:
    batch = Batch([np.array(sorted(codes), np.int64) for codes in papers])
    codes = np.array([*asked, *(code for paper in papers for code in paper)], np.int64)
    flags = batch.spread(batch.having(codes))
    for code, row in zip(codes.tolist(), flags.tolist(), strict=True):
        assert row == [code in paper for paper in papers]
    assert batch.may_have(codes)[flags.any(axis=1)].all()
