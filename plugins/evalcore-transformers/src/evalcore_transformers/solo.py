"""One answer at a time, for models whose rows cannot share a batch, by transformers' own loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    StoppingCriteria,
    StoppingCriteriaList,
)

from evalcore_transformers.sampling import choose

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from evalcore_transformers.answers import Answer

__all__ = ["write"]


def write(model: PreTrainedModel, answer: Answer) -> None:
    """Write an answer to its end, or until nobody waits for it; any architecture can."""
    ids = torch.tensor([answer.prompt], device=model.device)
    model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        generation_config=GenerationConfig(
            max_new_tokens=answer.limit, do_sample=False, pad_token_id=0
        ),
        logits_processor=LogitsProcessorList([_Chooser(answer)]),
        stopping_criteria=StoppingCriteriaList([_Ended(answer)]),
    )


class _Chooser(LogitsProcessor):  # type: ignore[misc]
    """Leaves the loop no token but the one that the answer's sampling chooses."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        answer = self._answer
        token = choose(scores, [answer.sampling], [len(answer.ids)])
        if answer.logprobs:
            answer.scores.append(float(scores.float().log_softmax(-1)[0, token]))
        answer.add(int(token))
        return torch.full_like(scores, -torch.inf).scatter(-1, token.unsqueeze(-1), 0.0)


class _Ended(StoppingCriteria):  # type: ignore[misc]
    """Ends the loop where the answer ends."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __call__(self, input_ids: torch.Tensor, scores: Any, **kwargs: Any) -> torch.Tensor:
        over = bool(self._answer.reason) or self._answer.future.cancelled()
        return torch.full((len(input_ids),), over, device=input_ids.device)
