from __future__ import annotations

import numpy as np
import pytest
from policy_worlds import EVERY, new
from pydantic import TypeAdapter, ValidationError

from evalcore.errors import EvalcoreError
from evalcore_metallm.policies import catalogue
from evalcore_metallm.policies.catalogue import PolicySettings, make

SETTINGS = TypeAdapter(PolicySettings)


def test_every_policy_has_a_name_settings_and_a_class():
    named = {kind if isinstance(kind, str) else kind["use"] for kind in EVERY}
    assert named == set(catalogue._CLASSES)
    made = {type(new(kind)).__name__ for kind in EVERY}
    assert made == {place.partition(":")[2] for place in catalogue._CLASSES.values()}


def test_a_bare_name_stands_for_its_defaults():
    assert SETTINGS.validate_python("linucb") == SETTINGS.validate_python({"use": "linucb"})
    dumped = SETTINGS.dump_python(SETTINGS.validate_python("linucb"), mode="json")
    assert SETTINGS.validate_python(dumped) == SETTINGS.validate_python("linucb")


@pytest.mark.parametrize(
    "wrong",
    [
        "nothing",
        "static",
        {"use": "linucb", "alhpa": 1},
        {"use": ["linucb"]},
        {"use": "linucb", "discount": 0},
        {"use": "hybrid-linucb", "discount": 0.9},
        {"use": "epsilon-greedy", "epsilon": 2},
        {"use": "mlp", "hidden": []},
        {"use": "cascade", "arms": ["a", "b"], "thresholds": [0.1, 0.2]},
        {"use": "cascade", "thresholds": [0.1]},
        {"use": "cascade", "arms": ["a", "a"]},
        {"use": "budgeted-linucb", "budget": 0},
    ],
)
def test_settings_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValidationError):
        SETTINGS.validate_python(wrong)


def test_a_model_is_named_and_one_that_is_not_there_is_an_error():
    named = SETTINGS.validate_python({"use": "static", "arm": "large"})
    policy = make(named, 2, 3, 0.0, 0, np.ones(2), names=("small", "large"))
    assert policy.choose(np.ones((4, 3))).arms.tolist() == [1] * 4
    with pytest.raises(EvalcoreError, match=r"found no model 'large' .* one of small, huge"):
        make(named, 2, 3, 0.0, 0, np.ones(2), names=("small", "huge"))


@pytest.mark.parametrize(("arms", "costs"), [(0, []), (2, [1.0])])
def test_no_models_and_models_without_costs_are_errors(arms, costs):
    with pytest.raises(EvalcoreError, match="expected one"):
        make(SETTINGS.validate_python("random"), arms, 3, 0.0, 0, np.array(costs))
