"""The judge: runs programs against a problem's tests, each test in a sandbox of its own.

`Judge` is the way in. It takes a `Problem`, a `Program` and a checker, and gives a `Judgement`.
"""

from __future__ import annotations

from .errors import IsolationError, SandboxError, UntraceableError
from .judge import Judge
from .languages import LANGUAGES, Program
from .limits import Limits
from .verdict import Judgement, TestResult, Verdict

__all__ = [
    "LANGUAGES",
    "IsolationError",
    "Judge",
    "Judgement",
    "Limits",
    "Program",
    "SandboxError",
    "TestResult",
    "UntraceableError",
    "Verdict",
]
