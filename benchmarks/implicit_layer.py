"""Forward and backward pass of an implicit layer, beside its peers and a loop that is unrolled.

    python benchmarks/implicit_layer.py --peers PEERS

Every engine solves the same x = relu(A x + B u), y = C x, and gives back the gradients of all three
matrices, on one thread and with the same tolerance. Rounds are interleaved: each times each engine
once, and the least CPU time of a step counts. A matrix A with entries of either sign contracts
fast; one without negative entries, whose rows all sum to 0.95, as slowly as the constraint allows.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import torch
from measuring import CALIBRATION, machine, measure, table

TOLERANCE, LIMIT = 1e-5, 500
OUTPUTS = 10


class Size(NamedTuple):
    """One row of the table: widths, samples, and the sum of the absolute values of A's rows."""

    states: int
    inputs: int
    batch: int
    rows: float
    signed: bool

    def __str__(self) -> str:
        signs = "either sign" if self.signed else "no negative entry"
        return f"n = {self.states}, p = {self.inputs}, batch {self.batch}, {self.rows}, {signs}"


SIZES = (
    Size(100, 784, 100, 0.5, True),
    Size(300, 3072, 100, 0.5, True),
    Size(300, 3072, 100, 0.95, False),
    Size(1000, 784, 256, 0.95, False),
)


class Problem(NamedTuple):
    """What every engine is given: matrices, a batch u, and dL/dy."""

    a: torch.Tensor
    b: torch.Tensor
    c: torch.Tensor
    u: torch.Tensor
    pull: torch.Tensor


def problem(size: Size) -> Problem:
    generator = torch.Generator().manual_seed(0)

    def drawn(*shape):
        return torch.randn(*shape, generator=generator)

    a = drawn(size.states, size.states)
    a = a if size.signed else a.abs()
    a *= size.rows / a.abs().sum(1, keepdim=True)
    b = drawn(size.states, size.inputs) / size.inputs**0.5
    c = drawn(OUTPUTS, size.states) / size.states**0.5
    return Problem(a, b, c, drawn(size.batch, size.inputs), drawn(size.batch, OUTPUTS))


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(1)
    engines = dict(OWN)
    if arguments.peers:
        sys.path.append(str(arguments.peers))
        engines |= PEERS
    print(
        f"{machine()}; torch {torch.__version__}; calibration {measure(CALIBRATION).cpu:.2f} s; "
        f"load {_load()}\n"
    )
    for size in SIZES[: arguments.sizes]:
        print(f"{size}\n\n{_compared(size, engines, arguments)}\n")
    if not arguments.sizes:
        print(_memory(engines))
    print(f"\nload at the end {_load()}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, help="folder with implicit_peers.txt installed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of an engine in a round")
    parser.add_argument("--sizes", type=int, help="only so many of the sizes, and no memory")
    return parser.parse_args()


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _compared(size: Size, engines, arguments) -> str:
    there = problem(size)
    right = _right(there)
    steps = {name: make(there) for name, make in engines.items()}
    errors = {name: _error(step(), right) for name, step in steps.items()}
    rounds = [
        {name: _least(step, arguments.seconds) for name, step in steps.items()}
        for _ in range(arguments.rounds)
    ]
    least = {name: min(found[name] for found in rounds) for name in steps}
    own = least["evalcore, anderson"]
    rows = [
        [name, f"{1000 * took:.2f}", f"{took / own:.2f}", *(f"{e:.1e}" for e in errors[name])]
        for name, took in least.items()
    ]
    return table(["engine", "ms a step", "to evalcore", "error of y", "error of gradients"], rows)


def _least(step, seconds: float) -> float:
    """The least CPU time of one step, of as many as fit."""
    least, end = float("inf"), time.process_time() + seconds
    while True:
        begin = time.process_time()
        step()
        now = time.process_time()
        least = min(least, now - begin)
        if now >= end:
            return least


def _right(there: Problem) -> list[torch.Tensor]:
    """Outputs and gradients in float64: Picard to rounding, then the adjoint by factorisation."""
    a, b, c, u, pull = (tensor.double() for tensor in there)
    x, offset = torch.zeros(len(u), len(a), dtype=a.dtype), u @ b.T
    for _ in range(700):
        x = torch.relu(x @ a.T + offset)
    slope, g = (x > 0).double(), pull @ c
    v = torch.stack(
        [
            torch.linalg.solve(torch.eye(len(a), dtype=a.dtype) - d[:, None] * a.T, d * row)
            for d, row in zip(slope, g, strict=True)
        ]
    )
    return [x @ c.T, v.T @ x, v.T @ u, pull.T @ x]


def _error(found, right) -> tuple[float, float]:
    """Largest error of y, and of the gradients; each relative to the largest entry."""
    errors = [
        float((got.double() - true).abs().max() / true.abs().max())
        for got, true in zip(found, right, strict=True)
    ]
    return errors[0], max(errors[1:])


def _stepping(there: Problem, forward, parameters):
    """A forward and a backward pass; gives y and the gradients of A, B and C."""

    def step():
        for parameter in parameters:
            parameter.grad = None
        y = forward(there.u)
        y.backward(there.pull)
        return [y.detach(), *(parameter.grad for parameter in parameters)]

    return step


def _parameters(there: Problem):
    return [torch.nn.Parameter(tensor.clone()) for tensor in there[:3]]


def _evalcore(**options):
    def make(there: Problem, tolerance=TOLERANCE):
        from evalcore_implicit.layer import ImplicitLayer

        widths = there.b.shape[1], len(there.a), len(there.c)
        given = {"tolerance_mode": "absolute", "max_iterations": LIMIT, "direct": False}
        layer = ImplicitLayer(*widths, tolerance=tolerance, **given | options)
        with torch.no_grad():
            for own, given in zip((layer.A, layer.B, layer.C), there[:3], strict=True):
                own.copy_(given)
        return _stepping(there, layer, [layer.A, layer.B, layer.C])

    return make


def _unrolled(there: Problem, tolerance=TOLERANCE):
    """The plain loop, as one would write it: autograd keeps every step."""
    a, b, c = _parameters(there)

    def forward(u):
        offset = u @ b.T
        x = torch.relu(offset)
        for _ in range(LIMIT - 1):
            before, x = x, torch.relu(torch.addmm(offset, x, a.T))
            if (x - before).detach().abs().max() <= tolerance:
                break
        return x @ c.T

    return _stepping(there, forward, [a, b, c])


_UNUSED = ("cvxpy", "matplotlib", "matplotlib.pyplot", "sklearn", "sklearn.preprocessing", "tqdm")


def _torchidl(there: Problem, tolerance=TOLERANCE):
    """Its `ImplicitModel`, without D; it stops on the largest change of the whole batch."""
    # Its package imports what it plots and solves with elsewhere; the layer uses none of it.
    absent = {name: mock.MagicMock() for name in _UNUSED if name not in sys.modules}
    sys.modules |= absent
    from torchidl.implicit_base_model import ImplicitModel

    for name in absent:
        del sys.modules[name]
    widths = there.b.shape[1], len(there.c), len(there.a)
    model = ImplicitModel(
        *widths,
        no_D=True,
        mitr=LIMIT,
        grad_mitr=LIMIT,
        tol=tolerance,
        grad_tol=tolerance,
        kappa=1.0,
    )
    with torch.no_grad():
        for own, given in zip((model.A, model.B, model.C), there[:3], strict=True):
            own.copy_(given)
    return _stepping(there, model, [model.A, model.B, model.C])


def _torchdeq(solver: str):
    def make(there: Problem, tolerance=TOLERANCE):
        """Its implicit gradient; the norms are Euclidean, so the tolerance grows with sqrt(n)."""
        from torchdeq import get_deq

        a, b, c = _parameters(there)
        norm = tolerance * len(there.a) ** 0.5
        deq = get_deq(
            ift=True,
            f_solver=solver,
            b_solver=solver,
            f_max_iter=LIMIT,
            b_max_iter=LIMIT,
            f_tol=norm,
            b_tol=norm,
        )

        def forward(u):
            offset = u @ b.T
            start = torch.zeros_like(offset)
            out, _ = deq(lambda x: torch.relu(torch.addmm(offset, x, a.T)), start)
            return out[-1] @ c.T

        return _stepping(there, forward, [a, b, c])

    return make


def _memory(engines) -> str:
    """What autograd keeps for the backward pass, as a tighter tolerance takes more iterations."""
    there = problem(Size(100, 784, 100, 0.95, False))
    tolerances = (1e-1, 1e-3, 1e-5)
    rows = []
    for name, make in engines.items():
        kept = [_kept(make(there, tolerance)) / 2**20 for tolerance in tolerances]
        rows.append([name, *(f"{size:.2f}" for size in kept)])
    head = ["kept, MiB, with the tolerance", *(f"{tolerance:g}" for tolerance in tolerances)]
    return table(head, rows)


def _kept(step) -> int:
    """Bytes of distinct storages that the graph of one forward pass saves."""
    sizes = {}

    def pack(tensor):
        storage = tensor.untyped_storage()
        sizes[storage.data_ptr()] = storage.nbytes()
        held.append(tensor)
        return tensor

    held = []
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        step()
    return sum(sizes.values())


OWN = {
    "evalcore, anderson": _evalcore(),
    "evalcore, picard": _evalcore(solver="picard"),
    "evalcore, jacobian-free": _evalcore(gradient="jacobian-free"),
    "unrolled loop": _unrolled,
}
PEERS = {
    "torchidl": _torchidl,
    "torchdeq, fixed point": _torchdeq("fixed_point_iter"),
    "torchdeq, anderson": _torchdeq("anderson"),
}


if __name__ == "__main__":
    main()
