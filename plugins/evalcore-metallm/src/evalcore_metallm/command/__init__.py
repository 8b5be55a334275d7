"""`evalcore route ACTION`: routers from the command line.

Each action is a module beside this one, with `configure(parser)` and `run(arguments) -> int`. All
are imported for any of them, so that they import what is heavy when they run.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from evalcore.errors import EvalcoreError

if TYPE_CHECKING:
    import argparse

ACTIONS = {
    "fit": "fit a router to a log and save it",
    "compare": "compare the routers of a run over the same queries and orders",
    "report": "write a page with figures of the routers of runs",
    "evaluate": "tell the value of a router from the log of a deployed one",
    "serve": "serve a router as an OpenAI-compatible endpoint",
    "log": "write the choices of a served router as rows to evaluate others by",
}
"""What each action does, by the name of its module."""

_BAD_CALL = 2


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the actions, and the arguments of each."""
    actions = parser.add_subparsers(dest="action", required=True, metavar=", ".join(ACTIONS))
    for name, words in ACTIONS.items():
        action = actions.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
        module = import_module(f"{__name__}.{name}")
        module.configure(action)
        action.set_defaults(run_action=module.run)


def run(arguments: argparse.Namespace) -> int:
    """Do what is asked, and answer 0; 2 if it cannot be done as asked."""
    try:
        answer: int = arguments.run_action(arguments)
    except EvalcoreError as error:
        print(f"evalcore route {arguments.action}: {error}", file=sys.stderr)
        return _BAD_CALL
    return answer
