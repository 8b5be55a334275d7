"""vLLM's log: a file that is looked into when something fails, and is gone after the run."""

from __future__ import annotations

import json
import os
import re
import tempfile
from functools import cache
from pathlib import Path

__all__ = ["Log"]

_FORMAT = "%(levelname)s %(asctime)s [%(name)s:%(lineno)d] %(message)s"
_LINES = 15
_LENGTH = 200
_PREFIX = re.compile(r"^(\(\w[\w ]* pid=\d+\) )?([A-Z]+ \d\d-\d\d [\d:]+ \[[^\]]*\] ?)?")
_ERROR = re.compile(r"\s*(?:Value error, |[\w.]+: error: |[\w.]*(?:Error|Exception): ).+")
_NO_CAUSE = "root cause"


class Log:
    """A file to which processes append, from where it ends now.

    Attributes:
        path: of the file.
    """

    def __init__(self, name: str) -> None:
        self.path = Path(_folder().name, f"{name}.log")
        self._begin = self.path.stat().st_size if self.path.exists() else 0

    def cause(self) -> str | None:
        """The last error that names a cause, if there is one."""
        found = [line.strip() for line in self._lines() if _ERROR.fullmatch(line)]
        causes = [line for line in found if _NO_CAUSE not in line]
        return causes[-1] if causes else None

    def account(self) -> str:
        """The same, if there is one, and the last lines; to go on with after what ended."""
        cause = self.cause()
        return f"{f': {cause}' if cause else ''}. Its log ends:\n{self.end()}"

    def end(self) -> str:
        """The last lines, indented."""
        lines = [line[:_LENGTH] for line in self._lines() if line.strip()]
        return "\n".join(f"    {line}" for line in lines[-_LINES:])

    def owns(self, logging_config: str | None) -> bool:
        """Whether vLLM's logging is ours to configure: a user has not done it."""
        return logging_config is None or Path(logging_config).parent == self.path.parent

    def logging_config(self) -> Path:
        """A file by which vLLM's processes write to this log."""
        handler = {
            "class": "logging.FileHandler",
            "filename": str(self.path),
            "delay": True,
            "formatter": "line",
        }
        logger = {
            "handlers": ["log"],
            "level": os.environ.get("VLLM_LOGGING_LEVEL", "INFO").upper(),
            "propagate": False,
        }
        config = {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"format": _FORMAT, "datefmt": "%m-%d %H:%M:%S"}},
            "handlers": {"log": handler},
            "loggers": {"vllm": logger},
        }
        path = self.path.with_suffix(".json")
        path.write_text(json.dumps(config))
        return path

    def _lines(self) -> list[str]:
        """The lines without what vLLM writes before each of them."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._begin)
            text = file.read().decode(errors="replace")
        return [_PREFIX.sub("", line) for line in text.splitlines()]


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Removed when the process ends."""
    return tempfile.TemporaryDirectory(prefix="evalcore-vllm-")
