"""What the matrix needs of the machine: uv finds the wheels that pip is told to find.

uv does not read pip's configuration. Where pip is pointed at a folder of wheels, such as builds of
PyTorch without CUDA, the environments are made from the same folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess


def _find_links() -> str:
    pip = shutil.which("pip")
    asked = [pip, "config", "get", "global.find-links"] if pip else ["false"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return ",".join((os.environ.get("PIP_FIND_LINKS") or found).split())


if links := _find_links():
    os.environ.setdefault("UV_FIND_LINKS", links)
