"""Functions are found again by name, in another process as well."""

from __future__ import annotations

import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from conftest import TASKS
from lm_eval.api import metrics
from lm_eval.tasks import TaskManager

from evalcore.errors import EvalcoreError
from evalcore_lm_eval.functions import find_function, name_function


def local(items):
    return len(items)


@pytest.mark.parametrize("function", [metrics.mean, metrics.weighted_perplexity, np.mean, local])
def test_a_function_is_found_again(function):
    assert find_function(name_function(function)) is function


def test_a_partial_is_made_again():
    made = find_function(name_function(partial(max, 3, default=(1, 2))))
    assert (made.func, made.args, made.keywords) == (max, (3,), {"default": (1, 2)})


def test_a_function_beside_a_task_is_found_in_another_process():
    manager = TaskManager(include_path=str(TASKS), include_defaults=False)
    task = manager.load("own_code")["tasks"]["own_code"]
    name = name_function(task.aggregation()["hits"])
    assert name == f"{TASKS / 'helpers'}:share"
    script = (
        "import sys; from evalcore_lm_eval.functions import find_function;"
        "print(find_function(sys.argv[1])([(True, 2), (False, 2)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, name], capture_output=True, text=True, check=True
    )
    assert done.stdout == "0.25\n"


def test_a_function_made_on_the_way_has_no_name():
    with pytest.raises(LookupError, match="stands in no module"):
        name_function(lambda items: 0.0)


@pytest.mark.parametrize("name", ["lm_eval.api.metrics:no_such", "/no/such/module:f", "nowhere:f"])
def test_a_function_that_is_gone_is_told(name):
    with pytest.raises(EvalcoreError, match="cannot be found again"):
        find_function(name)
