"""A copy of a network without batch normalisation."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from evalcore_implicit.states.evaluating import evaluating
from evalcore_implicit.states.tracing import traced

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["folded"]

_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


def folded(module: nn.Module) -> fx.GraphModule:
    """The same function with each batch normalisation in the layer before it, in evaluation.

    A normalisation that does not directly follow a layer of its own, or has no running statistics,
    stays.

    Raises:
        ValueError: if torch.fx cannot trace the network.
    """
    with evaluating(module):
        graph, root = traced(deepcopy(module))
    network = fx.GraphModule(root, graph)
    calls = [node.target for node in graph.nodes if node.op == "call_module"]
    for node in list(graph.nodes):
        before = node.args[0] if node.op == "call_module" and node.args else None
        if not isinstance(before, fx.Node) or before.op != "call_module":
            continue
        layer, norm = (network.get_submodule(str(one.target)) for one in (before, node))
        if not isinstance(norm, _NORMS) or norm.running_mean is None:
            continue
        alone = len(before.users) == 1 and calls.count(before.target) == 1
        fuse = _fusing(layer)
        if fuse is not None and alone:
            network.set_submodule(str(before.target), fuse(layer, norm))
            node.replace_all_uses_with(before)
            graph.erase_node(node)
    network = fx.GraphModule(network, graph)
    network.eval()
    return network


def _fusing(layer: nn.Module) -> Callable[..., nn.Module] | None:
    if isinstance(layer, nn.Conv1d | nn.Conv2d):
        return fuse_conv_bn_eval
    return fuse_linear_bn_eval if isinstance(layer, nn.Linear) else None
