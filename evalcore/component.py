"""What a plugin declares: components and commands, by name and import path, nothing loaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from evalcore.settings import Settings

__all__ = ["KINDS", "Command", "Component", "Kind"]

Kind = Literal["task", "model", "strategy", "metric", "reporter"]
KINDS: tuple[Kind, ...] = ("task", "model", "strategy", "metric", "reporter")

_NAME = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Component:
    """A task, model, strategy, metric or reporter that a plugin offers.

    Attributes:
        name: what a spec writes after `use:`; lower-case words joined by `-` or `.`.
        summary: one line for `evalcore list`.
        path: import path of its class, `package.module:Class`, imported when first used.
        settings: import path of its settings, a subclass of `evalcore.Settings`.
        version: raised whenever a change can move scores.

    Raises:
        ValueError: if a name, path or version is not of that form.
    """

    name: str
    summary: str
    path: str
    settings: str = "evalcore.settings:Settings"
    version: int = 1

    def __post_init__(self) -> None:
        _check_names(self.name, self.summary, self.path, self.settings)
        if not isinstance(self.version, int) or self.version < 1:
            raise ValueError(f"component {self.name!r}: version {self.version!r} is not 1 or more")

    def load(self) -> Any:
        """Import and return the component's class."""
        return load(self.path)

    def load_settings(self) -> type[Settings]:
        """Import and return the component's settings class."""
        cls: type[Settings] = load(self.settings)
        return cls


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the `evalcore` command line that a plugin offers.

    Attributes:
        name: the word after `evalcore`.
        summary: one line for `evalcore --help`.
        path: import path of a module with `configure(parser)`, which adds arguments to an
            `argparse.ArgumentParser`, and `run(arguments) -> int`, which returns the exit code.
    """

    name: str
    summary: str
    path: str

    def __post_init__(self) -> None:
        _check_names(self.name, self.summary)
        if not isinstance(self.path, str) or not _MODULE.fullmatch(self.path):
            raise ValueError(f"{self.name!r}: {self.path!r} is not of the form 'package.module'")

    def load(self) -> Any:
        """Import and return the command's module."""
        return import_module(self.path)


def load(path: str) -> Any:
    """Import the object at `package.module:object`."""
    module, _, attribute = path.partition(":")
    return getattr(import_module(module), attribute)


def _check_names(name: str, summary: str, *paths: str) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ValueError(f"name {name!r} is not lower-case words joined by '-' or '.'")
    if not isinstance(summary, str) or not summary.strip() or "\n" in summary:
        raise ValueError(f"{name!r}: the summary must be one line, found {summary!r}")
    for path in paths:
        if not isinstance(path, str) or not _PATH.fullmatch(path):
            raise ValueError(f"{name!r}: {path!r} is not of the form 'package.module:Class'")
