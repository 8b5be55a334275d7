"""What a spec may say, and what is told of what it may not."""

from __future__ import annotations

import pytest
from conftest import model_at
from pydantic import ValidationError

from evalcore_openai.settings import PUBLIC_URL, OpenAISettings


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"base_url": "127.0.0.1:8000/v1"}, "expected an address such as"),
        ({"base_url": "ftp://host/v1"}, "expected an address such as"),
        ({"base_url": "http:///v1"}, "expected an address such as"),
        ({"base_url": "http://host:port/v1"}, "it is no address"),
        ({"base_url": "http://me:word@host/v1"}, "without credentials"),
        ({"base_url": "http://me@host/v1"}, "without credentials"),
        ({"base_url": "http://host/v1?key=1"}, "without `?`"),
        ({"base_url": "http://host/v1/chat/completions"}, "without /chat/completions"),
        ({"base_url": "http://host/v1/completions/"}, "without /completions"),
        ({"extra_body": {"temperature": 1}}, "'temperature' is decided by the setting"),
        ({"extra_body": {"stream": True}}, "'stream' is decided by the plugin"),
        ({"extra_body": {"seed": 1}}, "'seed' is decided by each request"),
        ({"model": ""}, "at least 1 character"),
        ({"stop": [""]}, "at least 1 character"),
        ({"top_p": 0}, "greater than 0"),
        ({"temperature": float("nan")}, "finite number"),
        ({"max_tokens": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_work_is_refused_at_the_check(settings, told):
    with pytest.raises(ValidationError) as caught:
        OpenAISettings.model_validate({"model": "m", **settings})
    assert told in str(caught.value)


def test_only_the_key_may_change_between_two_sessions_of_a_run():
    assert OpenAISettings.incidental == {"api_key"}
    assert OpenAISettings.incidental <= OpenAISettings.model_fields.keys()


def test_the_identity_is_the_model_and_its_address():
    assert model_at("https://host/v1/").identity() == "m at https://host/v1"
    assert OpenAISettings(model="m").base_url == PUBLIC_URL


def test_the_secrets_are_the_key_and_what_the_headers_say(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-from-the-environment")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Token: another-secret\nX-Short: b")
    headers = {"Authorization": "Bearer of-a-gateway", "X-Team": "a"}
    assert set(model_at("http://host/v1", headers=headers).secrets()) == {
        "sk-from-the-environment",
        "Bearer of-a-gateway",
        "of-a-gateway",
        "another-secret",
    }
    monkeypatch.delenv("OPENAI_CUSTOM_HEADERS")
    assert set(model_at("http://host/v1", api_key="EMPTY").secrets()) == set()


def test_neither_the_settings_nor_the_model_show_the_key():
    model = model_at("http://host/v1", api_key="sk-very-secret", headers={"a": "very-secret-too"})
    assert "very-secret" not in repr(model.settings) + str(model.settings.model_dump_json())
