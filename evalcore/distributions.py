"""Which installed distributions offer plugins: read from their metadata files, nothing imported.

`importlib.metadata` costs more to import than the whole command line is allowed to take, so the
few lines of each `entry_points.txt` that concern us are read here.
"""

from __future__ import annotations

import os
import sys
from configparser import ConfigParser
from configparser import Error as ConfigError
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Entry", "entries", "search_path", "strangers"]

GROUP = "evalcore"
INTERFACE_GROUP = "evalcore.interface"


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry point of the group `evalcore`.

    Attributes:
        plugin: name of the entry point.
        module: the module that it names.
        interface: the interface that it states, `""` where it states none.
        distribution: name of the distribution that brings it.
        version: version of that distribution.
        problem: why the distribution's metadata cannot be read, `""` where it can.
    """

    plugin: str
    module: str
    interface: str
    distribution: str
    version: str
    problem: str = ""


def search_path() -> list[str]:
    """The folders in which distributions may be installed, in the order of `sys.path`."""
    folders = dict.fromkeys(os.path.abspath(folder or ".") for folder in sys.path)  # noqa: PTH100
    return [folder for folder in folders if os.path.isdir(folder)]


def entries() -> list[Entry]:
    """The plugins of every distribution on `sys.path`; the first of a name hides later ones."""
    found: dict[str, list[Entry]] = {}
    for info, name, version in _distributions():
        if _canonical(name) not in found:
            found[_canonical(name)] = _entries_of(info, name, version)
    return [entry for entries in found.values() for entry in entries]


def strangers() -> list[str]:
    """Distributions called `evalcore`: another project that installs the same import package."""
    found = [(name, version) for _, name, version in _distributions()]
    return [f"{name} {version}" for name, version in found if _canonical(name) == "evalcore"]


def _distributions() -> list[tuple[str, str, str]]:
    """Metadata folder, name and version of every installed distribution."""
    found = []
    for folder in search_path():
        for item in _listed(folder):
            stem, dot, suffix = item.rpartition(".")
            if dot and suffix in {"dist-info", "egg-info"}:
                name, _, version = stem.partition("-")
                found.append((f"{folder}/{item}", name, version.partition("-")[0]))
    return found


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - a third of the time of pathlib
    except OSError:
        return []


def _entries_of(info: str, name: str, version: str) -> list[Entry]:
    try:
        text = Path(info, "entry_points.txt").read_bytes().decode("utf-8", "replace")
    except OSError:
        return []
    if f"[{GROUP}]" not in text:
        return []
    distribution = name.replace("_", "-")
    parser = ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment]
    try:
        parser.read_string(text, info)
    except ConfigError as error:
        problem = f"its metadata cannot be read: {' '.join(str(error).split())}"
        return [Entry(distribution, "", "", distribution, version, problem)]
    stated = dict(parser[INTERFACE_GROUP]) if INTERFACE_GROUP in parser else {}
    return [
        Entry(plugin, module, stated.get(plugin, ""), distribution, version)
        for plugin, module in parser[GROUP].items()
    ]


def _canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
