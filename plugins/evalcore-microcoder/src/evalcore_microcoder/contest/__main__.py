"""Writes the contest that ships in the package: `python -m evalcore_microcoder.contest`."""

from __future__ import annotations

from pathlib import Path

from evalcore_microcoder.contest.build import contest, written

FILE = Path(__file__).with_name("problems.jsonl")

if __name__ == "__main__":
    FILE.write_text(written(contest()), "utf-8")
