"""What the fit needs to know of the states."""

import numpy as np
import pytest
from sim_problems import BLOCKS, STATES, arrays, moments

from evalcore_implicit.sim import L1, Moments, fit_rows


def test_moments_are_products_of_the_states():
    x, u, z, y = arrays()
    found = Moments.of(x, u, z, y)
    phi, targets = np.hstack([x, u]), np.hstack([z, y])
    assert np.allclose(found.gram, phi.T @ phi)
    assert np.allclose(found.cross, targets.T @ phi)
    assert np.allclose(found.squares, (targets**2).sum(0))
    assert (found.samples, found.states, found.inputs, found.outputs) == (60, 8, 12, 3)


@pytest.mark.parametrize("samples", [60, 15])
def test_scaled_moments_are_those_of_scaled_states(samples):
    x, u, z, y = arrays(samples)
    scales = np.linspace(0.5, 3, STATES)
    found = Moments.of(x, u, z, y).scaled(scales)
    expected = Moments.of(x / scales, u, z / scales, y)
    for name in ("gram", "cross", "squares"):
        assert np.allclose(getattr(found, name), getattr(expected, name))
    fits = [fit_rows(given, L1(0.3), blocks=BLOCKS) for given in (found, expected)]
    assert np.allclose(fits[0].certificate.objective, fits[1].certificate.objective, rtol=1e-6)


@pytest.mark.parametrize("scales", [np.ones(3), np.zeros(STATES), np.full(STATES, np.nan)])
def test_scales_that_are_no_scales_are_errors(scales):
    with pytest.raises(ValueError, match="expected 8 finite numbers above 0"):
        moments().scaled(scales)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_states_that_are_not_finite_are_errors(which, wrong):
    given = list(arrays())
    given[which][4, 2] = wrong
    with pytest.raises(ValueError, match=f"{'xuzy'[which]} has 1 NaN or infinite .* columns 2"):
        Moments.of(*given)


def test_shapes_that_do_not_fit_are_errors():
    x, u, z, y = arrays()
    for given in [(x, u[:5], z, y), (x, u, z[:, :3], y), (x[0], u, z, y)]:
        with pytest.raises(ValueError, match=r"expected x \(m, n\)"):
            Moments.of(*given)
    right = Moments.of(x, u, z, y)
    with pytest.raises(ValueError, match=r"expected \(D, D\)"):
        Moments(right.gram, right.cross[:, :4], right.squares, 60, STATES)
    with pytest.raises(ValueError, match="30 states"):
        Moments(right.gram, right.cross, right.squares, 60, 30)
    with pytest.raises(ValueError, match="gram has"):
        Moments(np.full_like(right.gram, np.nan), right.cross, right.squares, 60, STATES)


def test_no_inputs_are_an_error():
    x, _, z, y = arrays()
    with pytest.raises(ValueError, match="no inputs"):
        fit_rows(Moments.of(x, np.zeros((60, 0)), z, y), L1(1), blocks=BLOCKS)
