"""Which token comes next: the likeliest, or one drawn by a number that only the request decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Sampling", "choose", "uniform"]

_COLD = 1e-5
"""Temperature up to which only the likeliest token can be drawn, and dividing may be by nothing."""


class Sampling(NamedTuple):
    """How the tokens of one answer are chosen.

    Attributes:
        temperature: 0 takes the likeliest token.
        top_p: mass of the nucleus; 1 keeps all tokens.
        top_k: number of likeliest tokens to keep; 0 keeps all.
        seed: of the request.
        number: of the answer within the request, from 0.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    seed: int = 0
    number: int = 0


def choose(
    logits: torch.Tensor, samplings: Sequence[Sampling], steps: Sequence[int]
) -> torch.Tensor:
    """Choose a token for each row, by nothing but that row.

    Args:
        logits: of shape (rows, vocabulary).
        samplings: one for each row.
        steps: how many tokens each row has chosen before.

    Returns:
        Token ids of shape (rows,).
    """
    tokens = logits.argmax(-1)
    drawn = [i for i, sampling in enumerate(samplings) if sampling.temperature > _COLD]
    if drawn:
        rows = torch.tensor(drawn, device=logits.device)
        tokens[rows] = _draw(
            logits[rows], [samplings[i] for i in drawn], np.array([steps[i] for i in drawn])
        )
    return tokens


def uniform(seeds: NDArray[np.uint64], steps: NDArray[np.uint64]) -> NDArray[np.float64]:
    """Numbers in [0, 1), each a hash of its seed and its step, in steps of 2**-32."""
    return (_mix(_mix(seeds) + steps) >> np.uint64(32)).astype(np.float64) * 2.0**-32


def _draw(
    logits: torch.Tensor, samplings: Sequence[Sampling], steps: NDArray[np.int64]
) -> torch.Tensor:
    """Invert the distribution function, with the tokens in the order of their ids.

    The order by likelihood would not do: two tokens that are about as likely change places there
    with the last bit of a logit, and many draws would fall on the other one.
    """
    _, top_ps, top_ks, seeds, numbers = zip(*samplings, strict=True)
    device = logits.device
    temperatures = torch.tensor([[s.temperature] for s in samplings], device=device)
    logits = logits.float()
    probabilities = ((logits - logits.amax(-1, keepdim=True)) / temperatures).softmax(-1)
    if any(top_ks):
        probabilities = _cut(probabilities, _kth(probabilities, top_ks))
    if min(top_ps) < 1:
        probabilities = _cut(probabilities, _edge(probabilities, top_ps))
    mass = probabilities.double().cumsum(-1)
    keys = _mix(np.array(seeds, np.uint64)) + np.array(numbers, np.uint64)
    points = torch.from_numpy(uniform(keys, steps.astype(np.uint64))).to(device).unsqueeze(-1)
    found = torch.searchsorted(mass, points * mass[:, -1:], right=True).squeeze(-1)
    return found.clamp(max=mass.shape[-1] - 1)  # where logits are no numbers, a token all the same


def _cut(probabilities: torch.Tensor, least: torch.Tensor) -> torch.Tensor:
    return probabilities.where(probabilities >= least, 0.0)


def _kth(probabilities: torch.Tensor, top_ks: Sequence[int]) -> torch.Tensor:
    """The probability of each row's k-th likeliest token; 0 where all are kept."""
    size = probabilities.shape[-1]
    counts = [min(k, size) for k in top_ks]
    ranked = probabilities.topk(max(counts), dim=-1).values
    places = torch.tensor([[max(k - 1, 0)] for k in counts], device=ranked.device)
    kept = torch.tensor([[k > 0] for k in counts], device=ranked.device)
    return ranked.gather(-1, places).where(kept, 0.0)


def _edge(probabilities: torch.Tensor, top_ps: Sequence[float]) -> torch.Tensor:
    """The probability of the last token that a nucleus needs to reach its mass; 0 where all stay.

    Where others are exactly as likely as that one, the nucleus keeps them too.
    """
    ranked = probabilities.sort(-1, descending=True).values
    mass = ranked.double().cumsum(-1)
    wanted = torch.tensor([[p] for p in top_ps], dtype=mass.dtype, device=mass.device)
    needed = (mass < wanted * mass[:, -1:]).sum(-1, keepdim=True)
    edge = ranked.gather(-1, needed.clamp(max=ranked.shape[-1] - 1))
    return edge.where(wanted < 1, 0.0)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """SplitMix64: every bit of the result depends on every bit of the value."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
