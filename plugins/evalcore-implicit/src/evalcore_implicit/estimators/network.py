"""What all estimators that are networks have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from evalcore.model import Estimator
from evalcore_implicit.estimators.samples import check_inputs, check_samples, flat, sequences
from evalcore_implicit.estimators.settings import NetworkSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from evalcore.model import Fitted, Prediction
    from evalcore_implicit.estimators.modules.network import Network

__all__ = ["NetworkEstimator"]

N = TypeVar("N", bound=NetworkSettings)


class NetworkEstimator(Estimator[N]):
    """An estimator that is a network, trained by `training.train`.

    Details of a fit: `parameters`, `operations` (multiplications with additions of one prediction,
    as `Network.operations` has them, at training samples), `epochs`, `loss` and `seconds` (of the
    processor, in training); with `validation` also `held_out_loss`, and with `parameters` also
    `width`. Losses are of standardized targets where the settings say so.
    """

    sequential: ClassVar[bool] = False
    """Whether it reads sequences of any length, or rows of as many numbers as it was fitted to."""

    @abstractmethod
    def network(self, settings: N, features: int, outputs: int) -> Network:
        """A network with new weights; torch is imported here."""

    def fit(
        self,
        inputs: NDArray[np.floating[Any]],
        targets: NDArray[np.generic],
        *,
        seed: int,
        tell: Callable[[float], None],
    ) -> Fitted:
        """Train a network.

        Raises:
            EvalcoreError: if the data cannot be learned from, or the training fails.
        """
        from evalcore_implicit.estimators.fitting import fit_network

        samples = check_samples(inputs, targets)
        arranged = samples._replace(inputs=self._arranged(samples.inputs))
        return fit_network(self.network, self.settings, arranged, seed=seed, tell=tell)

    def predict(self, state: Any, inputs: NDArray[np.floating[Any]]) -> Prediction:
        """Predict, in double precision.

        Raises:
            EvalcoreError: if the inputs are of another form than those of the fit.
        """
        from evalcore_implicit.estimators.fitting import predict_network

        arranged = self._arranged(check_inputs(inputs), state.features)
        return predict_network(self.network, state, arranged)

    def _arranged(
        self, inputs: NDArray[np.float64], features: int | None = None
    ) -> NDArray[np.float64]:
        return sequences(inputs, features) if self.sequential else flat(inputs, features)
