"""Implicit layers in torch: states x = phi(A x + B u), outputs y = C x + D u."""

from evalcore_implicit.layer.layer import ImplicitLayer
from evalcore_implicit.layer.projection import project_rows
from evalcore_implicit.layer.recurrent import ImplicitCell, ImplicitRNN
from evalcore_implicit.layer.solution import NotConvergedError, NotConvergedWarning, SolverInfo

__all__ = [
    "ImplicitCell",
    "ImplicitLayer",
    "ImplicitRNN",
    "NotConvergedError",
    "NotConvergedWarning",
    "SolverInfo",
    "project_rows",
]
