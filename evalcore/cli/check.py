"""`evalcore check SPEC`."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING

from evalcore.cli.common import add_spec_arguments, checked_spec, say

if TYPE_CHECKING:
    import argparse

NOT_LOOKED_AT = (
    "Not looked at: whether a server answers and takes a key, and whether data and weights load."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.epilog = (
        "It reads the spec, loads its components, and has tasks and models look for what they can "
        "find at once: names, folders, keys, prices, devices; each plugin says what it looks for. "
        f"{NOT_LOOKED_AT}"
    )
    add_spec_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    """Check the spec and its components, and print its cells."""
    from evalcore.readiness import check_components

    spec = checked_spec(arguments)
    with redirect_stdout(sys.stderr):  # what plugins print is no result
        check_components(spec)
    cells = f"{len(spec.cells)} cell{'s' if len(spec.cells) > 1 else ''}"
    print(f"{arguments.spec}: {spec.name} can run, {cells}:")
    for cell in spec.cells:
        attempts = f"{cell.attempts} attempt{'s' if cell.attempts > 1 else ''} a sample"
        print(f"  {cell.name}  ({attempts}, seed {cell.seed}, {cell.hash})")
    say(NOT_LOOKED_AT)
    return 0
