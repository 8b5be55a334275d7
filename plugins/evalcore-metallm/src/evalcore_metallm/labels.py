"""Task `labelled`: texts with one right label each, and questions with choices, from files."""

from __future__ import annotations

import json
import re
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn, Self

from pydantic import Field, model_validator

from evalcore.data import Case, Sample, Score
from evalcore.settings import DataPath, Settings
from evalcore.task import Task
from evalcore_metallm.logs.columns import value
from evalcore_metallm.logs.reading import LogError, Row, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from evalcore.data import Attempt

__all__ = ["Labelled", "LabelledSettings", "label_in"]


class LabelledSettings(Settings):
    """Where the texts are, and what may be answered."""

    path: DataPath
    """JSON Lines, CSV, TSV or Parquet files, also compressed."""
    id: str = "id"
    """Column of the sample's id; where there is none, the number of the row, from 1."""
    text: str = "text"
    """Column of the text, or of the question."""
    answer: str = "label"
    """Column of what is right."""
    labels: dict[str, str] = Field(default_factory=dict)
    """What may be answered: the word for each value of the answer's column, such as
    `{"0": negative, "1": positive}`."""
    choices: str | tuple[str, ...] = ()
    """Instead of labels the column of a list of choices, or a column for each; they are named by
    letters."""
    answer_as: Literal["index", "letter", "text"] = "index"
    """How the column tells which choice is right: its place from 0, its letter, or its text."""
    question: str = ""
    """What is asked before the text; nothing where the text asks."""
    metadata: tuple[str, ...] = ()
    """Columns to keep with each record, to break results down by."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.labels) == bool(self.choices):
            raise ValueError("one of `labels` (the words to choose from) and `choices` (a column)")
        folded = {label.casefold() for label in self.labels.values()}
        if self.labels and (len(folded) < 2 or "" in folded):
            raise ValueError(f"two labels or more, found {sorted(folded)}")
        return self


class Labelled(Task[LabelledSettings]):
    """Asks for one of some labels; what a router sees of a sample is its text alone."""

    def cases(self) -> Iterator[Case]:
        """Yield one case a row.

        Raises:
            LogError: if a row lacks a column, or its answer is none of its labels or choices.
        """
        settings = self.settings
        for number, row in enumerate(read_rows(settings.path.files()), 1):
            item = self._item(row)
            sample = Sample(
                id=str(row.values.get(settings.id) or number),
                input=_prompt(settings.question, item),
                public=item.text,
                metadata={name: value(row, name) for name in settings.metadata},
            )
            yield Case(sample, (item.right, item.labels))

    def score(self, case: Case, attempt: Attempt) -> Score:
        """1.0 if the first label in the answer is the right one, else 0.0."""
        right, labels = case.hidden
        found = label_in(str(attempt.answer), labels)
        word = "unlabelled" if found is None else "right" if found == right else "wrong"
        return Score(float(found == right), word, {"answer": found})

    def preflight(self) -> None:
        """Read the first row."""
        if next(self.cases(), None) is None:
            raise LogError(f"{self.settings.path}: found no row, expected texts with labels")

    def _item(self, row: Row) -> _Item:
        settings = self.settings
        text, answer = str(value(row, settings.text)), value(row, settings.answer)
        if not settings.choices:
            if str(answer) not in settings.labels:
                _refuse(row, settings.answer, answer, settings.labels)
            return _Item(text, (), tuple(settings.labels.values()), settings.labels[str(answer)])
        choices = _choices(row, settings.choices)
        letters = tuple(ascii_uppercase[: len(choices)])
        known = {
            "index": tuple(map(str, range(len(choices)))),
            "letter": letters,
            "text": choices,
        }[settings.answer_as]
        if known.count(str(answer)) != 1:
            _refuse(row, settings.answer, answer, known)
        return _Item(text, choices, letters, letters[known.index(str(answer))])


def label_in(answer: str, labels: Sequence[str]) -> str | None:
    """The label that stands first in an answer, as a word of its own; `None` without any.

    Words may be in capitals or not; a label of one letter must be as it is, for `a` is a word.
    """
    found = [
        (match.start(), -len(label), label) for label in labels if (match := _of(label, answer))
    ]
    return min(found)[2] if found else None


class _Item(NamedTuple):
    text: str
    choices: tuple[str, ...]
    labels: tuple[str, ...]
    right: str


def _prompt(question: str, item: _Item) -> str:
    options = [f"{letter}. {text}" for letter, text in zip(item.labels, item.choices, strict=False)]
    *others, last = item.labels
    what = "the letter of the right choice" if item.choices else "one of these labels"
    request = f"Answer with {what} and nothing else: {', '.join(others)} or {last}."
    parts = [question, item.text, "\n".join(options), request]
    return "\n\n".join(part for part in parts if part)


def _of(label: str, answer: str) -> re.Match[str] | None:
    flags = re.IGNORECASE if len(label) > 1 else re.NOFLAG
    return re.search(rf"(?<!\w){re.escape(label)}(?!\w)", answer, flags)


def _choices(row: Row, columns: str | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(columns, tuple):
        found: Any = [value(row, column) for column in columns]
    else:
        found = value(row, columns)
        if isinstance(found, str):
            found = _listed(found)
    if not isinstance(found, list) or not 2 <= len(found) <= len(ascii_uppercase):
        raise LogError(f"{row.place}: found {found!r:.60} as choices, expected a list of 2 to 26")
    return tuple(map(str, found))


def _listed(text: str) -> Any:
    """A list as a table writes it."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _refuse(row: Row, column: str, answer: Any, known: Iterable[str]) -> NoReturn:
    expected = ", ".join(known)
    raise LogError(f"{row.place}: found {answer!r:.60} as {column}, expected one of: {expected}")
