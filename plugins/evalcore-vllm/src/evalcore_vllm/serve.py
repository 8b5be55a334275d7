"""`vllm serve` as a process that ends with the run.

It is started by `python -m evalcore_vllm.serve RUN ARGUMENT...`, RUN being the run's process.
vLLM's own processes import this module again, so it must do nothing when it is imported.
"""

from __future__ import annotations

import sys

from evalcore_vllm.child import follow

__all__ = ["main"]


def main() -> None:
    """Run it; the first argument is the id of the run's process, the others are the command's."""
    follow(int(sys.argv[1]))
    from vllm.entrypoints.cli.main import main as vllm

    sys.argv = ["vllm", "serve", *sys.argv[2:]]
    vllm()


if __name__ == "__main__":
    main()
