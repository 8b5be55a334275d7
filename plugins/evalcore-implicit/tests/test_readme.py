"""The examples of the README run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from evalcore_implicit import plugin

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_spec_runs(evalcore_run):
    example, _ = blocks("yaml")
    spec = yaml.safe_load(example)
    spec["task"] |= {"samples": 100, "test_samples": 20, "drawings": 2, "shifts": [10]}
    for model in spec["sweep"]["models.model"].values():
        model["epochs"] = 1
    run = evalcore_run(spec)
    assert run.outcome.code == 0
    assert all(record.failure is None for record in run.records)
    assert len(run.records) == 8


def test_the_spec_of_fewer_weights_runs(evalcore_run):
    _, example = blocks("yaml")
    spec = yaml.safe_load(example)
    spec["task"] |= {"train_samples": 100, "test_samples": 20, "drawings": 2}
    spec["models"]["teacher"]["epochs"] = 1
    run = evalcore_run(spec)
    assert run.outcome.code == 0
    assert [record.failure for record in run.records] == [None, None]


def test_the_layers_are_used_as_shown(capsys):
    names = {}
    exec(blocks("python")[0], names)
    assert names["loss"] < 1.0
    assert "True" in capsys.readouterr().out
    assert (names["model"](names["u"]) - names["network"](names["u"])).abs().max() < 1e-4
    exec(blocks("python")[1], names)
    assert all(fit.certificate.converged.all() for fit in names["path"])


def test_a_model_of_one_s_own_learns():
    import numpy as np

    names = {"__name__": "readme"}
    exec(blocks("python")[2], names)
    model = names["Nearest"](names["NearestSettings"](neighbours=2))
    inputs = np.array([[0.0], [1.0], [10.0]])
    fitted = model.fit(inputs, inputs * 2, seed=0, tell=lambda share: None)
    assert model.predict(fitted.state, np.array([[0.4]])).outputs.tolist() == [[1.0]]
    exec(blocks("python")[3], names)
    assert names["nearest"].path.endswith(f":{names['Nearest'].__name__}")
    assert names["nearest"].settings.endswith(f":{names['NearestSettings'].__name__}")


@pytest.mark.parametrize("hook", ["tasks", "models", "strategies", "metrics"])
def test_every_component_is_named(hook):
    for component in getattr(plugin, f"evalcore_{hook}")():
        assert re.search(rf"\b{component.name}\b", README)
