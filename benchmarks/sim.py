"""The convex fit of State-driven Implicit Modeling, beside general solvers and its own package.

    python benchmarks/sim.py --peers PEERS

The states are those of a trained network, 784-64-32-16-10 without biases: 112 rows with 896
unknowns each. They are not rescaled, so that the norm constraint binds in many of the rows.
Everyone is given the same states or the same Gram matrix, in one process on one thread; what counts
is CPU time. Solvers that take rows one by one are timed on some of the rows, and what they take for
all is extrapolated.

The images are grey ones of CIFAR-100 where EVALCORE_SHARED has the excerpt of them, and otherwise
symbols that the project draws.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
import warnings
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
import torch
from measuring import CALIBRATION, machine, measure, table

from evalcore_implicit.sim import L1, Moments, fit_path, fit_rows, fit_rows_reference
from evalcore_implicit.states import accumulate, record

WIDTHS = (784, 64, 32, 16, 10)
BLOCKS = WIDTHS[-2:0:-1]
KAPPA = 0.95
PATH = 20
LOOSE = (1e-4, 1e-3)


class Fit(NamedTuple):
    """What an engine made of some of the rows: weights of shape (rows, n + p), CPU seconds."""

    rows: np.ndarray
    weights: np.ndarray
    seconds: float


class States(NamedTuple):
    """The states of the network, samples first, and their moments."""

    arrays: tuple[np.ndarray, ...]
    moments: Moments

    @property
    def features(self) -> np.ndarray:
        x, u, _, _ = self.arrays
        return np.hstack([x, u])

    @property
    def targets(self) -> np.ndarray:
        return np.hstack([self.arrays[2], self.arrays[3]])


def main() -> None:
    arguments = _arguments()
    torch.set_num_threads(1)
    images, labels, source = _images(max(arguments.samples, 4000))
    network = _trained(images, labels)
    given = _states(network, images[: arguments.samples])
    print(
        f"{machine()}; torch {torch.__version__}; calibration {measure(CALIBRATION).cpu:.2f} s; "
        f"load {_load()}\n\n{len(given.features)} samples of {source}, "
        f"{given.moments.states} rows, {len(given.moments.gram)} unknowns, "
        f"kappa {KAPPA}, lambda {arguments.strength:g}\n"
    )
    tables = {
        "engines": lambda: _compared(given, arguments),
        "unconstrained": lambda: _unconstrained(given, arguments),
        "path": lambda: _path(given, arguments),
        "samples": lambda: _samples(network, images, arguments),
    }
    for name, made in tables.items():
        if arguments.only in {None, name}:
            print(made(), "\n", flush=True)
    print(f"load at the end {_load()}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, help="folder with sim_peers.txt installed")
    parser.add_argument("--rounds", type=int, default=3, help="of what is fast, of which the least")
    parser.add_argument("--rows", type=int, default=4, help="that solvers by row are timed on")
    parser.add_argument("--residual-rows", type=int, default=1, help="the same, residual form")
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--strength", type=float, default=0.01)
    parser.add_argument("--iterations", type=int, default=300, help="of torchidl")
    tables = ("engines", "unconstrained", "path", "samples")
    parser.add_argument("--only", choices=tables, help="one table instead of all")
    return parser.parse_args()


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _images(count: int) -> tuple[np.ndarray, np.ndarray, str]:
    """Images of 28 x 28 pixels from 0 to 1, of ten classes."""
    path = Path(os.environ.get("EVALCORE_SHARED", "../shared")) / "data/images/cifar100_10k_2k.npz"
    if path.exists():
        with np.load(path) as file:
            grey = file["x_train"].mean(3)[:count, 2:30, 2:30] / 255
            labels = file["y_train"][:count] // 10
        return grey.reshape(-1, 784).astype(np.float32), labels.astype(np.int64), "CIFAR-100, grey"
    from evalcore_implicit.images.strokes import SYMBOLS, Hand, drawn

    rng = np.random.default_rng(0)
    labels = rng.integers(len(SYMBOLS), size=count)
    symbols = drawn(rng, labels, 28, Hand(noise=0.15))
    return symbols.reshape(-1, 784).astype(np.float32), labels, "drawn symbols"


def _trained(images: np.ndarray, labels: np.ndarray, epochs: int = 30) -> torch.nn.Module:
    torch.manual_seed(0)
    layers = []
    for fan_in, fan_out in pairwise(WIDTHS):
        layers += [torch.nn.Linear(fan_in, fan_out, bias=False), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(network.parameters(), lr=0.02, momentum=0.9, weight_decay=1e-4)
    inputs, classes = torch.from_numpy(images), torch.from_numpy(labels)
    for _ in range(epochs):
        for batch in torch.randperm(len(inputs)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(network(inputs[batch]), classes[batch]).backward()
            optimizer.step()
    return network.eval()


def _states(network: torch.nn.Module, images: np.ndarray) -> States:
    found = record(network, torch.from_numpy(images))
    arrays = tuple(values.double().numpy() for values in (found.x, found.u, found.z, found.y))
    return States(arrays, Moments.of(*arrays))


def _least(rounds: int, solve, *given, **options) -> tuple[float, object]:
    """The least CPU time of several rounds, and what the last one gave."""
    took, found = float("inf"), None
    for _ in range(rounds):
        begin = time.process_time()
        found = solve(*given, **options)
        took = min(took, time.process_time() - begin)
    return took, found


def _rows_of(weights) -> np.ndarray:
    return np.hstack([weights.A, weights.B])


def _compared(given: States, arguments) -> str:
    """All rows of (A, B) with every state allowed, the problem that everyone can be given."""
    n = given.moments.states
    alone = Moments(
        given.moments.gram,
        given.moments.cross[:n],
        given.moments.squares[:n],
        given.moments.samples,
        n,
    )
    every = np.arange(n)

    def own(**options):
        options |= {"blocks": BLOCKS, "mask": "full", "kappa": KAPPA}
        took, found = _least(arguments.rounds, fit_rows, alone, L1(arguments.strength), **options)
        return Fit(every, _rows_of(found), took), found.certificate

    fits = {}
    exact, certificate = own(dtype=torch.float64, tolerance=1e-9)
    bound = certificate.objective - certificate.gap
    fits["evalcore, float64, tolerance 1e-9"] = exact
    fits["evalcore"], _ = own()
    for tolerance in LOOSE:
        fits[f"evalcore, tolerance {tolerance:g}"], _ = own(tolerance=tolerance)
    if arguments.peers:
        sys.path.append(str(arguments.peers))
        fits[f"torchidl, {arguments.iterations} iterations"] = _torchidl(given, arguments)
    for form, count in (("gram", arguments.rows), ("residual", arguments.residual_rows)):
        fits[f"Clarabel, {form} form"] = _clarabel(alone, given, form, count, arguments)
    base = fits["evalcore"].seconds
    lines = []
    for name, fit in fits.items():
        took = fit.seconds * n / len(fit.rows)
        values = _objectives(given, fit, arguments.strength)
        gap = values.sum() / bound[fit.rows].sum() - 1
        excess = max(np.abs(fit.weights[:, :n]).sum(1).max() - KAPPA, 0)
        counted = np.count_nonzero(fit.weights) / len(fit.rows)
        times = f"{took:.2f}", f"{took / base:.1f}"
        quality = f"{gap:.1e}", f"{excess:.1e}", f"{counted:.0f}"
        lines.append([name, str(len(fit.rows)), *times, *quality])
    head = [
        "engine",
        "rows timed",
        "s for all",
        "to evalcore",
        "objective",
        "norm - kappa",
        "weights",
    ]
    return table(head, lines)


def _objectives(given: States, fit: Fit, strength: float) -> np.ndarray:
    """By the residuals themselves, whatever the engine says."""
    left = given.targets[:, fit.rows] - given.features @ fit.weights.T
    return (left**2).sum(0) / 2 + strength * np.abs(fit.weights).sum(1)


def _clarabel(alone: Moments, given: States, form: str, count: int, arguments) -> Fit:
    """Some rows, evenly spread over the layers; its small weights are no zeros."""
    rows = np.linspace(0, alone.states - 1, count + 2).round().astype(int)[1:-1]
    begin = time.process_time()
    found = fit_rows_reference(
        alone,
        L1(arguments.strength),
        blocks=BLOCKS,
        mask="full",
        kappa=KAPPA,
        form=form,
        features=(given.features, given.targets),
        rows=rows.tolist(),
    )
    return Fit(rows, _rows_of(found)[rows], time.process_time() - begin)


def _torchidl(given: States, arguments) -> Fit:
    """Its `ADMMSolver` in float64, one batch of all rows; it reports to the terminal on the way."""
    absent = {name: mock.MagicMock() for name in ("matplotlib", "matplotlib.pyplot")}
    absent = {name: module for name, module in absent.items() if name not in sys.modules}
    sys.modules |= absent
    from torchidl.sim.solvers import ADMMSolver

    for name in absent:
        del sys.modules[name]
    solver = ADMMSolver(
        num_epoch_ab=arguments.iterations, lambda_z=arguments.strength, batch_feature_size=120
    )
    n, kappa = given.moments.states, KAPPA
    features, targets = torch.from_numpy(given.features), torch.from_numpy(given.targets[:, :n])
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    begin = time.process_time()
    with (
        Path(os.devnull).open("w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
    ):
        weights = solver.parallel_solve_matrix(features, targets, False, n, kappa, False, "cpu")
    took = time.process_time() - begin
    torch.set_default_dtype(torch.float32)
    return Fit(np.arange(n), np.asarray(weights), took)


def _unconstrained(given: States, arguments) -> str:
    """Without the norm constraint, for which scikit-learn has a solver: coordinate descent."""
    from sklearn.linear_model import Lasso

    n, m = given.moments.states, given.moments.samples
    took, found = _least(
        arguments.rounds,
        fit_rows,
        given.moments,
        L1(arguments.strength),
        blocks=BLOCKS,
        mask="full",
        kappa=np.inf,
    )
    rows = np.linspace(0, n - 1, arguments.rows + 2).round().astype(int)[1:-1]
    bound = (found.certificate.objective - found.certificate.gap)[rows].sum()
    fits = {"evalcore": Fit(rows, _rows_of(found)[rows], took * len(rows) / (n + WIDTHS[-1]))}
    features = np.asfortranarray(given.features)
    for limit in (1000, 10_000):
        lasso = Lasso(
            alpha=arguments.strength / m,
            fit_intercept=False,
            precompute=given.moments.gram,
            max_iter=limit,
            tol=1e-6,
        )
        begin = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            weights = np.stack([lasso.fit(features, t).coef_ for t in given.targets.T[rows]])
        spent = time.process_time() - begin
        fits[f"scikit-learn's Lasso, at most {limit} sweeps"] = Fit(rows, weights, spent)
    lines = []
    for name, fit in fits.items():
        gap = _objectives(given, fit, arguments.strength).sum() / bound - 1
        seconds = fit.seconds / len(rows) * n
        lines.append(
            [name, f"{seconds:.2f}", f"{fit.seconds / fits['evalcore'].seconds:.1f}", f"{gap:.1e}"]
        )
    return table(["without the constraint", "s for all", "to evalcore", "objective"], lines)


def _path(given: States, arguments) -> str:
    strengths = np.geomspace(100, 1, PATH) * arguments.strength
    lines, moments, last = [], given.moments, L1(strengths[-1])
    for mask in ("full", "triangular"):
        options = {"blocks": BLOCKS, "kappa": KAPPA, "mask": mask}
        exact = fit_rows(moments, last, tolerance=1e-9, dtype=torch.float64, **options).certificate
        least = (exact.objective - exact.gap).sum()
        for tolerance in LOOSE:
            options["tolerance"] = tolerance
            cold, _ = _least(arguments.rounds, fit_rows, moments, last, **options)
            along, found = _least(1, fit_path, moments, L1(1), strengths.tolist(), **options)
            settled = np.mean([fit.certificate.converged.mean() for fit in found])
            above = found[-1].certificate.objective.sum() / least - 1
            times = f"{cold:.2f}", f"{along:.2f}", f"{along / cold:.2f}"
            lines.append([mask, f"{tolerance:g}", *times, f"{above:.1e}", f"{settled:.3f}"])
    head = [f"mask, {PATH} strengths", "tolerance", "s of one", "s of the path", "ratio"]
    head += ["objective of the last", "rows converged"]
    return table(head, lines)


def _samples(network: torch.nn.Module, images: np.ndarray, arguments) -> str:
    """Samples beyond the images are the same, shifted and dimmed."""
    rng = np.random.default_rng(1)
    lines = []
    for count in (1000, 4000, 15_000, 60_000):
        chosen = images[np.arange(count) % len(images)]
        dimmed = chosen * rng.uniform(0.5, 1, (count, 1)).astype(np.float32)
        moved = np.roll(dimmed, rng.integers(784), axis=1)
        batches = torch.from_numpy(moved).split(1000)
        begin = time.process_time()
        found = accumulate(network, batches)
        gathered = time.process_time() - begin
        moments = found.moments
        strength = arguments.strength * count / arguments.samples
        options = {"blocks": BLOCKS, "mask": "full", "kappa": KAPPA}
        took, _ = _least(arguments.rounds, fit_rows, moments, L1(strength), **options)
        lines.append([f"{count:,}", f"{gathered:.2f}", f"{took:.2f}"])
    return table(["samples", "s of the states", "s of the fit"], lines)


if __name__ == "__main__":
    main()
