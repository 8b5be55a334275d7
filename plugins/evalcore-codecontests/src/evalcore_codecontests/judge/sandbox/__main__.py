"""Start of a sandbox: `python -s -S -P -B <this file> FD`, where FD is the judge's socket.

A process that turns into something else (the supervisor into a program's template, the template
into the program) unwinds to this file first, so that a program's stack has nothing below it.
"""

import os
import resource
import sys

_STACK_BYTES = 1 << 30


def _reserve_stack() -> None:
    """Start again with room for a deep stack: the kernel lays out memory only at exec."""
    soft, hard = resource.getrlimit(resource.RLIMIT_STACK)
    wanted = _STACK_BYTES if hard == resource.RLIM_INFINITY else min(_STACK_BYTES, hard)
    if soft != wanted:
        resource.setrlimit(resource.RLIMIT_STACK, (wanted, hard))
        os.execv(sys.executable, [sys.executable, "-s", "-S", "-P", "-B", *sys.argv])  # noqa: S606


def _main() -> None:
    _reserve_stack()
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120
    sys.path.insert(0, home)
    from sandbox.roles import NextRole  # type: ignore[import-not-found]
    from sandbox.supervisor import Supervisor  # type: ignore[import-not-found]

    sys.path.remove(home)
    role = Supervisor(int(sys.argv[1])).run
    while True:
        try:
            role()
            return
        except NextRole as next_role:
            role = next_role.run


if __name__ == "__main__":
    _main()
