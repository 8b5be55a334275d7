"""Where credentials come from."""

from __future__ import annotations

import asyncio

import pytest
from conftest import HELLO, answer, settings_for
from endpoint import CREDENTIALS, REGION, Endpoint

from evalcore.errors import EvalcoreError
from evalcore_bedrock.model import Bedrock
from evalcore_bedrock.settings import BedrockSettings

KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@pytest.fixture
def no_keys(monkeypatch):
    for name in KEYS:
        monkeypatch.delenv(name)


def opened(model: Bedrock) -> Bedrock:
    async def open_and_close() -> None:
        await model.open()
        await model.close()

    asyncio.run(open_and_close())
    return model


def test_the_environment(endpoint):
    model = Bedrock(settings_for(endpoint))
    assert list(model.secrets()) == [
        CREDENTIALS.access_key,
        CREDENTIALS.secret_key,
        CREDENTIALS.token,
    ]


def test_before_it_is_opened_nothing_is_asked(endpoint):
    Bedrock(settings_for(endpoint)).preflight()
    assert endpoint.asked == []


def test_a_profile(ask, endpoint, no_keys, tmp_path):
    (tmp_path / "credentials").write_text(
        f"[lab]\naws_access_key_id = {CREDENTIALS.access_key}\n"
        f"aws_secret_access_key = {CREDENTIALS.secret_key}\n"
        f"aws_session_token = {CREDENTIALS.token}\n"
    )
    (tmp_path / "config").write_text(f"[profile lab]\nregion = {REGION}\n")
    ask(profile="lab", region=None)
    assert len(endpoint.asked) == 1
    model = Bedrock(settings_for(endpoint, profile="lab"))
    assert CREDENTIALS.secret_key in model.secrets()


def test_an_api_key_of_bedrock(no_keys, certificate, monkeypatch):
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "api-key-of-the-tests")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
    with Endpoint(certificate) as endpoint:  # the SDK sends such a key over TLS alone
        asyncio.run(answer(endpoint, HELLO))
    assert endpoint.problems == []
    assert endpoint.asked[0].headers["authorization"] == "Bearer api-key-of-the-tests"
    assert list(Bedrock(settings_for(endpoint)).secrets()) == ["api-key-of-the-tests"]


def test_none(endpoint, no_keys):
    model = Bedrock(settings_for(endpoint))
    assert list(model.secrets()) == []
    with pytest.raises(EvalcoreError, match=r"AWS_ACCESS_KEY_ID.*_BEDROCK.*profile"):
        model.preflight()
    with pytest.raises(EvalcoreError, match=r"AWS_ACCESS_KEY_ID.*_BEDROCK.*profile"):
        opened(model)


def test_half_of_them(endpoint, monkeypatch):
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    model = Bedrock(settings_for(endpoint))
    assert list(model.secrets()) == []
    with pytest.raises(EvalcoreError, match="Partial credentials"):
        opened(model)


def test_no_such_profile(endpoint):
    model = Bedrock(settings_for(endpoint, profile="nobody"))
    assert list(model.secrets()) == []
    with pytest.raises(EvalcoreError, match=r"nobody.*AWS configuration"):
        opened(model)


def test_no_region():
    with pytest.raises(EvalcoreError, match="`region`"):
        Bedrock(BedrockSettings(model="test.model")).preflight()
    with pytest.raises(EvalcoreError, match="`region`"):
        opened(Bedrock(BedrockSettings(model="test.model")))


def test_an_endpoint_that_is_no_url(endpoint):
    with pytest.raises(EvalcoreError, match=r"not-a-url.*`endpoint_url`"):
        opened(Bedrock(settings_for(endpoint, endpoint_url="not-a-url")))


def test_the_identity_is_what_answers_and_no_credential(endpoint, monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    url = endpoint.url.replace("//", "//user:word@")
    model = opened(Bedrock(settings_for(endpoint, region=None, endpoint_url=url)))
    assert model.identity() == f"test.model-v1:0 eu-west-1 {endpoint.url}"


def test_without_an_endpoint_of_its_own_the_region_s_answers():
    model = opened(Bedrock(BedrockSettings(model="test.model", region="eu-west-1")))
    expected = "test.model eu-west-1 https://bedrock-runtime.eu-west-1.amazonaws.com"
    assert model.identity() == expected
