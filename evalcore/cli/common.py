"""What the commands share: words on standard error, and the check of a spec."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from evalcore.data import Result
    from evalcore.spec import Spec

__all__ = ["add_spec_arguments", "checked_spec", "print_results", "say", "warn_of_broken"]


def say(text: str) -> None:
    """Words for people, on standard error."""
    print(text, file=sys.stderr, flush=True)


def print_results(results: Sequence[Result]) -> None:
    """The results as a table on standard output: drawn on a terminal, plain elsewhere."""
    from evalcore.cli.table import plain, table

    if not sys.stdout.isatty():
        print(plain(results))
        return
    from rich.console import Console

    console = Console()
    console.print(table(results, console.width))


def add_spec_arguments(parser: argparse.ArgumentParser) -> None:
    """The spec file and its overrides."""
    parser.add_argument("spec", type=Path, metavar="SPEC", help="a YAML, JSON or TOML file")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help="override a setting by its dotted path, such as strategy.max_turns=5; repeatable",
    )


def checked_spec(arguments: argparse.Namespace) -> Spec:
    """The spec that the arguments name, checked.

    Raises:
        SpecError: with every problem.
    """
    from evalcore.spec import load_spec

    warn_of_broken()
    return load_spec(arguments.spec, tuple(arguments.set))


def warn_of_broken() -> None:
    """One line for each plugin that cannot be used."""
    from evalcore.plugins import describe_broken, registry

    for plugin in registry().broken:
        say(f"warning: {describe_broken(plugin)}; `evalcore plugins` tells more")
