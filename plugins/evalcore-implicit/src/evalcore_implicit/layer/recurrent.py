"""Recurrent networks whose cell is an implicit layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from evalcore_implicit.layer.layer import ImplicitLayer
from evalcore_implicit.layer.solution import worst

if TYPE_CHECKING:
    from typing import Unpack

    from torch import Tensor

    from evalcore_implicit.layer.settings import LayerOptions
    from evalcore_implicit.layer.solution import SolverInfo

__all__ = ["ImplicitCell", "ImplicitRNN"]


class ImplicitCell(nn.Module):
    """x = phi(A x + B [u; h]), h' = C x + D [u; h]: one step of a recurrent network.

    It is an `ImplicitLayer` from (u, h) to h' (the authors' implementation of arXiv 2407.14430).

    Args:
        inputs: p, the width of u.
        states: n, the width of x.
        hidden: the width of h.
        dtype: float32 or float64; torch's default where it is not set.
        device: of the matrices.
        generator: of the deviates that they begin as.
        options: the settings; see `LayerSettings`.

    Attributes:
        layer: the implicit layer.

    Raises:
        ValueError: as `ImplicitLayer`.
    """

    def __init__(
        self,
        inputs: int,
        states: int,
        hidden: int,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
        generator: torch.Generator | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__()
        if inputs < 1:
            raise ValueError(f"inputs must be at least 1, not {inputs}")
        self.inputs, self.hidden = inputs, hidden
        self.layer = ImplicitLayer(
            inputs + hidden,
            states,
            hidden,
            dtype=dtype,
            device=device,
            generator=generator,
            **options,
        )

    @property
    def info(self) -> SolverInfo | None:
        """What the solver did in the last step; None before the first."""
        return self.layer.info

    def forward(self, u: Tensor, h: Tensor | None = None) -> Tensor:
        """h', shape (batch, hidden).

        Args:
            u: shape (batch, p).
            h: shape (batch, hidden); 0 where it is not given.

        Raises:
            ValueError: as `ImplicitLayer.forward`.
            NotConvergedError: as `ImplicitLayer.forward`.
        """
        if h is None:
            h = u.new_zeros(u.shape[0], self.hidden)
        return self.layer(torch.cat([u, h], 1))  # type: ignore[no-any-return]

    def project_(self) -> None:
        """Project A; see `ImplicitLayer.project_`."""
        self.layer.project_()

    def check(self) -> None:
        """Tell whether A is outside of the constraint; see `ImplicitLayer.check`."""
        self.layer.check()


class ImplicitRNN(nn.Module):
    """An `ImplicitCell` along a sequence from h = 0, and a linear map with a bias of the last h.

    Args:
        inputs: the width of a sequence's elements.
        states: n, the width of x.
        hidden: the width of h.
        outputs: of the linear map.
        dtype: float32 or float64; torch's default where it is not set.
        device: of the matrices.
        generator: of the deviates that they begin as.
        options: the settings; see `LayerSettings`.

    Attributes:
        cell: the implicit cell.
        readout: the linear map; it begins as uniform deviates within 1 / sqrt(hidden).
        info: what the solver did in the last forward pass, over all elements of the sequence: the
            most iterations, the largest residual, whether all converged; None before the first.

    Raises:
        ValueError: as `ImplicitLayer`.
    """

    def __init__(
        self,
        inputs: int,
        states: int,
        hidden: int,
        outputs: int,
        *,
        dtype: torch.dtype | None = None,
        device: torch.device | str | None = None,
        generator: torch.Generator | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__()
        self.cell = ImplicitCell(
            inputs,
            states,
            hidden,
            dtype=dtype,
            device=device,
            generator=generator,
            **options,
        )
        self.readout = nn.Linear(hidden, outputs, dtype=dtype, device=device)
        bound = hidden**-0.5
        for weights in self.readout.parameters():
            nn.init.uniform_(weights, -bound, bound, generator=generator)
        self.info: SolverInfo | None = None

    def forward(self, u: Tensor) -> Tensor:
        """The outputs, shape (batch, outputs).

        Args:
            u: shape (batch, time, inputs), of one element at least.

        Raises:
            ValueError: if u has another shape, and as `ImplicitLayer.forward`.
            NotConvergedError: as `ImplicitLayer.forward`.
        """
        if u.ndim != 3 or u.shape[1] < 1 or u.shape[2] != self.cell.inputs:
            raise ValueError(
                f"u has shape {tuple(u.shape)}: expected (batch, time, {self.cell.inputs}) with "
                "a time of at least 1"
            )
        h: Tensor | None = None
        infos: list[SolverInfo] = []
        for element in torch.unbind(u, 1):
            h = self.cell(element, h)
            assert self.cell.info
            infos.append(self.cell.info)
        self.info = worst(infos)
        return self.readout(h)  # type: ignore[no-any-return]

    def project_(self) -> None:
        """Project the cell's A; see `ImplicitLayer.project_`."""
        self.cell.project_()

    def check(self) -> None:
        """Tell whether A is outside of the constraint; see `ImplicitLayer.check`."""
        self.cell.check()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"info": None}
