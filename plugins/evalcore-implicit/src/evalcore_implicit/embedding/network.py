"""From a network of torch to an implicit model: it is traced, and its maps are stacked."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import torch
from torch import fx, nn
from torch.fx.node import map_arg

from evalcore_implicit.embedding.affine import BATCH, Affine, OtherSlopeError, States, unit
from evalcore_implicit.embedding.functions import called
from evalcore_implicit.embedding.modules import acts_otherwise_in_training, through
from evalcore_implicit.embedding.stacking import stacked

if TYPE_CHECKING:
    from torch import Tensor

    from evalcore_implicit.embedding.embedded import Embedded

__all__ = ["embed"]

_DOUBTFUL = 0.01
"""A difference of so much of the largest sum is no rounding, not even with TF32."""


def embed(module: nn.Module, input_shape: tuple[int, ...]) -> Embedded:
    """A network as an implicit model with the same outputs, up to rounding.

    Every activation becomes a block of states, and what lies between two activations one affine
    map (El Ghaoui et al., Implicit Deep Learning, SIAM Journal on Mathematics of Data Science
    2021). The network is followed with `torch.fx`: linear and convolutional layers, batch
    normalisation, average and maximum pools, ReLU or LeakyReLU, sums of branches, and what moves
    or joins elements, as modules or functions.

    Args:
        module: in evaluation (`eval()`), all of it in float32 or in float64.
        input_shape: of one input, without the batch.

    Raises:
        ValueError: if something in the network is no such map; it is in training and then has
            another output; weights are not finite; or it does not take inputs of that shape.
    """
    dtype, device = _kind(module)
    _check(module)
    probe = torch.randn(BATCH, *input_shape, generator=torch.Generator().manual_seed(0))
    probe = probe.to(device, dtype)
    expected = _output(module, probe)
    if fx.Tracer().is_leaf_module(module, ""):
        module = nn.Sequential(module)
    graph = _traced(module)
    size = prod(input_shape)
    given = Affine(unit(size, 0, size), torch.zeros(size, dtype=torch.float64), tuple(input_shape))
    states = States(size, dtype)
    try:
        output = _followed(module, graph, given, states)
    except OtherSlopeError as other:
        states = States(size, dtype, other.slope)
        output = _followed(module, graph, given, states)
    embedded = stacked(states, output, given.shape).to(device)
    _compare(embedded, probe, expected)
    return embedded


def _kind(module: nn.Module) -> tuple[torch.dtype, torch.device]:
    tensors = [*module.parameters(), *module.buffers()]
    types = {tensor.dtype for tensor in tensors if tensor.is_floating_point()}
    if len(types) > 1 or not types <= {torch.float32, torch.float64}:
        found = ", ".join(sorted(map(str, types)))
        raise ValueError(f"the network has weights of {found}: call `float()` or `double()` on it")
    device = tensors[0].device if tensors else torch.device("cpu")
    return (types.pop() if types else torch.get_default_dtype()), device


def _check(module: nn.Module) -> None:
    for name, child in module.named_modules():
        if acts_otherwise_in_training(child):
            raise ValueError(f"{_told(name, child)} is in training: call `eval()` on the network")
    for name, tensor in [*module.named_parameters(), *module.named_buffers()]:
        if not bool(tensor.isfinite().all()):
            raise ValueError(f"{name} has values that are not finite")


@torch.no_grad()
def _output(module: nn.Module, probe: Tensor) -> Tensor:
    try:
        output = module(probe.clone())
    except (RuntimeError, ValueError, IndexError, TypeError) as error:
        shape = tuple(probe.shape[1:])
        raise ValueError(f"the network takes no inputs of the shape {shape}: {error}") from error
    if not isinstance(output, torch.Tensor):
        raise ValueError(f"the network gives a {type(output).__name__}, not one tensor")
    return output


def _compare(embedded: Embedded, probe: Tensor, expected: Tensor) -> None:
    """Check that the network does what was traced, however little exact its own arithmetic is."""
    if not bool(expected.isfinite().all()):
        raise ValueError("the outputs of the network are not finite for standard normal inputs")
    found = embedded(probe)
    x, _ = embedded.states(probe)
    largest = float((embedded.C.absolute() @ x.abs().T.contiguous()).max()) if x.numel() else 0.0
    allowed = _DOUBTFUL * max(largest, float(expected.abs().max()))
    if found.shape != expected.shape or not bool(((found - expected).abs() <= allowed).all()):
        raise ValueError(
            "the network gives other outputs than what torch.fx traces of it: an operation in "
            "place may change a tensor that is used again (`inplace=True`, `+=`), or the outputs "
            "change from one call to the next"
        )


def _traced(module: nn.Module) -> fx.Graph:
    try:
        return fx.Tracer().trace(module)
    except Exception as error:  # whatever the network does with what stands for its input
        raise ValueError(
            f"torch.fx cannot trace the network, as where its way depends on values: {error}"
        ) from error


def _followed(module: nn.Module, graph: fx.Graph, given: Affine, states: States) -> Affine:
    """The output of a network, as `states` gets the states on the way."""
    last = {source: node for node in graph.nodes for source in node.all_input_nodes}
    known: dict[fx.Node, Any] = {}
    result: Any = None
    for node in graph.nodes:
        arguments, options = map_arg((node.args, node.kwargs), known.__getitem__)
        if node.op == "output":
            result = arguments[0]
        else:
            known[node] = _step(module, node, arguments, dict(options), given, states)
        for source in node.all_input_nodes:
            if last[source] is node:
                del known[source]
    if not isinstance(result, Affine):
        raise ValueError("the output of the network does not depend on its input")
    return result


def _step(
    network: nn.Module,
    node: fx.Node,
    arguments: tuple[Any, ...],
    options: dict[str, Any],
    given: Affine,
    states: States,
) -> Any:
    target: Any = node.target
    if node.op == "placeholder":
        return given if node.prev.op == "root" else arguments[0] if arguments else None
    if node.op == "get_attr":
        value: Any = network
        for part in target.split("."):
            value = getattr(value, part)
        return value
    depends = any(isinstance(known, Affine) for known in _leaves((arguments, options)))
    name = _name(node)
    try:
        if node.op == "call_module":
            child = network.get_submodule(target)
            if not depends:
                return child(*arguments, **options)
            values = (*arguments, *options.values())
            if len(values) != 1:
                raise ValueError(f"is given {len(values)} arguments instead of one tensor")
            return through(child, values[0], states, name)
        if depends:
            return called(target, arguments, options, states, name)
        if node.op == "call_method":
            return getattr(arguments[0], target)(*arguments[1:], **options)
        return target(*arguments, **options)
    except (ValueError, TypeError, RuntimeError, IndexError) as error:
        what = _told(target, child) if node.op == "call_module" else f"{_plain(target)} ({name})"
        raise ValueError(f"{what} {error}") from error


def _leaves(arguments: Any) -> list[Any]:
    if isinstance(arguments, dict):
        arguments = tuple(arguments.values())
    if isinstance(arguments, (tuple, list)):
        return [leaf for argument in arguments for leaf in _leaves(argument)]
    return [arguments]


def _name(node: fx.Node) -> str:
    """Where it is called: the module's own name, or that of the module around a function's."""
    if node.op == "call_module":
        return str(node.target)
    around = [path for path, _ in node.meta.get("nn_module_stack", {}).values()]
    return ".".join([*around[-1:], _plain(node.target)])


def _plain(target: Any) -> str:
    return str(target if isinstance(target, str) else getattr(target, "__name__", target))


def _told(name: str, module: nn.Module) -> str:
    return f"{type(module).__name__} ({name})" if name else type(module).__name__
