"""What is known of a public log, measured again where somebody has it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import yaml

SPEC = Path(__file__).parents[4] / "specs" / "metallm-routellm-mmlu.yaml"
LOG = os.environ.get("ROUTELLM_MMLU")


@pytest.mark.skipif(not LOG, reason="ROUTELLM_MMLU names no log; see the spec for how it is made")
@pytest.mark.skipif(not SPEC.exists(), reason="the specs are not here")
def test_metallm_on_mmlu_is_above_the_line_between_its_two_models(evalcore_run):
    """By about 0.01 of AIQ; and at p = 0 it is as good as the dearer model, and not better."""
    spec = yaml.safe_load(SPEC.read_text("utf-8"))
    spec["task"].update(path=LOG, orders=3)
    del spec["sweep"]
    found = evalcore_run(spec)
    assert found.value("route-models/quality,gpt-4-1106-preview") == pytest.approx(0.806, abs=0.02)
    assert found.value("route-frontier/aiq-models") == pytest.approx(0.743, abs=0.02)
    assert found.value("route-frontier/aiq-gain") == pytest.approx(0.0115, abs=0.005)
    best = found.value("route-models/quality,gpt-4-1106-preview")
    assert found.value("route-quality/p=0") == pytest.approx(best, abs=0.01)
    assert found.value("route-cost/p=0") == pytest.approx(11.3, abs=0.5)
