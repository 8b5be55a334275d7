"""What a solver found, when it stops, and how it tells that it did not converge."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

__all__ = [
    "NotConvergedError",
    "NotConvergedWarning",
    "OnFailure",
    "Solution",
    "SolverInfo",
    "Stopping",
    "tell_failure",
    "worst",
]

OnFailure = Literal["warn", "raise", "ignore"]


class NotConvergedWarning(RuntimeWarning):
    """A solver stopped at its limit of iterations before it met the tolerance."""


class NotConvergedError(RuntimeError):
    """The same where `on_failure` is `raise`."""


@dataclass(frozen=True, slots=True)
class SolverInfo:
    """What a solver did for each sample of a batch.

    Attributes:
        iterations: evaluations of the map (or Newton steps) after which the sample was first seen
            to have converged, or all that were made; int64 of shape (batch,). A forward pass looks
            only now and then, so that a count can be a little above the least one; `solve` looks
            after each.
        residuals: largest change of a state in the last evaluation, shape (batch,); with a relative
            tolerance divided by the largest state.
        converged: whether the residual met the tolerance, shape (batch,).
    """

    iterations: Tensor
    residuals: Tensor
    converged: Tensor


class Solution(NamedTuple):
    """States that a solver ended with, and how it got there.

    Attributes:
        states: shape (batch, n).
        info: of each sample.
        complete: whether all have converged.
        rate: by which the worst residual shrank with each step at the end; NaN if not known.
    """

    states: Tensor
    info: SolverInfo
    complete: bool
    rate: float


class Stopping(NamedTuple):
    """When a solver may stop.

    Attributes:
        tolerance: of the largest change of a state between two evaluations.
        relative: whether that is divided by the sample's largest state.
        limit: evaluations at most.
        exact: whether to look after every evaluation, so that counts are exact.
    """

    tolerance: float
    relative: bool
    limit: int
    exact: bool = False

    def excess(self, change: Tensor, states: Tensor) -> Tensor:
        """How many times its tolerance each sample still changes."""
        largest = change.abs().amax(1)
        if not self.relative:
            return largest.mul_(1 / self.tolerance)
        scale = states.abs().amax(1).mul_(self.tolerance)
        return largest.div_(scale.clamp_min_(torch.finfo(scale.dtype).tiny))


def tell_failure(info: SolverInfo, what: str, on_failure: OnFailure) -> None:
    """Tell of samples that did not converge.

    Raises:
        NotConvergedError: if `on_failure` is `raise`.
    """
    if on_failure == "ignore":
        return
    failed = ~info.converged
    words = (
        f"{what} did not converge for {int(failed.sum())} of {failed.numel()} samples within "
        f"{int(info.iterations.max())} iterations (largest residual "
        f"{float(info.residuals.max()):.3g}): raise max_iterations or tolerance, or project A"
    )
    if on_failure == "raise":
        raise NotConvergedError(words)
    warnings.warn(words, NotConvergedWarning, stacklevel=2)


def worst(infos: Sequence[SolverInfo]) -> SolverInfo:
    """Of several solves of the same batch: most iterations, largest residual, all converged."""
    return SolverInfo(
        torch.stack([info.iterations for info in infos]).amax(0),
        torch.stack([info.residuals for info in infos]).amax(0),
        torch.stack([info.converged for info in infos]).all(0),
    )
