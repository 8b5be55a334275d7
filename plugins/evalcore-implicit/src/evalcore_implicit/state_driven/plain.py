"""Traced networks as plain modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from torch import fx, nn

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["plain"]


def plain(network: nn.Module) -> nn.Module:
    """The same network; one of torch.fx as a module that is not traced again where it is unpickled.

    Tracing changes how every module of the process is called, also those of other threads.
    """
    return _Steps(network) if isinstance(network, fx.GraphModule) else network


class _Earlier(NamedTuple):
    """Stands for the result of an earlier step."""

    name: str


class _Step(NamedTuple):
    """What makes one result of others.

    Attributes:
        name: of the result.
        kind: as of a node of torch.fx.
        target: a function, the name of a method, or the place of a module or tensor.
        arguments: with what stands for results.
        options: the same by keyword.
    """

    name: str
    kind: str
    target: Any
    arguments: tuple[Any, ...]
    options: dict[str, Any]


class _Steps(nn.Module):
    """A graph of torch.fx with one input, step by step."""

    def __init__(self, network: fx.GraphModule) -> None:
        super().__init__()
        self._modules_called = nn.ModuleList()
        self._tensors = nn.ParameterList()
        self._steps: list[_Step] = []
        for node in network.graph.nodes:
            arguments, options = fx.node.map_arg(
                (node.args, dict(node.kwargs)), lambda other: _Earlier(other.name)
            )
            target = node.target
            if node.op == "call_module":
                target = len(self._modules_called)
                self._modules_called.append(network.get_submodule(str(node.target)))
            elif node.op == "get_attr":
                target = len(self._tensors)
                path, _, last = str(node.target).rpartition(".")
                self._tensors.append(getattr(network.get_submodule(path), last))
            self._steps.append(_Step(node.name, node.op, target, arguments, options))

    def forward(self, inputs: Tensor) -> Any:
        """The result of the last step."""
        results: dict[str, Any] = {}
        for step in self._steps:
            arguments = _filled(step.arguments, results)
            if step.kind == "output":
                return arguments[0]
            results[step.name] = self._made(step, arguments, _filled(step.options, results), inputs)
        return None

    def _made(
        self, step: _Step, arguments: tuple[Any, ...], options: dict[str, Any], inputs: Tensor
    ) -> Any:
        if step.kind == "placeholder":
            return inputs
        if step.kind == "get_attr":
            return self._tensors[step.target]
        if step.kind == "call_method":
            return getattr(arguments[0], step.target)(*arguments[1:], **options)
        called = self._modules_called[step.target] if step.kind == "call_module" else step.target
        return called(*arguments, **options)


def _filled(value: Any, results: dict[str, Any]) -> Any:
    """Arguments with the results that are stood in for."""
    if isinstance(value, _Earlier):
        return results[value.name]
    if isinstance(value, dict):
        return {key: _filled(each, results) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_filled(each, results) for each in value)
    return value
