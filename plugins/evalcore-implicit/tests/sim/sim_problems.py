"""Problems for the tests of the convex fit."""

import os
from pathlib import Path

import numpy as np
import pytest

from evalcore_implicit.sim import Moments

BLOCKS = (3, 5)
STATES, INPUTS, OUTPUTS = 8, 12, 3

SHARED = Path(os.environ.get("EVALCORE_SHARED", Path(__file__).parents[5] / "shared"))


def arrays(samples=60, seed=0):
    """States that no model reproduces: x (m, 8), u (m, 12), z (m, 8), y (m, 3)."""
    drawn = np.random.default_rng(seed).normal
    x, u = np.maximum(drawn(size=(samples, STATES)), 0), drawn(size=(samples, INPUTS))
    z = 0.3 * x @ drawn(size=(STATES, STATES)) + u @ drawn(size=(INPUTS, STATES))
    y = x @ drawn(size=(STATES, OUTPUTS)) + 0.1 * drawn(size=(samples, OUTPUTS))
    return x, u, z + 0.3 * drawn(size=z.shape), y


def moments(samples=60, seed=0):
    return Moments.of(*arrays(samples, seed))


def teacher(samples=60, seed=0):
    """States of a layered network with rows of norm 0.9, so that a model reproduces them."""
    drawn = np.random.default_rng(seed).normal
    a, b = np.zeros((STATES, STATES)), drawn(size=(STATES, INPUTS))
    a[:3, 3:], b[:3] = drawn(size=(3, 5)), 0
    a[:3] *= 0.9 / np.abs(a[:3]).sum(1, keepdims=True)
    u = drawn(size=(samples, INPUTS))
    x = np.maximum(u @ b.T, 0)
    z = x @ a.T + u @ b.T
    x = np.maximum(z, 0)
    return Moments.of(x, u, z, x @ drawn(size=(STATES, OUTPUTS)))


def network_on_images(samples=200):
    """Two layers of 8 and 6 units on real images of 25 pixels, with rows of norm 0.9 above."""
    u = _pixels(samples)[:, ::6, ::6].reshape(samples, -1)
    drawn = np.random.default_rng(1).normal
    below = u @ drawn(size=(u.shape[1], 8))
    weights = drawn(size=(8, 6))
    above = np.maximum(below, 0) @ (0.9 * weights / np.abs(weights).sum(0))
    z = np.concatenate([above, below], axis=1)
    x = np.maximum(z, 0)
    return Moments.of(x, u, z, x[:, :6] @ drawn(size=(6, 3)))


def images(samples=300):
    """Layers of 8 and 16 states on real images, scaled so that the norm constraint can hold."""
    u = _pixels(samples)[:, ::3, ::3].reshape(samples, -1)
    drawn = np.random.default_rng(0).normal
    below = u @ drawn(size=(u.shape[1], 16))
    above = np.maximum(below, 0) @ drawn(size=(16, 8))
    z = np.concatenate([above / 20, below / 2], axis=1)
    x = np.maximum(z, 0)
    return Moments.of(x, u, z, x[:, :8] @ drawn(size=(8, 3)))


def _pixels(samples):
    path = SHARED / "data" / "images" / "mnist_train_first12k.npz"
    if not path.exists():
        pytest.skip(f"no {path}: set EVALCORE_SHARED")
    with np.load(path) as file:
        return file["x"][:samples].reshape(samples, 28, 28) / 255
