import pytest
import torch

from evalcore_implicit.layer import ImplicitLayer

ACTIVATIONS = ["relu", "leaky-relu", "tanh", "sigmoid", "silu", "gelu", "identity"]


def drawn(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def layer(states=5, **options):
    given = {"tolerance": 1e-13, "max_iterations": 2000, "dtype": torch.float64} | options
    made = ImplicitLayer(3, states, 2, **given)
    with torch.no_grad():
        for matrix, seed in zip(made.parameters(), range(9), strict=False):
            matrix.copy_(drawn(*matrix.shape, seed=seed))
        made.A.mul_(0.8 / made.A.abs().sum(1, keepdim=True))
        made.project_()
    return made


def checked(made, u):
    """Finite differences of the whole layer, by its inputs and all of its matrices."""
    names = [name for name, _ in made.named_parameters()]

    def outputs(u, *parameters):
        given = dict(zip(names, parameters, strict=True))
        return torch.func.functional_call(made, given, (u,))

    parameters = [parameter.detach().requires_grad_() for parameter in made.parameters()]
    return torch.autograd.gradcheck(outputs, (u, *parameters), eps=1e-6, atol=1e-6)


def gradients(made, u):
    """By u, A, B, C and D, of a fixed combination of the outputs."""
    made.zero_grad()
    u = u.clone().requires_grad_()
    (made(u) * drawn(len(u), made.outputs, seed=9)).sum().backward()
    return [u.grad, *(parameter.grad for parameter in made.parameters())]


def by_definition(made, u, adjoint):
    """The same, where `adjoint(J, slope, g)` gives v = dL/dz of one sample; J = D A."""
    a, b, c, d = (parameter.detach() for parameter in made.parameters())
    pull, x = drawn(len(u), made.outputs, seed=9), made.solve(u)[0]
    z = (x @ a.T + u @ b.T).requires_grad_()
    (slope,) = torch.autograd.grad(PHI[made.settings["activation"]](z).sum(), z)
    rows = zip(slope, pull @ c, strict=True)
    v = torch.stack([adjoint(d[:, None] * a, d, g) for d, g in rows])
    return [v @ b + pull @ d, v.T @ x, v.T @ u, pull.T @ x, pull.T @ u]


PHI = {
    "relu": torch.relu,
    "leaky-relu": lambda z: torch.nn.functional.leaky_relu(z, 0.01),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "silu": torch.nn.functional.silu,
    "gelu": torch.nn.functional.gelu,
    "identity": lambda z: z,
}


def assert_same(found, expected, atol=1e-9):
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=atol)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(
    ("solver", "gradient"),
    [
        ("picard", "implicit"),
        ("anderson", "implicit"),
        ("newton", "implicit"),
        ("picard", "unrolled"),
        ("picard", "direct"),
    ],
)
def test_exact_gradients_are_finite_differences(solver, gradient, activation):
    made = layer(activation=activation, solver=solver, gradient=gradient)
    assert checked(made, drawn(3, 3, seed=7).requires_grad_())


@pytest.mark.parametrize("options", [{"bias": True}, {"direct": False}, {"solver": "direct"}])
def test_finite_differences_with_other_matrices(options):
    assert checked(layer(**options), drawn(3, 3, seed=7).requires_grad_())


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("gradient", ["implicit", "direct", "unrolled"])
def test_exact_gradients_are_the_direct_solution(gradient, activation):
    made, u = layer(activation=activation, gradient=gradient, solver="picard"), drawn(5, 3, seed=7)
    a = made.A.detach()

    def adjoint(jacobian, slope, g):
        return torch.linalg.solve(torch.eye(len(g)) - slope[:, None] * a.T, slope * g)

    assert_same(gradients(made, u), by_definition(made, u, adjoint))


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
def test_jacobian_free_takes_the_slopes_alone(activation):
    made, u = layer(activation=activation, gradient="jacobian-free"), drawn(5, 3, seed=7)
    assert_same(gradients(made, u), by_definition(made, u, lambda _, slope, g: slope * g))


@pytest.mark.parametrize("steps", [1, 4])
def test_neumann_takes_so_many_terms_more(steps):
    made = layer(activation="tanh", gradient="neumann", gradient_steps=steps)
    u, a = drawn(5, 3, seed=7), made.A.detach()

    def series(jacobian, slope, g):
        term = total = slope * g
        for _ in range(steps):
            term = slope * (a.T @ term)
            total = total + term
        return total

    assert_same(gradients(made, u), by_definition(made, u, series))


@pytest.mark.parametrize(("steps", "damping"), [(1, 1.0), (3, 1.0), (4, 0.5)])
def test_phantom_goes_back_through_damped_steps(steps, damping):
    options = {"gradient_steps": steps, "damping": damping}
    made = layer(activation="tanh", gradient="phantom", **options)
    u = drawn(5, 3, seed=7)

    def series(jacobian, slope, g):
        # dL/dx of step i is ((1 - t) I + t J^T)^i g, and each hands t D of that on to z.
        total, carried = torch.zeros_like(g), g
        for _ in range(steps):
            total = total + damping * slope * carried
            carried = (1 - damping) * carried + damping * (jacobian.T @ carried)
        return total

    assert_same(gradients(made, u), by_definition(made, u, series))


def test_many_terms_of_neumann_are_the_exact_gradient():
    u = drawn(5, 3, seed=7)
    expected = gradients(layer(gradient="direct"), u)
    assert_same(gradients(layer(gradient="neumann", gradient_steps=300), u), expected)
    assert_same(gradients(layer(gradient="phantom", gradient_steps=300), u), expected)


@pytest.mark.parametrize("solver", ["anderson", "newton"])
def test_wide_slow_layers_have_the_exact_gradient_too(solver):
    made = layer(states=200 if solver == "anderson" else 40, solver=solver, tolerance=1e-12)
    exact = layer(states=made.states, gradient="direct", solver=solver, tolerance=1e-12)
    for of in (made, exact):
        with torch.no_grad():
            of.A.abs_().mul_(0.95 / of.A.sum(1, keepdim=True))
    u = drawn(70, 3, seed=7)
    expected = gradients(exact, u)
    for one, other in zip(gradients(made, u), expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-8 * float(other.abs().max()))


@pytest.mark.parametrize("gradient", ["implicit", "unrolled", "phantom", "direct"])
def test_without_feedback_the_gradient_stays_above_the_diagonal(gradient):
    options = {"constraint": "triangular", "activation": "tanh", "gradient_steps": 6}
    made = layer(gradient=gradient, solver="picard", **options)
    u = drawn(5, 3, seed=7)
    found = gradients(made, u)
    assert (found[1].tril() == 0).all()
    assert_same(found, gradients(layer(gradient="direct", solver="picard", **options), u))


def test_a_triangular_direct_layer_has_the_exact_gradient():
    options = {"constraint": "triangular", "solver": "direct"}
    u = drawn(5, 3, seed=7)
    expected = gradients(layer(**options, gradient="direct"), u)
    assert_same(gradients(layer(**options), u), expected, atol=1e-12)


def test_float32_gradients_are_those_of_float64_up_to_the_tolerance():
    u = drawn(20, 3, seed=7)
    expected = gradients(layer(states=30), u)
    single = layer(states=30, tolerance=1e-6).float()
    single.zero_grad()
    (single(u.float()) * drawn(20, 2, seed=9)).sum().backward()
    for found, other in zip(single.parameters(), expected[1:], strict=True):
        assert found.grad.dtype == torch.float32
        limit = 1e-4 * float(other.abs().max())
        torch.testing.assert_close(found.grad.double(), other, rtol=0, atol=limit)


def kept(made, u):
    """Bytes of the distinct storages that autograd keeps for the backward pass."""
    sizes, held = {}, []

    def pack(tensor):
        held.append(tensor)
        sizes[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        made(u)
    return sum(sizes.values())


@pytest.mark.parametrize("gradient", ["implicit", "jacobian-free", "neumann", "phantom", "direct"])
def test_what_is_kept_does_not_grow_with_the_iterations(gradient):
    u = drawn(50, 3, seed=7)
    made = [
        layer(gradient=gradient, solver="picard", tolerance=tolerance) for tolerance in (0.1, 1e-12)
    ]
    few, many = (kept(of, u) for of in made)
    assert made[1].info.iterations.max() > 3 * made[0].info.iterations.max()
    assert few == many > 0


def test_what_an_unrolled_layer_keeps_does():
    u = drawn(50, 3, seed=7)
    options = {"gradient": "unrolled", "solver": "picard"}
    assert kept(layer(**options), u) > 3 * kept(layer(**options, tolerance=0.1), u)


def test_parameters_that_are_frozen_get_no_gradient():
    made = layer()
    made.A.requires_grad_(False)
    made.B.requires_grad_(False)
    made(drawn(5, 3, seed=7)).sum().backward()
    assert made.A.grad is None
    assert made.B.grad is None
    assert made.C.grad is not None
    assert made.gradient_info is None
