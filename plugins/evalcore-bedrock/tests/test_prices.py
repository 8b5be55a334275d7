"""What a call costs."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from evalcore.prices import read_prices
from evalcore_bedrock.model import Bedrock
from evalcore_bedrock.settings import BedrockSettings

PRICES = read_prices(Path(str(files("evalcore_bedrock") / "prices.toml")))


def price(model: str, region: str | None = "us-east-1"):
    return Bedrock(BedrockSettings(model=model, region=region)).price()


@pytest.mark.parametrize("name", PRICES)
def test_every_price_of_the_file_is_found_and_dated(name):
    region, _, model = name.partition("/")
    found = price(model, region)
    assert found == PRICES[name]
    assert found.date.startswith("20")


@pytest.mark.parametrize(
    ("model", "prompt", "completion"),
    [
        ("amazon.titan-text-lite-v1", 0.15, 0.20),
        ("anthropic.claude-3-sonnet-20240229-v1:0", 3.00, 15.00),
        ("meta.llama3-70b-instruct-v1:0", 2.65, 3.50),
    ],
)
def test_prices_are_dollars_for_a_million_tokens(model, prompt, completion):
    found = price(model)
    assert found.of(1_000_000, 0) == prompt
    assert found.of(0, 1_000_000) == completion


@pytest.mark.parametrize(
    "model",
    [
        "us.anthropic.claude-3-haiku-20240307-v1:0",
        "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-3-haiku-20240307-v1:0",
    ],
)
def test_a_profile_and_an_arn_cost_what_their_model_does(model):
    assert price(model) == price("anthropic.claude-3-haiku-20240307-v1:0")


@pytest.mark.parametrize(
    ("model", "region"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", "eu-central-1"),
        ("eu.anthropic.claude-3-haiku-20240307-v1:0", "eu-central-1"),
        ("anthropic.claude-3-haiku-20240307-v1:0", None),
        ("anthropic.claude-of-next-year", "us-east-1"),
        ("arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abcdefghijkl", "us-east-1"),
    ],
)
def test_what_is_not_in_the_file_has_no_price(model, region):
    assert price(model, region) is None
