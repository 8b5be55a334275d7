"""The examples of the README run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from doubling import HALF_RIGHT, RIGHT, WORDS, Doubling

from evalcore.testing import scripted
from evalcore_prompting import library

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")

SPECS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_the_spec_runs_and_its_metrics_read_what_the_strategy_records(evalcore_run, evalcore_offer):
    text, _ = SPECS
    evalcore_offer("doubling", Doubling)
    evalcore_offer("author", scripted(reply))
    spec = yaml.safe_load(text) | {
        "task": "offered:doubling",
        "models": {"policy": "offered:author"},
        "reports": [],
    }
    run = evalcore_run(spec)
    assert run.outcome.code == 0
    cells = {record.cell for record in run.records}
    assert len(cells) == 9
    for cell in cells:
        assert run.value("pass-at-k/1", cell) == run.value("pass-n-at-k/1@3", cell) == 0.5
        assert run.value("pass-n-at-k/10@60", cell) == 1.0


def test_programs_are_traced_where_the_readme_says_so(evalcore_run, evalcore_offer):
    pytest.importorskip("evalcore_codecontests", reason="evalcore-codecontests is not installed")
    spec = yaml.safe_load(SPECS[1])
    spec["task"] |= {"isolation": "none", "workers": 1}
    evalcore_offer("author", scripted(lambda request: HALF_RIGHT))
    run = evalcore_run(spec | {"models": {"author": "offered:author"}}, limit=1)
    assert "it runs through these blocks" in run.records[0].messages[2].content


def reply(request):
    """Right at last in every other attempt, wrong in the others."""
    if request.messages[-1].content.startswith("Print") and "Before" in str(request.messages[-1]):
        return WORDS
    return RIGHT if request.attempt % 2 and request.call > 1 else HALF_RIGHT


def test_the_prompt_can_be_added(tmp_path):
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "analogy.jinja").write_text(text)
    added = library(tmp_path)
    assert added["analogy"].name == "analogy"
    assert added.render("analogy").startswith("Before any code, name a problem")


@pytest.mark.parametrize("family", ["format", "retry", "feedback"])
def test_the_prompts_that_have_a_fixed_place_are_named(family):
    assert [id_ for id_ in library().ids(family) if f"`{id_}`" not in README] == []
