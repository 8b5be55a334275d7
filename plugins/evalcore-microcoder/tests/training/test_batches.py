from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from evalcore_microcoder.training.batches import batches
from evalcore_microcoder.training.dialogue import Example

examples = st.lists(
    st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=2, max_size=12).map(
        lambda pairs: Example(
            [i for i, _ in pairs], [False, *(learned for _, learned in pairs[1:])]
        )
    ),
    max_size=30,
)


@given(examples, st.integers(2, 40))
def test_batches_hold_every_example_once_and_keep_to_their_limit(drawn, tokens):
    found = batches(drawn, tokens, Random(0))
    rows = []
    for ids, targets in found:
        assert ids.numel() <= tokens or len(ids) == 1
        for row, marks in zip(ids.tolist(), targets.tolist(), strict=True):
            end = len(row) if 0 not in row else row.index(0)
            learned = [False, *marks[: end - 1]]
            assert not any(marks[end - 1 :])
            rows.append((row[:end], learned))
    assert sorted(rows) == sorted((example.ids, example.learned) for example in drawn)
