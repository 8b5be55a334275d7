"""The reference and the page on architecture say all that there is to say."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the pages are built in the environment `docs`")

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def html(tmp_path_factory):
    """The text of each built page; a warning fails the build."""
    folder = tmp_path_factory.mktemp("pages")
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "text"]
    done = subprocess.run(
        [*command, "-d", str(folder / "doctrees"), str(DOCS), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {
        str(file.relative_to(folder).with_suffix("")): " ".join(file.read_text("utf-8").split())
        for file in folder.rglob("*.txt")
    }


def test_every_hook_is_there_with_signature_and_version(html):
    from evalcore import hookspecs

    hooks = [name for name in vars(hookspecs) if name.startswith("evalcore_")]
    assert len(hooks) >= 9
    for name in hooks:
        function = getattr(hookspecs, name)
        assert f"def {name}{inspect.signature(function)}" in html["reference/hooks"]
        assert re.search(r"Since interface \d+\.\d+\.", inspect.getdoc(function)), name
        assert (
            " ".join(inspect.getdoc(function).replace("`", '"').split()) in html["reference/hooks"]
        )


def test_every_command_is_there_with_its_options(html):
    from evalcore.cli import COMMANDS

    for name in COMMANDS:
        assert f"usage: evalcore {name}" in html["reference/commands"]
    for option in ("--accept-change", "--format", "--json", "--limit", "--out", "--set"):
        assert option in html["reference/commands"]


def test_every_builtin_component_is_there_with_its_settings(html):
    from evalcore.component import KINDS
    from evalcore.plugins import registry

    page = html["reference/components"]
    for kind in KINDS:
        for found in registry().components(kind):
            if found.plugin.name == "builtin":
                assert found.component.summary in page
                for setting in found.component.load_settings().model_fields:
                    assert f'"{setting}"' in page


def test_every_key_and_field_is_there(html):
    from dataclasses import fields

    from evalcore.cli.records import rows_of
    from evalcore.data import Record, Result, Usage
    from evalcore.prices import Price
    from evalcore.spec import Frame, Limits, ModelLimits

    keys = {
        *Frame.model_fields,
        *Limits.model_fields,
        *ModelLimits.model_fields,
        *Price.model_fields,
    }
    record = Record("", "", 0, 0, None, None, None, Usage())
    named = {*next(rows_of([record])), *(field.name for field in fields(Result))}
    assert [key for key in keys if f'"{key}"' not in html["reference/spec"]] == []
    assert [key for key in named if f'"{key}"' not in html["reference/records"]] == []


def test_every_public_name_is_there(html):
    import evalcore
    import evalcore.testing

    pages = " ".join(text for name, text in html.items() if name.startswith("reference/"))
    names = [*evalcore.__all__, *evalcore.testing.__all__]
    assert [name for name in names if name not in pages] == []


def test_architecture_names_every_module_and_nothing_else():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(evalcore/\S+\.py)`", text))
    template = ROOT / "evalcore/cli/template"
    modules = {
        str(file.relative_to(ROOT))
        for file in (ROOT / "evalcore").rglob("*.py")
        if template not in file.parents
    }
    assert named == modules


def test_no_room_imports_from_one_below():
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rooms = text.partition("## The rooms")[2].partition("\n## ")[0].split("| **")[1:]
    room_of = {
        _module(path): number
        for number, room in enumerate(rooms)
        for path in re.findall(r"^\| `(evalcore/\S+\.py)`", room, re.MULTILINE)
    }
    # The public names are a door to every room; the command line alone opens commands by name.
    inner = {name: room for name, room in room_of.items() if name != "evalcore"}
    for path in (ROOT / "evalcore").rglob("*.py"):
        name = _module(str(path.relative_to(ROOT)))
        for imported in _imports(path) if name in inner else ():
            assert inner.get(imported, 0) <= inner[name], f"{name} imports {imported}"


def _module(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imports(path: Path) -> list[str]:
    """The modules that a file imports, at the top or within a function."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found
