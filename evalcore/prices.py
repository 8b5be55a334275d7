"""What tokens cost: prices in a spec, and the dated price files of plugins."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Price", "read_prices"]


class Price(BaseModel):
    """What a model's tokens cost."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    prompt: float = Field(ge=0)
    """Dollars for a million prompt tokens."""
    completion: float = Field(ge=0)
    """Dollars for a million completion tokens."""
    date: str = Field("", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    """When the price was looked up, as `YYYY-MM-DD`."""

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """Dollars for so many tokens."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / 1e6


def read_prices(path: Path) -> dict[str, Price]:
    """The prices of a dated price file, by the model's name.

    A price file is TOML: `date` at the top holds for all of it; each table under `prices` has
    `prompt` and `completion`, in dollars for a million tokens, and may have a `date` of its own.

    Raises:
        ValueError: if the file is not of that form.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    date, tables = data.get("date"), data.get("prices")
    if not isinstance(date, str) or not isinstance(tables, dict):
        raise ValueError(f'{path}: expected `date = "YYYY-MM-DD"` and tables under `prices`')
    return {name: Price.model_validate({"date": date, **table}) for name, table in tables.items()}
