"""Model `replay`: recorded answers, by sample and attempt."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any, BinaryIO

from evalcore.data import Generation, Request
from evalcore.errors import RunError
from evalcore.model import LanguageModel
from evalcore.settings import DataPath, Settings

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Replay", "ReplaySettings"]


class ReplaySettings(Settings):
    """Where the answers are."""

    path: DataPath
    """JSON Lines of `{"sample": ID, "answer": TEXT}`, several a sample in order of attempt, with
    `prompt_tokens` and `completion_tokens` where they were recorded."""


class Replay(LanguageModel[ReplaySettings]):
    """Answers with what was recorded; only where each answer stands is kept in memory."""

    def __init__(self, settings: ReplaySettings) -> None:
        super().__init__(settings)
        self._streams: list[BinaryIO] = []
        self._places: dict[str, array[int]] = {}

    async def open(self) -> None:
        """Note where each sample's answers stand."""
        for file in self.settings.path.files():
            self._streams.append(file.open("rb"))
            self._note(file, len(self._streams) - 1)

    async def close(self) -> None:
        """Close the files."""
        for stream in self._streams:
            stream.close()

    async def generate(self, request: Request) -> Generation:
        """The answer recorded for the request's sample and attempt.

        Raises:
            LookupError: if there is none.
        """
        places = self._places.get(request.sample, array("q"))
        if 2 * request.attempt >= len(places):
            have = f"{len(places) // 2} answers" if places else "no answer"
            raise LookupError(
                f"attempt {request.attempt} at sample {request.sample!r} is not recorded; "
                f"{self.settings.path} has {have} for it"
            )
        number, offset = places[2 * request.attempt : 2 * request.attempt + 2]
        stream = self._streams[number]
        stream.seek(offset)
        row = json.loads(stream.readline())
        return Generation(
            text=row["answer"],
            prompt_tokens=row.get("prompt_tokens", 0),
            completion_tokens=row.get("completion_tokens", 0),
        )

    def _note(self, file: Path, number: int) -> None:
        offset = 0
        for line_number, line in enumerate(self._streams[number], 1):
            if line.strip():
                sample = _checked(line, f"{file}:{line_number}")
                self._places.setdefault(sample, array("q")).extend((number, offset))
            offset += len(line)


def _checked(line: bytes, where: str) -> str:
    try:
        row: Any = json.loads(line)
        sample, answer = row["sample"], row["answer"]
    except (ValueError, KeyError, TypeError):
        sample = answer = None
    if not isinstance(sample, str | int) or not isinstance(answer, str):
        raise RunError(f'{where}: expected {{"sample": ID, "answer": TEXT}}')
    tokens = [row.get("prompt_tokens", 0), row.get("completion_tokens", 0)]
    if not all(isinstance(count, int) and count >= 0 for count in tokens):
        raise RunError(f"{where}: found token counts {tokens}, expected whole numbers from 0")
    return str(sample)
