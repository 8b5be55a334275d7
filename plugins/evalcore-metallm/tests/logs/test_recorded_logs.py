"""Logs that others recorded, which are no part of the project: EVALCORE_SHARED names them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from evalcore_metallm.logs import LogColumns, price_table, read_routing_log

FOLDER = Path(os.environ.get("EVALCORE_SHARED", ""), "data", "routing", "dev")

pytestmark = pytest.mark.skipif(
    "EVALCORE_SHARED" not in os.environ or not FOLDER.is_dir(),
    reason="EVALCORE_SHARED names no folder with recorded logs",
)


def read(name, own=None, **columns):
    return read_routing_log([FOLDER / name], LogColumns(**columns), price_table(own=own))


def test_llmrouter():
    log = read(
        "llmrouter_9models.jsonl.gz", quality="scores", proxy="characters", split="orig_split"
    )
    assert log.quality.shape == (2757, 9)
    assert set(log.split) == {"train", "test"}
    assert len(set(log.groups)) == 13
    best = log.arms[int(log.mean_quality().argmax())]
    assert best == "llama-3.1-nemotron-51b-instruct"
    assert 0.6 < log.mean_quality().max() < 0.7


def test_routellm_mmlu():
    log = read(
        "routellm_mmlu_2models.jsonl.gz", quality="scores", proxy="characters", group="subject"
    )
    assert log.quality.shape == (7059, 2)
    assert len(set(log.groups)) == 57
    np.testing.assert_allclose(log.mean_quality(), [0.681, 0.806], atol=0.01)
    np.testing.assert_allclose(1e4 * log.mean_cost(), [0.70, 11.73], rtol=0.03)


def test_routellm_gsm8k():
    log = read("routellm_gsm8k_2models.jsonl.gz", quality="scores", proxy="characters")
    assert log.quality.shape == (682, 2)
    np.testing.assert_allclose(log.mean_quality(), [0.638, 0.857], atol=0.01)


def test_routerarena_costs_what_its_tokens_do():
    name = "routerarena_2models_cost.jsonl.gz"
    recorded = read(name, quality="scores", cost="costs")
    computed = read(
        name,
        quality="scores",
        prompt_tokens="tokens.{arm}.input_tokens",
        completion_tokens="tokens.{arm}.output_tokens",
    )
    assert len(recorded) == 422
    np.testing.assert_allclose(recorded.cost, computed.cost, rtol=1e-6, atol=1e-12)


def test_strategies_of_mapcoder_are_arms_too():
    arms = ("gpt-4-turbo(GPT4) Direct", "gpt-4-turbo(GPT4) MapCoder")
    log = read(
        "mapcoder_strategy_log.csv",
        own=dict.fromkeys(arms, "gpt-4-1106-preview"),
        id="{dataset}/{task_id}",
        query="{dataset} {task_id}",
        group="dataset",
        arm="{model} {strategy}",
        arms=arms,
        quality="is_solved",
        prompt_tokens="prompt_tokens",
        completion_tokens="completion_tokens",
        repeated="mean",
    )
    assert log.arms == arms
    assert set(log.groups) == {"APPS", "HumanEval", "MBPP", "xCodeEval"}
    known = ~np.isnan(log.quality).any(axis=1)
    direct, mapcoder = log.quality[known].mean(axis=0)
    assert mapcoder > direct
    assert log.mean_cost()[1] > 3 * log.mean_cost()[0]
