"""The first process of a sandbox: it prepares the private root and starts one box a program."""

from __future__ import annotations

import os
import resource
import select
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from . import kernel, namespaces, protocol
from .box import Box, Places
from .roles import NextRole

_THREAD_STACK_BYTES = 8 << 20


class Supervisor:
    """Serves the judge over one socket, a box at a time, until the judge closes or dies.

    The judge's first message is the configuration: `isolate` (bool), `binds` (paths to show, by
    the path inside), `hidden` (paths that are not to be seen wherever they lie) and `site`
    (folders of third-party modules, as seen inside). Every further message opens a box; when the
    box has ended the answer is its wait status.
    """

    def __init__(self, fd: int) -> None:
        self._judge = socket.socket(fileno=fd)
        self._judge.set_inheritable(False)
        self._isolate = True
        self._folder = ""

    def run(self) -> None:
        """Serve; a box's own process leaves through `NextRole`."""
        config, _ = protocol.receive(self._judge)
        if config is None:
            return
        try:
            self._prepare(config)
        except OSError as error:
            protocol.send(self._judge, {"error": error.strerror or str(error)})
            return
        protocol.send(self._judge, {"ready": True})
        try:
            self._serve()
        finally:
            if self._folder and os.getpid() == self._pid:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _prepare(self, config: dict[str, Any]) -> None:
        self._pid = os.getpid()
        self._isolate = config["isolate"]
        os.umask(0o022)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        kernel.set_thread_stack(_THREAD_STACK_BYTES)
        self._baseline = _address_space_bytes()
        if self._isolate:
            namespaces.enter(config["binds"], config["hidden"])
        else:
            self._folder = tempfile.mkdtemp(prefix="evalcore-judge-")
        sys.path += config["site"]

    def _serve(self) -> None:
        while True:
            spec, fds = protocol.receive(self._judge)
            if spec is None:
                return
            places = self._places()
            flags = kernel.CLONE_NEWPID | kernel.CLONE_NEWNS if self._isolate else 0
            pid = kernel.clone(flags) if self._isolate else os.fork()
            if pid == 0:
                self._judge.close()
                raise NextRole(Box(spec, fds, places, baseline=self._baseline).run)
            for fd in fds:
                os.close(fd)
            if not self._wait(pid):
                return

    def _places(self) -> Places:
        if self._isolate:
            return Places(program=Path("/program"), work=Path("/box"), isolated=True)
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        return Places(program=folder / "program", work=folder / "box", isolated=False)

    def _wait(self, pid: int) -> bool:
        """Wait for a box's end and tell the judge; `False` when the judge is gone."""
        pidfd = os.pidfd_open(pid)
        poller = select.poll()
        poller.register(pidfd, select.POLLIN)
        poller.register(self._judge, select.POLLHUP)
        ready = [fd for fd, _ in poller.poll()]
        os.close(pidfd)
        if pidfd not in ready:
            return False
        _, status = os.waitpid(pid, 0)
        protocol.send(self._judge, {"ended": status})
        return True


def _address_space_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()
