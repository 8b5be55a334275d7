"""The least that a durable evaluation costs: no framework, JSON lines, an fsync each hundred.

python floor.py SAMPLES FOLDER
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from pydantic import TypeAdapter
from pydantic_core import to_json


async def answer(question: str) -> str:
    return "42"


async def main(samples: int, path: Path) -> None:
    validate = TypeAdapter(dict[str, str]).validate_python
    right = 0
    with path.open("wb") as stream:
        for number in range(samples):
            row = validate({"id": str(number), "question": f"What is {number} * 0 + 42?"})
            given = await answer(row["question"])
            right += given == "42"
            stream.write(to_json({**row, "answer": given, "score": float(given == "42")}) + b"\n")
            if number % 100 == 99:
                stream.flush()
                os.fsync(stream.fileno())
    assert right == samples


asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2], "records.jsonl")))
