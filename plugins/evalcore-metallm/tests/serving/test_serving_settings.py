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


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("key: 'sk-secret", "line 2, column 1: "),
        ("key: sk-secret: b", "line 1, column 15: "),
        ("key: {sk-secret", "line 2, column 1: "),
        ("key: *sk-secret", "line 1, column 6"),
        ("key: !sk-secret x", "line 1, column 6"),
        ("key: !sk-secret!x y", "line 1, column 6"),
        ("key: &sk-secret a\nb: &sk-secret c", "line 2, column 4"),
        ("key: !!int sk-secret", "cannot be read"),
        ("key: sk-secret\x01", "cannot be read"),
    ],
)
def test_what_is_no_yaml_is_told_by_its_place_and_not_shown(written, line, place):
    with pytest.raises(EvalcoreError) as caught:
        read_serve_settings(written(line + "\n"))
    assert f"serve.yaml: not YAML: {place}" in str(caught.value).replace("a value of it ", "")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("key", ["sk-9\n", "sk\r\n9", "sk-\x00", "sk-é", " sk-9", "sk-9\t"])
@pytest.mark.parametrize("field", ["upstreams.small.key", "key", "admin_key"])
def test_a_key_that_no_header_can_carry_is_refused_and_not_shown(written, monkeypatch, field, key):
    text = GOOD
    if field != "upstreams.small.key":
        text = text.replace("${SMALL_KEY}", "sk-1") + f'{field}: "${{SMALL_KEY}}"\n'
    if "\x00" in key:
        text = text.replace("${SMALL_KEY}", r"sk-\0")
    else:
        monkeypatch.setenv("SMALL_KEY", key)
    with pytest.raises(EvalcoreError) as caught:
        read_serve_settings(written(text))
    assert f"{field}: " in str(caught.value)
    assert "no header can carry" in str(caught.value)
    assert "sk" not in str(caught.value)
