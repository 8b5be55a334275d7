"""Frames of the sandbox's own code, which are no part of what a program has to say."""

from __future__ import annotations

import re

OWN_FILE = "<evalcore>"
"""The file name that all code of the sandbox runs under."""

_OWN = re.escape(OWN_FILE).encode()
_FRAME = re.compile(rb'^[ \t|]*File "' + _OWN + rb'", line \d+,? in .*\n?', re.MULTILINE)
"""A line as tracebacks have it, and as `faulthandler` has it (without the comma)."""
_WARNING = re.compile(rb"^" + _OWN + rb":\d+: ", re.MULTILINE)


def without_own_frames(stderr: bytes) -> bytes:
    """What a program wrote to standard error, less the frames of ours on the stacks in it.

    A warning that is told of a frame of ours is told of `sys`, as when there is no such frame.
    """
    if _OWN not in stderr:
        return stderr
    return _WARNING.sub(b"sys:1: ", _FRAME.sub(b"", stderr))
