"""Strategy `state-driven`: its contenders in this process, and through the core."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from torch import nn

from evalcore import Estimator, Fitted, Prediction, Settings, Strategy
from evalcore.data import Attempt
from evalcore.errors import EvalcoreError
from evalcore.testing.contract import ComponentContract
from evalcore_implicit.estimators.teachers import (
    ImageMlp,
    ImageMlpSettings,
    ResNet,
    ResNetSettings,
    network,
)
from evalcore_implicit.images.glyphs import Glyphs, GlyphsSettings
from evalcore_implicit.sim import L1, fit_path, fit_rows
from evalcore_implicit.state_driven.strategy import StateDrivenSettings, contend
from evalcore_implicit.states import find_scales, record

SMALL = {"drawings": 1, "train_samples": 300, "test_samples": 60, "size": 8}


class TestStateDriven(ComponentContract):
    kind = "strategy"
    interface = Strategy
    component = "state-driven"


def mute(done):
    assert 0 <= done <= 1


@pytest.fixture(scope="module")
def case():
    return next(iter(Glyphs(GlyphsSettings(**SMALL, attacked_samples=20)).cases()))


@pytest.fixture(scope="module")
def taught(case):
    """A perceptron of the drawing: its estimator, and the state of its fit."""
    teacher = ImageMlp(
        ImageMlpSettings(widths=(12, 8), epochs=10, batch_size=16, learning_rate=0.03)
    )
    images = case.sample.public
    return teacher, teacher.fit(images.inputs, images.labels, seed=0, tell=mute).state


@pytest.fixture(scope="module")
def convolutional(case):
    settings = ResNetSettings(depth=8, width=2, epochs=1, flip=False, rotation=0, crop=0)
    images = case.sample.public
    teacher = ResNet(settings)
    return teacher, teacher.fit(images.inputs, images.labels, seed=0, tell=mute).state


def contended(case, fit, **settings):
    images = case.sample.public
    pickled, details = contend(*fit, StateDrivenSettings(**settings), images.inputs, tell=mute)
    return pickle.loads(pickled), details


def outputs(contender, images):
    with torch.no_grad():
        return contender.module(images)


def by_key(contenders):
    return {(each.name, each.strength): each for each in contenders}


def test_a_fit_with_little_penalty_does_what_the_teacher_does(case, taught):
    contenders, details = contended(case, taught, strengths=[1.0, 1e-4])
    found = by_key(contenders)
    images = torch.from_numpy(case.sample.public.inputs)
    expected = outputs(found["teacher", None], images)
    with torch.no_grad():
        assert torch.equal(expected, network(taught[0].settings, taught[1])(images))
    for name in ("state-driven", "layer-wise-lasso"):
        close = outputs(found[name, 1e-4], images)
        far = outputs(found[name, 1.0], images)
        assert (close - expected).norm() < 0.02 * expected.norm()
        assert (close - expected).norm() < (far - expected).norm()
    assert details["certificate"]["1"]["converged"] == 1.0
    assert details["certificate"]["0.0001"]["residual"]["outputs"] < 0.01


def test_pruned_teachers_have_as_many_weights_and_the_largest(case, taught):
    found = by_key(contended(case, taught, strengths=[5.0])[0])
    of_fit = found["state-driven", 5.0].facts["weights"]
    assert of_fit["total"] == sum(of_fit[name] for name in "ABCD")
    pruned = found["magnitude-pruned", 5.0]
    assert pruned.facts["weights"]["total"] == of_fit["total"]
    assert pruned.facts["operations"] == of_fit["total"]
    before = torch.cat([w.flatten() for w in found["teacher", None].module.parameters()]).abs()
    after = torch.cat([w.flatten() for w in pruned.module.parameters()]).abs()
    assert after.count_nonzero() == of_fit["total"]
    assert after[after > 0].min() >= before[after == 0].max()


@pytest.mark.parametrize("mask", ["full", "no-same-layer", "triangular"])
@pytest.mark.parametrize("objective", ["l1", "elastic-net", "perspective", "robust"])
def test_every_mask_and_objective_gives_what_the_task_can_test(case, taught, mask, objective):
    contenders, _ = contended(
        case, taught, strengths=[0.5], mask=mask, objective=objective, controls=[], tolerance=0.01
    )
    task = Glyphs(GlyphsSettings(**SMALL, attacks=["fgsm"], attack_strengths=[0.05]))
    score = task.score(case, Attempt(contenders, keep=False))
    teacher, fit = score.details["contenders"]
    assert teacher["agreement"] == 1.0
    assert fit["norm"] <= 0.95 + 1e-6
    assert fit["sensitivity"] > 0
    assert mask != "triangular" or fit["iterations"] <= 3  # layers, and one to see that it is done


def test_outputs_are_fitted_again_to_the_states_of_the_fit(case, taught):
    images = torch.from_numpy(case.sample.public.inputs)
    errors = {}
    for regenerate in (False, True):
        contenders, _ = contended(case, taught, strengths=[3.0], regenerate=regenerate, controls=[])
        found = by_key(contenders)
        expected = outputs(found["teacher", None], images)
        errors[regenerate] = float((outputs(found["state-driven", 3.0], images) - expected).norm())
    assert errors[True] < errors[False]


@pytest.mark.parametrize("convolution", ["locations", "features", "blocks"])
def test_convolutional_teachers_are_fitted_in_parts(case, convolutional, convolution):
    contenders, details = contended(
        case, convolutional, strengths=[1e-3], convolution=convolution, samples=200
    )
    assert details["convolution"] == convolution
    found = by_key(contenders)
    images = torch.from_numpy(case.sample.public.inputs[:200])
    expected = outputs(found["teacher", None], images)
    close = outputs(found["state-driven", 1e-3], images)
    limit = 0.5 if convolution == "blocks" else 0.01  # what lies within blocks is not affine
    assert (close - expected).norm() < limit * expected.norm()
    assert outputs(found["magnitude-pruned", 1e-3], images).shape == expected.shape
    lasso = ("layer-wise-lasso", 1e-3) in found
    assert lasso == (convolution != "locations")  # there the fit is that control


def test_by_location_weights_are_counted_alike_where_normalisations_are_folded(case, convolutional):
    found = by_key(
        contended(case, convolutional, strengths=[0.1], convolution="locations", samples=200)[0]
    )
    counts = {name: each.facts["weights"]["total"] for (name, _), each in found.items()}
    folded = [part for part in found["teacher", None].module.modules() if hasattr(part, "bias")]
    assert counts["teacher"] == sum(
        int(values.count_nonzero())
        for part in folded
        for values in (part.weight, part.bias)
        if values is not None
    )
    assert counts["magnitude-pruned"] == counts["state-driven"] <= counts["teacher"]


class _Nothing(Estimator[Settings]):
    """A teacher that is no network."""

    def fit(self, inputs, targets, *, seed, tell):
        return Fitted(None)

    def predict(self, state, inputs):
        return Prediction(np.zeros((len(inputs), 2)))


class _Own(_Nothing):
    """A teacher with a network of its own."""

    def network(self, state):
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 5), nn.ReLU(), nn.Linear(5, 10))


class _Gated(_Nothing):
    def network(self, state):
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 6), nn.GLU(), nn.Linear(3, 10))


def test_teachers_of_one_s_own_say_what_their_network_is(case):
    contenders, details = contended(case, (_Own(Settings()), None), strengths=[1e-4])
    assert details["states"]["bias"]
    assert contenders[0].facts["weights"]["total"] == 64 * 5 + 5 + 5 * 10 + 10
    with pytest.raises(EvalcoreError, match="method `network"):
        contended(case, (_Nothing(Settings()), None))
    with pytest.raises(EvalcoreError, match=r"cannot be fitted: .*GLU"):
        contended(case, (_Gated(Settings()), None))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"strengths": [1, 2]}, "descending"),
        ({"convolution": "blocks", "layers": ["relu*"]}, "by itself"),
        ({"convolution": "locations", "regenerate": True}, "fits layers"),
        ({"controls": ["magnitude-pruned", "magnitude-pruned"]}, "twice"),
    ],
)
def test_settings_that_do_not_go_together_are_told(settings, told):
    with pytest.raises(ValueError, match=told):
        StateDrivenSettings(**settings)


def test_cells_share_a_teacher(evalcore_run):
    fit = {"use": "state-driven", "strengths": [1.0], "controls": []}
    run = evalcore_run(
        {
            "evalcore": 1,
            "name": "shared",
            "task": {"use": "glyphs", **SMALL, "attacks": ["fgsm"], "attack_strengths": [0.1]},
            "models": {"teacher": {"use": "image-mlp", "widths": [8], "epochs": 2}},
            "strategy": fit,
            "metrics": ["sim-accuracy"],
            "sweep": {"strategy.mask": ["full", "triangular"]},
        }
    )
    assert run.outcome.code == 0
    first, second = run.records
    assert first.score.details["contenders"][0] == second.score.details["contenders"][0]
    assert first.details["fit"] == second.details["fit"]


def test_a_strength_of_0_fits_as_well_as_can_be():
    """In float32, where the penalty of the iteration that suits it is 0."""
    for seed in range(6):
        torch.manual_seed(seed)
        sizes = ((6, 8), (8, 8), (8, 3))
        linear = [nn.Linear(*size, dtype=torch.float64) for size in sizes]
        network = nn.Sequential(linear[0], nn.ReLU(), linear[1], nn.ReLU(), linear[2])
        states = record(network, torch.rand(200, 6, dtype=torch.float64), bias=True)
        states = states.scaled(find_scales(network, states.record)).live()
        blocks = states.record.sizes
        for found in (
            fit_rows(states.moments(), L1(0.0), blocks=blocks, mask="full"),
            fit_path(states.moments(), L1(1.0), [1.0, 0.0], blocks=blocks)[-1],
        ):
            assert found.certificate.residual.max() < 1e-5
