"""Programs that are executed: compiled ones, virtual machines, and compilers themselves."""

from __future__ import annotations

import os


class Executable:
    """A command line, run in place of this process."""

    may_execute = True

    def __init__(self, argv: list[str], env: dict[str, str], *, may_fork: bool) -> None:
        self._argv = argv
        self._env = env
        self.may_fork = may_fork

    def run(self, extra: list[int]) -> None:
        """Execute it; a failure to start goes to the report pipe, closed on success."""
        try:
            os.execve(self._argv[0], self._argv, self._env)  # noqa: S606
        except OSError as error:
            os.write(extra[0], f"{self._argv[0]}: {error.strerror}".encode())
            os._exit(1)
