"""Functions by name, so that a run can be measured long after its task was loaded."""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalcore.errors import EvalcoreError
from evalcore_lm_eval.packing import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

__all__ = ["find_function", "name_function"]


def name_function(function: Callable[..., Any]) -> Any:
    """By what `find_function` finds the function again: `module:name`, or a list for a partial.

    The module of a function beside a task's YAML file is, as lm-eval names it, the path of its
    source without the suffix.

    Raises:
        LookupError: if it was made while the program ran and stands in no module.
    """
    if isinstance(function, partial):
        inner = name_function(function.func)
        return [inner, pack(list(function.args)), pack(function.keywords)]
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__qualname__", "")
    try:
        found = attrgetter(name)(sys.modules[module])
    except (AttributeError, KeyError):
        found = None
    if found is not function:
        raise LookupError(f"{function!r} stands in no module, so it cannot be found again")
    return f"{module}:{name}"


def find_function(name: Any) -> Callable[..., Any]:
    """The function that `name_function` was given.

    Raises:
        EvalcoreError: if it is not there any more.
    """
    if isinstance(name, list):
        inner, args, keywords = name
        return partial(find_function(inner), *unpack(args), **unpack(keywords))
    module, _, qualified = name.rpartition(":")
    try:
        found: Callable[..., Any] = attrgetter(qualified)(_module(module))
    except (ImportError, AttributeError, OSError) as error:
        raise EvalcoreError(
            f"the aggregation {name} cannot be found again ({error}): "
            "put back the task that the run was made with"
        ) from error
    return found


def _module(name: str) -> ModuleType:
    if name in sys.modules or not Path(name).is_absolute():
        return import_module(name)
    spec = spec_from_file_location(name, f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[name] = module
    return module
