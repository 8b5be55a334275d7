"""`evalcore list`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evalcore.cli.common import warn_of_broken
from evalcore.component import KINDS
from evalcore.plugins import registry

if TYPE_CHECKING:
    import argparse

    from evalcore.plugins import Found

PLURALS = {kind: "strategies" if kind == "strategy" else f"{kind}s" for kind in KINDS}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument(
        "kinds", nargs="*", choices=[*PLURALS.values(), []], metavar="KIND",
        help=f"of {', '.join(PLURALS.values())}; all if none is named",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print a list of JSON objects")


def run(arguments: argparse.Namespace) -> int:
    """Print the components."""
    kinds = [kind for kind in KINDS if not arguments.kinds or PLURALS[kind] in arguments.kinds]
    found = {kind: registry().components(kind) for kind in kinds}
    if arguments.json:
        rows = [_row(item) for items in found.values() for item in items]
        print(json.dumps(rows, indent=2))
        return 0
    warn_of_broken()
    shown = [item for items in found.values() for item in items]
    name = max((len(item.component.name) for item in shown), default=0)
    origin = max((len(_origin(item)) for item in shown), default=0)
    for kind, items in found.items():
        print(PLURALS[kind])
        for item in items:
            component = item.component
            print(f"  {component.name:{name}}  {_origin(item):{origin}}  {component.summary}")
    return 0


def _origin(item: Found) -> str:
    return f"{item.plugin.distribution} {item.plugin.version}"


def _row(item: Found) -> dict[str, object]:
    return {
        "kind": item.kind,
        "name": item.component.name,
        "plugin": item.plugin.name,
        "distribution": item.plugin.distribution,
        "version": item.plugin.version,
        "component_version": item.component.version,
        "summary": item.component.summary,
    }
