"""Metrics of State-driven Implicit Modeling, on records made by hand."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from typing import ClassVar

import pytest

from evalcore.metric import Shown
from evalcore.testing import MetricContract, record
from evalcore_implicit.metrics.sim import (
    SimAccuracy,
    SimAccuracySettings,
    SimIterations,
    SimIterationsSettings,
    SimWeights,
    SimWeightsSettings,
)
from evalcore_implicit.metrics.simattack import SimAttack, SimAttackSettings


def contender(name, strength, accuracy, share, **more):
    """A contender as the task has it on record."""
    implicit = name == "state-driven"
    blocks = dict.fromkeys("ABCD", 25 if implicit else None)
    return {
        "name": name,
        "strength": strength,
        "accuracy": accuracy,
        "agreement": accuracy,
        "weights": {"total": round(share * 100), **blocks},
        "share": share,
        "operations": 120,
        "iterations": 3.0 if implicit else None,
        "norm": 0.5 if implicit else None,
        "sensitivity": 7.0,
        "radius": 0.01,
        "attacks": {"fgsm": {"0.02": accuracy - 0.1, "0.1": accuracy - 0.4}},
        **more,
    }


PATTERN = {
    "strength": 1.0,
    "A": ["09", "00"],
    "B": ["190", "005"],
    "C": ["99"],
    "D": ["000"],
    "layers": [1],
    "shape": [2, 3, 1],
}


def drawing(number, shift=0.0):
    found = [
        contender("teacher", None, 0.9, 1.0),
        contender("state-driven", 10.0, 0.7 + shift, 0.2 + shift),
        contender("state-driven", 1.0, 0.8 + shift, 0.6),
        contender("magnitude-pruned", 10.0, 0.75, 0.2 + shift),
        contender("magnitude-pruned", 1.0, 0.85, 0.6),
    ]
    details = {"pattern": PATTERN, "fit": {}}
    return record(f"d{number}", 0.9, details={"contenders": found}, strategy=details)


RECORDS = [drawing(0), drawing(1, 0.1), drawing(2, 0.05), record("d3", None)]


class _Contract(MetricContract):
    records: ClassVar = RECORDS


class TestSimAccuracy(_Contract):
    component = "sim-accuracy"


class TestSimAgreement(_Contract):
    component = "sim-agreement"


class TestSimWeights(_Contract):
    component = "sim-weights"


class TestSimOperations(_Contract):
    component = "sim-operations"


class TestSimIterations(_Contract):
    component = "sim-iterations"


class TestSimNorm(_Contract):
    component = "sim-norm"


class TestSimSensitivity(_Contract):
    component = "sim-sensitivity"


class TestSimRadius(_Contract):
    component = "sim-radius"


class TestSimAttack(_Contract):
    component = "sim-attack"


del _Contract


def test_a_path_has_a_part_for_each_lambda(asked):
    found = asked(SimAccuracy, RECORDS)
    assert list(found) == ["lambda=1", "lambda=10"]
    assert [(part.axis, part.at, part.n) for part in found.values()] == [
        ("lambda", 1.0, 3),
        ("lambda", 10.0, 3),
    ]
    assert found["lambda=10"].value == pytest.approx(0.75)


def test_the_teacher_lies_on_no_axis(asked):
    found = asked(SimAccuracy, RECORDS, contender="teacher")
    assert [(name, part.axis, part.value) for name, part in found.items()] == [
        ("teacher", "", pytest.approx(0.9))
    ]


def test_the_axis_can_be_the_weights(asked):
    found = asked(SimAccuracy, RECORDS, axis="weights left")
    assert found["lambda=10"].axis == "weights left"
    assert found["lambda=10"].at == pytest.approx(0.25)


def test_differences_are_taken_in_each_drawing(asked):
    found = asked(SimAccuracy, RECORDS, "per_sample", against="magnitude-pruned")
    assert found["lambda=10"][:3].tolist() == pytest.approx([-0.05, 0.05, 0.0])
    assert math.isnan(found["lambda=10"][3])
    of_teacher = asked(SimAccuracy, RECORDS, against="teacher")
    assert of_teacher["lambda=1"].value == pytest.approx(-0.05)


def test_weights_are_those_of_a_matrix_if_asked_for(asked):
    assert asked(SimWeights, RECORDS, count="B")["lambda=1"].value == 25
    assert asked(SimWeights, RECORDS, count="B", contender="magnitude-pruned") == {}
    assert asked(SimWeights, RECORDS, count="total")["lambda=1"].value == 60


def test_an_attack_is_over_its_strength_at_the_middle_of_the_path(asked):
    found = asked(SimAttack, RECORDS)
    assert [(part.axis, part.at) for part in found.values()] == [
        ("epsilon", 0.02),
        ("epsilon", 0.1),
    ]
    assert found["epsilon=0.02"].value == pytest.approx(0.65)
    assert asked(SimAttack, RECORDS, strength=1.0)["epsilon=0.02"].value == pytest.approx(0.75)
    assert asked(SimAttack, RECORDS, contender="teacher")["epsilon=0.1"].value == pytest.approx(0.5)


def test_what_is_not_on_record_is_told(asked):
    with pytest.raises(ValueError, match="not 'pruned'"):
        asked(SimAccuracy, RECORDS, contender="pruned")
    with pytest.raises(ValueError, match="at the strengths 1, 10, not at 3"):
        asked(SimAttack, RECORDS, strength=3.0)
    with pytest.raises(ValueError, match="without contenders"):
        asked(SimAccuracy, [record("d0", 1.0)])


@pytest.mark.parametrize(
    ("metric", "texts"),
    [
        (SimAccuracy(SimAccuracySettings()), {"teacher", "magnitude-pruned", "cell"}),
        (SimAttack(SimAttackSettings()), {"state-driven", "epsilon"}),
        (SimWeights(SimWeightsSettings()), {"A", "B", "C", "D", "cell"}),
        (SimIterations(SimIterationsSettings()), {"lambda", "cell"}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_pictures_are_drawn(scores, metric, texts):
    cells = [Shown("cell", {}, scores(RECORDS)), Shown("other", {}, scores(RECORDS[:1]))]
    (picture,) = metric.pictures(cells)
    written = {each.text for each in ET.fromstring(picture.svg).iter() if each.text}
    assert texts <= written
    assert picture.caption


def test_comparisons_and_nothing_are_not_drawn(scores):
    cells = [Shown("cell", {}, scores(RECORDS))]
    assert list(SimAccuracy(SimAccuracySettings(against="teacher")).pictures(cells)) == []
    failed = [Shown("cell", {}, scores(RECORDS[3:]))]
    for metric in (SimAccuracy(SimAccuracySettings()), SimWeights(SimWeightsSettings())):
        assert list(metric.pictures(failed)) == []
