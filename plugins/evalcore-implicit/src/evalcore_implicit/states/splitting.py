"""A convolutional network in two: what finds the features, and the classifier."""

from __future__ import annotations

from typing import Any

from torch import fx, nn

from evalcore_implicit.states.evaluating import evaluating
from evalcore_implicit.states.tracing import traced

__all__ = ["split"]


def split(module: nn.Module) -> tuple[nn.Module, nn.Module]:
    """The backbone and the classifier of a convolutional network; one after the other they are it.

    The classifier begins at the first linear layer after the last convolution. Both share the
    weights with the network, and are as in evaluation.

    Raises:
        ValueError: if torch.fx cannot trace the network, it has no convolution with a linear layer
            after it, or the classifier also takes something else than what that layer is given.
    """
    with evaluating(module):
        graph, root = traced(module)
        first = _first_linear(graph, root)
        features = first.args[0] if first.args else first.kwargs["input"]
        assert isinstance(features, fx.Node)
        return (
            fx.GraphModule(root, _up_to(graph, features)),
            fx.GraphModule(root, _from(graph, features, first)),
        )


def _first_linear(graph: fx.Graph, root: nn.Module) -> fx.Node:
    found: fx.Node | None = None
    convolutions = False
    for node in graph.nodes:
        if node.op != "call_module":
            continue
        child = root.get_submodule(node.target)
        if isinstance(child, nn.modules.conv._ConvNd):
            convolutions, found = True, None
        elif isinstance(child, nn.Linear) and found is None:
            found = node
    if not convolutions or found is None:
        raise ValueError(
            "convolution='features' needs a network with convolutions and a linear layer after "
            "them; this one has "
            + ("no linear layer after them" if convolutions else "no convolution")
        )
    return found


def _up_to(graph: fx.Graph, last: fx.Node) -> fx.Graph:
    """The part that computes a node, and nothing else."""
    needed = {last}
    for node in reversed(graph.nodes):
        if node in needed:
            needed.update(node.all_input_nodes)
    kept = fx.Graph()
    known: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        if node in needed or node.op == "placeholder":
            known[node] = kept.node_copy(node, known.__getitem__)
    kept.output(known[last])
    return kept


def _from(graph: fx.Graph, features: fx.Node, first: fx.Node) -> fx.Graph:
    """The part that follows a node, which becomes the input."""
    after = fx.Graph()
    known = {features: after.placeholder("features")}
    output = next(node for node in graph.nodes if node.op == "output")

    def copied(node: fx.Node) -> fx.Node:
        if node not in known:
            if node.op == "placeholder":
                raise ValueError(
                    f"the classifier that begins at {first.target} also takes what comes before "
                    f"it ({node.name}): it is no function of its features"
                )
            for source in node.all_input_nodes:
                copied(source)
            known[node] = after.node_copy(node, known.__getitem__)
        return known[node]

    result: Any = fx.node.map_arg(output.args[0], copied)
    after.output(result)
    return after
