"""lm-eval on one-line questions with its own dummy model, which answers `lol`.

python lm_eval_trivial.py SAMPLES FOLDER
"""

from __future__ import annotations

import sys

from datasets import Dataset
from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager

count = int(sys.argv[1])
questions = [
    {"question": f"What is {number} * 0 + 42?", "answer": "lol"} for number in range(count)
]
task = {
    "task": "trivial",
    "custom_dataset": lambda **_: {"test": Dataset.from_list(questions)},
    "test_split": "test",
    "output_type": "generate_until",
    "doc_to_text": "{{question}}",
    "doc_to_target": "{{answer}}",
    "generation_kwargs": {"until": ["\n"]},
    "metric_list": [{"metric": "exact_match"}],
}
results = simple_evaluate(
    model="dummy",
    tasks=[task],
    task_manager=TaskManager(include_defaults=False),
    log_samples=True,
    bootstrap_iters=0,
)
assert results
assert len(results["samples"]["trivial"]) == count
assert results["results"]["trivial"]["exact_match,none"] == 1.0
