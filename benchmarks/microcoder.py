"""A cold start of each size of microcoder, and the tokens a second that it writes.

    python benchmarks/microcoder.py

Cold: a process of its own from its start to the first token, and what memory it takes. Tokens:
256 statements asked at once, of which the model makes its batches.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from itertools import islice

from measuring import CALIBRATION, environment, machine, measure, table

SIZES = ("s", "m", "l")
STATEMENTS = 256


def main() -> None:
    arguments = _arguments()
    if arguments.size:
        print(json.dumps(asyncio.run(_asked(arguments.size))))
        return
    rows = []
    for size in SIZES:
        runs = [_run(size) for _ in range(arguments.repeats)]
        cold, busy, peak = (min(run[name] for run in runs) for name in ("cold", "busy", "peak"))
        tokens = runs[0]["tokens"]
        rows.append([size, f"{cold:.2f}", f"{peak:.0f}", f"{tokens}", f"{tokens / busy:,.0f}"])
    speed = measure(CALIBRATION).cpu
    print(f"{machine()}; calibration {speed:.3f} s; best of {arguments.repeats}\n")
    print(table(["size", "cold start, s", "memory then, MiB", "tokens", "tokens/s"], rows))


def _run(size: str) -> dict[str, float]:
    begin = time.time()
    command = [sys.executable, __file__, "--size", size]
    found = subprocess.run(command, env=environment(), check=True, capture_output=True, text=True)
    run: dict[str, float] = json.loads(found.stdout)
    return {**run, "cold": run["first"] - begin}


async def _asked(size: str) -> dict[str, float]:
    """When the first token was there, and what memory was taken; then what many answers take."""
    from evalcore import open_model

    async with open_model({"use": "microcoder", "size": size}) as model:
        await model.generate("Print the sum of two numbers.", max_tokens=1)
        first, peak = time.time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        from evalcore_microcoder.world import problems

        statements = [problem.statement for problem in islice(problems("validation"), STATEMENTS)]
        before, begin = model.usage.completion_tokens, time.perf_counter()
        await asyncio.gather(*(model.generate(text, seed=i) for i, text in enumerate(statements)))
        busy = time.perf_counter() - begin
        tokens = model.usage.completion_tokens - before
    return {"first": first, "peak": peak, "busy": busy, "tokens": tokens}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=3, help="runs of each size (default: 3)")
    parser.add_argument("--size", choices=SIZES, help="measure one, in this process")
    return parser.parse_args()


if __name__ == "__main__":
    main()
