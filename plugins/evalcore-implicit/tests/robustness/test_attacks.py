"""Attacks go where they should, and no further than they may."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from evalcore_implicit.layer import ImplicitLayer
from evalcore_implicit.robustness import attack

KINDS = ["fgsm", "pgd", "gaussian", "uniform"]


@cache
def trained():
    """A small network, with the samples that it was trained on."""
    torch.manual_seed(0)
    centres = torch.rand(4, 12)
    labels = torch.arange(4).repeat(50)
    inputs = (centres[labels] + 0.25 * torch.randn(200, 12)).clamp(0, 1)
    model = nn.Sequential(nn.Linear(12, 24), nn.ReLU(), nn.Linear(24, 4))
    for _ in range(150):
        model.zero_grad()
        functional.cross_entropy(model(inputs), labels).backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.sub_(0.5 * parameter.grad)
    return model.eval(), inputs, labels


def accuracy(model, inputs, labels):
    with torch.no_grad():
        return float((model(inputs).argmax(1) == labels).double().mean())


def loss(model, inputs, labels):
    with torch.no_grad():
        return float(functional.cross_entropy(model(inputs), labels))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 999),
    st.sampled_from(KINDS),
    st.floats(0.0, 0.5),
    st.sampled_from([torch.float32, torch.float64]),
    st.sampled_from([(0.0, 1.0), (-0.5, 1.5)]),
)
def test_attacked_inputs_stay_in_range_and_within_the_strength(seed, kind, strength, dtype, ends):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.rand(5, 2, 3, generator=generator, dtype=dtype)
    weights = torch.randn(6, 3, generator=generator, dtype=dtype)
    labels = torch.randint(3, (5,), generator=generator)
    before = inputs.clone()
    low, high = ends
    moved = attack(
        lambda x: x.flatten(1) @ weights,
        inputs,
        labels,
        kind,
        strength=strength,
        low=low,
        high=high,
        seed=seed,
    )
    assert moved.shape == inputs.shape
    assert moved.dtype == dtype
    assert moved.min() >= low
    assert moved.max() <= high
    if kind != "gaussian":
        assert float((moved - inputs).abs().max()) <= strength + 4 * torch.finfo(dtype).eps
    assert torch.equal(inputs, before)


def test_fgsm_of_a_linear_model_is_exact():
    weights = torch.tensor([[2.0, -1.0, 0.0], [0.0, 3.0, 0.0]])
    inputs, labels = torch.full((2, 3), 0.5), torch.tensor([0, 1])
    moved = attack(lambda x: x @ weights.T, inputs, labels, "fgsm", strength=0.1)
    # The loss of class 0 grows along w_1 - w_0 = (-2, 4, 0), that of class 1 against it.
    assert torch.allclose(moved, torch.tensor([[0.4, 0.6, 0.5], [0.6, 0.4, 0.5]]))


def test_fgsm_of_a_linear_model_is_the_worst_there_is():
    generator = torch.Generator().manual_seed(1)
    weights = torch.randn(2, 4, generator=generator)
    inputs = torch.rand(20, 4, generator=generator) * 0.8 + 0.1
    labels = torch.randint(2, (20,), generator=generator)

    def model(x):
        return x @ weights.T

    corners = torch.cartesian_prod(*[torch.tensor([-0.1, 0.1])] * 4)
    moved = attack(model, inputs, labels, "fgsm", strength=0.1)
    worst = functional.cross_entropy(model(moved), labels, reduction="none")
    for corner in corners:
        found = functional.cross_entropy(model(inputs + corner), labels, reduction="none")
        assert (found <= worst + 1e-6).all()


def test_pgd_is_at_least_as_strong_as_fgsm_which_is_stronger_than_noise():
    model, inputs, labels = trained()
    clean = accuracy(model, inputs, labels)
    assert clean > 0.95
    for strength in (0.1, 0.2, 0.3):
        moved = {
            kind: attack(model, inputs, labels, kind, strength=strength, seed=3) for kind in KINDS
        }
        losses = {kind: loss(model, x, labels) for kind, x in moved.items()}
        assert losses["pgd"] >= losses["fgsm"] * 0.999
        assert losses["fgsm"] > max(losses["gaussian"], losses["uniform"])
        accuracies = {kind: accuracy(model, x, labels) for kind, x in moved.items()}
        assert accuracies["pgd"] <= accuracies["fgsm"] < clean
        assert accuracies["fgsm"] <= accuracies["uniform"]


def test_more_steps_of_pgd_are_as_strong():
    model, inputs, labels = trained()
    losses = [
        loss(
            model,
            attack(model, inputs, labels, "pgd", strength=0.1, steps=steps, step=0.02),
            labels,
        )
        for steps in (1, 4, 16)
    ]
    assert losses[0] < losses[1] <= losses[2] * 1.001


def test_an_implicit_layer_is_attacked():
    generator = torch.Generator().manual_seed(0)
    layer = ImplicitLayer(5, 8, 3, generator=generator, kappa=0.5)
    inputs = torch.rand(30, 5, generator=generator)
    with torch.no_grad():
        labels = layer(inputs).argmax(1)
    moved = attack(layer, inputs, labels, "fgsm", strength=0.3)
    assert accuracy(layer, moved, labels) < 1
    assert loss(layer, moved, labels) > loss(layer, inputs, labels)
    assert layer.A.grad is None


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_is_the_same_attack_whatever_the_batches(kind):
    model, inputs, labels = trained()
    seeded = [attack(model, inputs, labels, kind, strength=0.1, seed=s) for s in (1, 1, 2)]
    batched = attack(model, inputs, labels, kind, strength=0.1, seed=1, batch_size=7)
    assert torch.equal(seeded[0], seeded[1])
    assert torch.allclose(seeded[0], batched, atol=1e-6)
    assert torch.equal(seeded[0], seeded[2]) is (kind == "fgsm")


@pytest.mark.parametrize("kind", KINDS)
def test_without_strength_nothing_changes(kind):
    model, inputs, labels = trained()
    assert torch.equal(attack(model, inputs, labels, kind, strength=0.0), inputs)


def test_noise_has_its_size():
    inputs, labels = torch.full((50, 40), 0.5), torch.zeros(50, dtype=torch.long)
    gaussian = attack(_none, inputs, labels, "gaussian", strength=0.1) - inputs
    uniform = attack(_none, inputs, labels, "uniform", strength=0.1) - inputs
    assert float(gaussian.std()) == pytest.approx(0.1, rel=0.1)
    assert float(uniform.std()) == pytest.approx(0.1 / 3**0.5, rel=0.1)
    assert abs(float(uniform.mean())) < 0.01


def _none(x):
    raise AssertionError("noise asks the model nothing")


def test_inference_mode_and_no_samples():
    model, inputs, labels = trained()
    outside = attack(model, inputs, labels, "pgd", strength=0.1)
    with torch.inference_mode():
        inside = attack(model, inputs.clone(), labels.clone(), "pgd", strength=0.1)
    assert torch.equal(inside, outside)
    assert attack(model, inputs[:0], labels[:0], "pgd", strength=0.1).shape == (0, 12)


def test_a_gradient_that_is_nan_moves_nothing():
    inputs, labels = torch.full((1, 2), 0.5), torch.tensor([0])
    moved = attack(lambda x: x * torch.nan, inputs, labels, "fgsm", strength=0.1)
    assert torch.equal(moved, inputs)


X, Y = torch.full((2, 3), 0.5), torch.tensor([0, 1])


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"kind": "cw"}, "'cw': expected one of fgsm, pgd, gaussian, uniform"),
        ({"strength": -0.1}, "strength"),
        ({"strength": float("nan")}, "strength"),
        ({"step": 0.0}, "a step"),
        ({"steps": 0}, "steps must be at least 1"),
        ({"batch_size": 0}, "batch_size"),
        ({"low": 1.0}, "low must be below high"),
        ({"low": 0.6}, "from 0.5 to 0.5, outside of the range from 0.6 to 1"),
        ({"inputs": X * torch.nan}, "outside"),
        ({"inputs": X.long()}, "torch.int64"),
        ({"labels": Y[:1]}, "one for each sample"),
        ({"labels": Y.float()}, "expected integers"),
        ({"labels": Y - 1}, "label -1"),
        ({"labels": Y + 2}, "label 3, and the model has scores of 3 classes"),
        ({"model": lambda x: x.sum()}, r"scores of the shape \(\)"),
        ({"model": lambda x: x.detach()}, "no gradient"),
        ({"model": nn.Sequential(nn.Dropout(0.5))}, r"Dropout \(0\) is in training"),
    ],
)
def test_what_cannot_be_attacked(change, match):
    given = {"model": lambda x: x, "inputs": X, "labels": Y, "kind": "fgsm", "strength": 0.1}
    with pytest.raises(ValueError, match=match):
        attack(**(given | change))
