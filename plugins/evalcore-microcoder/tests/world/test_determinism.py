from __future__ import annotations

from itertools import islice

from evalcore_microcoder.world import problems


def test_equal_seeds_give_equal_problems_and_others_give_others():
    first, again, other = (list(islice(problems("training", seed), 50)) for seed in (1, 1, 2))
    assert first == again
    assert {problem.statement for problem in first}.isdisjoint(p.statement for p in other)
