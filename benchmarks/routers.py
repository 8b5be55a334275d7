"""Queries a second that a learning router picks a model for and learns from, beside its peers.

    python benchmarks/routers.py --peers PEERS --scratch FOLDER

Every engine is a process of its own on one thread, and meets the same streams of queries, one at a
time: it picks an arm, is told that arm's reward, and learns. Rounds are interleaved, and the least
CPU time of a step counts. `reference` solves both systems of LinUCB anew for each query and arm; it
tells which decisions are right.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from measuring import CALIBRATION, environment, machine, measure, table

WIDTHS, ARMS = (64, 384, 768), (2, 4, 11)
STEPS = 2000
"""Queries of a stream; an engine that is slow ends sooner."""

ALPHA, PRICE = 1.0, 0.2
PRICES = np.geomspace(1e-3, 2, 50)


class Stream(NamedTuple):
    """Queries, each with the reward of every arm.

    Attributes:
        contexts: of length 1 but for a last column of ones, shape (STEPS, d).
        quality: 0 or 1, shape (STEPS, k).
        cost: of each arm, shape (k,).
    """

    contexts: np.ndarray
    quality: np.ndarray
    cost: np.ndarray

    @property
    def rewards(self):
        return self.quality - PRICE * self.cost


def stream(width, arms):
    """What each arm knows depends on a query's direction; dearer arms know more."""
    rng = np.random.default_rng([width, arms])
    directions = rng.standard_normal((STEPS, width - 1))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    talents = rng.standard_normal((width - 1, arms)) * 4
    chances = 1 / (1 + np.exp(-directions @ talents - np.linspace(0, 1, arms)))
    quality = (rng.random(chances.shape) < chances).astype(float)
    contexts = np.concatenate([directions, np.ones((STEPS, 1))], axis=1)
    return Stream(contexts, quality, np.linspace(0.1, 1, arms))


def main() -> None:
    arguments = _arguments()
    cells = list(itertools.product(arguments.widths, arguments.arms))
    if arguments.engine:
        found = [_timed(ENGINES[arguments.engine], *cell, arguments.seconds) for cell in cells]
        (arguments.scratch / "found.json").write_text(json.dumps(found))
    elif arguments.sweep:
        (arguments.scratch / "found.json").write_text(json.dumps(_sweep()))
    else:
        with tempfile.TemporaryDirectory(dir=arguments.scratch) as scratch:
            _compare(cells, arguments, Path(scratch))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, help="environment with routers_peers.txt installed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of CPU for a stream, at most")
    parser.add_argument("--widths", type=int, nargs="+", default=WIDTHS)
    parser.add_argument("--arms", type=int, nargs="+", default=ARMS)
    parser.add_argument("--scratch", type=Path, help="folder on the disk to be written to")
    parser.add_argument("--engine", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--sweep", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _compare(cells, arguments, scratch: Path) -> None:
    print(f"{machine()}; calibration {measure(CALIBRATION).cpu:.2f} s; load {_load()}\n")
    python = dict.fromkeys(OWN, sys.executable)
    if arguments.peers:
        python |= dict.fromkeys(PEERS, str(arguments.peers / "bin" / "python"))

    def run(name, seconds):
        sizes = ["--widths", *map(str, arguments.widths), "--arms", *map(str, arguments.arms)]
        command = [python[name], __file__, "--engine", name, "--seconds", str(seconds), *sizes]
        return _run(command, scratch)

    right = [cell["picked"] for cell in run("reference", 12 * arguments.seconds)]
    rounds = [
        {name: run(name, arguments.seconds) for name in python} for _ in range(arguments.rounds)
    ]
    for number, (width, arms) in enumerate(cells):
        cell = {name: [found[name][number] for found in rounds] for name in python}
        print(f"d = {width}, {arms} arms\n\n{_table(cell, right[number])}\n")
    sweeps = [_run([sys.executable, __file__, "--sweep"], scratch) for _ in range(arguments.rounds)]
    print(_sweep_table({name: min(s[name] for s in sweeps) for name in sweeps[0]}))
    print(f"\nload at the end {_load()}")


def _run(command, scratch: Path):
    threads = dict.fromkeys(["OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"], "1")
    measure([*command, "--scratch", str(scratch)], environment(**threads))
    return json.loads((scratch / "found.json").read_text())


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}"


def _table(cell, right) -> str:
    """What each engine does; only those that are LinUCB with that alpha have a reference."""
    own = min(run["cpu"] / len(run["picked"]) for run in cell["evalcore"])
    rows = []
    for name, runs in cell.items():
        seconds = min(run["cpu"] / len(run["picked"]) for run in runs)
        picked = max((run["picked"] for run in runs), key=len)
        compared = min(len(picked), len(right))
        same = sum(a == b for a, b in zip(picked, right, strict=False))
        agrees = f"{same} of {compared}" if name in LINUCB else ""
        reward = np.mean(max((run["rewards"] for run in runs), key=len))
        figures = [f"{1 / seconds:,.0f}", f"{seconds / own:.1f}", agrees]
        rows.append([name, *figures, f"{reward:.3f} of {len(picked)}"])
    head = ["engine", "steps / s of CPU", "CPU / evalcore", "as the reference", "mean reward"]
    return table(head, rows)


def _timed(engine, width, arms, seconds):
    """What an engine picks on a stream, and the CPU time that it took."""
    there = stream(width, arms)
    rewards = there.rewards
    choose, learn = engine(there)
    picked = []
    begin = time.process_time()
    for row in range(STEPS):
        arm = choose(row)
        learn(row, arm, rewards[row, arm])
        picked.append(int(arm))
        took = time.process_time() - begin
        if took > seconds:
            break
    earned = rewards[np.arange(len(picked)), picked]
    return {"cpu": took, "picked": picked, "rewards": earned.tolist()}


def _evalcore(there: Stream):
    """LinUCB of the plugin, by its own interface; ties go to the first arm, as the reference's."""
    from evalcore_metallm.policies.catalogue import LinUcbSettings

    return _policy(there, LinUcbSettings(ridge=1.0, alpha=ALPHA, paper_compat=True))


def _evalcore_greedy(there: Stream):
    """LinUCB as the program that came with the paper has it by default: without a bonus."""
    from evalcore_metallm.policies.catalogue import LinUcbSettings

    return _policy(there, LinUcbSettings(ridge=1.0, alpha=0.0))


def _evalcore_squarecb(there: Stream):
    """What Vowpal Wabbit is asked to do, here over ridge regressions."""
    from evalcore_metallm.policies.catalogue import SquareCbSettings

    return _policy(there, SquareCbSettings(ridge=1.0))


def _policy(there: Stream, settings):
    from evalcore_metallm.policies.catalogue import make

    policy = make(settings, len(there.cost), there.contexts.shape[1], PRICE, 0, there.cost)

    def choose(row):
        return policy.choose(there.contexts[row : row + 1]).arms[0]

    def learn(row, arm, reward):
        outcome = there.quality[row, arm : arm + 1], there.cost[arm : arm + 1]
        policy.update(there.contexts[row : row + 1], np.array([arm]), *outcome)

    return choose, learn


def _linear_systems(there: Stream, score):
    """LinUCB as it is written down: A and b of each arm, and a score from them."""
    width, arms = there.contexts.shape[1], len(there.cost)
    gram, sums = np.tile(np.eye(width), (arms, 1, 1)), np.zeros((arms, width))

    def choose(row):
        x = there.contexts[row]
        return int(np.argmax([score(a, b, x) for a, b in zip(gram, sums, strict=True)]))

    def learn(row, arm, reward):
        x = there.contexts[row]
        gram[arm] += np.outer(x, x)
        sums[arm] += reward * x

    return choose, learn


def _reference(there: Stream):
    def score(a, b, x):
        theta, along = np.linalg.solve(a, np.stack([b, x], axis=1)).T
        return x @ theta + ALPHA * np.sqrt(x @ along)

    return _linear_systems(there, score)


def _inverses(there: Stream):
    """The paper's own way: the inverse of each arm anew for each query."""

    def score(a, b, x):
        inverse = np.linalg.inv(a)
        return x @ (inverse @ b) + ALPHA * np.sqrt(x @ inverse @ x)

    return _linear_systems(there, score)


def _mabwiser(there: Stream):
    from mabwiser.mab import MAB, LearningPolicy

    learner = LearningPolicy.LinUCB(alpha=ALPHA, l2_lambda=1.0)
    bandit = MAB(list(range(len(there.cost))), learner, n_jobs=1)

    def choose(row):
        return bandit.predict(there.contexts[row : row + 1]) if row else 0

    def learn(row, arm, reward):
        (bandit.partial_fit if row else bandit.fit)([arm], [reward], there.contexts[row : row + 1])

    return choose, learn


def _contextualbandits(there: Stream):
    """By Sherman and Morrison too; of arms that it never tried it picks at random."""
    from contextualbandits.online import LinUCB

    bandit = LinUCB(
        len(there.cost),
        alpha=ALPHA,
        lambda_=1.0,
        fit_intercept=False,
        use_float=False,
        method="sm",
        ucb_from_empty=True,
        beta_prior=None,
        random_state=1,
        njobs=1,
    )

    def choose(row):
        return bandit.predict(there.contexts[row : row + 1])[0] if row else 0

    def learn(row, arm, reward):
        x = there.contexts[row : row + 1]
        bandit.partial_fit(x, np.array([arm]), np.array([reward]))

    return choose, learn


def _vowpal_wabbit(there: Stream):
    """Another algorithm, SquareCB over stochastic gradients; text is made outside the clock."""
    from vowpalwabbit import Workspace

    bandit = Workspace(f"--cb_explore {len(there.cost)} --squarecb --quiet")
    rng = np.random.default_rng(0)
    texts = [
        "| " + " ".join(f"{i}:{value:.6g}" for i, value in enumerate(x)) for x in there.contexts
    ]
    shares = np.empty(len(there.cost))

    def choose(row):
        shares[:] = bandit.predict(texts[row])
        return int((shares.cumsum() > rng.random() * shares.sum()).argmax())

    def learn(row, arm, reward):
        bandit.learn(f"{arm + 1}:{-reward}:{shares[arm]} {texts[row]}")

    return choose, learn


def _sweep():
    """CPU seconds of choices for 2,000 queries of 60 words, at one price and at fifty."""
    from evalcore_metallm.dial import choices_over_prices
    from evalcore_metallm.logs.routing import Arm
    from evalcore_metallm.router import Router, RouterSettings

    there, rng = stream(384, 11), np.random.default_rng(0)
    queries = [" ".join(f"word{i}" for i in row) for row in rng.integers(0, 5000, (STEPS, 60))]
    arms = [Arm(f"model-{number}", None) for number in range(11)]
    found = {}
    for alpha in (0.0, ALPHA):
        policy = {"use": "linucb", "alpha": alpha}
        settings = RouterSettings(policy=policy, features={"use": "hashing", "columns": 383})
        router = Router.cold(arms, there.cost, settings)
        cost = np.tile(there.cost, (STEPS, 1))
        router.policy.warm_start(router.contexts(queries), there.quality, cost)
        for prices in (PRICES[:1], PRICES):
            begin = time.process_time()
            choices_over_prices(router, queries, prices)
            found[f"alpha {alpha:g}, {len(prices)} prices"] = time.process_time() - begin
    return found


def _sweep_table(found) -> str:
    rows = [[name, f"{1000 * seconds:.1f}"] for name, seconds in found.items()]
    return table(["2,000 queries, d = 384, 11 arms", "CPU, ms"], rows)


OWN = {
    "evalcore": _evalcore,
    "evalcore, alpha 0": _evalcore_greedy,
    "evalcore, SquareCB": _evalcore_squarecb,
    "inverses": _inverses,
    "reference": _reference,
}
PEERS = {
    "MABWiser": _mabwiser,
    "contextualbandits": _contextualbandits,
    "Vowpal Wabbit": _vowpal_wabbit,
}
ENGINES = OWN | PEERS
LINUCB = {"evalcore", "inverses", "reference", "MABWiser", "contextualbandits"}


if __name__ == "__main__":
    main()
