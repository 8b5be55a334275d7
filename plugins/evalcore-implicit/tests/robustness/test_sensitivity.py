"""Bounds on the change of outputs hold, and are what the formulas say."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from evalcore_implicit.layer import ImplicitLayer, project_rows
from evalcore_implicit.robustness import attack, bound, certified_radius, sensitivity

SEEDS = st.integers(0, 2**31 - 1)
ACTIVATIONS = st.sampled_from(["relu", "leaky-relu", "tanh", "identity"])


def drawn(seed, n=6, p=4, q=3, kappa=0.8):
    generator = torch.Generator().manual_seed(seed)
    a, b, c, d = (
        torch.randn(shape, generator=generator, dtype=torch.float64)
        for shape in ((n, n), (n, p), (q, n), (q, p))
    )
    return project_rows(a, kappa), b, c, d


def layer_of(matrices, activation="relu", **settings):
    a, b, c, _ = matrices
    layer = ImplicitLayer(
        b.shape[1],
        len(a),
        len(c),
        activation=activation,
        tolerance=1e-14,
        max_iterations=5000,
        dtype=torch.float64,
        **settings,
    )
    with torch.no_grad():
        for name, matrix in zip("ABCD", matrices, strict=True):
            getattr(layer, name).copy_(matrix)
    return layer


@settings(max_examples=25, deadline=None)
@given(SEEDS, ACTIVATIONS, st.floats(1e-6, 10.0))
def test_outputs_change_by_no_more_than_the_sensitivity(seed, activation, size):
    matrices = drawn(seed)
    layer, s = layer_of(matrices, activation), sensitivity(*matrices)
    generator = torch.Generator().manual_seed(seed)
    u = torch.randn(8, 4, generator=generator, dtype=torch.float64)
    change = size * torch.randn(8, 4, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        moved = (layer(u + change) - layer(u)).abs()
    assert (moved <= change.abs() @ s.T * (1 + 1e-9) + 1e-11).all()


def test_no_entry_is_below_0():
    """Also where states differ by decades and much is left out, so that rounding decides."""
    for seed in range(10):
        a, _, c, _ = drawn(seed, n=40)
        generator = torch.Generator().manual_seed(seed)
        kept = torch.rand(a.shape, generator=generator) < 0.2
        sizes = 100 ** torch.randn(40, generator=generator, dtype=torch.float64)
        s = sensitivity(a * kept * sizes / sizes[:, None], torch.eye(40), c * kept[:3])
        assert (s >= 0).all()


def test_the_sensitivity_is_reached_by_a_model_without_signs():
    matrices = [matrix.abs() for matrix in drawn(3)]
    layer, s = layer_of(matrices), sensitivity(*matrices)
    u = torch.ones(1, 4, dtype=torch.float64)
    with torch.no_grad():
        columns = [layer(u + step) - layer(u) for step in torch.eye(4, dtype=torch.float64)]
    assert torch.allclose(torch.cat(columns).T, s, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.sampled_from(["full", "upper", "lower"]))
def test_the_formula_whatever_the_pattern_of_a(seed, pattern):
    a, b, c, d = drawn(seed)
    a = {"full": a, "upper": a.triu(), "lower": a.tril()}[pattern]
    inverse = torch.linalg.inv(torch.eye(6, dtype=torch.float64) - a.abs())
    expected = c.abs() @ inverse @ b.abs() + d.abs()
    assert torch.allclose(sensitivity(a, b, c, d), expected, rtol=1e-9)
    assert torch.allclose(sensitivity(a, b, c), expected - d.abs(), rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.floats(0.1, 0.98))
def test_the_bound_is_above_the_norm(seed, kappa):
    matrices = drawn(seed, kappa=kappa)
    norm = float(sensitivity(*matrices).sum(1).max())
    tight = bound(*matrices)
    assert norm <= tight * (1 + 1e-12)
    assert tight <= bound(*matrices, kappa=0.99)


def test_the_bound_by_hand():
    a, b, c, d = (torch.tensor([[x]]) for x in (-0.5, 2.0, -3.0, 1.0))
    assert bound(a, b, c, d) == 2 * 3 / 0.5 + 1
    assert bound(a, b, c, d, kappa=0.75) == 2 * 3 / 0.25 + 1
    assert bound(a, b, c) == 12
    assert sensitivity(a, b, c, d).tolist() == [[13.0]]


def test_a_strictly_triangular_a_of_any_norm_has_a_sensitivity():
    a = torch.tensor([[0.0, 5.0], [0.0, 0.0]])
    b, c = torch.tensor([[0.0], [2.0]]), torch.tensor([[-1.0, 0.0]])
    assert sensitivity(a, b, c).tolist() == [[10.0]]


def test_the_constant_input_does_not_change():
    a, b, c, d = drawn(1)
    expected = sensitivity(a, b[:, :-1], c, d[:, :-1])
    assert torch.equal(sensitivity(a, b, c, d, bias=True), expected)
    assert bound(a, b, c, d, bias=True) == bound(a, b[:, :-1], c, d[:, :-1])


def test_without_states_there_is_the_direct_term_alone():
    d = torch.tensor([[1.0, -2.0]])
    empty = torch.empty(0, 0), torch.empty(0, 2), torch.empty(1, 0), d
    assert sensitivity(*empty).tolist() == [[1.0, 2.0]]
    assert bound(*empty) == 3


@pytest.mark.parametrize(
    "a",
    [
        [[0.0, 2.0], [0.5, 0.0]],
        [[0.0, 3.0], [1.0, 0.0]],
        [[1.0, 0.0], [0.0, 0.0]],
        [[2.0, 1.0], [0.0, 0.5]],
    ],
)
def test_a_radius_of_one_or_more_is_refused(a):
    b, c = torch.ones(2, 1), torch.ones(1, 2)
    with pytest.raises(ValueError, match="spectral radius"):
        sensitivity(torch.tensor(a), b, c)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"B": torch.ones(3, 2)}, r"B is of the shape \(3, 2\): expected \(2, 2\)"),
        ({"D": torch.ones(2, 2)}, "D is of the shape"),
        ({"C": torch.full((1, 2), torch.nan)}, "C has a NaN"),
    ],
)
def test_matrices_that_do_not_fit(change, match):
    given = {"A": torch.zeros(2, 2), "B": torch.ones(2, 2), "C": torch.ones(1, 2)} | change
    with pytest.raises(ValueError, match=match):
        sensitivity(**given)
    with pytest.raises(ValueError, match=match):
        bound(**given)


@pytest.mark.parametrize(
    ("kappa", "match"),
    [(0.3, "norm of A is 0.5"), (1.0, "kappa is 1"), (-1.0, "kappa is -1"), (None, "kappa is")],
)
def test_a_kappa_that_bounds_nothing(kappa, match):
    a = torch.tensor([[0.5 if kappa is not None else 1.5]])
    with pytest.raises(ValueError, match=match):
        bound(a, torch.ones(1, 1), torch.ones(1, 1), kappa=kappa)


@settings(max_examples=12, deadline=None)
@given(SEEDS, ACTIVATIONS, st.sampled_from(["fgsm", "pgd", "uniform"]))
def test_no_attack_within_the_certified_radius_changes_the_class(seed, activation, kind):
    matrices = drawn(seed, kappa=0.5)
    layer, s = layer_of(matrices, activation), sensitivity(*matrices)
    generator = torch.Generator().manual_seed(seed)
    inputs = 10 * torch.randn(4, 4, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        scores = layer(inputs)
    classes, radii = scores.argmax(1), certified_radius(scores, s)
    assert (radii >= 0).all()
    for sample, label, radius in zip(inputs, classes, radii.tolist(), strict=True):
        moved = attack(
            layer,
            sample[None],
            label[None],
            kind,
            strength=radius * (1 - 1e-9),
            low=-1e9,
            high=1e9,
            steps=4,
            seed=seed,
        )
        with torch.no_grad():
            assert int(layer(moved).argmax()) == int(label)


def test_the_radius_by_hand():
    scores = torch.tensor([[3.0, 1.0, 0.0], [0.0, 0.0, -9.0]])
    s = torch.tensor([[0.5, 0.5], [2.0, 1.0], [0.0, 0.0]])
    assert certified_radius(scores, s).tolist() == [0.5, 0.0]
    assert certified_radius(scores[:1], torch.zeros(3, 2)).tolist() == [torch.inf]


def test_the_radius_is_reached():
    weights = torch.tensor([[1.0, -2.0], [-1.0, 2.0]], dtype=torch.float64)
    u = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    radius = float(certified_radius(u @ weights.T, weights.abs()))
    worst = u + radius * torch.tensor([[-1.0, 1.0]], dtype=torch.float64)
    first, second = (worst @ weights.T)[0].tolist()
    assert first == pytest.approx(second)


@pytest.mark.parametrize(
    ("scores", "s", "match"),
    [
        (torch.ones(2, 3), torch.ones(2, 4), r"expected \(m, q\)"),
        (torch.ones(2, 1), torch.ones(1, 4), "single class"),
        (torch.full((1, 2), torch.nan), torch.ones(2, 4), "scores have a NaN"),
        (torch.ones(1, 2), -torch.ones(2, 4), "below 0"),
    ],
)
def test_what_has_no_radius(scores, s, match):
    with pytest.raises(ValueError, match=match):
        certified_radius(scores, s)
