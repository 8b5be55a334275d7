"""A model that learns: it computes in bfloat16, and its weights are stepped in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import LlamaForCausalLM

    from evalcore_microcoder.training.batches import Batch

__all__ = ["Learner"]

_CLIP = 1.0


class Learner:
    """A model with its optimizers: Muon for the matrices between layers, AdamW for the rest.

    Args:
        model: in float32; it is taken to bfloat16.
        device: where it computes.
        rate: of learning, at its highest.
        decay: of the matrices between layers, as a multiple of the rate.
        dropout: share of what each part of a layer adds that is left out at random.
    """

    def __init__(
        self,
        model: LlamaForCausalLM,
        device: torch.device,
        *,
        rate: float,
        decay: float,
        dropout: float,
    ) -> None:
        self.model = model.to(device).eval()
        self._device, self._rate, self._dropout = device, rate, dropout
        for layer in model.model.layers if dropout else ():
            layer.self_attn.register_forward_hook(self._drop)
            layer.mlp.register_forward_hook(self._drop)
        named = list(model.named_parameters())
        self._weights = [weight.detach().clone() for _, weight in named]
        model.bfloat16()
        self._rounded = [weight for _, weight in named]
        inner = [weight.ndim == 2 and "embed" not in name for name, weight in named]
        self._optimizers: list[torch.optim.Optimizer] = [
            torch.optim.Muon(
                [weight for weight, chosen in zip(self._weights, inner, strict=True) if chosen],
                lr=rate,
                weight_decay=decay,
                adjust_lr_fn="match_rms_adamw",
            ),
            torch.optim.AdamW(
                [weight for weight, chosen in zip(self._weights, inner, strict=True) if not chosen],
                lr=rate,
                betas=(0.9, 0.95),
                weight_decay=0.0,
                fused=True,
            ),
        ]

    @property
    def size(self) -> int:
        """The number of parameters."""
        return sum(weight.numel() for weight in self._weights)

    def learn(self, batch: Batch, rate: float) -> float:
        """Take one step, with torch's generator for what is left out.

        Args:
            batch: what to learn from.
            rate: what the learning rate is multiplied with.

        Returns:
            The loss before the step, in nats a token.
        """
        self.model.train()
        loss = functional.cross_entropy(*self._logits(batch))
        self.model.eval()
        torch.autograd.backward(loss)
        for weight, rounded in zip(self._weights, self._rounded, strict=True):
            weight.grad, rounded.grad = rounded.grad.float(), None
        torch.nn.utils.clip_grad_norm_(self._weights, _CLIP)
        for optimizer in self._optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate * self._rate
            optimizer.step()
        self._round()
        return loss.item()

    @torch.inference_mode()
    def test(self, batches: Sequence[Batch]) -> tuple[float, float]:
        """How well examples are written.

        Returns:
            The loss in nats a token, and the share of examples of which all that is learned is
            what greedy decoding writes.
        """
        count = sum(int(batch.targets.sum()) for batch in batches)
        rows = sum(len(batch.ids) for batch in batches)
        loss, right = 0.0, 0
        for batch in batches:
            logits, following = self._logits(batch)
            loss += float(functional.cross_entropy(logits, following, reduction="sum"))
            wrong = batch.targets.nonzero()[:, 0].to(self._device)[logits.argmax(-1) != following]
            right += len(batch.ids) - len(torch.unique(wrong))
        return loss / count, right / rows

    def state(self) -> dict[str, Any]:
        """All that learning goes on from."""
        return {
            "weights": self._weights,
            "optimizers": [optimizer.state_dict() for optimizer in self._optimizers],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""
        for weight, saved in zip(self._weights, state["weights"], strict=True):
            weight.copy_(saved)
        for optimizer, saved in zip(self._optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(saved)
        self._round()

    def _logits(self, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
        """The logits in float32 where a token is learned, and those tokens."""
        ids, targets = batch.to(self._device)
        hidden = self.model.model(input_ids=ids, use_cache=False).last_hidden_state
        return self.model.lm_head(hidden[targets]).float(), ids.roll(-1, dims=1)[targets]

    def _drop(self, part: torch.nn.Module, given: Any, added: Any) -> Any:
        """What a part of a layer adds, with some of it left out; attention adds a pair's first."""
        if isinstance(added, tuple):
            return (self._drop(part, given, added[0]), *added[1:])
        return functional.dropout(added, self._dropout, part.training)

    def _round(self) -> None:
        with torch.no_grad():
            for rounded, weight in zip(self._rounded, self._weights, strict=True):
                rounded.copy_(weight)
