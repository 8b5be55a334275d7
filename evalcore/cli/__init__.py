"""The command line: `evalcore run`, `check`, `results`, `records`, `list`, `plugins`, `schema`.

Each command is a module with `configure(parser)` and `run(arguments) -> int`, imported when it is
called; commands of plugins are the same. Results go to standard output, words to standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module
from typing import Any

__all__ = ["main"]

COMMANDS = {
    "run": "Check a spec, run it or go on with its run, and show the results",
    "check": "All that `run` checks before it starts, and the cells it would run",
    "results": "The metrics of one run or several",
    "records": "Every record of a run, as JSON Lines, CSV or Parquet",
    "list": "The installed tasks, models, strategies, metrics and reporters",
    "plugins": "The installed plugins, what each provides, which are broken and why",
    "cache": "The answers that runs share: their size, and what to remove of them",
    "schema": "The JSON Schema of a spec with every installed component",
    "new-plugin": "Write a working plugin with its tests, to start from",
}


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        try:
            code = _dispatch(words)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has had enough; that is their right and no error. What is left
        # in the buffer goes nowhere, or its flush at the exit would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        print(f"evalcore: {error}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _dispatch(words: list[str]) -> int:
    from evalcore.errors import EvalcoreError

    parser = _parser(words)
    parsed = parser.parse_args(words)
    if not hasattr(parsed, "command"):
        parser.print_help()
        return 2
    _warn_of_strangers()
    try:
        code: int = parsed.command.run(parsed)
    except EvalcoreError as error:
        print(f"evalcore: {error}", file=sys.stderr)
        return 2
    return code


def _parser(words: list[str]) -> argparse.ArgumentParser:
    """The parser; only the command that is called is configured, and thereby imported."""
    parser = argparse.ArgumentParser(
        prog="evalcore",
        description="Finds evaluation plugins and runs specs.",
        epilog="`evalcore COMMAND --help` tells more.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    called = next((word for word in words if not word.startswith("-")), "")
    for name, summary in COMMANDS.items():
        own = commands.add_parser(name, help=summary, description=f"{summary}.")
        if name == called:
            module = import_module(f"evalcore.cli.{name.replace('-', '_')}")
            _configure(own, module)
    if called not in COMMANDS:
        _add_plugin_commands(commands, called)
    return parser


def _add_plugin_commands(commands: Any, called: str) -> None:
    from evalcore.plugins import registry

    for name, command in registry().commands(COMMANDS).items():
        own = commands.add_parser(name, help=command.summary, description=f"{command.summary}.")
        if name == called:
            _configure(own, command.load())


def _configure(parser: argparse.ArgumentParser, command: Any) -> None:
    command.configure(parser)
    parser.set_defaults(command=command)


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        from importlib.metadata import version

        from evalcore.plugins import INTERFACE

        interface = ".".join(map(str, INTERFACE))
        print(f"evalcore {version('evalcore-framework')} (interface {interface})")
        parser.exit()


def _warn_of_strangers() -> None:
    from evalcore import distributions

    for stranger in distributions.strangers():
        print(
            f"evalcore: another project's distribution '{stranger}' is installed, with the same "
            "import package and command as ours; remove it with `pip uninstall evalcore`, then "
            "reinstall evalcore-framework",
            file=sys.stderr,
        )
