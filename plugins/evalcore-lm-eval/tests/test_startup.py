"""lm-eval finds the model `evalcore` by itself."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

TELL = "from lm_eval.api.registry import get_model; print(get_model({!r}).__name__)"


def python(script):
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_lm_eval_knows_the_model():
    assert python(TELL.format("evalcore")) == ["EvalcoreLM"]


def test_lm_eval_knows_its_own_models_still():
    assert python(TELL.format("dummy")) == ["DummyLM"]


def test_nothing_is_imported_before_lm_eval_is():
    loaded = python("import sys; print(*sys.modules)")
    ours = {name for name in loaded if name.startswith(("evalcore", "lm_eval"))}
    assert ours == {"evalcore_lm_eval", "evalcore_lm_eval.startup"}
    assert "typing" not in loaded


def test_the_watcher_goes_when_it_is_done():
    tell = "print(sum(finder.__name__ == '_Watcher' for finder in finders()))"
    script = f"""
import sys
finders = lambda: [item for item in sys.meta_path if isinstance(item, type)]
{tell}
import lm_eval.models
{tell}
"""
    assert python(script) == ["1", "0"]


def test_registering_twice_does_no_harm():
    script = "from evalcore_lm_eval.startup import register; register(); register();"
    assert python(script + TELL.format("evalcore")) == ["EvalcoreLM"]


def test_the_entry_point_names_the_same_class():
    (point,) = entry_points(group="lm_eval.models", name="evalcore")
    assert python(TELL.format("evalcore")) == [point.attr]


@pytest.mark.parametrize("module", ["lm_eval.models.dummy", "lm_eval.models"])
def test_it_is_known_however_the_list_is_imported(module):
    assert python(f"import {module};" + TELL.format("evalcore")) == ["EvalcoreLM"]
