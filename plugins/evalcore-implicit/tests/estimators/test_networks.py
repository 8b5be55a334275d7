import math

import numpy as np
import pytest
from pydantic import ValidationError

from evalcore.errors import EvalcoreError
from evalcore_implicit.estimators.feedforward import (
    Mlp,
    MlpSettings,
    Nac,
    NacSettings,
    Nalu,
    NaluSettings,
)
from evalcore_implicit.estimators.sequences import (
    Cnn,
    CnnSettings,
    Gru,
    GruSettings,
    Lstm,
    LstmSettings,
    Rnn,
    RnnSettings,
    Transformer,
    TransformerSettings,
)
from evalcore_implicit.estimators.sizing import widest

SEQUENTIAL = [(Rnn, RnnSettings), (Lstm, LstmSettings), (Gru, GruSettings), (Cnn, CnnSettings)]
SEQUENTIAL += [(Transformer, TransformerSettings)]
FLAT = [(Mlp, MlpSettings), (Nac, NacSettings), (Nalu, NaluSettings)]
named = {"ids": lambda kind: kind[0].__name__}
RNG = np.random.default_rng(0)


def details(fit, kind, features, outputs, **settings):
    """Of a fit to two samples, of so many features (a time and a number, for sequences)."""
    estimator, of_it = kind
    inputs = RNG.normal(size=(2, *features))
    return fit(
        estimator(of_it(epochs=1, **settings)), inputs, RNG.normal(size=(2, outputs))
    ).details


def error(fit, estimator, inputs, targets):
    outputs = estimator.predict(fit(estimator, inputs, targets).state, inputs).outputs
    return np.mean((outputs - targets) ** 2) / np.var(targets)


@pytest.mark.parametrize(
    ("kind", "features", "outputs", "settings", "parameters", "operations"),
    [
        (FLAT[0], (50,), 1, {}, 1820, 1820),
        (FLAT[0], (3,), 2, {"width": 4, "depth": 1, "bias": True}, 3 * 4 + 4 + 4 * 2 + 2, 20),
        (FLAT[1], (3,), 2, {"width": 4}, 2 * (3 * 4 + 4 * 2), 3 * 4 + 4 * 2),
        (FLAT[2], (3,), 2, {"width": 4}, 3 * (3 * 4 + 4 * 2), 3 * (3 * 4 + 4 * 2)),
        # The recurrent networks of a rolling argmax in the authors' code have 2050 parameters.
        (SEQUENTIAL[1], (10,), 10, {}, 2050, 10 * 4 * 20 * 21 + 200),
        (SEQUENTIAL[0], (10,), 10, {"hidden": 36, "bias": False}, 1692, 10 * 36 * 37 + 360),
        (
            SEQUENTIAL[0],
            (5, 3),
            2,
            {"hidden": 4, "layers": 2},
            4 * (3 + 4 + 2) + 4 * (4 + 4 + 2) + 4 * 2 + 2,
            5 * (4 * 7 + 4 * 8) + 8,
        ),
        (SEQUENTIAL[2], (5, 3), 2, {"hidden": 4}, 3 * 4 * (3 + 4 + 2) + 10, 5 * 3 * 4 * 7 + 8),
        (
            SEQUENTIAL[3],
            (5, 3),
            2,
            {"width": 4, "depth": 2, "kernel": 3},
            3 * 3 * 4 + 4 + 3 * 4 * 4 + 4 + 10,
            5 * (3 * 3 * 4 + 3 * 4 * 4) + 8,
        ),
        (
            SEQUENTIAL[4],
            (5, 3),
            2,
            {"width": 4},
            # Embedding; attention; two maps; three normalisations; head.
            (3 * 4 + 4) + (4 * 4 * 4 + 4 * 4) + (2 * 4 * 8 + 8 + 4) + 3 * 8 + (4 * 2 + 2),
            5 * 3 * 4 + 5 * (4 * 16 + 2 * 32) + 2 * 25 * 4 + 4 * 2,
        ),
    ],
)
def test_sizes_by_formula(fit, kind, features, outputs, settings, parameters, operations):
    found = details(fit, kind, features, outputs, **settings)
    assert (found["parameters"], found["operations"]) == (parameters, operations)


@pytest.mark.parametrize("kind", [*FLAT, *SEQUENTIAL], **named)
def test_parameters_that_may_be_had_are_used(fit, kind):
    found = details(fit, kind, (5,), 2, parameters=700)
    wider = kind[1]().width_step + found["width"]
    names = dict.fromkeys(kind[1].widths, wider)
    assert found["parameters"] <= 700 < details(fit, kind, (5,), 2, **names)["parameters"]


@pytest.mark.parametrize("kind", [*FLAT, *SEQUENTIAL], **named)
def test_too_few_parameters_tell_the_fewest_there_can_be(fit, kind):
    with pytest.raises(EvalcoreError, match=r"the smallest such model for these data has \d+"):
        details(fit, kind, (5,), 2, parameters=3)


def test_the_width_that_parameters_find_is_that_of_the_same_model(fit, sums):
    found = Mlp(MlpSettings(parameters=100, epochs=3))
    state = fit(found, *sums).state
    width = state.settings.width
    assert width == 5  # 6 * 6 + 2 * 36 + 6 = 114 would be too many
    same = fit(Mlp(MlpSettings(width=width, epochs=3)), *sums).state
    assert all(np.array_equal(same.weights[name], w) for name, w in state.weights.items())


@pytest.mark.parametrize("limit", [1, 2, 7, 8, 9, 63, 64, 1000])
@pytest.mark.parametrize("step", [1, 3])
def test_the_widest_is_found(limit, step):
    if step**2 > limit:
        with pytest.raises(EvalcoreError, match="the smallest"):
            widest(lambda width: width**2, limit, step)
    else:
        expected = max(w for w in range(step, 100, step) if w**2 <= limit)
        assert widest(lambda width: width**2, limit, step) == expected


@pytest.mark.parametrize(
    ("estimator", "least"),
    [
        (Mlp(MlpSettings(epochs=150)), 0.01),
        (Nac(NacSettings(epochs=300, width=4, learning_rate=0.05)), 0.01),
        (Nalu(NaluSettings(epochs=200, width=4)), 0.5),
    ],
    ids=lambda one: type(one).__name__ if not isinstance(one, float) else "",
)
def test_networks_of_rows_learn_a_sum(fit, sums, estimator, least):
    assert error(fit, estimator, *sums) < least


@pytest.mark.parametrize("kind", SEQUENTIAL, **named)
def test_networks_of_sequences_learn_a_mean(fit, means, kind):
    estimator = kind[0](kind[1](epochs=80, schedule="constant", learning_rate=0.01))
    assert error(fit, estimator, *means) < 0.2


@pytest.mark.parametrize("kind", [FLAT[0], *SEQUENTIAL[:3]], **named)
def test_classes_are_learned_by_their_scores(fit, positions, kind):
    inputs, classes = positions
    estimator = kind[0](kind[1](epochs=80))
    outputs = estimator.predict(fit(estimator, inputs, classes).state, inputs).outputs
    assert outputs.shape == (300, 4)
    assert np.mean(outputs.argmax(axis=1) == classes) > 0.8


def test_an_accumulator_adds_numbers_of_any_size(fit, sums):
    estimator = Nac(NacSettings(epochs=600, width=2, learning_rate=0.05, schedule="constant"))
    inputs, targets = sums
    state = fit(estimator, inputs, targets).state
    far = estimator.predict(state, 1e4 * inputs).outputs
    assert np.abs(far - 1e4 * targets).max() < 1e-3 * 1e4


@pytest.mark.parametrize(
    "estimator",
    [
        Mlp(MlpSettings(epochs=3)),
        Mlp(MlpSettings(epochs=3, activation="leaky-relu")),
        Nac(NacSettings(epochs=3)),
        Rnn(RnnSettings(epochs=3, bias=False)),
        Cnn(CnnSettings(epochs=3, bias=False)),
    ],
    ids=lambda one: type(one).__name__,
)
@pytest.mark.parametrize("factor", [1e-6, 3.0, 1e6])
def test_without_biases_outputs_are_in_proportion_to_inputs(fit, means, estimator, factor):
    inputs, targets = means
    state = fit(estimator, inputs, targets).state
    plain = estimator.predict(state, inputs).outputs
    assert np.allclose(estimator.predict(state, factor * inputs).outputs, factor * plain, rtol=1e-9)


@pytest.mark.parametrize(
    "estimator",
    [
        Mlp(MlpSettings(epochs=3, bias=True)),
        Rnn(RnnSettings(epochs=3)),
        Lstm(LstmSettings(epochs=3)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_with_biases_they_are_not(fit, means, estimator):
    state = fit(estimator, *means).state
    plain = estimator.predict(state, means[0]).outputs
    assert not np.allclose(estimator.predict(state, 10 * means[0]).outputs, 10 * plain, rtol=0.01)


@pytest.mark.parametrize("kind", SEQUENTIAL, **named)
def test_sequences_of_other_lengths_can_be_read(fit, means, kind):
    estimator = kind[0](kind[1](epochs=2))
    state = fit(estimator, *means).state
    for length in (1, 30):
        outputs = estimator.predict(state, RNG.normal(size=(3, length))).outputs
        assert outputs.shape == (3, 1)
        assert np.isfinite(outputs).all()


@pytest.mark.parametrize("kind", SEQUENTIAL, **named)
def test_a_sequence_of_numbers_is_one_of_single_features(fit, means, kind):
    inputs, targets = means
    estimator = kind[0](kind[1](epochs=2, standardize=True))
    state = fit(estimator, inputs, targets).state
    deep = fit(estimator, inputs[:, :, None], targets).state
    one, other = estimator.predict(state, inputs), estimator.predict(deep, inputs[:, :, None])
    assert np.array_equal(one.outputs, other.outputs)


@pytest.mark.parametrize("kind", FLAT, **named)
def test_rows_of_another_length_are_told(fit, means, kind):
    estimator = kind[0](kind[1](epochs=2))
    state = fit(estimator, *means).state
    with pytest.raises(EvalcoreError, match="was fitted to 8 and reads no other number"):
        estimator.predict(state, np.ones((3, 9)))
    with pytest.raises(EvalcoreError, match="was fitted to 8 and reads no other number"):
        estimator.predict(state, np.ones((3, 8, 2)))


@pytest.mark.parametrize("kind", SEQUENTIAL, **named)
def test_sequences_of_other_features_are_told(fit, kind):
    estimator = kind[0](kind[1](epochs=1))
    state = fit(estimator, RNG.normal(size=(4, 5, 3)), RNG.normal(size=(4, 1))).state
    with pytest.raises(
        EvalcoreError, match="with 1 numbers a time step; this model was fitted to 3"
    ):
        estimator.predict(state, np.ones((2, 5)))
    with pytest.raises(EvalcoreError, match="expected sequences"):
        estimator.predict(state, np.ones((2, 5, 3, 1)))


def test_rows_are_flattened(fit, sums):
    inputs, targets = sums
    estimator = Mlp(MlpSettings(epochs=2))
    flat = fit(estimator, inputs, targets).state
    deep = fit(estimator, inputs.reshape(-1, 2, 3), targets).state
    assert np.array_equal(
        estimator.predict(flat, inputs).outputs,
        estimator.predict(deep, inputs.reshape(-1, 2, 3)).outputs,
    )


def test_a_long_prediction_is_that_of_its_parts(fit, means):
    estimator = Lstm(LstmSettings(epochs=1))
    state = fit(estimator, *means).state
    inputs = RNG.normal(size=(4100, 3))
    whole = estimator.predict(state, inputs).outputs
    parts = [estimator.predict(state, part).outputs for part in np.split(inputs, [50, 4099])]
    assert np.allclose(whole, np.concatenate(parts), rtol=1e-12, atol=1e-14)


def test_the_order_of_a_sequence_matters_to_a_transformer(fit, means):
    estimator = Transformer(TransformerSettings(epochs=1))
    state = fit(estimator, *means).state
    forward = estimator.predict(state, means[0]).outputs
    assert not np.allclose(forward, estimator.predict(state, means[0][:, ::-1]).outputs)


def test_dropout_is_for_training_alone(fit, means):
    estimator = Transformer(TransformerSettings(epochs=2, dropout=0.5))
    state = fit(estimator, *means).state
    first = estimator.predict(state, means[0]).outputs
    assert np.array_equal(first, estimator.predict(state, means[0]).outputs)


@pytest.mark.parametrize(
    ("settings", "given", "words"),
    [
        (CnnSettings, {"kernel": 4}, "an odd number"),
        (TransformerSettings, {"width": 10, "heads": 4}, "a multiple of 4"),
        (TransformerSettings, {"width": 9, "heads": 3}, "a multiple of 6"),
        (RnnSettings, {"width": 3}, "Extra inputs"),
        (RnnSettings, {"parameters": 100, "hidden": 3}, "leave out `hidden`"),
        (NacSettings, {"depth": 0}, "greater than or equal to 1"),
    ],
)
def test_forms_that_cannot_be_are_refused(settings, given, words):
    with pytest.raises(ValidationError, match=words):
        settings(**given)


def test_widths_of_a_transformer_suit_its_heads(fit):
    found = details(fit, SEQUENTIAL[4], (5,), 1, parameters=3000, heads=3)
    assert found["width"] % math.lcm(2, 3) == 0
