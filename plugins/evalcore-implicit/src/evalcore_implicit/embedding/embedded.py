"""An implicit model with the states of a layered network."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.embedding.sparse import SparseMatrix
    from evalcore_implicit.layer import ImplicitLayer

__all__ = ["Block", "Embedded"]

_DENSE_STATES = 10_000
"""At most so many states for a dense layer: its A then takes 400 MB in float32."""

_LEAK = 0.01
"""The slope below zero of a layer's leaky ReLU."""


@dataclass(frozen=True)
class Block:
    """The states of one activation.

    Attributes:
        name: of the module or function in the network; where it is called several times, or
            needs several activations as a max-pool does, with the number of the call.
        states: their places among all states.
        shape: of the activation, without the batch; its product is the number of the states.
    """

    name: str
    states: slice
    shape: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Embedded:
    """`x = phi(A x + B u)`, `y = C x + D u`, with A strictly block upper triangular.

    The states are those of all activations, the last layer first, so one pass from the last block
    to the first solves the equation. It has no gradients.

    Attributes:
        A: (n, n).
        B: (n, p), or (n, p + 1) with a bias.
        C: (q, n).
        D: (q, p), or (q, p + 1) with a bias.
        blocks: as the states lie, the last layer first.
        slope: of phi below zero; 0 is ReLU.
        bias: whether a constant 1 follows the p inputs.
        input_shape: of one input; its product is p.
        output_shape: of one output; its product is q.
        scales: (n,); the states are those of the network divided by these, see `rescale`.
    """

    A: SparseMatrix
    B: SparseMatrix
    C: SparseMatrix
    D: SparseMatrix
    blocks: tuple[Block, ...]
    slope: float
    bias: bool
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    scales: Tensor

    def __call__(self, u: Tensor) -> Tensor:
        """The outputs (batch, *output_shape) for inputs (batch, *input_shape).

        Raises:
            ValueError: if the inputs have another shape, or are of another type than A.
        """
        inputs = self._inputs(u)
        if not len(u):
            return u.new_zeros(0, *self.output_shape)
        x, _ = self._solved(inputs)
        with torch.no_grad():
            return (self.C @ x + self.D @ inputs).T.reshape(-1, *self.output_shape)

    def states(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """The states X and what phi was taken of, Z = X A^T + U B^T; each (batch, n).

        Raises:
            ValueError: as for a call.
        """
        x, z = self._solved(self._inputs(u))
        return x.T, z.T

    def layer(self, **settings: Any) -> ImplicitLayer:
        """The same as a dense layer, for inputs (batch, p).

        Args:
            settings: of `ImplicitLayer`, in place of those that suit: A kept strictly upper
                triangular, and the solver `direct`, which then needs a step for each block. To a
                tolerance, small states of later layers could be taken for none.

        Raises:
            ValueError: if there are more than 10,000 states, or none, or the slope of phi below
                zero is neither 0 nor the 0.01 of a layer's leaky ReLU, or A is outside of the
                constraint in `settings`.
        """
        n, p = self.A.width, self.D.width - self.bias
        if not 0 < n <= _DENSE_STATES:
            raise ValueError(
                f"the network has {n:,} states; a dense layer takes from 1 to {_DENSE_STATES:,}: "
                "use the embedded network itself"
            )
        if self.slope not in {0.0, _LEAK}:
            raise ValueError(
                f"phi has the slope {self.slope} below zero; in a layer it has 0 or {_LEAK}: use "
                "the embedded network itself"
            )
        from evalcore_implicit.layer import ImplicitLayer

        layer = ImplicitLayer(
            p,
            n,
            self.C.shape[0],
            bias=self.bias,
            direct=True,
            generator=torch.Generator(),
            **{
                "activation": "leaky-relu" if self.slope else "relu",
                "constraint": "triangular",
                "solver": "direct",
                "dtype": self.scales.dtype,
                **settings,
            },
        )
        with torch.no_grad():
            for name in "ABCD":
                getattr(layer, name).copy_(getattr(self, name).to_dense())
        try:
            layer.check()
        except ValueError as error:
            raise ValueError(
                "A is outside of the constraint of the layer: for `row-l1` take `rescale` of the "
                f"embedded network; {error}"
            ) from error
        return layer.to(self.scales.device)

    def to(self, device: torch.device | str) -> Embedded:
        """The same on another device."""
        place = torch.device(device)
        matrices = {name: getattr(self, name).to(device=place) for name in "ABCD"}
        return replace(self, **matrices, scales=self.scales.to(place))

    def _inputs(self, u: Tensor) -> Tensor:
        """The inputs as columns (p, batch), with the constant where there is a bias."""
        if u.ndim == 0 or tuple(u.shape[1:]) != self.input_shape:
            expected = ", ".join(["batch", *map(str, self.input_shape)])
            raise ValueError(f"inputs are of the shape {tuple(u.shape)}, not ({expected})")
        if u.dtype != self.scales.dtype:
            raise ValueError(f"inputs are {u.dtype}, the embedded network is {self.scales.dtype}")
        columns = u.detach().flatten(1).T
        if self.bias:
            columns = torch.cat([columns, columns.new_ones(1, columns.shape[1])])
        return columns.contiguous()

    @torch.no_grad()
    def _solved(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        z = self.B @ inputs
        x = torch.zeros_like(z)
        for block in reversed(self.blocks):
            z[block.states] += self.A.between(block.states) @ x
            argument = z[block.states]
            x[block.states] = functional.leaky_relu(argument, self.slope)
        return x, z
