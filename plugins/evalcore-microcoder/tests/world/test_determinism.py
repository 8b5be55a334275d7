from __future__ import annotations

from hashlib import sha256
from itertools import islice
from random import Random

import pytest

from evalcore_microcoder.world import problems

DIGESTS = {
    "training": "ee811230822a40b6",
    "validation": "fa62318445fead51",
    "contest": "390bd8a06f47a382",
}
"""Of the first problems and their mistakes. Weights were trained on exactly these."""


def test_equal_seeds_give_equal_problems_and_others_give_others():
    first, again, other = (list(islice(problems("training", seed), 50)) for seed in (1, 1, 2))
    assert first == again
    assert {problem.statement for problem in first}.isdisjoint(p.statement for p in other)


@pytest.mark.parametrize("split", DIGESTS)
def test_problems_are_the_same_on_every_python(split):
    digest = sha256()
    for problem in islice(problems(split), 300):
        tests = problem.public_tests + problem.hidden_tests
        mistakes = tuple(problem.mistakes(Random(problem.id)))
        digest.update(repr((problem.statement, problem.program, tests, mistakes)).encode())
    assert digest.hexdigest()[:16] == DIGESTS[split]
