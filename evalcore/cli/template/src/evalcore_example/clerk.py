"""Model `example-clerk`: adds two numbers, and errs now and then."""

from __future__ import annotations

import random
import re

from evalcore import Generation, LanguageModel, Request, Settings
from pydantic import Field


class ClerkSettings(Settings):
    """How good the clerk is."""

    error_rate: float = Field(default=0.2, ge=0, le=1)
    """Probability that an answer is off by one or by ten."""


class Clerk(LanguageModel[ClerkSettings]):
    """Answers a question of the form `a + b`; a model of words would ask a server here."""

    async def generate(self, request: Request) -> Generation:
        """Add the numbers; all chance comes from the request's seed, so a run can be repeated."""
        question = request.messages[-1].content
        found = re.search(r"(\d+) \+ (\d+)", question)
        text = self._sum(found, request.seed) if found else "I only know sums."
        return Generation(
            text,
            prompt_tokens=len(question.split()),
            completion_tokens=len(text.split()),
        )

    def _sum(self, found: re.Match[str], seed: int) -> str:
        chance = random.Random(seed)
        total = int(found[1]) + int(found[2])
        if chance.random() < self.settings.error_rate:
            total += chance.choice([-10, -1, 1, 10])
        return str(total)
