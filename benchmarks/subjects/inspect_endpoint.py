"""Inspect AI on a file of questions with an OpenAI-compatible endpoint.

python inspect_endpoint.py URL QUESTIONS CONCURRENCY FOLDER [--no-log-realtime]
"""

from __future__ import annotations

import sys

import inspect_ai
from inspect_ai.dataset import FieldSpec, json_dataset
from inspect_ai.scorer import match

url, questions, concurrency, folder, *options = sys.argv[1:]
task = inspect_ai.Task(
    dataset=json_dataset(questions, FieldSpec(input="question", target="answer")),
    scorer=match(),
)
(log,) = inspect_ai.eval(
    task,
    model="openai-api/instant/instant",
    model_base_url=url,
    model_args={"api_key": "none"},
    max_connections=int(concurrency),
    temperature=0,
    max_tokens=16,
    display="none",
    log_dir=folder,
    log_realtime=False if options == ["--no-log-realtime"] else None,
)
assert log.status == "success", log.error
assert log.results
assert log.results.scores[0].metrics["accuracy"].value == 1.0
