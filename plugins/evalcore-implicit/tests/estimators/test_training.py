import pickle

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.feedforward import Mlp, MlpSettings


def mlp(**settings):
    return Mlp(MlpSettings(**{"epochs": 30, "width": 8, "depth": 1, **settings}))


def same(one, other):
    return all(np.array_equal(weight, other.weights[name]) for name, weight in one.weights.items())


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"batch_size": 50},
        {"optimizer": "sgd", "momentum": 0.9},
        {"optimizer": "adamw", "weight_decay": 0.01, "schedule": "cosine"},
        {"validation": 0.25, "patience": 3, "batch_size": 64, "schedule": "constant"},
    ],
)
def test_equal_arguments_give_equal_bits_and_another_seed_gives_others(fit, sums, settings):
    first = fit(mlp(**settings), *sums).state
    torch.manual_seed(99)
    assert same(first, fit(mlp(**settings), *sums).state)
    assert not same(first, fit(mlp(**settings), *sums, seed=1).state)


def test_a_fit_leaves_the_chance_and_the_threads_of_others_alone(fit, sums):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        estimator = mlp()
        estimator.predict(fit(estimator, *sums).state, sums[0])
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("schedule", ["constant", "exponential", "cosine"])
def test_every_optimizer_and_schedule_lowers_the_loss(fit, sums, optimizer, schedule):
    settings = {"optimizer": optimizer, "schedule": schedule, "learning_rate": 0.05}
    short = fit(mlp(epochs=1, **settings), *sums).details["loss"]
    assert fit(mlp(epochs=60, **settings), *sums).details["loss"] < short / 2


def test_the_schedule_changes_the_steps(fit, sums):
    states = [
        fit(mlp(**settings), *sums).state
        for settings in (
            {"schedule": "constant"},
            {"schedule": "cosine"},
            {"decay": 0.9},
            {"decay": 0.5},
        )
    ]
    assert not any(same(states[i], states[j]) for i in range(4) for j in range(i))


def test_a_decay_of_one_is_a_constant_rate(fit, sums):
    constant = fit(mlp(schedule="constant"), *sums).state
    assert same(constant, fit(mlp(schedule="exponential", decay=1.0), *sums).state)


def test_weight_decay_makes_smaller_weights(fit, sums):
    plain, decayed = (
        fit(mlp(epochs=100, weight_decay=decay), *sums).state.weights for decay in (0.0, 0.1)
    )
    sizes = [sum(np.square(weight).sum() for weight in of.values()) for of in (plain, decayed)]
    assert sizes[1] < 0.8 * sizes[0]


def test_clipping_shortens_the_steps_of_plain_descent(fit, sums):
    inputs, targets = sums
    settings = {"optimizer": "sgd", "schedule": "constant", "learning_rate": 1.0, "epochs": 1}
    none = fit(mlp(**settings, clip=1e-9), inputs, targets).state
    little = fit(mlp(**settings, clip=0.01), inputs, targets).state
    moved = [little.weights[name] - none.weights[name] for name in none.weights]
    assert np.sqrt(sum(np.square(move).sum() for move in moved)) == pytest.approx(0.01, rel=1e-3)


def test_what_is_done_is_told_after_each_epoch(sums):
    told = []
    mlp(epochs=4).fit(*sums, seed=0, tell=told.append)
    assert told[:4] == [0.25, 0.5, 0.75, 1.0]


def test_early_stopping_keeps_the_best_weights_on_what_is_held_out(fit):
    rng = np.random.default_rng(1)
    inputs, targets = rng.normal(size=(60, 20)), rng.normal(size=(60, 1))
    settings = {"epochs": 150, "width": 50, "validation": 0.3}
    stopped = fit(mlp(**settings, patience=5), inputs, targets)
    whole = fit(mlp(**settings), inputs, targets)
    assert stopped.details["epochs"] < 100
    assert whole.details["epochs"] == 150
    # Pure noise cannot be learned: the longer it trains, the worse the last weights become.
    last = fit(mlp(**{**settings, "epochs": stopped.details["epochs"]}), inputs, targets)
    assert whole.details["held_out_loss"] <= last.details["held_out_loss"]
    assert stopped.details["held_out_loss"] < 2.5
    assert "held_out_loss" not in fit(mlp(), inputs, targets).details


def test_the_last_samples_can_be_held_out(fit, sums):
    inputs, targets = sums
    changed = targets.copy()
    changed[-64:] += 5
    settings = {"validation": 0.25, "epochs": 1}
    plain, other = (fit(mlp(**settings, held_out="last"), inputs, of) for of in (targets, changed))
    assert same(plain.state, other.state)
    assert other.details["held_out_loss"] > plain.details["held_out_loss"] + 10
    drawn, other = (fit(mlp(**settings), inputs, of) for of in (targets, changed))
    assert not same(drawn.state, other.state)


def test_all_held_out_is_an_error(fit):
    with pytest.raises(EvalcoreError, match="holds out all of 2 samples"):
        fit(mlp(validation=0.9), np.ones((2, 1)), np.ones((2, 1)))


def test_a_loss_that_explodes_names_the_epoch_and_the_remedy(fit, sums):
    settings = {"optimizer": "sgd", "learning_rate": 1e6, "depth": 3}
    with pytest.raises(EvalcoreError, match=r"became (inf|nan) in epoch \d+: lower"):
        fit(mlp(**settings), *sums)


def test_weights_that_explode_in_the_last_step_are_told_too(fit, sums):
    inputs, targets = sums
    with pytest.raises(EvalcoreError, match="in epoch 1"):
        fit(
            mlp(optimizer="sgd", learning_rate=1e38, epochs=1, depth=3),
            inputs,
            1e15 * targets,
        )


def test_numbers_beyond_single_precision_are_told(fit, sums):
    inputs, targets = sums
    with pytest.raises(EvalcoreError, match="single precision"):
        fit(mlp(), inputs * 1e300, targets)
    assert fit(mlp(standardize=True), inputs * 1e150, targets * 1e150).details["loss"] < 1


def test_standardizing_makes_scale_and_offset_of_the_data_irrelevant(fit, sums):
    inputs, targets = sums
    estimator = mlp(standardize=True, bias=True)
    plain = fit(estimator, inputs, targets)
    moved = fit(estimator, 100 * inputs + 300, 50 * targets - 20)
    outputs = estimator.predict(plain.state, inputs).outputs
    others = estimator.predict(moved.state, 100 * inputs + 300).outputs
    assert np.allclose(50 * outputs - 20, others, atol=0.1)


def test_a_constant_column_is_no_division_by_zero(fit):
    rng = np.random.default_rng(0)
    inputs = np.column_stack([rng.normal(size=50), np.full(50, 0.1)])
    estimator = mlp(standardize=True)
    state = fit(estimator, inputs, np.full((50, 1), 7.0)).state
    assert estimator.predict(state, inputs).outputs == pytest.approx(np.full((50, 1), 7.0), abs=1)


def test_details_can_be_written_as_they_are(fit, sums):
    details = fit(mlp(validation=0.1), *sums).details
    assert {name: type(value) for name, value in details.items()} == {
        "parameters": int,
        "operations": int,
        "epochs": int,
        "loss": float,
        "seconds": float,
        "held_out_loss": float,
    }


def test_a_state_goes_between_processes(fit, sums):
    estimator = mlp()
    state = fit(estimator, *sums).state
    again = pickle.loads(pickle.dumps(state))
    assert b"torch" not in pickle.dumps(state)
    assert np.array_equal(
        mlp().predict(again, sums[0]).outputs, estimator.predict(state, sums[0]).outputs
    )


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"patience": 3}, "set `validation` too"),
        ({"held_out": "last"}, "set `validation` too"),
        ({"momentum": 0.9}, "`momentum` is of `optimizer: sgd`"),
        ({"parameters": 100}, "leave out `width`"),
        ({"epoch": 3}, "Extra inputs"),
        ({"learning_rate": 0}, "greater than 0"),
        ({"validation": 1.0}, "less than 1"),
        ({"optimizer": "lbfgs"}, "'adam', 'adamw' or 'sgd'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, words):
    with pytest.raises(ValidationError, match=words):
        MlpSettings(width=8, **settings)
