"""What is on record of the contenders of a cell: numbers of each along lambda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from evalcore.metric import Scores

    Floats = NDArray[np.float64]
    Read = Callable[[Mapping[str, Any]], float | None]

__all__ = ["Records", "check_name", "records_of"]


class Records(NamedTuple):
    """The contenders of each attempt that did not fail.

    Attributes:
        attempts: by name and strength, each as the task has it on record.
        samples: the sample of each attempt as a code, shape (A,).
    """

    attempts: tuple[Mapping[tuple[str, float | None], Mapping[str, Any]], ...]
    samples: NDArray[np.int64]

    def names(self) -> list[str]:
        """The names of all contenders, in the order in which they are on record."""
        return list(dict.fromkeys(name for found in self.attempts for name, _ in found))

    def strengths(self, name: str) -> list[float | None]:
        """Those at which there is a contender of a name, ascending; `None` is by itself."""
        found = {key[1] for of_attempt in self.attempts for key in of_attempt if key[0] == name}
        numbers = sorted(each for each in found if each is not None)
        return [*([None] if None in found else []), *numbers]

    def values(self, name: str, strength: float | None, read: Read) -> Floats:
        """What is read of a contender in each attempt, shape (A,); NaN where there is nothing."""
        return np.array([self._value(found, name, strength, read) for found in self.attempts])

    def attacked(self, kind: str) -> list[float]:
        """The strengths of an attack, ascending."""
        tables = (each["attacks"].get(kind, {}) for of in self.attempts for each in of.values())
        return sorted({float(at) for table in tables for at in table})

    def nearest(self, name: str, strength: float | None) -> float | None:
        """The strength of a contender that is meant, the middle one where none is set.

        Raises:
            ValueError: if there is none of the kind.
        """
        known = self.strengths(name)
        numbers = [each for each in known if each is not None]
        if not numbers:
            return None
        if strength is None:
            return numbers[len(numbers) // 2]
        if strength not in numbers:
            found = ", ".join(f"{each:g}" for each in numbers)
            raise ValueError(f"found {name} at the strengths {found}, not at {strength:g}")
        return strength

    def accuracies(self, name: str, strength: float | None, kind: str, at: float) -> Floats:
        """The accuracy of a contender under an attack in each attempt, shape (A,).

        Raises:
            ValueError: if there is no such strength of the contender.
        """

        def read(contender: Mapping[str, Any]) -> float | None:
            table = contender["attacks"].get(kind, {})
            return next((value for key, value in table.items() if float(key) == at), None)

        return self.values(name, self.nearest(name, strength), read)

    @staticmethod
    def _value(
        found: Mapping[tuple[str, float | None], Mapping[str, Any]],
        name: str,
        strength: float | None,
        read: Read,
    ) -> float:
        contender = found.get((name, strength))
        value = None if contender is None else read(contender)
        return np.nan if value is None else float(value)


def records_of(scores: Scores) -> Records | None:
    """The contenders of a cell; `None` where every attempt failed, or there is none.

    Raises:
        ValueError: if an attempt has no contenders on record.
    """
    kept = np.flatnonzero(~scores.failed)
    if not kept.size:
        return None
    details = scores.details("score.contenders")
    found = [details[i] for i in kept]
    if not all(found):
        raise ValueError(
            "found an attempt without contenders on record, expected a task of images, such as "
            "glyphs, with the strategy state-driven"
        )
    return Records(tuple(_by_key(of_attempt) for of_attempt in found), scores.sample[kept])


def check_name(records: Records, name: str) -> None:
    """Tell where no attempt has a contender of that name.

    Raises:
        ValueError: then.
    """
    if name not in (known := records.names()):
        raise ValueError(f"found the contenders {', '.join(known)}, not {name!r}")


def _by_key(
    contenders: Sequence[Mapping[str, Any]],
) -> dict[tuple[str, float | None], Mapping[str, Any]]:
    return {(each["name"], each["strength"]): each for each in contenders}
