import json
import pickle
import warnings

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.implicit import (
    Implicit,
    ImplicitRnn,
    ImplicitRnnSettings,
    ImplicitSettings,
)

RNG = np.random.default_rng(0)


def implicit(**settings):
    return Implicit(ImplicitSettings(**{"epochs": 40, "states": 6, **settings}))


def recurrent(**settings):
    return ImplicitRnn(ImplicitRnnSettings(**{"epochs": 15, "states": 6, "hidden": 4, **settings}))


def made(estimator, features, outputs):
    """A network as the estimator makes it, with new weights."""
    return estimator.network(estimator.settings, features, outputs)


def error(fit, estimator, inputs, targets):
    outputs = estimator.predict(fit(estimator, inputs, targets).state, inputs).outputs
    return np.mean((outputs - targets) ** 2) / np.var(targets)


@pytest.mark.parametrize(
    ("estimator", "shape", "outputs", "parameters"),
    [
        # The sizes of the authors' models of addition and of a rolling argmax.
        (Implicit(ImplicitSettings(epochs=1)), (2, 50), 1, 1470),
        (ImplicitRnn(ImplicitRnnSettings(epochs=1)), (2, 3), 10, 1850),
        (implicit(epochs=1, bias=True), (2, 5), 3, 6 * 6 + 6 * 6 + 3 * 6 + 3 * 6),
        (implicit(epochs=1, constraint="triangular"), (2, 5), 3, 15 + 6 * 5 + 3 * 6 + 3 * 5),
        (
            recurrent(epochs=1, constraint="triangular"),
            (2, 7, 3),
            2,
            15 + 6 * 7 + 4 * 6 + 4 * 7 + 4 * 2 + 2,
        ),
    ],
)
def test_sizes_by_formula(fit, estimator, shape, outputs, parameters):
    found = fit(estimator, RNG.normal(size=shape), RNG.normal(size=(2, outputs))).details
    assert found["parameters"] == parameters


@pytest.mark.parametrize(
    ("estimator", "shape"),
    [(implicit, (20, 5)), (recurrent, (20, 4, 5))],
    ids=["rows", "sequences"],
)
def test_a_model_that_finds_no_equilibrium_is_an_error(fit, estimator, shape):
    inputs, targets = RNG.normal(size=shape), RNG.normal(size=(20, 1))
    with pytest.raises(
        EvalcoreError,
        match=r"the equilibrium of 100% of the training samples is not found within "
        r"`max_iterations` = 2 to the `tolerance` of .*: allow more iterations",
    ):
        fit(estimator(max_iterations=2, solver="picard"), inputs, targets)


def test_the_authors_recipe_is_the_default():
    assert ImplicitSettings().model_dump() == {
        "epochs": 1000,
        "optimizer": "adam",
        "learning_rate": 0.02,
        "schedule": "exponential",
        "decay": 0.995,
        "momentum": 0.0,
        "weight_decay": 0.0,
        "batch_size": None,
        "validation": 0.0,
        "held_out": "random",
        "patience": None,
        "clip": None,
        "standardize": False,
        "parameters": None,
        "states": 20,
        "activation": "relu",
        "constraint": "row-l1",
        "kappa": 0.95,
        "bias": False,
        "solver": "picard",
        "gradient": "implicit",
        "gradient_steps": 5,
        "damping": 1.0,
        "tolerance": 1e-6,
        "tolerance_mode": "absolute",
        "max_iterations": 500,
    }
    rnn = ImplicitRnnSettings()
    assert (rnn.hidden, rnn.tolerance, rnn.max_iterations) == (20, 3e-6, 300)


@pytest.mark.parametrize("parameters", [1470, 1471, 1000])
def test_parameters_that_may_be_had_are_used(fit, parameters):
    estimator = Implicit(ImplicitSettings(epochs=1, parameters=parameters))
    found = fit(estimator, RNG.normal(size=(2, 50)), np.ones((2, 1))).details
    width = found["width"]
    assert found["parameters"] == width**2 + 51 * width + 50 <= parameters
    assert (width + 1) ** 2 + 51 * (width + 1) + 50 > parameters


def test_states_and_hidden_units_are_found_together(fit):
    estimator = ImplicitRnn(ImplicitRnnSettings(epochs=1, parameters=1850))
    state = fit(estimator, RNG.normal(size=(2, 3)), np.ones((2, 10))).state
    assert (state.settings.states, state.settings.hidden) == (20, 20)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"bias": True},
        {"constraint": "triangular"},
        {"activation": "tanh"},
        {"activation": "silu"},
        {"solver": "newton"},
        {"solver": "anderson", "tolerance_mode": "relative"},
        {"solver": "direct", "gradient": "direct"},
        {"gradient": "phantom", "gradient_steps": 2, "damping": 0.5},
        {"gradient": "unrolled", "max_iterations": 20},
    ],
    ids=str,
)
def test_an_implicit_model_learns_a_sum(fit, sums, settings):
    assert error(fit, implicit(**settings), *sums) < 0.1


@pytest.mark.parametrize("settings", [{}, {"constraint": "triangular"}], ids=str)
def test_an_implicit_recurrent_model_learns_a_mean(fit, means, settings):
    assert error(fit, recurrent(epochs=30, **settings), *means) < 0.3


def test_classes_are_learned_by_their_scores(fit, positions):
    inputs, classes = positions
    estimator = implicit(epochs=80)
    outputs = estimator.predict(fit(estimator, inputs, classes).state, inputs).outputs
    assert outputs.shape == (300, 4)
    assert np.mean(outputs.argmax(axis=1) == classes) > 0.85


@pytest.mark.parametrize("make", [implicit, recurrent])
def test_equal_arguments_give_equal_bits(fit, sums, make):
    estimator = make(epochs=3, batch_size=100)
    first, again, other = (fit(estimator, *sums, seed=seed).state.weights for seed in (4, 4, 5))
    assert all(np.array_equal(again[name], weight) for name, weight in first.items())
    assert any(not np.array_equal(other[name], weight) for name, weight in first.items())


@pytest.mark.parametrize("kappa", [0.5, 0.95])
def test_the_rows_stay_in_their_ball(fit, sums, kappa):
    weights = fit(implicit(kappa=kappa, learning_rate=0.1), *sums).state.weights
    assert np.abs(weights["layer.A"]).sum(axis=1).max() == pytest.approx(kappa, rel=1e-5)


@pytest.mark.parametrize("make", [implicit, recurrent])
def test_without_feedback_the_matrix_is_strictly_triangular(fit, sums, make):
    estimator = make(constraint="triangular", epochs=10)
    state = fit(estimator, *sums).state
    (matrix,) = (weight for name, weight in state.weights.items() if name.endswith("layer.A"))
    assert not np.tril(matrix).any()
    assert np.triu(matrix, 1).any()
    details = estimator.predict(state, sums[0]).details
    # As many iterations as there are states, and one that changes nothing.
    assert details["iterations"]["absolute_max"] <= 7
    assert details["converged"] == 1.0


@pytest.mark.parametrize("factor", [1e-3, 1e5])
@pytest.mark.parametrize("settings", [{}, {"constraint": "triangular"}], ids=str)
def test_without_a_bias_outputs_are_in_proportion_to_inputs(fit, sums, factor, settings):
    estimator = implicit(tolerance=1e-11, epochs=5, **settings)
    state = fit(estimator, *sums).state
    plain = estimator.predict(state, sums[0]).outputs
    scaled = estimator.predict(state, factor * sums[0]).outputs
    assert np.allclose(scaled, factor * plain, rtol=1e-5, atol=1e-8)


def test_with_a_bias_they_are_not(fit, sums):
    estimator = implicit(bias=True, epochs=5)
    state = fit(estimator, *sums).state
    plain = estimator.predict(state, sums[0]).outputs
    assert not np.allclose(estimator.predict(state, 10 * sums[0]).outputs, 10 * plain, rtol=0.01)


def test_iterations_grow_with_the_inputs_by_the_absolute_rule_alone(fit, sums):
    estimator = implicit()
    state = fit(estimator, *sums).state
    near, far = (
        estimator.predict(state, factor * sums[0]).details["iterations"] for factor in (1, 1e5)
    )
    assert far["relative"] == pytest.approx(near["relative"], abs=0.2)
    assert far["absolute"] > near["absolute"] + 3
    assert all(
        counts[f"{mode}_max"] >= counts[mode]
        for counts in (near, far)
        for mode in ("absolute", "relative")
    )


@pytest.mark.parametrize("make", [implicit, recurrent])
def test_details_can_be_written_as_they_are(fit, sums, make):
    estimator = make()
    fitted = fit(estimator, *sums)
    details = estimator.predict(fitted.state, sums[0]).details
    assert set(details) == {"iterations", "converged", "residual"}
    assert json.loads(json.dumps([details, fitted.details])) == [details, fitted.details]
    assert details["converged"] == 1.0
    assert 0 <= details["residual"] <= 3e-6


def test_where_a_model_may_not_iterate_long_enough_it_does_not_converge_and_says_so(fit, sums):
    estimator = implicit(max_iterations=12, tolerance_mode="absolute")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        state = fit(estimator, *sums).state
        near, far = (estimator.predict(state, size * sums[0]).details for size in (1, 1e9))
    assert near["converged"] > 0.5
    assert far["converged"] < 0.5
    assert far["residual"] > 1e-6
    assert far["iterations"]["absolute_max"] > 12


@pytest.mark.parametrize("make", [implicit, recurrent])
def test_training_that_loses_its_equilibrium_is_told(fit, sums, make):
    with pytest.raises(EvalcoreError, match=r"in epoch \d+.*set a `constraint`"):
        fit(make(constraint="none", learning_rate=1.0), *sums)


def test_an_equilibrium_that_there_is_not_is_on_record(fit, sums):
    estimator = implicit(constraint="none", epochs=1)
    state = fit(estimator, *sums).state
    state.weights["layer.A"][:] = 1e4 * np.eye(6)
    with np.errstate(all="ignore"):
        details = estimator.predict(state, sums[0]).details
    assert details["converged"] < 1
    assert details["residual"] is None
    assert json.loads(json.dumps(details, allow_nan=False)) == details


def test_the_operations_follow_the_iterations(sums):
    inputs = torch.from_numpy(sums[0]).float()
    # Of tanh no state is exactly 0, at which some would be found at once.
    short, long = (
        made(implicit(max_iterations=n, activation="tanh"), 6, 1).operations(inputs) for n in (1, 3)
    )
    assert short == 6 * 6 + 6 * 6 + 6 + 6
    assert long == 3 * 6 * 6 + 6 * 6 + 6 + 6


def test_the_operations_of_a_sequence_are_those_of_its_steps(sums):
    inputs = torch.from_numpy(sums[0]).float().unsqueeze(-1)
    step = 2 * 6 * 6 + 6 * 5 + 4 * 6 + 4 * 5
    estimator = recurrent(max_iterations=2, activation="tanh")
    assert made(estimator, 1, 1).operations(inputs) == 6 * step + 4


@pytest.mark.parametrize("settings", [{}, {"constraint": "triangular", "bias": True}], ids=str)
def test_sequences_of_other_lengths_can_be_read(fit, means, settings):
    estimator = recurrent(epochs=2, **settings)
    state = fit(estimator, *means).state
    for length in (1, 25):
        prediction = estimator.predict(state, RNG.normal(size=(300, length)))
        assert prediction.outputs.shape == (300, 1)
        assert np.isfinite(prediction.outputs).all()


def test_rows_of_another_length_are_told(fit, means):
    estimator = implicit(epochs=1)
    state = fit(estimator, *means).state
    with pytest.raises(EvalcoreError, match="was fitted to 8 and reads no other number"):
        estimator.predict(state, np.ones((3, 9)))


@pytest.mark.parametrize("make", [implicit, recurrent])
def test_a_state_goes_between_processes(fit, sums, make):
    estimator = make(epochs=2)
    state = fit(estimator, *sums).state
    again = pickle.loads(pickle.dumps(state))
    assert b"torch" not in pickle.dumps(state)
    one, other = make(epochs=2).predict(again, sums[0]), estimator.predict(state, sums[0])
    assert np.array_equal(one.outputs, other.outputs)
    assert one.details == other.details


def test_early_stopping_keeps_a_model_within_its_constraint(fit, sums):
    estimator = implicit(epochs=100, validation=0.2, patience=5, learning_rate=0.3)
    fitted = fit(estimator, *sums)
    assert np.abs(fitted.state.weights["layer.A"]).sum(axis=1).max() <= 0.95 * (1 + 1e-5)
    assert fitted.details["epochs"] < 100


@pytest.mark.parametrize(
    ("settings", "given", "words"),
    [
        (ImplicitSettings, {"parameters": 100, "states": 3}, "leave out `states`"),
        (ImplicitRnnSettings, {"parameters": 100, "hidden": 3}, "leave out `hidden`"),
        (ImplicitSettings, {"hidden": 3}, "Extra inputs"),
        (ImplicitSettings, {"kappa": 1.0}, "less than 1"),
        (ImplicitSettings, {"solver": "newton", "gradient": "unrolled"}, "of `solver: picard`"),
        (ImplicitSettings, {"solver": "direct", "activation": "tanh"}, "set `solver: newton`"),
        (ImplicitSettings, {"constraint": "triu"}, "'row-l1', 'triangular' or 'none'"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, given, words):
    with pytest.raises(ValidationError, match=words):
        settings(**given)
