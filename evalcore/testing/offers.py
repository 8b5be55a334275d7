"""Components for one test alone, found by specs as if a plugin had brought them."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Self

from evalcore import plugins
from evalcore.component import Component, Kind
from evalcore.metric import Metric
from evalcore.model import Model
from evalcore.plugins import Plugin
from evalcore.reporter import Reporter
from evalcore.settings import Settings
from evalcore.strategy import Strategy
from evalcore.task import Task

__all__ = ["Offer"]

_MODULE = "evalcore_offered"
_KINDS: dict[type[Any], Kind] = {
    Task: "task",
    Model: "model",
    Strategy: "strategy",
    Metric: "metric",
    Reporter: "reporter",
}


class Offer:
    """Offers classes as components of a plugin called `offered` while its context lasts.

    def test_it(evalcore_offer, evalcore_run):
        evalcore_offer("echo", Echo, settings=EchoSettings)
        run = evalcore_run({"task": ..., "models": {"m": "echo"}})
    """

    def __init__(self) -> None:
        self._module = ModuleType(_MODULE)
        self._components: dict[Kind, tuple[Component, ...]] = {}

    def __enter__(self) -> Self:
        self._installed = plugins._index
        plugins._index = self._with_offered
        sys.modules[_MODULE] = self._module
        plugins.registry.cache_clear()
        return self

    def __exit__(self, *exc: object) -> None:
        plugins._index = self._installed
        del sys.modules[_MODULE]
        plugins.registry.cache_clear()

    def __call__(
        self, name: str, cls: type[Any], *, settings: type[Settings] = Settings, version: int = 1
    ) -> None:
        """Offer a class under a name; its kind is told by the interface that it derives from.

        Raises:
            TypeError: if it derives from none of the interfaces.
        """
        kind = next((kind for base, kind in _KINDS.items() if issubclass(cls, base)), None)
        if kind is None:
            expected = " or ".join(base.__name__ for base in _KINDS)
            raise TypeError(f"found {cls.__name__}, expected a class derived from {expected}")
        attribute = f"component_{len(vars(self._module))}"
        setattr(self._module, attribute, cls)
        setattr(self._module, f"{attribute}_settings", settings)
        component = Component(
            name=name,
            summary=f"{cls.__name__}, for one test",
            path=f"{_MODULE}:{attribute}",
            settings=f"{_MODULE}:{attribute}_settings",
            version=version,
        )
        self._components[kind] = (*self._components.get(kind, ()), component)
        plugins.registry.cache_clear()

    def _with_offered(self) -> list[Plugin]:
        offered = Plugin("offered", _MODULE, "evalcore-offered", "0", self._components)
        return [*self._installed(), offered]
