"""The two fixed-point equations of a layer, as what a solver asks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import torch

if TYPE_CHECKING:
    from typing import Self

    from torch import Tensor

    from evalcore_implicit.layer.activations import Activation

__all__ = ["Adjoint", "Equation", "Equilibrium"]


class Equation(Protocol):
    """x = f(x), for each row of a batch."""

    matrix: Tensor

    def first(self) -> Tensor:
        """f(0), new."""
        ...

    def step(self, x: Tensor, out: Tensor) -> None:
        """Write f(x) into `out`."""
        ...

    def newton(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """f(x), the slopes d of its outer map there, and M: its Jacobian is diag(d) M."""
        ...

    def rows(self, chosen: Tensor) -> Self:
        """The equation of some of the rows."""
        ...


class Equilibrium:
    """x = phi(A x + b): the states of a layer, one row for each sample.

    Args:
        matrix: A, shape (n, n).
        offset: b = B u, shape (batch, n).
        activation: phi.
        transposed: A^T as it lies in memory, if it is at hand.
    """

    def __init__(
        self,
        matrix: Tensor,
        offset: Tensor,
        activation: Activation,
        transposed: Tensor | None = None,
    ) -> None:
        self.matrix, self.offset, self.activation = matrix, offset, activation
        # Rows times a contiguous A^T are what BLAS multiplies fastest.
        self.transposed = matrix.t().contiguous() if transposed is None else transposed

    def first(self) -> Tensor:
        """phi(b), new."""
        return self.activation.apply_(self.offset.clone())

    def step(self, x: Tensor, out: Tensor) -> None:
        """Write phi(A x + b) into `out`."""
        torch.addmm(self.offset, x, self.transposed, out=out)
        self.activation.apply_(out)

    def newton(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """phi(z), phi'(z) and A at z = A x + b."""
        z = torch.addmm(self.offset, x, self.transposed)
        value = self.activation.apply(z)
        return value, self.activation.slope(value if self.activation.from_state else z), self.matrix

    def slope(self, x: Tensor) -> Tensor:
        """The slopes phi' at the states x."""
        if not self.activation.from_state:
            x = torch.addmm(self.offset, x, self.transposed)
        return self.activation.slope(x)

    def rows(self, chosen: Tensor) -> Equilibrium:
        """The equation of some of the samples."""
        return Equilibrium(self.matrix, self.offset[chosen], self.activation, self.transposed)


class Adjoint:
    """v = d * (A^T v + g): the derivative of a loss by z = A x + b, one row for each sample.

    Args:
        matrix: A, shape (n, n).
        slope: d = phi'(z), shape (batch, n).
        gradient: g, the derivative of the loss by x where x is a constant, shape (batch, n).
    """

    def __init__(self, matrix: Tensor, slope: Tensor, gradient: Tensor) -> None:
        self.matrix, self.slope, self.gradient = matrix, slope, gradient

    def first(self) -> Tensor:
        """D g, new."""
        return self.slope * self.gradient

    def step(self, x: Tensor, out: Tensor) -> None:
        """Write d * (A^T v + g) into `out`."""
        torch.addmm(self.gradient, x, self.matrix, out=out)
        out.mul_(self.slope)

    def newton(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The map at v, d and A^T."""
        value = torch.addmm(self.gradient, x, self.matrix).mul_(self.slope)
        return value, self.slope, self.matrix.t()

    def rows(self, chosen: Tensor) -> Adjoint:
        """The equation of some of the samples."""
        return Adjoint(self.matrix, self.slope[chosen], self.gradient[chosen])
