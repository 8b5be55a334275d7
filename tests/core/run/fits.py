"""An estimator for tests, in a module that a worker process imports at once."""

from __future__ import annotations

import os
import signal
import time

import numpy as np

from evalcore import Estimator, Fitted, Prediction, Settings


class Ways(Settings):
    way: str = "well"
    """What the fit does."""
    noise: float = 0.0
    """How much of chance is added to the weights."""


class Least(Estimator[Ways]):
    """Least squares."""

    def fit(self, inputs, targets, *, seed, tell):
        if self.settings.way == "wrong":
            raise ValueError("the matrix is singular")
        if self.settings.way == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if self.settings.way == "hangs":
            time.sleep(600)
        if self.settings.way == "odd":
            return targets
        if self.settings.way == "prints":
            print("a word of the fit")
        tell(0.5)
        if self.settings.way == "slow":
            time.sleep(0.3)
        weights = np.linalg.lstsq(inputs, targets, rcond=None)[0]
        weights += self.settings.noise * np.random.default_rng(seed).normal(size=weights.shape)
        return Fitted(weights, {"process": os.getpid(), "threads": os.environ["OMP_NUM_THREADS"]})

    def predict(self, state, inputs):
        if self.settings.way == "short":
            return Prediction((inputs @ state)[:1])
        return Prediction(inputs @ state, {"process": os.getpid()})


def doubled(estimator, state, asked, *, tell):
    tell(0.5)
    return 2 * estimator.predict(state, asked).outputs


def process(tell):
    tell(1.0)
    return os.getpid()
