"""The architecture: Llama, in three sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from transformers import AttentionInterface, LlamaConfig, LlamaForCausalLM

if TYPE_CHECKING:
    from typing import Any

    from transformers import PreTrainedTokenizerBase

__all__ = ["CONTEXT", "SHAPES", "new_model"]

CONTEXT = 1024
"""Tokens that a model reads and writes at most."""


class _Shape(NamedTuple):
    """What a size is, and how it learns.

    Attributes:
        width: of the residual stream.
        hidden: width of the hidden layers.
        rate: of learning, at its highest.
        decay: of the matrices between layers, as a multiple of the rate.
        dropout: share of what each part of a layer adds that is left out at random. Without, the
            largest size learns by heart which operations follow which, and is no better than the
            one below it at those that it has not seen together.
    """

    width: int
    hidden: int
    layers: int
    heads: int
    rate: float
    decay: float = 0.01
    dropout: float = 0.0


SHAPES = {
    "tiny": _Shape(32, 64, 1, 1, 3e-3, dropout=0.1),
    "s": _Shape(64, 192, 3, 1, 3e-3),
    "m": _Shape(128, 256, 4, 2, 3e-3),
    "l": _Shape(192, 512, 5, 3, 1.5e-3, decay=0.1, dropout=0.1),
}
"""The sizes by name; `tiny` is for tests of the recipe."""


def new_model(size: str, tokenizer: PreTrainedTokenizerBase) -> LlamaForCausalLM:
    """A model with weights drawn from torch's generator, for training without padding masks."""
    shape = SHAPES[size]
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=CONTEXT,
        initializer_range=shape.width**-0.5,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    config._attn_implementation = _ATTENTION
    return LlamaForCausalLM(config)


def _causal(
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float,
    **_: Any,
) -> tuple[torch.Tensor, None]:
    """Causal attention as plain products of matrices, of tensors (rows, heads, tokens, size).

    For rows as short as ours that is half as long again as fast on a CPU as the fused kernel,
    whose backward pass is slow. The mask is not used: rows are padded on their right.
    """
    rows, heads, tokens, size = query.shape
    q, k, v = (x.reshape(rows * heads, tokens, size) for x in (query, key, value))
    future = q.new_full((tokens, tokens), -torch.inf).triu(1)
    weights = torch.baddbmm(future, q, k.transpose(1, 2), alpha=scaling).softmax(-1)
    mixed = torch.bmm(weights, v).view(rows, heads, tokens, size)
    return mixed.transpose(1, 2), None


_ATTENTION = "evalcore_microcoder_causal"
AttentionInterface.register(_ATTENTION, _causal)
