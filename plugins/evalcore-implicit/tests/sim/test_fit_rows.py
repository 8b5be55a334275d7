"""The fit of all rows, against Clarabel, and with what it may be given."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sim_problems import (
    BLOCKS,
    INPUTS,
    OUTPUTS,
    STATES,
    arrays,
    images,
    moments,
    network_on_images,
    teacher,
)

from evalcore_implicit.sim import (
    L1,
    MASKS,
    ElasticNet,
    Moments,
    Perspective,
    Robust,
    fit_path,
    fit_rows,
    fit_rows_reference,
)

OBJECTIVES = [L1(0.3), ElasticNet(0.5), Perspective(0.1), Robust(0.1)]


def rows_of(weights):
    return np.block([[weights.A, weights.B], [weights.C, weights.D]])


def check_feasible(weights, kappa=0.95):
    assert (np.abs(weights.A).sum(1) <= kappa).all()
    assert (weights.certificate.primal == 0).all()


def check_optimal(weights, reference):
    least = reference.certificate.objective
    assert weights.certificate.converged.all()
    assert (weights.certificate.objective <= least * (1 + 1e-5)).all()
    assert (weights.certificate.objective - weights.certificate.gap <= least * (1 + 1e-7)).all()
    check_feasible(weights)


@pytest.mark.parametrize("samples", [60, 15])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_objective_is_that_of_clarabel(objective, mask, samples):
    pytest.importorskip("clarabel")
    given = moments(samples)
    reference = fit_rows_reference(given, objective, blocks=BLOCKS, mask=mask)
    check_optimal(fit_rows(given, objective, blocks=BLOCKS, mask=mask), reference)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_objective_on_images_is_that_of_clarabel(objective, mask):
    pytest.importorskip("clarabel")
    given, some = images(), [0, 12, 25]
    fit = fit_rows(given, objective, blocks=(8, 16), mask=mask)
    reference = fit_rows_reference(given, objective, blocks=(8, 16), mask=mask, rows=some)
    found, least = fit.certificate, reference.certificate.objective[some]
    assert found.converged.all()
    assert (found.objective[some] <= least * (1 + 1e-5)).all()
    assert (found.objective - found.gap)[some] == pytest.approx(least, rel=1e-5)
    check_feasible(fit)


def test_both_forms_of_the_reference_agree():
    pytest.importorskip("clarabel")
    x, u, z, y = arrays()
    features = np.hstack([x, u]), np.hstack([z, y])
    given = Moments.of(x, u, z, y)
    gram = fit_rows_reference(given, L1(0.3), blocks=BLOCKS, rows=[0, 9])
    residual = fit_rows_reference(
        given, L1(0.3), blocks=BLOCKS, rows=[0, 9], form="residual", features=features
    )
    assert np.allclose(rows_of(gram), rows_of(residual), atol=1e-5)
    assert gram.certificate.converged.sum() == 2
    with pytest.raises(ValueError, match="features"):
        fit_rows_reference(given, L1(0.3), blocks=BLOCKS, form="residual")


def test_float64_and_float32_end_at_the_same_weights():
    given = moments()
    single, double = (
        fit_rows(given, L1(0.3), blocks=BLOCKS, dtype=dtype, tolerance=1e-10)
        for dtype in (torch.float32, torch.float64)
    )
    assert np.allclose(rows_of(single), rows_of(double), atol=1e-8)
    assert ((rows_of(single) == 0) == (rows_of(double) == 0)).all()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_gpu_ends_at_the_same_weights():
    given = moments()
    there = fit_rows(given, L1(0.3), blocks=BLOCKS, device="cuda", tolerance=1e-10)
    here = fit_rows(given, L1(0.3), blocks=BLOCKS, tolerance=1e-10)
    assert np.allclose(rows_of(there), rows_of(here), atol=1e-8)


def test_masks_leave_out_what_they_say():
    given, inner = moments(), slice(0, 3)
    free = fit_rows(given, L1(0.01), blocks=BLOCKS, mask="full")
    hidden = fit_rows(given, L1(0.01), blocks=BLOCKS, mask="no-same-layer")
    upper = fit_rows(given, L1(0.01), blocks=BLOCKS)
    assert free.A[inner, inner].any()
    assert free.A[3:, 3:].any()
    assert not hidden.A[inner, inner].any()
    assert not hidden.A[3:, 3:].any()
    assert hidden.A[inner, 3:].any()
    assert hidden.A[3:, inner].any()
    assert not upper.A[3:].any()
    assert upper.A[inner, 3:].any()
    assert np.array_equal(free.C, upper.C)


def test_without_samples_to_spare_the_gram_matrix_alone_gives_the_same():
    given = moments(15)
    assert given.features is not None
    assert moments(60).features is None
    thin = fit_rows(given, L1(0.3), blocks=BLOCKS, tolerance=1e-9)
    wide = fit_rows(replace(given, features=None), L1(0.3), blocks=BLOCKS, tolerance=1e-9)
    assert np.allclose(thin.certificate.objective, wide.certificate.objective, rtol=1e-8)


def test_no_strength_is_least_squares():
    """With lambda = 0 and no norm constraint: the residual of numpy's least squares."""
    x, u, z, y = arrays()
    found = fit_rows(Moments.of(x, u, z, y), L1(0), blocks=BLOCKS, mask="full", kappa=np.inf)
    phi, targets = np.hstack([x, u]), np.hstack([z, y])
    left = np.linalg.lstsq(phi, targets)[1] / 2
    assert np.allclose(found.certificate.objective, left, rtol=1e-9)
    assert found.certificate.converged.all()


def test_no_strength_with_fewer_samples_than_unknowns_leaves_no_residual():
    found = fit_rows(moments(15), L1(0), blocks=BLOCKS, mask="full", kappa=np.inf)
    assert found.certificate.residual.max() < 1e-5
    check_feasible(fit_rows(moments(15), L1(0), blocks=BLOCKS))


@pytest.mark.parametrize("objective", [L1(1e9), ElasticNet(1e9), Perspective(1e9), Robust(1e9)])
def test_enormous_strength_leaves_nothing(objective):
    given = moments()
    found = fit_rows(given, objective, blocks=BLOCKS)
    assert not rows_of(found).any()
    assert found.certificate.converged.all()
    assert np.allclose(found.certificate.objective, given.squares / 2)


def test_dead_states_and_inputs_have_no_weights():
    x, u, z, y = arrays()
    x[:, 5] = z[:, 5] = u[:, 2] = 0
    found = fit_rows(Moments.of(x, u, z, y), L1(0.1), blocks=BLOCKS, mask="full")
    assert found.certificate.converged.all()
    assert not rows_of(found)[:, [5, STATES + 2]].any()
    assert not rows_of(found)[5].any()


def test_inputs_that_are_all_zero_leave_no_weights():
    x, _, z, y = arrays()
    found = fit_rows(Moments.of(x, np.zeros((60, INPUTS)), z, y), L1(0.1), blocks=BLOCKS)
    assert found.certificate.converged.all()
    assert not found.B.any()
    assert found.A.any()


def test_a_constant_column_is_a_bias():
    x, u, _, _ = arrays()
    u[:, 3] = 1
    z = np.full((60, STATES), 2.0)
    found = fit_rows(Moments.of(x, u, z, z[:, :OUTPUTS]), L1(1e-3), blocks=BLOCKS)
    assert np.allclose(found.B[:, 3], 2, atol=1e-3)
    assert found.certificate.converged.all()
    assert (np.abs(rows_of(found)) > 0).sum() == STATES + OUTPUTS


def test_equal_columns_do_not_break_the_linear_systems():
    x, u, z, y = arrays()
    u[:, 1] = u[:, 0]
    found = fit_rows(Moments.of(x, u, z, y), L1(0.1), blocks=BLOCKS, mask="full")
    assert found.certificate.converged.all()


def test_scale_of_the_data_does_not_matter():
    """Phi and targets times c with lambda times c^2: the same weights."""
    given = moments()
    large = Moments(given.gram * 1e8, given.cross * 1e8, given.squares * 1e8, 60, STATES)
    found = fit_rows(large, L1(0.3e8), blocks=BLOCKS, tolerance=1e-10)
    expected = fit_rows(given, L1(0.3), blocks=BLOCKS, tolerance=1e-10)
    assert np.allclose(rows_of(found), rows_of(expected), atol=1e-8)


def test_path_is_that_of_single_fits():
    given, strengths = moments(), [30.0, 3.0, 0.3, 0.0]
    path = fit_path(given, L1(1), strengths, blocks=BLOCKS)
    for strength, found in zip(strengths, path, strict=True):
        alone = fit_rows(given, L1(strength), blocks=BLOCKS).certificate
        assert np.allclose(found.certificate.objective, alone.objective, rtol=3e-6)
        check_feasible(found)
    counts = [(rows_of(found) != 0).sum() for found in path]
    assert counts == sorted(counts)


@pytest.mark.parametrize("tolerance", [1e-2, 1e-4])
@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_a_loose_tolerance_is_kept_and_its_bound_is_true(objective, tolerance):
    given, strengths = moments(), [10 * objective.strength, 3 * objective.strength, 0.0]
    path = fit_path(given, objective, strengths, blocks=BLOCKS, tolerance=tolerance)
    for strength, found in zip(strengths, path, strict=True):
        exact = fit_rows(given, objective.at(strength), blocks=BLOCKS, tolerance=1e-9)
        least, certificate = exact.certificate.objective, found.certificate
        assert certificate.converged.all()
        assert (certificate.gap <= tolerance * certificate.objective + 1e-12).all()
        assert (certificate.objective <= least * (1 + 1.01 * tolerance)).all()
        assert (certificate.objective - certificate.gap <= least * (1 + 1e-8)).all()
        check_feasible(found)


def test_a_loose_tolerance_takes_fewer_iterations():
    loose = fit_rows(moments(), L1(0.3), blocks=BLOCKS, tolerance=1e-2).certificate.iterations
    tight = fit_rows(moments(), L1(0.3), blocks=BLOCKS).certificate.iterations
    assert (loose < tight).all()


def test_a_start_at_the_solution_needs_no_iterations():
    given = moments()
    first = fit_rows(given, L1(0.3), blocks=BLOCKS)
    again = fit_rows(given, L1(0.3), blocks=BLOCKS, start=first)
    assert (again.certificate.iterations == 0).all()
    assert np.allclose(rows_of(again), rows_of(first))


def test_too_few_iterations_are_told():
    found = fit_rows(moments(15), L1(0.01), blocks=BLOCKS, mask="full", max_iterations=1)
    certificate = found.certificate
    assert not certificate.converged.all()
    assert (certificate.gap > 1e-6 * certificate.objective)[~certificate.converged].all()
    check_feasible(found)


def test_progress_grows_to_one():
    told = []
    fit_path(moments(), L1(1), [3.0, 0.3], blocks=BLOCKS, tell=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)
    assert 0 <= told[0] < 1


@pytest.mark.parametrize(
    ("mask", "samples"), [("full", 60), ("no-same-layer", 15), ("triangular", 60)]
)
@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_strict_matching_reproduces_a_teacher_at_the_least_cost(objective, mask, samples):
    pytest.importorskip("clarabel")
    given = teacher(samples)
    found = fit_rows(given, objective, blocks=BLOCKS, mask=mask, matching="strict", tolerance=1e-7)
    reference = fit_rows_reference(given, objective, blocks=BLOCKS, mask=mask, matching="strict")
    certificate, least = found.certificate, reference.certificate.objective
    assert certificate.converged.all()
    assert certificate.residual.max() <= 1e-7
    assert np.allclose(certificate.objective, least, rtol=1e-5, atol=0)
    assert (certificate.objective - certificate.gap <= least * (1 + 1e-5)).all()
    check_feasible(found)


@pytest.mark.parametrize("mask", ["full", "no-same-layer", "triangular"])
@pytest.mark.parametrize("objective", OBJECTIVES, ids=str)
def test_strict_matching_of_the_states_of_a_network_on_real_images(objective, mask):
    """Features depend on one another, and some directions of the states hardly vary."""
    pytest.importorskip("clarabel")
    given, blocks = network_on_images(), (6, 8)
    found = fit_rows(given, objective, blocks=blocks, mask=mask, matching="strict")
    reference = fit_rows_reference(given, objective, blocks=blocks, mask=mask, matching="strict")
    assert found.certificate.converged.all()
    least = reference.certificate.objective
    assert np.allclose(found.certificate.objective, least, rtol=1e-5, atol=0)


def test_strict_matching_says_what_cannot_be_matched():
    certificate = fit_rows(
        moments(), L1(1), blocks=BLOCKS, matching="strict", max_iterations=200
    ).certificate
    assert not certificate.converged.any()
    assert (certificate.residual > 1e-2).all()


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"mask": "diagonal"}, "no mask 'diagonal'"),
        ({"blocks": (3, 4)}, "make 7, but there are 8"),
        ({"kappa": 0.0}, "`kappa` is 0"),
        ({"matching": "loose"}, "no matching 'loose'"),
        ({"tolerance": 0.0}, "`tolerance` is 0"),
        ({"max_iterations": 0}, "`max_iterations` 0"),
        ({"dtype": torch.float16}, "`dtype` is torch.float16"),
    ],
)
def test_arguments_out_of_bounds_are_errors(changes, text):
    with pytest.raises(ValueError, match=text):
        fit_rows(moments(), L1(1), **{"blocks": BLOCKS, **changes})


def test_strengths_that_ascend_are_an_error():
    with pytest.raises(ValueError, match="ascend"):
        fit_path(moments(), L1(1), [0.1, 1.0], blocks=BLOCKS)


def test_a_start_of_another_shape_is_an_error():
    given = moments()
    found = fit_rows(given, L1(1), blocks=BLOCKS)
    with pytest.raises(ValueError, match="the moments have 8 states, 12 inputs and 3 outputs"):
        fit_rows(
            given, L1(1), blocks=BLOCKS, start=replace(found, A=found.A[:7, :7], B=found.B[:7])
        )
