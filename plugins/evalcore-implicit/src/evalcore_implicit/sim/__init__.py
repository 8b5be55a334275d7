"""The convex problem of State-driven Implicit Modeling, and solvers of it.

Given the states of a trained network, each row of A, B, C and D is a regression of its own, with a
penalty that asks for few or small weights and a norm constraint that keeps the model well-posed.
"""

from __future__ import annotations

from evalcore_implicit.sim.certificate import Certificate
from evalcore_implicit.sim.fitting import fit_path, fit_rows
from evalcore_implicit.sim.masks import MASKS
from evalcore_implicit.sim.moments import Moments
from evalcore_implicit.sim.objectives import L1, ElasticNet, Objective, Robust
from evalcore_implicit.sim.perspective import Perspective
from evalcore_implicit.sim.reference import fit_rows_reference
from evalcore_implicit.sim.weights import Weights

__all__ = [
    "L1",
    "MASKS",
    "Certificate",
    "ElasticNet",
    "Moments",
    "Objective",
    "Perspective",
    "Robust",
    "Weights",
    "fit_path",
    "fit_rows",
    "fit_rows_reference",
]
