"""Settings from a YAML file and from `--set PATH=VALUE`, for the actions that take both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import ValidationError

from evalcore.errors import EvalcoreError
from evalcore.settings import Settings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from pydantic.fields import FieldInfo

__all__ = ["add_settings_arguments", "given_settings"]

_Given = TypeVar("_Given", bound=Settings)


def add_settings_arguments(parser: argparse.ArgumentParser, such_as: str, example: str) -> None:
    """Add `--settings FILE` and `--set PATH=VALUE` to an action.

    Args:
        parser: of the action.
        such_as: names of settings, for the help.
        example: a PATH=VALUE, for the help.
    """
    parser.add_argument("--settings", type=Path, metavar="FILE", help=f"YAML with {such_as}, ...")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help=f"override a setting, such as {example}; repeatable",
    )


def given_settings(cls: type[_Given], file: Path | None, overrides: Sequence[str]) -> _Given:
    """The settings of a file, or none, with some overridden.

    Raises:
        EvalcoreError: if the file is no YAML mapping, or a setting is wrong.
    """
    given = {} if file is None else _read(file)
    for override in overrides:
        _override(given, override, cls.model_fields)
    try:
        return cls.model_validate(given, context={"base": file.parent if file else Path()})
    except ValidationError as error:
        problems = [f"{_path(one['loc'])}: {one['msg']}" for one in error.errors()]
        raise EvalcoreError("; ".join(problems)) from error


def _read(file: Path) -> dict[str, Any]:
    try:
        given = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise EvalcoreError(f"cannot read settings: {error}") from error
    if not isinstance(given, dict):
        raise EvalcoreError(f"{file}: found {type(given).__name__}, expected settings by name")
    return given


def _override(settings: dict[str, Any], override: str, fields: Mapping[str, FieldInfo]) -> None:
    path, mark, value = override.partition("=")
    if not mark:
        raise EvalcoreError(f"--set {override}: expected PATH=VALUE")
    *parents, last = path.split(".")
    for key in parents:
        inner = settings.get(key, fields[key].default if key in fields else None)
        if isinstance(inner, str):
            inner = {"use": inner}  # a bare name
        settings[key] = inner if isinstance(inner, dict) else {}
        settings, fields = settings[key], {}
    settings[last] = _value(override, value)


def _value(override: str, value: str) -> Any:
    try:
        return yaml.safe_load(value)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        problem = getattr(error, "problem", None) or error
        raise EvalcoreError(
            f"--set {override}: the value is not YAML: {problem}; quote what is to be a text"
        ) from None


def _path(place: tuple[int | str, ...]) -> str:
    return ".".join(map(str, place)) or "settings"
