"""Inspect AI on one-line questions with a model of our own that answers at once.

python inspect_trivial.py SAMPLES FOLDER
"""

from __future__ import annotations

import sys

import inspect_ai
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelAPI, ModelOutput, ModelUsage, modelapi
from inspect_ai.scorer import exact


@modelapi(name="fixed")
class Fixed(ModelAPI):
    async def generate(self, **request) -> ModelOutput:
        output = ModelOutput.from_content("fixed", "42")
        output.usage = ModelUsage(input_tokens=8, output_tokens=1, total_tokens=9)
        return output


count, folder = int(sys.argv[1]), sys.argv[2]
samples = [Sample(f"What is {number} * 0 + 42?", target="42") for number in range(count)]
task = inspect_ai.Task(dataset=MemoryDataset(samples), scorer=exact())
(log,) = inspect_ai.eval(task, model="fixed/fixed", display="none", log_dir=folder)
assert log.status == "success", log.error
assert log.results
assert log.results.scores[0].metrics["mean"].value == 1.0
