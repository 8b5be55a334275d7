"""Tasks that lm-eval brings, on documents that a folder has in the place of the hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from parity import assert_equal, by_lm_eval, spec_of

from evalcore_lm_eval.catalog import bundled_folder, catalog

pytest.importorskip("torch")

SUMS = [
    {"question": f"What is {n} and {n}?", "answer": f"It is {n} + {n} = {2 * n}\n#### {2 * n}"}
    for n in range(1, 9)
]
ENDINGS = [
    {
        "ctx_a": f"A man has {n} apples.",
        "ctx_b": "he [substeps] eats",
        "activity_label": "Eating",
        "endings": ["one [title] then.", "all of them.", "none", "the tree."],
        "label": str(n % 4),
    }
    for n in range(6)
]
PAGES = [
    {"page": f" = Page {n} = \n\n Nothing @-@ much , but the number {n} . \n"} for n in range(4)
]
PAIRS = [
    {"sentence_good": f"Who has {n} apples?", "sentence_bad": f"Who has apples {n}?"}
    for n in range(5)
]
CHOICES = [
    {"question": f" How many is {n}? ", "choices": ["none", "some", "many", "all"], "answer": n % 4}
    for n in range(7)
]
BUNDLED = {
    "gsm8k": ("openai/gsm8k", "main", {"train": SUMS[::-1], "test": SUMS[:4]}),
    "hellaswag": ("Rowan/hellaswag", "default", {"train": ENDINGS, "validation": ENDINGS}),
    "wikitext": (
        "EleutherAI/wikitext_document_level",
        "wikitext-2-raw-v1",
        {"train": PAGES, "validation": PAGES, "test": PAGES},
    ),
    "blimp_adjunct_island": ("nyu-mll/blimp", "adjunct_island", {"train": PAIRS}),
    "mmlu_anatomy": ("cais/mmlu", "anatomy", {"dev": CHOICES, "test": CHOICES}),
}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The folder in which `datasets` looks before it asks the hub."""
    for path, name, splits in BUNDLED.values():
        folder = tmp_path / path
        folder.mkdir(parents=True)
        files = []
        for split, rows in splits.items():
            lines = "".join(json.dumps(row) + "\n" for row in rows)
            (folder / f"{split}.jsonl").write_text(lines)
            files.append(f"  - {{split: {split}, path: {split}.jsonl}}\n")
        head = f"configs:\n- config_name: {name}\n  data_files:\n{''.join(files)}"
        (folder / "README.md").write_text(f"---\n{head}---\n")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("task", BUNDLED)
def test_bundled_tasks_say_what_lm_eval_says(task, hub, hf, tiny, evalcore_run):
    folder, short = Path(catalog(bundled_folder())[task].path).parent, {"max_gen_toks": 16}
    theirs = by_lm_eval(task, hf(tiny), folder, num_fewshot=2, gen_kwargs=short)
    model = {"use": "lm-eval", "model": "hf", "device": "cpu", "batch_size": 4}
    model["model_args"] = {"pretrained": str(tiny), "dtype": "float64"}
    options = {"include_path": None, "num_fewshot": 2, "generation_kwargs": short}
    assert_equal(evalcore_run(spec_of(task, model, **options)), theirs)
