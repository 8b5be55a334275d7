import pytest
import torch

from evalcore_implicit.layer import ImplicitLayer, NotConvergedError, NotConvergedWarning
from evalcore_implicit.layer.activations import ACTIVATIONS
from evalcore_implicit.layer.anderson import anderson
from evalcore_implicit.layer.equations import Equilibrium
from evalcore_implicit.layer.picard import picard
from evalcore_implicit.layer.solution import Stopping

SMOOTH = ["tanh", "sigmoid", "silu", "gelu"]
PIECEWISE = ["relu", "leaky-relu", "identity"]


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def slow(states, rows=0.95, dtype=torch.float64):
    """A matrix that contracts as slowly as its rows allow."""
    matrix = drawn(states, states, dtype=dtype).abs()
    return rows * matrix / matrix.sum(1, keepdim=True)


def layer(states=20, rows=0.95, inputs=6, **options):
    given = {"tolerance": 1e-10, "dtype": torch.float64} | options
    made = ImplicitLayer(inputs, states, 3, **given)
    with torch.no_grad():
        made.B.copy_(drawn(*made.B.shape, seed=1))
        if given.get("constraint") == "triangular":
            made.A.copy_(drawn(states, states).triu(1))
        else:
            made.A.copy_(slow(states, rows))
    return made


def plain(of, u, steps=2000):
    """The equilibrium by the definition."""
    phi = {"leaky-relu": lambda z: torch.where(z > 0, z, 0.01 * z), "identity": lambda z: z}
    phi |= {"relu": torch.relu, "tanh": torch.tanh, "sigmoid": torch.sigmoid}
    phi |= {"silu": torch.nn.functional.silu, "gelu": torch.nn.functional.gelu}
    x = torch.zeros(len(u), of.states, dtype=u.dtype)
    with torch.no_grad():
        for _ in range(steps):
            x = phi[of.settings["activation"]](x @ of.A.T + u @ of.B.T)
    return x


@pytest.mark.parametrize(
    ("solver", "activation"),
    [(s, a) for s in ("picard", "anderson", "newton") for a in PIECEWISE + SMOOTH]
    + [("direct", a) for a in PIECEWISE],
)
def test_every_solver_finds_the_equilibrium(solver, activation):
    made, u = layer(rows=0.8, solver=solver, activation=activation), drawn(9, 6, seed=2)
    states, info = made.solve(u)
    torch.testing.assert_close(states, plain(made, u), atol=1e-8, rtol=1e-8)
    assert info.converged.all()
    assert info.iterations.shape == info.residuals.shape == (9,)
    with torch.no_grad():
        torch.testing.assert_close(made(u), states @ made.C.T + u @ made.D.T, atol=1e-8, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rows", [0.3, 0.95])
@pytest.mark.parametrize("batch", [1, 7, 200])
def test_anderson_ends_where_picard_does(batch, rows, dtype):
    offset = drawn(batch, 60, dtype=dtype)
    equation = Equilibrium(slow(60, rows, dtype), offset, ACTIVATIONS["relu"])
    stop = Stopping(1e-5, True, 500)
    fast, plainly = anderson(equation, stop), picard(equation, stop)
    torch.testing.assert_close(fast.states, plainly.states, atol=2e-3, rtol=2e-3)
    value = torch.empty_like(fast.states)
    equation.step(fast.states, value)
    change = (value - fast.states).abs().amax(1)
    assert (change <= 1.01e-5 * value.amax(1)).all()
    assert fast.complete


def test_anderson_needs_far_fewer_steps_where_a_mode_is_slow():
    equation = Equilibrium(slow(400), drawn(50, 400), ACTIVATIONS["relu"])
    stop = Stopping(1e-6, True, 500, exact=True)
    fast, plainly = anderson(equation, stop).info, picard(equation, stop).info
    assert 4 * fast.iterations.max() < plainly.iterations.max()


def test_anderson_does_not_lose_to_picard_where_no_mode_stands_out():
    width = 200
    permutation = torch.eye(width, dtype=torch.float64)[
        torch.randperm(width, generator=torch.Generator().manual_seed(0))
    ]
    equation = Equilibrium(0.95 * permutation, drawn(10, width), ACTIVATIONS["relu"])
    stop = Stopping(1e-6, True, 500, exact=True)
    fast, plainly = anderson(equation, stop), picard(equation, stop)
    assert fast.complete
    assert fast.info.iterations.max() <= 1.3 * plainly.info.iterations.max()
    torch.testing.assert_close(fast.states, plainly.states, atol=1e-3, rtol=0)


def test_rows_of_zeros_do_not_upset_the_least_squares():
    offset = drawn(70, 300)
    offset[::2] = 0
    solution = anderson(
        Equilibrium(slow(300), offset, ACTIVATIONS["relu"]), Stopping(1e-8, True, 500)
    )
    assert solution.complete
    assert (solution.states[::2] == 0).all()
    assert torch.isfinite(solution.states).all()


def test_a_singular_newton_step_falls_back_to_picard():
    # With A = I and x > 0, I - D A is singular, and there is no equilibrium: it must be told.
    made = ImplicitLayer(1, 1, 1, constraint="none", solver="newton", dtype=torch.float64)
    with torch.no_grad():
        made.A.fill_(1.0)
        made.B.fill_(1.0)
    _, info = made.solve(torch.tensor([[1.0], [-1.0]], dtype=torch.float64), max_iterations=60)
    assert info.converged.tolist() == [False, True]


@pytest.mark.parametrize("solver", ["picard", "anderson", "newton", "direct"])
def test_a_triangular_matrix_needs_no_norm(solver):
    made = layer(constraint="triangular", solver=solver)
    u = drawn(5, 6, seed=2)
    states, info = made.solve(u)
    x = torch.zeros(5, 20, dtype=torch.float64)
    offset = u @ made.B.detach().T
    for i in reversed(range(20)):
        x[:, i] = torch.relu(offset[:, i] + x @ made.A.detach()[i])
    torch.testing.assert_close(states, x, rtol=1e-9, atol=1e-9 * float(x.abs().max()))
    assert info.converged.all()


def test_a_triangular_matrix_is_solved_exactly_in_as_many_steps_as_it_is_wide():
    made = layer(constraint="triangular", solver="direct", activation="tanh")
    states, info = made.solve(drawn(5, 6, seed=2))
    expected = plain(made, drawn(5, 6, seed=2), steps=20)
    torch.testing.assert_close(states, expected, rtol=0, atol=1e-14)
    assert (info.residuals == 0).all()
    assert (info.iterations <= 21).all()


@pytest.mark.parametrize("solver", ["picard", "anderson", "newton"])
def test_a_sample_does_not_depend_on_the_others_in_its_batch(solver):
    made = layer(states=80, solver=solver, activation="tanh", tolerance=1e-9)
    u = drawn(150, 6, seed=2) * torch.logspace(-3, 3, 150, dtype=torch.float64)[:, None]
    together = made.solve(u)[0]
    for i in (0, 70, 149):
        alone = made.solve(u[i : i + 1])[0]
        torch.testing.assert_close(together[i : i + 1], alone, rtol=1e-5, atol=1e-8)


def test_exact_counts_are_those_of_the_plain_loop():
    made, u = layer(solver="picard", tolerance=1e-6), drawn(100, 6, seed=2)
    _, info = made.solve(u)
    x, counts = torch.zeros(100, 20, dtype=torch.float64), torch.zeros(100, dtype=torch.long)
    for step in range(1, 500):
        before, x = x, torch.relu(x @ made.A.detach().T + u @ made.B.detach().T)
        met = (x - before).abs().amax(1) <= 1e-6 * x.abs().amax(1)
        counts[met & (counts == 0)] = step
    assert info.iterations.tolist() == counts.tolist()


def test_a_forward_pass_counts_no_fewer():
    made, u = layer(solver="picard", tolerance=1e-6), drawn(100, 6, seed=2)
    made(u)
    assert (made.info.iterations >= made.solve(u)[1].iterations).all()
    assert made.info.converged.all()


def test_positively_homogeneous_with_as_many_relative_iterations_and_more_absolute_ones():
    made, u = layer(solver="picard", tolerance=1e-6), drawn(10, 6, seed=2)
    states, info = made.solve(u)
    scaled, same = made.solve(1024 * u)
    torch.testing.assert_close(scaled, 1024 * states, rtol=1e-12, atol=0)
    assert torch.equal(same.iterations, info.iterations)
    few = made.solve(u, tolerance_mode="absolute")[1].iterations
    many = made.solve(1024 * u, tolerance_mode="absolute")[1].iterations
    assert (many > 1.2 * few).all()


@pytest.mark.parametrize("solver", ["picard", "anderson", "newton"])
def test_what_does_not_converge_is_told(solver):
    options = {"max_iterations": 3, "solver": solver, "activation": "tanh"}
    u = drawn(4, 6, seed=2)
    with pytest.warns(NotConvergedWarning, match=r"4 of 4 samples within 3 iterations"):
        layer(**options)(u)
    with pytest.raises(NotConvergedError, match="raise max_iterations or tolerance"):
        layer(**options, on_failure="raise")(u)
    quiet = layer(**options, on_failure="ignore")
    quiet(u)
    assert not quiet.info.converged.any()
    assert (quiet.info.iterations == 3).all()


def test_an_adjoint_that_does_not_converge_is_told():
    # Next to nothing changes in absolute terms; the adjoint's tolerance is relative.
    options = {"solver": "picard", "tolerance": 1e-9, "tolerance_mode": "absolute"}
    made = layer(activation="identity", max_iterations=10, **options)
    y = made(1e-12 * drawn(2, 6, seed=2))
    assert made.info.converged.all()
    with pytest.warns(NotConvergedWarning, match="the adjoint did not converge"):
        y.sum().backward()
    assert not made.gradient_info.converged.any()


def test_an_expanding_matrix_is_told_and_ends():
    made = layer(constraint="none", rows=1.5, activation="relu", max_iterations=50)
    with pytest.warns(NotConvergedWarning, match="project A"):
        made(drawn(4, 6, seed=2).abs())


def test_the_edge_of_the_ball_converges():
    made = layer(kappa=0.95, tolerance=1e-6)
    made.project_()
    made.check()
    assert made.solve(drawn(4, 6))[1].converged.all()


@pytest.mark.parametrize("solver", ["picard", "anderson", "newton", "direct"])
def test_an_empty_batch(solver):
    made = layer(solver=solver)
    u = torch.empty(0, 6, dtype=torch.float64, requires_grad=True)
    y = made(u)
    y.sum().backward()
    assert y.shape == (0, 3)
    assert u.grad.shape == (0, 6)
    assert (made.A.grad == 0).all()
    assert made.info.iterations.shape == (0,)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["A", "B", "u"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_what_is_not_finite_is_named(activation, name, wrong):
    made, u = layer(activation=activation), drawn(4, 6, seed=2)
    with torch.no_grad():
        (u if name == "u" else getattr(made, name))[1, 2] = wrong
    with pytest.raises(ValueError, match=f"^{name} has a NaN"):
        made(u)
    with pytest.raises(ValueError, match=f"^{name} has a NaN"):
        made.solve(u)


def test_huge_finite_inputs_are_no_error():
    made = layer(dtype=torch.float32, tolerance=1e-4)
    u = 1e37 * drawn(50, 6, seed=2, dtype=torch.float32).abs() / made.B.abs().max()
    assert torch.isfinite(made.solve(u)[0]).any()
