"""The settings of a component: a pydantic model, with types for what specs often name."""

from __future__ import annotations

import glob
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

__all__ = ["DataPath", "Settings"]


class Settings(BaseModel):
    """Base of every component's settings: unknown names are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    incidental: ClassVar[frozenset[str]] = frozenset()
    """Settings that change how soon or by which way an answer comes, never which answer: a run
    goes on, and a cached answer holds, where only these differ."""


class DataPath(str):
    """A file, folder or glob of data that a spec names; it must exist when the spec is checked.

    A relative path starts from the spec's folder. `package://NAME/inner/path` is a file inside
    an installed package. The run's identity includes a fingerprint of what the path holds.
    """

    __slots__ = ()

    def files(self) -> list[Path]:
        """The files meant, sorted: of a folder all that it holds, of a glob all that match.

        Raises:
            FileNotFoundError: if there is none.
        """
        path = Path(self)
        if path.is_dir():
            found = [inner for inner in path.rglob("*") if inner.is_file()]
        elif path.is_file():
            found = [path]
        else:
            found = [Path(match) for match in glob.glob(self, recursive=True)]  # noqa: PTH207
            found = [match for match in found if match.is_file()]
        if not found:
            raise FileNotFoundError(f"no file at {self}")
        return sorted(found)

    @classmethod
    def resolve(cls, text: str, base: Path) -> DataPath:
        """Make `text` absolute from the folder `base`.

        Raises:
            FileNotFoundError: if nothing is there.
        """
        scheme, mark, rest = text.partition("://")
        if mark and scheme == "package":
            package, _, inner = rest.partition("/")
            spec = find_spec(package) if package.isidentifier() else None
            if spec is None or not spec.submodule_search_locations:
                raise FileNotFoundError(f"no installed package {package!r} (named by {text})")
            path = Path(spec.submodule_search_locations[0], inner)
        else:
            path = base / Path(text).expanduser()
        resolved = cls(path)
        resolved.files()
        return resolved

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate as a text whose file exists, relative to `base` of the validation context."""
        return core_schema.with_info_after_validator_function(cls._validate, handler(str))

    @classmethod
    def _validate(cls, text: str, info: core_schema.ValidationInfo) -> DataPath:
        base = Path((info.context or {}).get("base", "."))
        try:
            return cls.resolve(text, base)
        except FileNotFoundError as error:
            raise PydanticCustomError(
                "file_not_found",
                "an existing file, folder or glob ({error})",
                {"error": str(error)},
            ) from None
