"""`evalcore plugins`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from evalcore.plugins import describe_broken, registry

if TYPE_CHECKING:
    import argparse

    from evalcore.plugins import Plugin


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--json", action="store_true", help="print a list of JSON objects")


def run(arguments: argparse.Namespace) -> int:
    """Print the plugins; 1 if one is broken."""
    plugins = registry().plugins
    if arguments.json:
        print(json.dumps([_row(plugin) for plugin in plugins], indent=2))
    else:
        for plugin in plugins:
            _show(plugin)
        _show_shared_names()
    return 1 if registry().broken else 0


def _show(plugin: Plugin) -> None:
    if plugin.error:
        print(describe_broken(plugin))
        print("".join(f"    {line}\n" for line in plugin.traceback.splitlines()), end="")
        return
    print(plugin.origin)
    for kind, names in _provided(plugin).items():
        print(f"  {kind}: {', '.join(names)}")


def _show_shared_names() -> None:
    for kind, name, claims in registry().shared_names():
        print(f"the {kind} name {name!r} is claimed by several plugins; a spec writes which:")
        for claim in claims:
            print(f"  use: {claim.qualified}  ({claim.plugin.distribution} {claim.plugin.version})")


def _provided(plugin: Plugin) -> dict[str, list[str]]:
    provided: dict[str, list[str]] = {
        kind: [item.name for item in items] for kind, items in plugin.components.items()
    }
    provided["command"] = [command.name for command in plugin.commands]
    return {kind: names for kind, names in provided.items() if names}


def _row(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "module": plugin.module,
        "provides": _provided(plugin),
        "error": plugin.error or None,
        "traceback": plugin.traceback or None,
    }
