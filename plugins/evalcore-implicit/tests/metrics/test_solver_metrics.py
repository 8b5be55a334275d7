"""Iterations, convergence and sizes, on records made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from made_curves import curve, drawings, fitted, solved

from evalcore_implicit.metrics.size import ModelSize
from evalcore_implicit.metrics.solver import SolverConvergence, SolverIterations

FLAT = curve([1.0, 1.0, 1.0, 1.0])


def told(*shifts):
    return drawings([FLAT, FLAT], fitted(*shifts))


IMPLICIT = told(*(solved(20, 20 + 10 * i, converged=1 - i / 10) for i in range(4)))
PLAIN = told({}, {}, {}, {})


def test_iterations_are_a_curve_by_either_rule(asked):
    relative = asked(SolverIterations, IMPLICIT)
    absolute = asked(SolverIterations, IMPLICIT, tolerance="absolute")
    most = asked(SolverIterations, IMPLICIT, tolerance="absolute", statistic="max")
    assert [part.value for part in relative.values()] == [20] * 4
    assert [part.value for part in absolute.values()] == [20, 30, 40, 50]
    assert [part.value for part in most.values()] == [40, 60, 80, 100]
    assert [(part.axis, part.at) for part in relative.values()][1] == ("range", 10)
    values = asked(SolverIterations, IMPLICIT, "per_sample", tolerance="absolute")
    np.testing.assert_array_equal(values["range=1000"], [50, 50])


def test_convergence_is_told_where_it_is_least(asked):
    found = asked(SolverConvergence, IMPLICIT)
    assert {name: part.value for name, part in found.items()} == {
        "inside": 1.0,
        "least": pytest.approx(0.7),
    }
    assert list(asked(SolverConvergence, IMPLICIT, "per_sample")) == ["inside", "least"]


@pytest.mark.parametrize("metric", [SolverIterations, SolverConvergence])
def test_models_without_a_solver_have_none(asked, metric):
    assert asked(metric, PLAIN) == {}
    assert asked(metric, PLAIN, "per_sample") == {}


def test_the_size_is_what_the_model_tells(asked):
    found = asked(ModelSize, PLAIN)
    assert {name: part.value for name, part in found.items()} == {
        "parameters": 100,
        "operations": 2000,
        "seconds": 1.5,
    }
    only = drawings([FLAT], {"fit": {"seconds": 2.0}, "shifts": [{}] * 4})
    assert list(asked(ModelSize, only)) == ["seconds"]
