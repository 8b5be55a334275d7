from __future__ import annotations

import pytest

from evalcore.errors import EvalcoreError
from evalcore_metallm.serving.settings import read_serve_settings

GOOD = """
state: state.db
upstreams:
  small: {base_url: "http://127.0.0.1:8001/v1", model: s, key: "${SMALL_KEY}"}
  large: {base_url: "${LARGE}/v1", model: l, price: {prompt: 1.0, completion: 2.0}}
"""


@pytest.fixture
def written(tmp_path, monkeypatch):
    monkeypatch.setenv("SMALL_KEY", "sk-9")
    monkeypatch.setenv("LARGE", "https://example.org")
    file = tmp_path / "serve.yaml"

    def write(text: str):
        file.write_text(text, encoding="utf-8")
        return file

    return write


def test_names_come_from_the_environment_and_paths_from_the_folder(written, tmp_path):
    settings = read_serve_settings(written(GOOD))
    assert settings.upstreams["small"].key.get_secret_value() == "sk-9"
    assert settings.upstreams["large"].base_url == "https://example.org/v1"
    assert settings.state == tmp_path / "state.db"
    assert "sk-9" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GOOD + "x: 1", "x: Extra inputs"),
        (GOOD + "port: 70000", "port: "),
        (GOOD + "budget: .nan", "budget: "),
        (GOOD.replace("SMALL_KEY", "UNSET_KEY"), "${UNSET_KEY} is not set"),
        (GOOD.replace("http://127", "ftp://127"), "upstreams.small.base_url"),
        ("state: x", "upstreams: Field required"),
        ("a: [", "not YAML"),
        ("", "the whole: "),
    ],
)
def test_what_is_wrong_is_told_with_its_place(written, text, told):
    with pytest.raises(EvalcoreError) as caught:
        read_serve_settings(written(text))
    assert told in str(caught.value)
    assert "serve.yaml" in str(caught.value)


def test_errors_show_no_value(written, monkeypatch):
    monkeypatch.setenv("SMALL_KEY", "")
    with pytest.raises(EvalcoreError, match=r"upstreams\.small\.key"):
        read_serve_settings(written(GOOD))
    monkeypatch.setenv("LARGE", "sk-in-the-wrong-place")
    with pytest.raises(EvalcoreError) as caught:
        read_serve_settings(written(GOOD))
    assert "sk-in" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(EvalcoreError, match="cannot be read"):
        read_serve_settings(tmp_path / "none.yaml")
