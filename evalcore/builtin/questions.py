"""Tasks `jsonl` and `csv`: questions with one right answer each, from a file."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from abc import abstractmethod
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Literal

from evalcore.data import Attempt, Case, Sample, Score
from evalcore.errors import TaskError
from evalcore.settings import DataPath, Settings
from evalcore.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Csv", "JsonLines", "QuestionSettings", "matches"]

Match = Literal["exact", "choice", "numeric"]


class QuestionSettings(Settings):
    """Where the questions are and how answers are compared."""

    path: DataPath
    """The file, or several by a glob."""
    id: str = "id"
    """Field of the sample's id; where a row has none, its line in the file, from 1."""
    question: str = "question"
    """Field of the question."""
    answer: str = "answer"
    """Field of the right answer."""
    match: Match = "exact"
    """`exact`: equal but for blanks around and Unicode form. `choice`: the same letter, also
    with brackets, a full stop or words after it. `numeric`: the same number, the last one in
    the answer."""
    metadata: tuple[str, ...] = ()
    """Fields to keep with each record, to break results down by."""


class _Questions(Task[QuestionSettings]):
    """A file of questions, read row by row."""

    def cases(self) -> Iterator[Case]:
        """Yield one case a row.

        Raises:
            TaskError: if a row cannot be read or lacks a field; the text names file and line.
        """
        settings = self.settings
        files = settings.path.files()
        for file in files:
            for line, row in self.rows(file):
                where = f"{file}:{line}"
                number = f"{file.name}:{line}" if len(files) > 1 else str(line)
                question = _field(row, settings.question, where)
                answer = _field(row, settings.answer, where)
                sample = Sample(
                    id=number if row.get(settings.id) is None else str(row[settings.id]),
                    input=str(question),
                    metadata={name: row.get(name) for name in settings.metadata},
                )
                yield Case(sample, _text(answer))

    def score(self, case: Case, attempt: Attempt) -> Score:
        """1.0 if the answer matches, else 0.0."""
        right = matches(self.settings.match, str(attempt.answer), case.hidden)
        return Score(1.0 if right else 0.0, "right" if right else "wrong")

    def size(self) -> int:
        """The number of rows, by a count of lines."""
        return sum(self.count(file) for file in self.settings.path.files())

    @abstractmethod
    def rows(self, file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows of a file with their lines."""

    @abstractmethod
    def count(self, file: Path) -> int:
        """The number of rows of a file."""


class JsonLines(_Questions):
    """Questions from JSON Lines: one object a line, blank lines skipped."""

    def rows(self, file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        """The objects with their lines."""
        with file.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield number, _object(line, f"{file}:{number}")

    def count(self, file: Path) -> int:
        """The lines that are not blank."""
        with file.open("rb") as stream:
            return sum(1 for line in stream if line.strip())


class Csv(_Questions):
    """Questions from a CSV file with a header."""

    def rows(self, file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
        """The rows with their lines."""
        with file.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            try:
                for row in reader:
                    if None in row:
                        found = f"{len(reader.fieldnames or ())} in the header"
                        raise TaskError(f"{file}:{reader.line_num}: more fields than {found}")
                    yield reader.line_num, row
            except (csv.Error, UnicodeDecodeError) as error:
                raise TaskError(f"{file}:{reader.line_num + 1}: not a CSV row: {error}") from None

    def count(self, file: Path) -> int:
        """The rows after the header."""
        return sum(1 for _ in self.rows(file))


def matches(match: Match, answer: str, expected: str) -> bool:
    """Whether an answer is right, by one of the three rules of `QuestionSettings.match`."""
    if match == "exact":
        return _normal(answer) == _normal(expected)
    if match == "choice":
        return _choice(answer) == _choice(expected) != ""
    number = _number(answer)
    return number is not None and number == _number(expected)


def _field(row: dict[str, Any], name: str, where: str) -> Any:
    if row.get(name) is None:
        have = ", ".join(map(str, row)) or "none"
        raise TaskError(f"{where}: found no field {name!r}; the row has: {have}")
    return row[name]


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise TaskError(f"{where}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise TaskError(f"{where}: found {str(row)[:60]!r}, expected a JSON object")
    return row


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


_CHOICE = re.compile(r"^[\W_]*([^\W_]+)(?:[\W_]|$)")


def _choice(text: str) -> str:
    found = _CHOICE.match(text.strip())
    return found.group(1).casefold() if found else ""


# A sign counts where no word or number stands before it: `5-3` ends in 3, `x = -3` in -3.
_NUMBER = re.compile(
    r"(?:(?<![\w.)])[-+])?"
    r"(?:(?:\d{1,3}(?:,\d{3})+(?![\d,])|\d+)(?:\.\d+)?|\.\d+)"
    r"(?:[eE][-+]?\d+)?"
)


def _number(text: str) -> Decimal | None:
    found = _NUMBER.findall(text.replace("\N{MINUS SIGN}", "-"))
    try:
        return Decimal(found[-1].replace(",", "")) if found else None
    except InvalidOperation:
        return None
