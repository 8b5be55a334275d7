"""Train a model from nothing, or go on: `python -m evalcore_microcoder.training --size l`."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from evalcore_microcoder.training.architecture import SHAPES
from evalcore_microcoder.training.recipe import Options, Recipe


def main() -> None:
    """Read the command line and train; what was killed goes on when it is called again."""
    arguments = _parser().parse_args()
    torch.set_num_threads(arguments.threads)
    Recipe(
        Options(
            size=arguments.size,
            folder=arguments.folder,
            seed=arguments.seed,
            steps=arguments.steps,
            seconds=arguments.seconds,
            tokens=arguments.tokens,
            tried=arguments.tried,
            tested=arguments.tested,
            device=arguments.device,
            pause=arguments.pause,
        )
    ).run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m evalcore_microcoder.training", description=main.__doc__
    )
    add = parser.add_argument
    add("--size", choices=SHAPES, default="l", help="which of the sizes (default: l)")
    add(
        "--folder",
        type=Path,
        default=Path("microcoder"),
        help="where checkpoints and models go, a folder for each size (default: microcoder)",
    )
    add("--seconds", type=float, default=3600.0, help="budget of wall time (default: 3600)")
    add(
        "--steps",
        type=int,
        help="budget in steps instead, which makes a training repeatable to the bit",
    )
    add(
        "--tried",
        type=int,
        default=600,
        help="problems that the model tries between the stages (default: 600)",
    )
    add("--tokens", type=int, default=2048, help="tokens of a batch (default: 2048)")
    add("--tested", type=int, default=128, help="validation problems (default: 128)")
    add("--threads", type=int, default=1, help="threads of torch (default: 1)")
    add("--device", default="cpu", help="where it computes, such as cuda (default: cpu)")
    add("--seed", type=int, default=0, help="of weights, problems and dialogues (default: 0)")
    add("--pause", type=float, default=60.0, help="seconds between checkpoints (default: 60)")
    return parser


if __name__ == "__main__":
    main()
