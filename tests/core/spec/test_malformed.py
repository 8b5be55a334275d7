"""Every malformed spec gets its error with its place, none a traceback; nothing is written.

The golden file is for reading the wording; it is written anew by running this module.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from malformed import ALL, BASE, JSON, TOML, Malformed

from evalcore import plugins, spec
from evalcore.cli import main
from evalcore.errors import SpecError
from evalcore.plugins import Registry
from evalcore.spec import load_spec

GOLDEN = Path(__file__).with_name("golden") / "messages.txt"


def write_data(folder):
    folder.joinpath("sums.jsonl").write_text('{"id": "a", "question": "1+1", "answer": "2"}\n')
    folder.joinpath("answers.jsonl").write_text('{"sample": "a", "answer": "2"}\n' * 2)


@pytest.fixture
def here(tmp_path, monkeypatch):
    write_data(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVALCORE_GONE", raising=False)
    return tmp_path


def arguments(case):
    return [word for override in case.overrides for word in ("--set", override)]


def test_there_are_a_hundred():
    assert len({case.name for case in ALL}) == len(ALL) >= 100


@pytest.mark.parametrize(("text", "suffix"), [(BASE, "yaml"), (TOML, "toml"), (JSON, "json")])
def test_what_they_are_made_of_is_right(here, text, suffix):
    (here / f"spec.{suffix}").write_text(text)
    assert load_spec(here / f"spec.{suffix}").name == "sums"


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_malformed_spec(here, capsys, case):
    file = f"spec{case.suffix}"
    Path(file).write_bytes(case.content)
    before = sorted(Path().iterdir())
    assert main(["run", file, *arguments(case)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    lines = captured.err.removeprefix("evalcore: ").splitlines()
    assert [line for line in lines if not re.match(r"spec\.\w+:\d+: |--set .*: ", line)] == []
    place = "--set" if case.overrides else f"{file}:{case.line or ''}"
    assert any(line.startswith(place) and case.told in line for line in lines), captured.err
    assert max(map(len, lines)) < 400
    assert sorted(Path().iterdir()) == before


def test_five_mistakes_are_five_errors_in_the_order_of_the_file(here):
    text = (
        BASE.replace("name: sums", "name: a/b")
        .replace("use: jsonl", "use: jsnol")
        .replace("max_tokens: 8", "max_tokens: 0")
        .replace("[0, 1]", "[0, -1]")
        .replace("concurrency: 4", "dollars: -1")
    )
    (here / "spec.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_spec(here / "spec.yaml")
    lines = [int(problem.split(":")[1]) for problem in caught.value.problems]
    assert lines == [2, 3, 6, 10, 12]


def test_errors_of_all_kinds_come_at_once(here):
    text = BASE.replace("seed: 3", "seed: 3\nseed: 4\nzzz: 1").replace("[mean, ", "[meen, ")
    (here / "spec.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_spec(here / "spec.yaml", ("attempts=no", "limits"))
    assert len(caught.value.problems) == 5


def test_a_mistake_is_told_once_however_many_cells_it_is_in(here):
    text = BASE.replace("use: single", "use: singel").replace("[0, 1]", "[0, 0.5, 1]")
    (here / "spec.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        load_spec(here / "spec.yaml")
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("name", ["gone.yaml", "", "folder"])
def test_a_spec_that_cannot_be_read(here, capsys, name):
    (here / "folder").mkdir()
    assert main(["check", name]) == 2
    assert "cannot be read: " in capsys.readouterr().err


FUZZ = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
words = st.sampled_from(
    ["evalcore", "name", "task", "models", "sweep", "metrics", "use", "jsonl", "path", "strategy",
     "strategy.max_tokens", "limits", "include", "exclude", "price", "seed", "single", "mean"]
)  # fmt: skip
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | words
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(words | st.text(), inner, max_size=5)
    ),
    max_leaves=20,
)


def problems(file, *overrides):
    """The problems of a spec, none if it is right; anything but a SpecError fails the test."""
    try:
        load_spec(file, overrides)
    except SpecError as error:
        return error.problems or ["refused without a word"]
    return []


def check(here, name, content):
    file = here / name
    file.write_bytes(content)
    assert [problem for problem in problems(file) if not problem.startswith(f"{file}:")] == []


@FUZZ
@given(st.binary(max_size=200), st.sampled_from(["spec.yaml", "spec.toml"]))
def test_any_bytes(here, content, name):
    check(here, name, content)


@FUZZ
@given(st.data(), st.sampled_from([("spec.yaml", BASE), ("spec.toml", TOML), ("spec.json", JSON)]))
def test_a_right_spec_with_a_piece_replaced(here, data, base):
    name, text = base
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 20)))
    piece = data.draw(st.text(alphabet="[]{}:,-&*!|>'\"%@`# \n\tab01.=<\0\ud800", max_size=6))
    content = (text[:begin] + piece + text[end:]).encode("utf-8", "surrogatepass")
    check(here, name, content)


@FUZZ
@given(documents)
def test_any_document(here, document):
    check(here, "spec.json", json.dumps(document).encode())


@FUZZ
@given(
    st.dictionaries(
        st.sampled_from(
            [
                "task",
                "models",
                "strategy",
                "metrics",
                "sweep",
                "limits",
                "seed",
                "attempts",
                "plugins",
                "reports",
            ]
        ),
        documents,
    )
)
def test_any_parts(here, parts):
    check(here, "spec.json", json.dumps({"evalcore": 1, "name": "x", **parts}).encode())


@FUZZ
@given(st.text(max_size=30), scalars)
def test_any_override(here, path, value):
    (here / "spec.yaml").write_text(BASE)
    override = f"{path}={value}"
    for problem in problems(here / "spec.yaml", override):
        assert problem.startswith((f"--set {override}: ", f"{here / 'spec.yaml'}:"))


def messages(folder):
    """All messages where nothing is installed but the core, a paragraph for each spec."""
    installed = plugins.registry().plugins
    alone = Registry([plugin for plugin in installed if plugin.name == "builtin"])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(spec, "registry", lambda: alone)
        return "\n\n".join(map(_paragraph, ALL)).replace(str(folder), "FOLDER") + "\n"


def _paragraph(case: Malformed) -> str:
    file = Path(f"spec{case.suffix}")
    file.write_bytes(case.content)
    return "\n".join([f"# {case.name}", *problems(file, *case.overrides)])


def test_the_wording_is_the_golden_one(here):
    assert messages(here) == GOLDEN.read_text(encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        write_data(Path(name))
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(messages(Path(name)), encoding="utf-8")
