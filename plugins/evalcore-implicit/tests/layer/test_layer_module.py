import copy
import json
import pickle

import pytest
import torch

from evalcore_implicit.layer import ImplicitLayer, ImplicitRNN


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=generator(seed), dtype=dtype)


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("direct", [False, True])
def test_shapes_and_the_matrices_as_they_begin(direct, bias):
    made = ImplicitLayer(3, 8, 2, bias=bias, direct=direct, generator=generator())
    assert made.A.shape == (8, 8)
    assert made.B.shape == (8, 3 + bias)
    assert made.C.shape == (2, 8)
    assert made.D.shape == (2, 3 + bias) if direct else made.D is None
    assert made(torch.zeros(5, 3)).shape == (5, 2)
    deviates = torch.randn(8, 8, generator=generator())
    torch.testing.assert_close(made.A.detach(), project(deviates / 8))
    made.check()


def project(matrix):
    from evalcore_implicit.layer import project_rows

    return project_rows(matrix, 0.95)


def test_a_bias_is_a_constant_input():
    made = ImplicitLayer(3, 8, 2, bias=True, dtype=torch.float64, tolerance=1e-12)
    plain = ImplicitLayer(4, 8, 2, dtype=torch.float64, tolerance=1e-12)
    plain.load_state_dict(made.state_dict())
    u = drawn(5, 3)
    ones = torch.ones(5, 1, dtype=torch.float64)
    torch.testing.assert_close(made(u), plain(torch.cat([u, ones], 1)))


def test_projecting_keeps_to_the_constraint_and_checking_tells():
    made = ImplicitLayer(3, 8, 2)
    with torch.no_grad():
        made.A.mul_(100)
    with pytest.raises(ValueError, match=r"more than kappa = 0\.95: call project_"):
        made.check()
    made.project_()
    made.check()
    feed_forward = ImplicitLayer(3, 8, 2, constraint="triangular")
    assert (feed_forward.A.tril() == 0).all()
    with torch.no_grad():
        feed_forward.A.fill_(1)
    with pytest.raises(ValueError, match="on or below its diagonal"):
        feed_forward.check()
    feed_forward.project_()
    feed_forward.check()
    free = ImplicitLayer(3, 8, 2, constraint="none")
    with torch.no_grad():
        free.A.fill_(7)
    free.project_()
    free.check()
    assert (free.A == 7).all()


def test_checking_tells_of_what_is_not_finite():
    made = ImplicitLayer(3, 8, 2, constraint="none")
    with torch.no_grad():
        made.A[0, 0] = float("nan")
    with pytest.raises(ValueError, match="NaN"):
        made.check()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"activation": "sine"}, "activation is 'sine': expected one of relu"),
        ({"solver": "broyden"}, "solver is 'broyden'"),
        ({"gradient": "exact"}, "gradient is 'exact'"),
        ({"constraint": "spectral"}, "constraint is 'spectral'"),
        ({"on_failure": "print"}, "on_failure is 'print'"),
        ({"tolerance_mode": "l2"}, "tolerance_mode is 'l2'"),
        ({"kappa": 0.0}, "kappa must be"),
        ({"tolerance": float("nan")}, "tolerance must be"),
        ({"max_iterations": 0}, "max_iterations must be at least 1"),
        ({"gradient_steps": 0}, "gradient_steps must be at least 1"),
        ({"damping": 0.0}, "damping must be"),
        ({"gradient": "unrolled"}, "set solver='picard'"),
        ({"solver": "direct", "activation": "tanh"}, "set solver='newton'"),
        ({"dtype": torch.float16}, "float32 or float64"),
    ],
)
def test_settings_out_of_range_are_told(options, words):
    with pytest.raises(ValueError, match=words):
        ImplicitLayer(3, 8, 2, **options)


@pytest.mark.parametrize("widths", [(0, 8, 2), (3, 0, 2), (3, 8, 0)])
def test_a_width_is_at_least_one(widths):
    with pytest.raises(ValueError, match="at least 1"):
        ImplicitLayer(*widths)


def test_inputs_of_another_shape_or_dtype_are_told():
    made = ImplicitLayer(3, 8, 2)
    with pytest.raises(ValueError, match=r"shape \(5, 4\): expected \(batch, 3\)"):
        made(torch.zeros(5, 4))
    with pytest.raises(ValueError, match=r"float64, and the layer torch\.float32"):
        made(torch.zeros(5, 3, dtype=torch.float64))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_settings_and_weights_make_the_same_layer_again(dtype, tmp_path):
    made = ImplicitLayer(3, 8, 2, bias=True, activation="tanh", tolerance=1e-6, dtype=dtype)
    torch.save(made.state_dict(), tmp_path / "weights.pt")
    settings = json.loads(json.dumps(made.settings))
    again = ImplicitLayer.from_settings(settings, dtype=dtype)
    again.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    u = drawn(5, 3, dtype=dtype)
    assert torch.equal(again(u), made(u))
    assert again.settings == made.settings


@pytest.mark.parametrize("through", [lambda x: pickle.loads(pickle.dumps(x)), copy.deepcopy])
def test_copies_compute_the_same_and_leave_the_record_behind(through):
    made = ImplicitLayer(3, 8, 2, solver="newton", kappa=0.5)
    u = drawn(5, 3, dtype=torch.float32)
    y = made(u)
    again = through(made)
    assert again.info is None
    assert torch.equal(again(u), y)
    assert again.settings == made.settings


def test_two_layers_keep_their_own_settings():
    made = ImplicitLayer(3, 8, 2, tolerance=1e-2)
    ImplicitLayer(3, 8, 2, tolerance=1e-6)
    assert made.settings["tolerance"] == 1e-2


def test_solving_otherwise_leaves_the_layer_as_it_is():
    made = ImplicitLayer(3, 8, 2, gradient="unrolled", solver="picard")
    settings = made.settings
    states, info = made.solve(
        drawn(5, 3, dtype=torch.float32), solver="newton", tolerance=1e-3, max_iterations=9
    )
    assert not states.requires_grad
    assert info.converged.all()
    assert made.settings == settings
    assert made.info is None


def test_its_description_names_what_differs():
    assert repr(ImplicitLayer(3, 8, 2, kappa=0.5)) == "ImplicitLayer(3, 8, 2, kappa=0.5)"


def test_training_by_projected_gradients_lowers_the_loss():
    made = ImplicitLayer(4, 10, 1, generator=generator(), tolerance=1e-4)
    u = drawn(64, 4, dtype=torch.float32)
    target = u.abs().sum(1, keepdim=True)
    optimizer = torch.optim.Adam(made.parameters(), 0.02)
    losses = []
    for _ in range(60):
        optimizer.zero_grad()
        loss = ((made(u) - target) ** 2).mean()
        loss.backward()
        optimizer.step()
        made.project_()
        losses.append(loss.item())
    made.check()
    assert losses[-1] < 0.3 * losses[0]


def plain_step(layer, u, h):
    a, b, c, d = (matrix.detach() for matrix in layer.parameters())
    w = torch.cat([u, h], 1)
    if layer.settings["bias"]:
        w = torch.cat([w, torch.ones(len(w), 1, dtype=w.dtype)], 1)
    x = torch.zeros(len(u), layer.states, dtype=u.dtype)
    for _ in range(1000):
        x = torch.relu(x @ a.T + w @ b.T)
    return x @ c.T + w @ d.T


@pytest.mark.parametrize("bias", [False, True])
def test_a_cell_and_a_network_of_cells_are_the_plain_loop(bias):
    options = {"bias": bias, "tolerance": 1e-12, "dtype": torch.float64, "generator": generator()}
    network = ImplicitRNN(2, 7, 5, 3, **options)
    with torch.no_grad():
        for parameter in network.cell.parameters():
            parameter.mul_(7)
    network.project_()
    network.check()
    u, h = drawn(6, 4, 2), torch.zeros(6, 5, dtype=torch.float64)
    torch.testing.assert_close(network.cell(u[:, 0]), plain_step(network.cell.layer, u[:, 0], h))
    counts = []
    for t in range(4):
        moved = network.cell(u[:, t], h)
        counts.append(network.cell.info.iterations)
        h = plain_step(network.cell.layer, u[:, t], h)
        torch.testing.assert_close(moved, h)
    weights = network.readout.weight.detach(), network.readout.bias.detach()
    torch.testing.assert_close(network(u), h @ weights[0].T + weights[1])
    assert torch.equal(network.info.iterations, torch.stack(counts).amax(0))
    assert network.info.converged.all()


def test_gradients_through_time_are_finite_differences():
    network = ImplicitRNN(2, 4, 3, 2, activation="tanh", tolerance=1e-13, dtype=torch.float64)
    assert torch.autograd.gradcheck(network, (drawn(3, 4, 2).requires_grad_(),))


def test_without_a_bias_a_network_of_cells_is_positively_homogeneous_but_for_its_readout():
    network = ImplicitRNN(2, 7, 5, 3, tolerance=1e-12, dtype=torch.float64)
    u, bias = drawn(6, 4, 2), network.readout.bias.detach()
    torch.testing.assert_close(network(1e4 * u) - bias, 1e4 * (network(u) - bias))


@pytest.mark.parametrize("shape", [(5, 2), (5, 0, 2), (5, 4, 3)])
def test_sequences_of_another_shape_are_told(shape):
    with pytest.raises(ValueError, match=r"expected \(batch, time, 2\)"):
        ImplicitRNN(2, 4, 3, 2)(torch.zeros(shape))


def test_a_network_can_be_pickled():
    network = ImplicitRNN(2, 4, 3, 2)
    u = drawn(5, 3, 2, dtype=torch.float32)
    y = network(u)
    again = pickle.loads(pickle.dumps(network))
    assert torch.equal(again(u), y)
    assert again.info is not None


def test_the_same_generator_makes_the_same_network():
    one, other = (ImplicitRNN(2, 4, 3, 2, generator=generator(4)) for _ in range(2))
    for mine, its in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, its)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("solver", ["picard", "anderson", "newton", "direct"])
def test_on_a_gpu_it_is_the_same(solver):
    made = ImplicitLayer(3, 300, 2, solver=solver, tolerance=1e-10, dtype=torch.float64)
    u = drawn(100, 3)
    y = made(u)
    y.sum().backward()
    there = copy.deepcopy(made).to("cuda")
    there.zero_grad()
    moved = there(u.to("cuda"))
    moved.sum().backward()
    torch.testing.assert_close(moved.cpu(), y, atol=1e-8, rtol=0)
    torch.testing.assert_close(there.A.grad.cpu(), made.A.grad, atol=1e-7, rtol=0)
    with torch.no_grad():
        there.A.mul_(50)
    there.project_()
    there.check()


@pytest.mark.parametrize("gradient", ["implicit", "phantom"])
@pytest.mark.parametrize("name", list("ABCD"))
def test_a_matrix_that_is_not_finite_is_told(name, gradient):
    layer = ImplicitLayer(3, 4, 2, gradient=gradient)
    with torch.no_grad():
        getattr(layer, name)[1, 1] = float("nan")
    with pytest.raises(ValueError, match=f"{name} has a NaN or an infinite entry"):
        layer(torch.ones(2, 3))
