"""Strategy `example-vote`: asks several times, takes the most frequent answer."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from evalcore import Attempt, Message, Sample, Settings, Strategy
from pydantic import Field

if TYPE_CHECKING:
    from evalcore import Context


class VoteSettings(Settings):
    """How the vote is held."""

    votes: int = Field(default=3, ge=1)
    """How many times the model is asked."""


class Vote(Strategy[VoteSettings]):
    """Each call has a seed of its own, so the answers may differ; on a tie the first one wins."""

    async def attempt(self, sample: Sample, context: Context) -> Attempt:
        """Ask as often as the settings say, and count."""
        asked = sample.input
        messages = (Message("user", asked),) if isinstance(asked, str) else tuple(asked)
        answers = []
        for _ in range(self.settings.votes):
            generation = await context.model.generate(messages)
            answers.append(generation.text.strip())
        answer, count = Counter(answers).most_common(1)[0]
        return Attempt(
            answer,
            messages=(*messages, Message("assistant", answer)),
            details={"answers": answers, "agreement": count / len(answers)},
        )
