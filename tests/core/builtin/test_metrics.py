from __future__ import annotations

from evalcore.builtin.metrics import Cost
from evalcore.data import Usage
from evalcore.settings import Settings
from evalcore.testing import record, scores_of


def test_a_cell_that_the_cache_answered_in_part_has_no_seconds(tmp_path):
    asked = Usage(calls=2, prompt_tokens=10, seconds=3.0)
    answered = Usage(calls=2, prompt_tokens=10, seconds=0.1, cached=1)
    for name, second, kinds in (
        ("asked", asked, {"calls", "prompt-tokens", "seconds"}),
        ("answered", answered, {"calls", "prompt-tokens"}),
    ):
        records = [record("a", 1.0, usage=asked), record("b", 1.0, usage=second)]
        with scores_of(records, tmp_path / f"{name}.db") as scores:
            assert set(Cost(Settings()).compute(scores)) == kinds
