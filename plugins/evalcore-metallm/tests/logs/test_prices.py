"""Prices of tokens, and where they come from."""

from __future__ import annotations

import math

import pytest

from evalcore.errors import EvalcoreError
from evalcore.prices import Price
from evalcore_metallm.logs.pricing import PriceSettings, price_table


def test_every_price_of_the_plugin_is_dated():
    table = price_table()
    assert len(table) > 40
    assert all(price.date for price in table.values())


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("text-ada-001", 0.096),
        ("text-babbage-001", 0.12),
        ("text-curie-001", 0.48),
        ("text-davinci-002", 4.8),
    ],
)
def test_a_query_of_24_tokens_costs_what_metallm_prints(model, dollars):
    """Table 3 of arXiv 2407.10834 for 10,000 queries."""
    assert 10_000 * price_table()[model].of(24, 0) == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("model", "printed"),
    [
        ("google/gemma-2-2b-it", 866.187),
        ("meta-llama/Llama-3.1-8B-Instruct", 1559.136),
        ("mistralai/Mistral-7B-Instruct-v0.3", 1732.374),
        ("Qwen/Qwen2.5-7B-Instruct-1M", 2598.561),
    ],
)
def test_what_metallm_prints_for_mmlu_are_prices_and_no_dollars(model, printed):
    """Table 4 of arXiv 2407.10834: 10,000 prices times 12,163 / 14,042 queries, of no tokens."""
    price = price_table()[model].prompt
    assert math.isclose(10_000 * price * 12_163 / 14_042, printed, rel_tol=1e-6)


def test_what_comes_later_holds(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text(
        'date = "2026-01-02"\n[prices.gpt-4-1106-preview]\nprompt = 1.0\ncompletion = 2.0\n'
        "[prices.mine]\nprompt = 3.0\ncompletion = 4.0\n"
    )
    own = {"mine": Price(prompt=5.0, completion=6.0), "alias": "gpt-4-1106-preview"}
    table = PriceSettings.model_validate({"price_file": str(file), "prices": own}).table()
    assert table["gpt-4-1106-preview"] == Price(prompt=1.0, completion=2.0, date="2026-01-02")
    assert table["alias"] == table["gpt-4-1106-preview"]
    assert table["mine"].prompt == 5.0
    assert table["text-ada-001"] == price_table()["text-ada-001"]


def test_a_name_that_has_no_price_is_told_with_the_nearest():
    with pytest.raises(EvalcoreError, match=r"no price of 'gpt-4-1106'; .*: gpt-4-1106-preview"):
        price_table(own={"mine": "gpt-4-1106"})


@pytest.mark.parametrize("content", ["[prices]", "prices = ["])
def test_a_file_of_another_form_is_told(tmp_path, content):
    file = tmp_path / "prices.toml"
    file.write_text(content)
    with pytest.raises(EvalcoreError, match="cannot read prices"):
        price_table([file])
