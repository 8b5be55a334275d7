"""What can go wrong with the judge itself."""

from __future__ import annotations


class IsolationError(RuntimeError):
    """This machine allows no isolation; the message, one line, says why and what to do."""


class SandboxError(RuntimeError):
    """A sandbox failed or ended by itself; nothing follows about the program in it."""


class UntraceableError(RuntimeError):
    """A program cannot be traced, or not to its end; the message, a clause, says why."""
