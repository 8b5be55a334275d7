"""Lets lm-eval's own command line find the model `evalcore`.

From the release after 0.4.13 on, lm-eval reads the entry points of the group `lm_eval.models`.
Until then nothing outside its own source adds to the models that `lm_eval --model` knows. So a
`.pth` file runs `watch` whenever Python starts: it waits for lm-eval's list of models to be
imported, which in most processes never happens, and adds ours. It imports nothing by itself.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # the one of `typing` would be imported whenever Python starts
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["register", "watch"]

_AWAITED = "lm_eval.models"


def watch() -> None:
    """Register the model as soon as lm-eval's list of models is imported."""
    if _Watcher not in sys.meta_path:  # Python reads the files of some environments twice
        sys.meta_path.insert(0, _Watcher)


def register() -> None:
    """Register the model `evalcore` with lm-eval, which imports it when it is asked for."""
    from lm_eval.api.registry import model_registry

    if "evalcore" not in model_registry:
        model_registry.register("evalcore", target="evalcore_lm_eval.lm:EvalcoreLM")


class _Watcher:
    """A finder of modules that finds one alone, and is done once that one is imported."""

    _asking = False

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """The spec of lm-eval's list of models, whose execution ends with our registration."""
        if name != _AWAITED or cls._asking:
            return None
        from importlib.util import find_spec

        cls._asking = True
        try:
            spec = find_spec(name)
        finally:
            cls._asking = False
        if spec and spec.loader:
            _run_after(spec.loader)
        return spec


def _run_after(loader: object) -> None:
    """Make a loader register the model once it has executed its module."""
    execute = loader.exec_module  # type: ignore[attr-defined]

    def exec_module(module: ModuleType) -> None:
        execute(module)
        if _Watcher in sys.meta_path:
            sys.meta_path.remove(_Watcher)
        register()

    loader.exec_module = exec_module  # type: ignore[attr-defined]
