"""What tokens cost: the dated prices of this plugin, those of other files, and one's own."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from pydantic import Field

from evalcore.errors import EvalcoreError
from evalcore.prices import Price, read_prices
from evalcore.settings import DataPath, Settings
from evalcore_metallm.logs.columns import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["PriceSettings", "price_table"]


class PriceSettings(Settings):
    """What tokens cost, besides what the plugin's own dated prices say."""

    price_file: DataPath | None = None
    """A TOML file of dated prices, or several by a glob."""
    prices: dict[str, Price | str] = Field(default_factory=dict)
    """Prices by the name of the model, before those of files: dollars for a million `prompt` and
    `completion` tokens, or the name of a model in the files that costs as much."""

    def table(self) -> dict[str, Price]:
        """All prices by the name of the model; errors as of `price_table`."""
        return price_table(self.price_file.files() if self.price_file else (), self.prices)


def price_table(
    price_files: Iterable[Path] = (), own: Mapping[str, Price | str] | None = None
) -> dict[str, Price]:
    """Prices of tokens by the name of the model; what comes later holds.

    Args:
        price_files: of the form that `evalcore.prices.read_prices` reads, besides the plugin's own.
        own: prices, or names of models in those files that cost as much.

    Raises:
        EvalcoreError: if a file is not of that form, or a name is not in any.
    """
    with as_file(files("evalcore_metallm") / "prices.toml") as path:
        found = read_prices(path)
    for path in price_files:
        try:
            found |= read_prices(path)
        except (OSError, ValueError) as error:
            raise EvalcoreError(f"cannot read prices: {error}") from error
    return found | {name: _meant(name, price, found) for name, price in (own or {}).items()}


def _meant(name: str, price: Price | str, known: Mapping[str, Price]) -> Price:
    if isinstance(price, Price):
        return price
    if price not in known:
        raise EvalcoreError(
            f"price of {name!r}: found no price of {price!r}; the nearest that are known: "
            f"{nearest(price, known)}"
        )
    return known[price]
