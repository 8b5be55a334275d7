"""What every component must hold to, of whatever kind."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from pydantic import ValidationError

from evalcore.plugins import registry
from evalcore.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evalcore.component import Kind
    from evalcore.plugins import Found

__all__ = ["ComponentContract"]

HEAVY = (
    "aiohttp",
    "boto3",
    "datasets",
    "jax",
    "lm_eval",
    "numpy",
    "openai",
    "pandas",
    "pyarrow",
    "ray",
    "requests",
    "scipy",
    "sklearn",
    "tensorflow",
    "torch",
    "transformers",
    "vllm",
)
"""What a plugin's module must not import: `evalcore list` would pay for it."""


class ComponentContract:
    """What every component must hold to; the contract of its kind adds to it.

    Relative data paths in the settings start from the folder of the test's file.
    """

    kind: ClassVar[Kind]
    interface: ClassVar[type[Any]]

    component: ClassVar[str]
    """Name of the component, as a spec writes it."""
    settings: ClassVar[Mapping[str, Any]] = {}
    """Its settings, as a spec writes them."""

    @pytest.fixture
    def component_settings(self) -> Mapping[str, Any]:
        """The settings; override it where they have to be computed."""
        return self.settings

    @pytest.fixture
    def found(self) -> Found:
        """The component in the registry."""
        return registry().find(self.kind, self.component)

    @pytest.fixture
    def validated(self, found: Found, component_settings: Mapping[str, Any]) -> Settings:
        """The settings, validated."""
        base = Path(inspect.getfile(type(self))).parent
        model = found.component.load_settings()
        return model.model_validate(component_settings, context={"base": base})

    def test_class_derives_from_its_interface(self, found: Found) -> None:
        """A spec can only use what the runner knows how to use."""
        cls = found.component.load()
        assert issubclass(cls, self.interface), f"{cls} is no {self.interface.__name__}"
        assert not inspect.isabstract(cls), f"{cls} leaves an abstract method undone"

    def test_settings_refuse_what_they_do_not_know(self, found: Found) -> None:
        """A misspelt setting must be an error, never a default."""
        model = found.component.load_settings()
        assert issubclass(model, Settings), f"{model} does not derive from evalcore.Settings"
        with pytest.raises(ValidationError, match="no_such_setting"):
            model.model_validate({**self.settings, "no_such_setting": 1}, context={"base": "."})

    def test_settings_do_not_change(self, found: Found) -> None:
        """One object of settings is shared by all that a cell runs."""
        config = found.component.load_settings().model_config
        assert config.get("frozen"), "the settings are not frozen"

    def test_settings_are_documented(self, found: Found) -> None:
        """Editors and the reference show what `evalcore schema` says of each setting."""
        schema = found.component.load_settings().model_json_schema()
        json.dumps(schema)
        fields = schema.get("properties", {})
        bare = [name for name, field in fields.items() if not field.get("description")]
        assert not bare, f"settings without a docstring below them: {', '.join(bare)}"

    def test_plugin_imports_nothing_heavy(self, found: Found) -> None:
        """The plugin's module declares by import path, and what is heavy is imported when used."""
        script = f"import sys, {found.plugin.module}; print(*sys.modules)"
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        heavy = set(HEAVY) & set(done.stdout.split())
        assert not heavy, f"importing {found.plugin.module} imports {', '.join(sorted(heavy))}"
