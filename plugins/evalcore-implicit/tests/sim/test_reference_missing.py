"""The reference solver where its optional packages are not installed."""

import sys

import pytest
from sim_problems import BLOCKS, moments

from evalcore_implicit.sim import L1, fit_rows_reference


@pytest.mark.parametrize("missing", ["cvxpy", "clarabel"])
def test_error_names_the_remedy(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError, match=r'pip install "evalcore-implicit\[reference\]"'):
        fit_rows_reference(moments(), L1(1), blocks=BLOCKS)
