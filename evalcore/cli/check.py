"""`evalcore check SPEC`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evalcore.cli.common import add_spec_arguments, checked_spec

if TYPE_CHECKING:
    import argparse


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    add_spec_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check the spec and print its cells."""
    spec = checked_spec(arguments)
    cells = f"{len(spec.cells)} cell{'s' if len(spec.cells) > 1 else ''}"
    print(f"{arguments.spec}: {spec.name} can run, {cells}:")
    for cell in spec.cells:
        attempts = f"{cell.attempts} attempt{'s' if cell.attempts > 1 else ''} a sample"
        print(f"  {cell.name}  ({attempts}, seed {cell.seed}, {cell.hash})")
    return 0
