"""What every task must hold to."""

from __future__ import annotations

from typing import ClassVar

from evalcore.testing import TaskContract


class TestLabelled(TaskContract):
    component = "labelled"
    settings: ClassVar = {
        "path": "sentences.tsv",
        "text": "sentence",
        "labels": {"0": "negative", "1": "positive"},
    }
    right: ClassVar = {"1": "positive", "2": "It is NEGATIVE."}
    wrong: ClassVar = {"1": "negative", "2": "positively not", "3": ""}
