"""Task `microcontest`."""

from __future__ import annotations

from evalcore_codecontests.tasks import PackagedContest

__all__ = ["Microcontest"]


class Microcontest(PackagedContest):
    """Small problems of two and three steps, made by `python -m evalcore_microcoder.contest`."""

    location = "package://evalcore_microcoder/contest/problems.jsonl"
