"""Logs of a deployed router."""

from __future__ import annotations

import numpy as np
import pytest

from evalcore.errors import EvalcoreError
from evalcore.prices import Price
from evalcore_metallm.logs.deployment import (
    DeploymentColumns,
    DeploymentLog,
    read_deployment_log,
)
from evalcore_metallm.logs.reading import LogError

PRICES = {"a": Price(prompt=1.0, completion=2.0), "b": Price(prompt=10.0, completion=20.0)}
ROWS = [
    {
        "id": "x", "arm": "b", "quality": 1, "cost": 0.5, "propensity": 0.25,
        "probabilities": {"a": 0.75, "b": 0.25},
        "query": "Why?", "user": "u", "in": 20, "out": 10,
    },
    {
        "id": "y", "arm": "c", "quality": 0.5, "cost": 0.25, "propensity": 0.125,
        "probabilities": {"a": 0.875, "c": 0.125},
        "query": "How?", "user": "v", "in": 20, "out": 10,
    },
]  # fmt: skip


def changed(**changes):
    return [ROWS[0], ROWS[1] | changes]


def read(files, **columns):
    return read_deployment_log(files, DeploymentColumns(**columns), PRICES)


def test_a_row_is_a_choice_with_its_probability(written):
    log = read(written(ROWS), group="user")
    assert log.ids == ("x", "y")
    assert log.queries == ("Why?", "How?")
    assert log.groups == ("u", "v")
    assert log.arms == ("a", "b", "c")
    np.testing.assert_array_equal(log.arm, [1, 2])
    np.testing.assert_array_equal(log.quality, [1.0, 0.5])
    np.testing.assert_array_equal(log.cost, [0.5, 0.25])
    np.testing.assert_array_equal(log.propensity, [0.25, 0.125])
    np.testing.assert_array_equal(log.probabilities, [[0.75, 0.25, 0], [0.875, 0, 0.125]])


def test_queries_groups_and_other_models_need_not_be_recorded(written):
    kept = ("id", "arm", "quality", "cost", "propensity")
    log = read(written([{name: row[name] for name in kept} for row in ROWS]))
    assert log.queries == log.groups == ("", "")
    assert log.arms == ("b", "c")
    assert log.probabilities is None


def test_probabilities_may_be_a_column_each(written):
    table = "id,arm,quality,cost,propensity,p_a,p_b\n1,a,1,0.1,0.3,0.3,0.7\n2,b,0,0.1,1,,1\n"
    log = read(written(table, "log.csv"), probabilities="p_{arm}")
    np.testing.assert_array_equal(log.probabilities, [[0.3, 0.7], [0.0, 1.0]])


def test_dollars_are_computed_from_tokens(written):
    log = read(written(changed(arm="a", propensity=0.875)), prompt_tokens="in",
               completion_tokens="out")  # fmt: skip
    np.testing.assert_allclose(log.cost, [400e-6, 40e-6])


def test_choices_that_nobody_graded_are_left_out_and_counted(written):
    log = read(written(changed(quality=None)))
    assert log.ids == ("x",)
    assert log.notes == ("left out 1 choices of unknown quality or cost",)


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ([], {}, "log.jsonl: found 0 rows, expected one"),
        ([row | {"quality": None} for row in ROWS], {}, "found 2 rows, expected one at least of"),
        (changed(id="x"), {}, r"log.jsonl:2: id 'x' stands at .*log.jsonl:1 already"),
        (ROWS, {"propensity": "p"}, "log.jsonl:1: found no column 'p', .* propensity"),
        (changed(propensity=0), {}, "log.jsonl:2: propensity: found 0, expected .* above 0"),
        (changed(propensity=None), {}, "log.jsonl:2: propensity: found nan, .* above 0"),
        (changed(propensity=1.5), {}, "log.jsonl:2: propensity: found 1.5, .* from 0 to 1"),
        (changed(propensity=0.5), {}, "propensity of 0.5 and a probability of 0.125"),
        (changed(probabilities={"c": 0.125}), {}, "probabilities add up to 0.125, expected 1"),
        (changed(quality=2), {}, "log.jsonl:2: quality of c: found 2"),
        (changed(cost=-2), {}, "log.jsonl:2: cost of c: found -2"),
        (ROWS, {"prompt_tokens": "in", "completion_tokens": "out"}, "no price of 'c'"),
    ],
)
def test_what_cannot_be_used_is_told_with_its_place(written, rows, columns, said):
    with pytest.raises(LogError, match=said):
        read(written(rows), **columns)


GOOD = {
    "ids": ("1", "2"), "queries": ("", ""), "groups": ("", ""), "arms": ("a", "b"),
    "arm": [0, 1], "quality": [0.0, 1.0], "cost": [1.0, 2.0], "propensity": [0.5, 1.0],
}  # fmt: skip


def test_taking_choices_is_indexing():
    log = DeploymentLog(**GOOD, probabilities=[[0.5, 0.5], [0.0, 1.0]])
    taken = log.take([1])
    assert taken.ids == ("2",)
    np.testing.assert_array_equal(taken.probabilities, [[0.0, 1.0]])
    np.testing.assert_array_equal(log.take(np.array([True, False])).cost, [1.0])
    assert DeploymentLog(**GOOD).take([0]).probabilities is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ids": ()}, "no query"),
        ({"quality": [0.0]}, r"quality has shape \(1,\), expected \(2,\)"),
        ({"probabilities": [0.5, 1.0]}, r"probabilities has shape \(2,\), expected \(2, 2\)"),
        ({"arm": [0, 2]}, "arm of query '2': found 2"),
        ({"quality": [0.0, 2.0]}, "quality of query '2': found 2.0"),
        ({"cost": [-1.0, 2.0]}, "cost of query '1': found -1.0"),
        ({"propensity": [0.5, 0.0]}, "propensity of query '2': found 0.0"),
    ],
)
def test_a_log_is_whole_or_is_not_made(changes, said):
    with pytest.raises(EvalcoreError, match=said):
        DeploymentLog(**GOOD | changes)


def test_a_log_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        DeploymentLog(**GOOD).cost[0] = 0.0
