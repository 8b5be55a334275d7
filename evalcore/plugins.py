"""The registry of components: which plugins are installed, what each offers, which are broken.

What plugins declare is kept in an index on disk, so that the help, `evalcore list` and the check
of a spec import no plugin. The index of a plugin is made anew when its distribution, its version
or the source of its modules changes. A plugin that cannot be imported, or breaks the contract of
the hooks, is rolled back whole and kept with its error; nothing else goes down with it.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from difflib import get_close_matches
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalcore import distributions
from evalcore.component import KINDS, Command, Component, Kind
from evalcore.errors import PluginError, UnknownComponent
from evalcore.folders import cache_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from evalcore.distributions import Entry

__all__ = ["INTERFACE", "Found", "Plugin", "Registry", "registry"]

INTERFACE = (1, 0)
"""Version of the hooks and interfaces: the second number grows when something is added."""

_FORMAT = 1
_HOOKS = {
    "task": "evalcore_tasks",
    "model": "evalcore_models",
    "strategy": "evalcore_strategies",
    "metric": "evalcore_metrics",
    "reporter": "evalcore_reporters",
}


@dataclass(frozen=True, slots=True)
class Plugin:
    """An installed plugin and what it declares.

    Attributes:
        name: name of its entry point; what stands before `:` in `use: plugin:name`.
        module: its module.
        distribution: the distribution that brings it.
        version: that distribution's version.
        components: what it declares, by kind.
        commands: the commands that it declares.
        error: why it cannot be used, in one line; empty if it can.
        traceback: the original traceback of that error, if it was raised by the plugin.
    """

    name: str
    module: str
    distribution: str
    version: str
    components: dict[Kind, tuple[Component, ...]] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()
    error: str = ""
    traceback: str = ""

    @property
    def origin(self) -> str:
        """The plugin as messages name it: `name (distribution version)`."""
        return f"{self.name} ({self.distribution} {self.version})"


@dataclass(frozen=True, slots=True)
class Found:
    """A component with the plugin that offers it."""

    kind: Kind
    component: Component
    plugin: Plugin

    @property
    def qualified(self) -> str:
        """`plugin:name`, which is never ambiguous between plugins."""
        return f"{self.plugin.name}:{self.component.name}"


class Registry:
    """Looks components up by name among the installed plugins."""

    def __init__(self, plugins: list[Plugin]) -> None:
        self.plugins = plugins

    @property
    def broken(self) -> list[Plugin]:
        """The plugins that cannot be used."""
        return [plugin for plugin in self.plugins if plugin.error]

    def components(self, kind: Kind) -> list[Found]:
        """All components of a kind, by name."""
        found = [
            Found(kind, component, plugin)
            for plugin in self.plugins
            for component in plugin.components.get(kind, ())
        ]
        return sorted(found, key=lambda item: (item.component.name, item.plugin.name))

    def shared_names(self) -> list[tuple[Kind, str, list[Found]]]:
        """Each name that several plugins claim, with its claims."""
        shared = []
        for kind in KINDS:
            for name, claims in groupby(self.components(kind), key=lambda f: f.component.name):
                found = list(claims)
                if len(found) > 1:
                    shared.append((kind, name, found))
        return shared

    def commands(self, taken: Iterable[str] = ()) -> dict[str, Command]:
        """All commands that plugins offer, by name.

        Where a name is `taken`, or claimed by two plugins, each stands as `plugin:name`.
        """
        offers = [(command, plugin) for plugin in self.plugins for command in plugin.commands]
        claims = Counter([*taken, *(command.name for command, _ in offers)])
        named = {
            command.name if claims[command.name] == 1 else f"{plugin.name}:{command.name}": command
            for command, plugin in offers
        }
        return dict(sorted(named.items()))

    def find(self, kind: Kind, name: str) -> Found:
        """The component of that kind called `name` or `plugin:name`.

        Raises:
            UnknownComponent: if there is none, or more than one; the text names the nearest,
                or all that claim the name.
            PluginError: if the plugin that is named is broken; the text has its traceback.
        """
        prefix, _, bare = name.rpartition(":")
        named = [found for found in self.components(kind) if found.component.name == bare]
        if prefix:
            named = [item for item in named if prefix in _names_of(item.plugin)]
            self._refuse_broken([item for item in self.broken if prefix in _names_of(item)])
        if len(named) == 1:
            return named[0]
        if named:
            raise UnknownComponent(_ambiguous(kind, bare, named))
        raise UnknownComponent(self._unknown(kind, name))

    def plugin(self, name: str) -> Plugin:
        """The plugin of that name.

        Raises:
            PluginError: if there is none, or it is broken.
        """
        named = [plugin for plugin in self.plugins if plugin.name == name]
        if not named:
            installed = ", ".join(sorted({plugin.name for plugin in self.plugins}))
            raise PluginError(f"no plugin is called {name!r}, installed are {installed}")
        self._refuse_broken([plugin for plugin in named if plugin.error])
        return named[0]

    def load_hooks(self, names: set[str]) -> Any:
        """Import the plugins called `names` and return pluggy's hook caller over them.

        Raises:
            PluginError: if one of them cannot be imported.
        """
        manager = _manager()
        for module in {plugin.module: None for plugin in self.plugins if plugin.name in names}:
            try:
                manager.register(_import(module), module)
            except (Exception, SystemExit) as error:
                raise PluginError(
                    f"plugin module {module} cannot be imported: {error!r}"
                ) from error
        return manager.hook

    def _refuse_broken(self, broken: list[Plugin]) -> None:
        for plugin in broken:
            raise PluginError(f"{describe_broken(plugin)}\n{plugin.traceback}".rstrip())

    def _unknown(self, kind: Kind, name: str) -> str:
        spellings = list(dict.fromkeys(item.component.name for item in self.components(kind)))
        qualified = [item.qualified for item in self.components(kind)]
        near = get_close_matches(name, qualified if ":" in name else spellings, n=3, cutoff=0.5)
        if near:
            names = " or ".join(map(repr, near))
            unusable = ", ".join(plugin.name for plugin in self.broken)
            hint = f" (plugins that cannot be used: {unusable})" if unusable else ""
            return f"no {kind} is called {name!r}, did you mean {names}?{hint}"
        broken = "".join(
            f"\n{describe_broken(plugin)}\n{plugin.traceback}" for plugin in self.broken
        ).rstrip()
        hint = f"\nIt may belong to a plugin that cannot be loaded:{broken}" if broken else ""
        return f"no {kind} is called {name!r}; {_listing(spellings)}{hint}"


@cache
def registry() -> Registry:
    """The registry of what is installed, read from the index where that is up to date."""
    return Registry(_index())


def describe_broken(plugin: Plugin) -> str:
    """One line on a plugin that cannot be used, with the remedy."""
    remedy = f"pip install --upgrade {plugin.distribution}"
    removal = f"pip uninstall {plugin.distribution}"
    return f"plugin {plugin.origin} cannot be used: {plugin.error} (try `{remedy}`, or `{removal}`)"


def _names_of(plugin: Plugin) -> set[str]:
    return {plugin.name, plugin.distribution}


def _ambiguous(kind: Kind, name: str, named: list[Found]) -> str:
    claims = "".join(f"\n  {item.qualified}  by {item.plugin.origin}" for item in named)
    return f"{len(named)} plugins offer a {kind} called {name!r}; write which one:{claims}"


def _listing(spellings: list[str]) -> str:
    return f"there are {', '.join(sorted(set(spellings)))}" if spellings else "there is none"


# The index: what each plugin declared when it was last imported.


def _index() -> list[Plugin]:
    folders = [[folder, os.stat(folder).st_mtime_ns] for folder in distributions.search_path()]
    key = [_FORMAT, list(INTERFACE), sys.version, folders]
    path = _index_path()
    kept = _read_index(path)
    if kept and kept["key"] == key and all(map(_fresh, kept["plugins"])):
        return [_plugin_of(entry) for entry in kept["plugins"]]
    known = kept["plugins"] if kept and kept["key"][:3] == key[:3] else []
    plugins = [_reuse_or_inspect(entry, known) for entry in distributions.entries()]
    _write_index(path, {"key": key, "plugins": plugins})
    return [_plugin_of(entry) for entry in plugins]


def _index_path() -> Path:
    tag = f"{sys.prefix}-{sys.version_info[0]}.{sys.version_info[1]}".strip("/").replace("/", "-")
    return cache_folder() / f"plugins-{tag}.json"


def _read_index(path: Path) -> dict[str, Any] | None:
    """The index as it was written; `None` if there is none, or what is there is no index."""
    try:
        kept: dict[str, Any] = json.loads(path.read_bytes())
        for entry in kept["plugins"]:
            _plugin_of(entry), _fresh(entry)
        _ = kept["key"][:3]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return kept


def _write_index(path: Path, content: dict[str, Any]) -> None:
    """Replace the index in one step; a cache that cannot be written is done without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(path)
    except OSError:
        return


def _fresh(entry: dict[str, Any]) -> bool:
    known = entry["sources"] or not entry["error"]
    return bool(known) and all(_stamp(source) == stamp for source, stamp in entry["sources"])


def _stamp(source: str) -> list[int]:
    try:
        state = os.stat(source)
    except OSError:
        return []
    return [state.st_mtime_ns, state.st_size]


def _stamp_as_imported(source: str, began: int) -> list[int]:
    """The stamp of a file, or one that never holds where it was saved since the import began."""
    stamp = _stamp(source)
    return [] if stamp and stamp[0] >= began else stamp


def _reuse_or_inspect(entry: Entry, known: list[dict[str, Any]]) -> dict[str, Any]:
    for candidate in known:
        if candidate["entry"] == asdict(entry) and not candidate["error"] and _fresh(candidate):
            return candidate
    return _inspect(entry)


def _plugin_of(entry: dict[str, Any]) -> Plugin:
    origin = entry["entry"]
    return Plugin(
        name=origin["plugin"],
        module=origin["module"],
        distribution=origin["distribution"],
        version=origin["version"],
        components={
            kind: tuple(Component(**item) for item in items)
            for kind, items in entry["components"].items()
        },
        commands=tuple(Command(**item) for item in entry["commands"]),
        error=entry["error"],
        traceback=entry["traceback"],
    )


# Looking into a plugin: imported once, checked against the hooks, rolled back if it breaks them.


def _inspect(entry: Entry) -> dict[str, Any]:
    began = time.time_ns()
    before = set(sys.modules)
    declared: dict[str, Any] = {"components": {}, "commands": [], "error": "", "traceback": ""}
    try:
        _check_interface(entry)
        declared.update(_declarations(_import(entry.module)))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        declared.update(_error(error))
    package = entry.module.partition(".")[0]
    added = {name for name in sys.modules if name not in before and name.split(".")[0] == package}
    files = {
        getattr(sys.modules[name], "__file__", None)
        for name in added | {entry.module} & set(sys.modules)
    }
    if declared["error"]:
        files |= _sources_on_path(package)
        for name in added:
            del sys.modules[name]
    stamped = [(source, _stamp_as_imported(source, began)) for source in filter(None, files)]
    sources = [list(pair) for pair in sorted(stamped)]
    return {"entry": asdict(entry), "sources": sources, **declared}


def _sources_on_path(package: str) -> set[str]:
    """The source files of a package, for one that could not be imported is in no module."""
    from importlib.machinery import PathFinder

    spec = PathFinder.find_spec(package)
    if spec is None:
        return set()
    folders = [Path(folder) for folder in spec.submodule_search_locations or ()]
    inner = {str(file) for folder in folders for file in folder.rglob("*.py")}
    return inner | ({spec.origin} if spec.origin else set())


def _check_interface(entry: Entry) -> None:
    ours = ".".join(map(str, INTERFACE))
    if entry.problem:
        raise PluginError(entry.problem)
    if not entry.interface:
        group = f'[project.entry-points."{distributions.INTERFACE_GROUP}"]'
        raise PluginError(
            f"it does not state the interface that it is written for (ours is {ours}); "
            f'its pyproject.toml needs {group} {entry.plugin} = "v{INTERFACE[0]}"'
        )
    major, _, minor = entry.interface.removeprefix("v").partition(".")
    if not (major.isdigit() and (minor.isdigit() or not minor)):
        raise PluginError(
            f"it states interface {entry.interface!r}, which is not of the form 'v1.2'"
        )
    if int(major) != INTERFACE[0] or int(minor or 0) > INTERFACE[1]:
        raise PluginError(
            f"it is written for interface {entry.interface.removeprefix('v')}, "
            f"this evalcore has interface {ours}"
        )


def _declarations(module: Any) -> dict[str, Any]:
    """What the hooks of a module declare, checked, as JSON-ready data."""
    manager = _manager()
    _refuse_unknown_hooks(module)
    _register(manager, module)
    components = {
        kind: [asdict(item) for item in _called(manager, hook, Component)]
        for kind, hook in _HOOKS.items()
    }
    commands = [asdict(item) for item in _called(manager, "evalcore_commands", Command)]
    return {"components": components, "commands": commands}


def _register(manager: Any, module: Any) -> None:
    from pluggy import PluginValidationError

    try:
        manager.register(module)
    except PluginValidationError as error:
        *_, reason = str(error).splitlines()
        raise PluginError(f"its hooks take other arguments than ours: {reason}") from None


def _called(manager: Any, hook: str, expected: type[Any]) -> Iterator[Any]:
    seen: set[str] = set()
    for items in getattr(manager.hook, hook)():
        for item in items:
            if not isinstance(item, expected):
                raise PluginError(
                    f"its hook {hook} gives {item!r}, expected evalcore.{expected.__name__} objects"
                )
            if item.name in seen:
                raise PluginError(f"its hook {hook} declares {item.name!r} twice")
            seen.add(item.name)
            yield item


def _refuse_unknown_hooks(module: Any) -> None:
    from evalcore import hookspecs

    specified = {name for name in vars(hookspecs) if name.startswith("evalcore_")}
    for name in vars(module):
        if not name.startswith("evalcore_") or not callable(getattr(module, name)):
            continue
        marked = hasattr(getattr(module, name), "evalcore_impl")
        if marked and name not in specified:
            near = get_close_matches(name, specified, n=1, cutoff=0)
            raise PluginError(f"it implements {name}, which is no hook; nearest is {near[0]}")
        if name in specified and not marked:
            raise PluginError(f"its {name} is not marked as a hook; write @hookimpl above it")


def _error(error: BaseException) -> dict[str, str]:
    import traceback

    text = " ".join(str(error).split()) or "no message"
    if isinstance(error, PluginError):
        return {"error": text, "traceback": ""}
    trace = "".join(traceback.format_exception(error))
    return {"error": f"{type(error).__name__}: {text}", "traceback": trace}


def _import(module: str) -> Any:
    """Import a plugin's module; what it prints has no place among the results."""
    from contextlib import redirect_stdout
    from importlib import import_module

    with redirect_stdout(sys.stderr):
        return import_module(module)


def _manager() -> Any:
    import pluggy

    from evalcore import hookspecs

    manager = pluggy.PluginManager("evalcore")
    manager.add_hookspecs(hookspecs)
    return manager


assert set(_HOOKS) == set(KINDS)
