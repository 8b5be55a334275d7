"""What the plugin declares can be loaded, and declaring it costs nothing."""

from __future__ import annotations

import subprocess
import sys

import pytest

from evalcore.metric import Metric
from evalcore.model import Estimator
from evalcore.strategy import Strategy
from evalcore.task import Task
from evalcore_implicit import plugin

KINDS = {"tasks": Task, "models": Estimator, "strategies": Strategy, "metrics": Metric}


def declared(hook):
    return getattr(plugin, f"evalcore_{hook}")()


def imported(program):
    heavy = ("numpy", "pydantic", "scipy", "sklearn", "torch")
    program = f"import sys\n{program}\nprint([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def test_declaring_imports_nothing_heavy():
    assert imported("import evalcore_implicit.plugin") == "[]"


@pytest.mark.parametrize("hook", KINDS)
def test_every_component_can_be_loaded(hook):
    for component in declared(hook):
        assert issubclass(component.load(), KINDS[hook])
        assert component.load_settings().model_fields is not None


def test_what_a_run_reads_from_and_is_measured_by_needs_no_torch():
    hooks = ("tasks", "strategies", "metrics", "models")
    program = "from evalcore_implicit import plugin\n"
    program += "".join(f"[c.load() for c in plugin.evalcore_{hook}()]\n" for hook in hooks)
    assert "torch" not in imported(program)
    assert "scipy" not in imported(program)
