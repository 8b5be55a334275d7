"""Where the activations of a network are."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import fx, nn

from evalcore_implicit.states.activations import NONLINEAR, as_module, is_affine, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

__all__ = ["Traced", "located", "traced"]

_SUMS = frozenset({operator.add, operator.iadd, torch.add, "add", "add_"})


@dataclass(frozen=True, eq=False)
class Traced:
    """A network whose activations are modules.

    Attributes:
        run: from inputs to outputs.
        activations: the module of each call of an activation, by the name of the call.
        blocks: the names of those that are given the sum of two branches.
        nonlinear: what else is known to be no affine map, in words, in the order of the network.
        problem: why torch.fx could not trace the network, if it could not. Then activations that
            are functions are not known, and those that are modules not by their calls.
    """

    run: Callable[[Tensor], Any]
    activations: dict[str, nn.Module]
    blocks: tuple[str, ...]
    nonlinear: tuple[str, ...]
    problem: str | None = None


def located(module: nn.Module) -> Traced:
    """A network with each call of an activation as a module of its own, where torch.fx traces it.

    It shares the weights. Names are those of `evalcore_implicit.embedding.embed`: the module's, or
    for a function that of the module around it and its own; further calls have their number.
    """
    try:
        graph, root = traced(module)
    except ValueError as error:
        return _by_modules(module, str(error))
    return _by_calls(graph, root)


def traced(module: nn.Module) -> tuple[fx.Graph, nn.Module]:
    """The graph of a network, and the module that its names refer to.

    Raises:
        ValueError: if torch.fx cannot trace it.
    """
    if fx.Tracer().is_leaf_module(module, ""):
        module = nn.Sequential(module)
    try:
        return fx.Tracer().trace(module), module
    except Exception as error:  # whatever the network does with what stands for its input
        raise ValueError(f"torch.fx cannot trace the network: {error}") from error


def _by_calls(graph: fx.Graph, root: nn.Module) -> Traced:
    found: dict[str, nn.Module] = {}
    blocks, nonlinear = [], []
    calls: dict[str, int] = {}
    fresh: dict[str, nn.Module] = {}
    for node in list(graph.nodes):
        if node.op not in {"call_module", "call_function", "call_method"}:
            continue
        activation = _activation(node, root)
        if activation is None:
            nonlinear += _told(node, root)
            continue
        name = _name(node)
        calls[name] = calls.get(name, 0) + 1
        name = name if calls[name] == 1 else f"{name}:{calls[name]}"
        found[name] = activation
        value = _value(node)
        if _is_sum(value):
            blocks.append(name)
        key = f"_activation_{len(found)}"
        fresh[key] = activation
        with graph.inserting_before(node):
            call = graph.create_node("call_module", key, (value,))
        node.replace_all_uses_with(call)
        graph.erase_node(node)
    parts: dict[str, Any] = dict(fresh)
    for node in graph.nodes:
        target = str(node.target)
        if node.op == "get_attr" or (node.op == "call_module" and target not in fresh):
            parts[target] = _attribute(root, target)
    network = fx.GraphModule(parts, graph)
    # Called this way, it does not print where it fails.
    return Traced(network.forward, found, tuple(blocks), tuple(nonlinear))


def _by_modules(module: nn.Module, problem: str) -> Traced:
    named = {name or "network": child for name, child in module.named_modules()}
    found = {name: child for name, child in named.items() if kind_of(child)}
    nonlinear = [
        f"{type(child).__name__} ({name})"
        for name, child in named.items()
        if name not in found and _is_nonlinear(child)
    ]
    return Traced(module, found, (), tuple(nonlinear), problem)


def _activation(node: fx.Node, root: nn.Module) -> nn.Module | None:
    """A new module that does what the node does, if that is an activation."""
    target: Any = node.target
    module: nn.Module | None
    options: dict[str, Any]
    if node.op == "call_module":
        original = root.get_submodule(target)
        if kind_of(original) is None:
            return None
        # A new one: the hooks of the original are not those of each of its calls.
        options = {"inplace": True} if getattr(original, "inplace", False) else {}
        module = _plain_type(original)(**options)
    else:
        options = {name: given for name, given in node.kwargs.items() if name != "input"}
        module = as_module(target, node.args[1:], options)
    return module if module is not None and kind_of(module) else None


def _plain_type(module: nn.Module) -> type[nn.Module]:
    return next(kind for kind in type(module).__mro__ if kind.__module__.startswith("torch.nn"))


def _value(node: fx.Node) -> Any:
    return node.args[0] if node.args else node.kwargs["input"]


def _is_sum(value: Any) -> bool:
    if not isinstance(value, fx.Node) or value.target not in _SUMS:
        return False
    return sum(isinstance(argument, fx.Node) for argument in value.args) == 2


def _told(node: fx.Node, root: nn.Module) -> list[str]:
    """What the node is in words, if it is no affine map."""
    if node.op == "call_module":
        module = root.get_submodule(str(node.target))
        return [f"{type(module).__name__} ({node.target})"] if not is_affine(module) else []
    if node.target in NONLINEAR:
        return [f"{_plain_name(node)} ({_name(node)})"]
    return []


def _is_nonlinear(module: nn.Module) -> bool:
    alone = next(module.children(), None) is None
    return alone and type(module).__module__.startswith("torch.nn") and not is_affine(module)


def _name(node: fx.Node) -> str:
    if node.op == "call_module":
        return str(node.target)
    around = [path for path, _ in node.meta.get("nn_module_stack", {}).values()]
    return ".".join([*around[-1:], _plain_name(node)])


def _plain_name(node: fx.Node) -> str:
    target = node.target
    return target if isinstance(target, str) else getattr(target, "__name__", str(target))


def _attribute(root: nn.Module, path: str) -> Any:
    value: Any = root
    for part in path.split("."):
        value = getattr(value, part)
    return value
