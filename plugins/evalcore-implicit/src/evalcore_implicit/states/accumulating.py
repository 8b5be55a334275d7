"""The second moments of the states of a network, of any number of samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from evalcore_implicit.sim import Moments
from evalcore_implicit.states.describing import described, kept_states, without_dead
from evalcore_implicit.states.taking import taking
from evalcore_implicit.states.watching import first_of, inputs_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor, nn

    from evalcore_implicit.states.describing import Convolution, Record

__all__ = ["Accumulated", "Accumulator", "accumulate"]

_MOST_UNKNOWNS = 20_000
"""States and inputs at most: the Gram matrix then takes 3.2 GB."""


@dataclass(frozen=True, eq=False)
class Accumulated:
    """The second moments of the states of a network.

    Attributes:
        record: what the states are.
        moments: of the states, inputs and outputs.
    """

    record: Record
    moments: Moments

    def scaled(self, scales: Tensor) -> Accumulated:
        """Those of the states divided by scales, shape (n,); see `find_scales`.

        Raises:
            ValueError: if there is not one positive scale for each state, or the activation is not
                positively homogeneous.
        """
        changed = self.record.scaled(scales)
        return Accumulated(changed, self.moments.scaled(scales.detach().cpu().double().numpy()))

    def live(self) -> Accumulated:
        """Those without the dead states, which `record.dropped` then tells of."""
        moments, kept = self.moments, kept_states(self.record)
        n = moments.states
        columns = torch.cat([kept, torch.arange(n, n + moments.inputs)]).numpy()
        rows = torch.cat([kept, torch.arange(n, n + moments.outputs)]).numpy()
        features = moments.features
        return Accumulated(
            without_dead(self.record),
            replace(
                moments,
                gram=moments.gram[columns][:, columns],
                cross=moments.cross[rows][:, columns],
                squares=moments.squares[rows],
                states=len(kept),
                features=None
                if features is None or moments.samples >= len(columns)
                else (features[0][:, columns], features[1][:, rows]),
            ),
        )


def accumulate(
    module: nn.Module,
    batches: Iterable[Any],
    *,
    layers: Sequence[str] | None = None,
    convolution: Convolution | None = None,
    bias: bool = False,
    scales: Tensor | None = None,
) -> Accumulated:
    """The second moments of what a network computes, in memory that the samples do not add to.

    Sums are in float64. While there are fewer samples than unknowns their features are kept too,
    since they then take less than the Gram matrix.

    Args:
        module: see `record`.
        batches: arrays of inputs, or tuples that begin with one, as of a `DataLoader`.
        layers: see `record`.
        convolution: see `record`.
        bias: see `record`.
        scales: what to divide the states by, shape (n,); see `find_scales`.

    Raises:
        ValueError: as `record`; if there are no batches; or there are more than 20,000 states and
            inputs.
    """
    with taking(module, layers, convolution, bias=bias) as taken:
        sums, batch = Accumulator(), None
        for given in batches:
            batch = taken(inputs_of(first_of(given), taken.dtype, taken.device))
            sums.add(batch.x, batch.u, batch.z, batch.y, bias=bias)
        if batch is None:
            raise ValueError("there are no batches of inputs: expected at least one")
        varied = sums.varied(bias=bias)
        whole = Accumulated(described(batch, taken.settings, varied, sums.samples), sums.moments())
    return whole if scales is None else whole.scaled(scales)


class Accumulator:
    """Sums of the products of states."""

    def __init__(self) -> None:
        self.samples = 0
        self._states = 0
        self._gram = self._cross = self._squares = torch.empty(0)
        self._least = self._largest = torch.empty(0)
        self._kept: list[tuple[Tensor, Tensor]] | None = []

    def add(self, x: Tensor, u: Tensor, z: Tensor, y: Tensor, *, bias: bool) -> None:
        """Add those of some samples; with a bias, a constant 1 follows the inputs.

        Raises:
            ValueError: if there are too many states and inputs.
        """
        width = x.shape[1] + u.shape[1] + bias
        if not self.samples:
            self._begin(width, x, z.shape[1] + y.shape[1])
        phi = torch.cat([x, u], 1).double()
        phi = functional.pad(phi, (0, 1), value=1.0) if bias else phi
        targets = torch.cat([z, y], 1).double()
        self._gram.addmm_(phi.T, phi)
        self._cross.addmm_(targets.T, phi)
        self._squares += targets.square().sum(0)
        torch.minimum(self._least, phi.amin(0), out=self._least)
        torch.maximum(self._largest, phi.amax(0), out=self._largest)
        self.samples += len(phi)
        if self.samples >= width:
            self._kept = None
        elif self._kept is not None:
            self._kept.append((phi.cpu(), targets.cpu()))

    def varied(self, *, bias: bool) -> Tensor:
        """Whether each state, then each input but that of a bias, had several values."""
        varied = (self._least < self._largest).cpu()
        return varied[: len(varied) - bias]

    def moments(self) -> Moments:
        """Of all samples so far."""
        features = None
        if self._kept is not None:
            phi, targets = (torch.cat(parts).numpy() for parts in zip(*self._kept, strict=True))
            features = phi, targets
        # Sums of products are the same on both sides of the diagonal only up to rounding.
        gram = ((self._gram + self._gram.T) / 2).cpu().numpy()
        cross, squares = self._cross.cpu().numpy(), self._squares.cpu().numpy()
        return Moments(gram, cross, squares, self.samples, self._states, features)

    def _begin(self, width: int, x: Tensor, rows: int) -> None:
        if width > _MOST_UNKNOWNS:
            raise ValueError(
                f"there are {width:,} states and inputs; a Gram matrix is made of at most "
                f"{_MOST_UNKNOWNS:,}: choose layers, or of a convolutional network "
                "convolution='features' or, by `accumulate_locations` and in specs, 'locations'"
            )
        self._states = x.shape[1]

        def zeros(*shape: int) -> Tensor:
            return torch.zeros(shape, dtype=torch.float64, device=x.device)

        self._gram, self._cross = zeros(width, width), zeros(rows, width)
        self._squares = zeros(rows)
        self._least, self._largest = zeros(width) + torch.inf, zeros(width) - torch.inf
