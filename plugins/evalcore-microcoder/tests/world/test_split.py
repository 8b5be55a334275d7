from __future__ import annotations

from itertools import islice, pairwise

import pytest

from evalcore_microcoder.world import problems
from evalcore_microcoder.world.split import compositions, split_of

SPLITS = ("training", "validation", "contest")


@pytest.fixture(scope="module")
def drawn():
    sizes = {"training": 20_000, "validation": 2_000, "contest": 2_000}
    return {split: list(islice(problems(split), size)) for split, size in sizes.items()}


def every(split):
    return set(compositions(split))


def pairs(composition):
    return set(pairwise(composition[1:]))


def test_every_composition_is_in_one_split():
    sets = [every(split) for split in SPLITS]
    assert len(set.union(*sets)) == sum(map(len, sets))


def test_a_held_out_pair_occurs_in_no_training_composition():
    trained = set().union(*map(pairs, every("training")))
    for split in ("validation", "contest"):
        for composition in every(split):
            if len(composition) == 3:
                assert not trained & pairs(composition)


def test_each_split_has_its_share():
    sizes = {split: len(every(split)) for split in SPLITS}
    assert sizes["training"] > 5_000
    assert sizes["validation"] > 1_000
    assert sizes["contest"] > 2_500


def test_problems_are_of_their_split(drawn):
    for split, found in drawn.items():
        assert {split_of(problem.composition) for problem in found} == {split}


@pytest.mark.parametrize("what", ["composition", "statement", "program"])
def test_splits_share_nothing(drawn, what):
    sets = [{getattr(problem, what) for problem in found} for found in drawn.values()]
    assert len(set.union(*sets)) == sum(map(len, sets))
    assert len(sets[0]) > 1_000


def test_statements_hardly_repeat(drawn):
    statements = {problem.statement for problem in drawn["training"]}
    assert len(statements) > 0.99 * len(drawn["training"])


def test_a_split_that_is_none_is_told_at_once():
    with pytest.raises(ValueError, match="found split 'test', expected one of: training, valid"):
        problems("test")
