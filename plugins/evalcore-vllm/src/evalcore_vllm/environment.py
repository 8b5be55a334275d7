"""Whether vLLM can run here, and what its processes find in their environment."""

from __future__ import annotations

import os
import re
import signal
import threading
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pydantic import ValidationError

from evalcore.errors import PluginError
from evalcore_vllm.child import LOG, RUN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from evalcore_vllm.logs import Log

__all__ = ["additions", "cannot_run", "check_device", "check_installed", "check_started", "reason"]

_INSTALL = (
    "install a build of vLLM for this machine "
    "(https://docs.vllm.ai/en/latest/getting_started/installation)"
)
_NO_DEVICE = "its build is for none of this machine's devices"
_NO_INSTRUCTION = "its build uses instructions that this machine's processor does not have"
_FINDS_NO_DEVICE = re.compile("Failed to infer device type|Device string must not be empty")
_FINDS_NO_LIBRARY = re.compile(r"ImportError|ModuleNotFoundError|OSError: \S+\.so\b")
_UNLESS_SET = {
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    # The run has threads, of which a forked process would inherit the locks.
    "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
}
_HOOKS = "VLLM_PLUGINS"
_LOGGING = "VLLM_LOGGING_CONFIG_PATH"


_importing = threading.Lock()
"""Transformers cannot be imported by two threads at a time."""


def check_installed() -> None:
    """Look whether there is vLLM, without importing it.

    Raises:
        PluginError: if there is none.
    """
    if find_spec("vllm") is None:
        raise _cannot("it is not installed")


@contextmanager
def cannot_run() -> Iterator[None]:
    """Say in one line why vLLM, or what comes with it, cannot be imported; not for the loop.

    Raises:
        PluginError: if vLLM is not there, or anything goes wrong inside.
    """
    check_installed()
    try:
        with _importing:
            yield
    except Exception as error:
        raise _cannot(reason(error)) from error


def check_device() -> None:
    """Look whether this build of vLLM, which is imported, has a device to run on.

    Raises:
        PluginError: if it has none.
    """
    from vllm.platforms import current_platform

    if current_platform.is_unspecified():
        raise _cannot(_NO_DEVICE)


def check_started(status: int, cause: str | None) -> None:
    """Look whether a process of vLLM ended because vLLM cannot run here.

    Args:
        status: with which it ended; less than 0 where a signal did it.
        cause: the error that ended it.

    Raises:
        PluginError: if it says so.
    """
    if status == -signal.SIGILL:
        raise _cannot(_NO_INSTRUCTION)
    if cause and _FINDS_NO_DEVICE.search(cause):
        raise _cannot(_NO_DEVICE)
    if cause and _FINDS_NO_LIBRARY.match(cause):
        raise _cannot(cause)


def additions(environment: Mapping[str, str], log: Log) -> dict[str, str]:
    """Variables that vLLM's processes need besides those that there are.

    Args:
        environment: what there is; what the user has set stays as it is.
        log: where all that they say goes.
    """
    found = {name: value for name, value in _UNLESS_SET.items() if name not in environment}
    hooks = environment.get(_HOOKS)
    if hooks is not None and "evalcore" not in hooks.split(","):
        found[_HOOKS] = f"{hooks},evalcore"
    if log.owns(environment.get(_LOGGING)):
        found[_LOGGING] = str(log.logging_config())
    return found | {RUN: str(os.getpid()), LOG: str(log.path)}


def reason(error: BaseException) -> str:
    """What an error says, in one line."""
    if isinstance(error, ValidationError):
        problems = {problem["loc"][:1]: problem["msg"] for problem in reversed(error.errors())}
        return "; ".join(": ".join((*map(str, place), said)) for place, said in problems.items())
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _cannot(why: str) -> PluginError:
    return PluginError(f"vLLM cannot run here: {why}; {_INSTALL}")
