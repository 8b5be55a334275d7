"""Fitting a network and predicting with it: seeds, threads, precision, size and scale."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch

from evalcore.errors import EvalcoreError
from evalcore.model import Fitted, Prediction
from evalcore_implicit.estimators.samples import Scaling
from evalcore_implicit.estimators.settings import NetworkSettings
from evalcore_implicit.estimators.sizing import widest
from evalcore_implicit.estimators.training import train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from evalcore_implicit.estimators.modules.network import Network
    from evalcore_implicit.estimators.samples import Samples

__all__ = ["NetworkState", "alone", "fit_network", "predict_network"]

N = TypeVar("N", bound=NetworkSettings)

_CHUNK = 4096
"""Samples that are predicted at a time."""

_LOOKED_AT = 256
"""Samples, at most, by which a network tells what it does."""


@dataclass(frozen=True, slots=True)
class NetworkState:
    """What a training learned, without anything of torch.

    Attributes:
        settings: of the network, as wide as it was made.
        features: numbers of a sample, or of a time step of a sequence.
        outputs: values, or classes.
        weights: by their names in the network.
        inputs: scaling of the inputs.
        targets: scaling of the targets.
    """

    settings: NetworkSettings
    features: int
    outputs: int
    weights: Mapping[str, NDArray[Any]]
    inputs: Scaling
    targets: Scaling


def fit_network(
    build: Callable[[N, int, int], Network],
    settings: N,
    samples: Samples,
    *,
    seed: int,
    tell: Callable[[float], None],
) -> Fitted:
    """Train a network on samples.

    Args:
        build: makes it of its settings, the features of the inputs and the number of outputs.
        settings: of the network and its training.
        samples: inputs of shape (samples, features) or (samples, time, features).
        seed: of the first weights, of what is held out and of the order of batches.
        tell: takes how much is done, from 0 to 1.
    """
    features = samples.inputs.shape[-1]
    to_inputs, to_targets = _scalings(samples, standardize=settings.standardize)
    with alone(seed):
        made, network = _made(build, settings, features, samples.outputs, seed)
        inputs = _single("inputs", to_inputs.apply(samples.inputs))
        targets = (
            torch.from_numpy(samples.targets)
            if samples.classes
            else _single("targets", to_targets.apply(samples.targets))
        )
        generator = torch.Generator().manual_seed(seed)
        trained = train(network, inputs, targets, made, generator=generator, tell=tell)
        operations = _looked_at(network, inputs)
    weights = {name: weight.numpy().copy() for name, weight in network.state_dict().items()}
    details: dict[str, Any] = {
        "parameters": network.count(),
        "operations": operations,
        "epochs": trained.epochs,
        "loss": trained.loss,
        "seconds": trained.seconds,
    }
    if trained.held_out is not None:
        details["held_out_loss"] = trained.held_out
    if settings.parameters is not None:
        details["width"] = getattr(made, made.widths[0])
    state = NetworkState(made, features, samples.outputs, weights, to_inputs, to_targets)
    return Fitted(state, details)


def predict_network(
    build: Callable[[N, int, int], Network], state: Any, inputs: NDArray[np.float64]
) -> Prediction:
    """Predict, in double precision: what training rounded off is not rounded off again.

    Args:
        build: as it was for the fit.
        state: of the fit.
        inputs: shape (samples, features) or (samples, time, features).
    """
    scaled = torch.from_numpy(state.inputs.apply(inputs))
    with alone(0), torch.no_grad():
        network = build(state.settings, state.features, state.outputs).double().eval()
        network.load_state_dict({k: torch.from_numpy(w) for k, w in state.weights.items()})
        outputs = torch.cat([network(chunk) for chunk in torch.split(scaled, _CHUNK)])
        details = dict(network.details(_some(scaled)))
    return Prediction(state.targets.undo(outputs.numpy()), details)


def _made(
    build: Callable[[N, int, int], Network], settings: N, features: int, outputs: int, seed: int
) -> tuple[N, Network]:
    """A network of the size that is wanted, and its settings."""
    made = settings
    if settings.parameters is not None:
        width = widest(
            lambda width: build(settings.widened(width), features, outputs).count(),
            settings.parameters,
            settings.width_step,
        )
        made = settings.widened(width)
        torch.manual_seed(seed)
    return made, build(made, features, outputs)


def _scalings(samples: Samples, *, standardize: bool) -> tuple[Scaling, Scaling]:
    to_inputs = Scaling.none(samples.inputs.shape[-1])
    to_targets = Scaling.none(samples.outputs)
    if standardize:
        to_inputs = Scaling.of(samples.inputs)
        if not samples.classes:
            to_targets = Scaling.of(samples.targets)
    return to_inputs, to_targets


def _looked_at(network: Network, inputs: Tensor) -> int:
    """The operations of a trained network that is what it is meant to be."""
    network.eval()
    some = _some(inputs)
    with torch.no_grad():
        network.check(some)
        return round(network.operations(some))


def _some(inputs: Tensor) -> Tensor:
    """At most so many samples, evenly spaced."""
    return inputs[:: -(-len(inputs) // _LOOKED_AT)]


def _single(name: str, values: NDArray[np.float64]) -> Tensor:
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    if not np.isfinite(single).all():
        raise EvalcoreError(
            f"found {np.abs(values).max():g} in the {name}, which single precision does not hold: "
            "set `standardize: true`, or scale the data"
        )
    return torch.from_numpy(single)


@contextmanager
def alone(seed: int) -> Iterator[None]:
    """One thread, and chance that depends on the seed alone and leaves the rest as it was."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
