"""lm-eval on a file of questions with an OpenAI-compatible endpoint.

    python lm_eval_endpoint.py URL QUESTIONS CONCURRENCY FOLDER

What `lm_eval run --model local-chat-completions --log_samples` does, without its index of the
tasks that it brings along, which would take longer than all the questions.
"""

from __future__ import annotations

import sys

from lm_eval import simple_evaluate
from lm_eval.loggers import EvaluationTracker
from lm_eval.tasks import TaskManager

url, questions, concurrency, folder = sys.argv[1:]
task = {
    "task": "endpoint",
    "dataset_path": "json",
    "dataset_kwargs": {"data_files": {"test": questions}},
    "test_split": "test",
    "output_type": "generate_until",
    "doc_to_text": "{{question}}",
    "doc_to_target": "{{answer}}",
    "generation_kwargs": {"until": [], "temperature": 0, "max_gen_toks": 16},
    "metric_list": [{"metric": "exact_match"}],
}
tracker = EvaluationTracker(output_path=folder)
results = simple_evaluate(
    model="local-chat-completions",
    model_args={
        "model": "instant",
        "base_url": f"{url}/chat/completions",
        "num_concurrent": int(concurrency),
    },
    tasks=[task],
    task_manager=TaskManager(include_defaults=False),
    apply_chat_template=True,
    evaluation_tracker=tracker,
    log_samples=True,
    bootstrap_iters=0,
)
assert results
samples = results.pop("samples")
tracker.save_results_aggregated(results=results, samples=samples)
tracker.save_results_samples(task_name="endpoint", samples=samples["endpoint"])
assert results["results"]["endpoint"]["exact_match,none"] == 1.0
