"""What keeps vLLM's processes in order: they end with their run and write to its log alone."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time

__all__ = ["LOG", "RUN", "attach", "follow"]

RUN = "EVALCORE_VLLM_RUN"
"""Environment variable that holds the id of the run's process."""
LOG = "EVALCORE_VLLM_LOG"
"""Environment variable that holds the file for all that vLLM's processes print."""

_SECONDS = 0.5
_attached_in: int | None = None


def attach() -> None:
    """Do so for this process; vLLM calls it in each of its own, through its plugin hook.

    It does nothing where no run of evalcore has started vLLM, and nothing in the run's process.
    vLLM's engine does not notice by itself that its parent was killed: it would keep its memory.
    """
    global _attached_in  # noqa: PLW0603 - vLLM loads its plugins several times in a process
    parent = multiprocessing.parent_process()
    run, this = os.environ.get(RUN), os.getpid()
    if parent is None or parent.pid is None or run in {None, str(this)} or _attached_in == this:
        return
    _attached_in = this
    print_to(os.environ.get(LOG, os.devnull))
    follow(parent.pid)


def follow(parent: int) -> None:
    """End this process, whatever it does, as soon as the process `parent` is not its parent."""
    threading.Thread(target=_watch, args=(parent,), name="follow-parent", daemon=True).start()


def print_to(file: str) -> None:
    """Let all that this process prints, from whatever language, go to the end of a file."""
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS)
    os._exit(1)
