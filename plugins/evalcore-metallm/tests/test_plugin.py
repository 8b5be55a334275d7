"""What the plugin declares can be loaded, and declaring it costs nothing."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from evalcore_metallm import command, plugin

HEAVY = ("aiohttp", "numpy", "pyarrow", "pydantic", "scipy", "sklearn", "starlette", "uvicorn")


def declared(hook):
    found = getattr(plugin, f"evalcore_{hook}", None)
    return found() if found else []


def test_declaring_imports_nothing_heavy():
    program = (
        f"import sys, evalcore_metallm.plugin; print([m for m in {HEAVY} if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("hook", ["tasks", "models", "strategies", "metrics", "reporters"])
def test_every_component_can_be_loaded(hook):
    for component in declared(hook):
        assert component.load().__name__
        assert component.load_settings().model_fields is not None


@pytest.mark.parametrize("action", command.ACTIONS)
def test_every_action_has_help(action, capsys):
    (declaration,) = declared("commands")
    parser = argparse.ArgumentParser()
    declaration.load().configure(parser)
    with pytest.raises(SystemExit) as left:
        parser.parse_args([action, "--help"])
    assert left.value.code == 0
    assert command.ACTIONS[action][1:] in " ".join(capsys.readouterr().out.split())


def test_actions_import_no_library_for_their_help():
    program = "import argparse, sys; from evalcore_metallm import command\n"
    program += "command.configure(argparse.ArgumentParser())\n"
    heavy = ("aiohttp", "pyarrow", "scipy", "sklearn", "starlette", "uvicorn")
    program += f"print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "[]\n"
