"""Which activations of a network are recorded."""

from __future__ import annotations

from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from evalcore_implicit.states.activations import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evalcore_implicit.states.tracing import Traced

__all__ = ["selected"]


def selected(network: Traced, layers: Sequence[str] | None, *, blocks: bool) -> tuple[str, ...]:
    """The names of the activations to record, in the order in which they are known.

    Args:
        network: whose they are.
        layers: glob patterns of names; all if it is not given.
        blocks: whether to take only the outputs of residual blocks.

    Raises:
        ValueError: as said in `record`.
    """
    if blocks and layers is not None:
        raise ValueError("convolution='blocks' chooses the layers by itself: leave out `layers`")
    if not network.activations:
        hint = f"; {network.problem}" if network.problem else ""
        raise ValueError(
            "the network has no activations that an implicit layer has (ReLU, LeakyReLU of slope "
            f"0.01, Tanh, Sigmoid, SiLU, GELU){_found(network)}{hint}"
        )
    if blocks:
        names = _blocks(network)
    elif layers is None:
        names = tuple(network.activations)
        _check_affine(network)
    else:
        names = _matching(network, layers)
    _check_one_kind(network, names)
    return names


def _matching(network: Traced, layers: Sequence[str]) -> tuple[str, ...]:
    if isinstance(layers, str) or not layers:
        raise ValueError(f"layers are {layers!r}: expected a sequence of names or patterns")
    known = list(network.activations)
    for pattern in layers:
        if not any(fnmatchcase(name, pattern) for name in known):
            near = get_close_matches(pattern, known, n=3, cutoff=0.0)
            raise ValueError(
                f"no activation of the network is called {pattern!r}; the nearest names are "
                f"{', '.join(near)}, of {len(known)}"
            )
    return tuple(name for name in known if any(fnmatchcase(name, one) for one in layers))


def _blocks(network: Traced) -> tuple[str, ...]:
    if network.problem:
        raise ValueError(f"{network.problem}; name the outputs of its blocks with `layers`")
    if not network.blocks:
        raise ValueError(
            "the network has no residual blocks, whose sum an activation follows: name the "
            "activations to record with `layers`"
        )
    return network.blocks


def _check_affine(network: Traced) -> None:
    if network.nonlinear:
        raise ValueError(
            f"an implicit model does not represent {network.nonlinear[0]}: it is neither an affine "
            "map nor an activation of an implicit layer. To have the fit approximate what lies "
            "between the states, name these with `layers`; layers=['*'] are all"
        )


def _check_one_kind(network: Traced, names: Sequence[str]) -> None:
    kinds = {name: kind_of(network.activations[name]) for name in names}
    first = names[0]
    for name, kind in kinds.items():
        if kind != kinds[first]:
            raise ValueError(
                f"{first} is {kinds[first]} and {name} is {kind}; an implicit model has one "
                "activation: choose those of one kind with `layers`"
            )


def _found(network: Traced) -> str:
    return f"; it has {', '.join(network.nonlinear[:3])}" if network.nonlinear else ""
