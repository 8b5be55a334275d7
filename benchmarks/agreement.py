"""How often the judge agrees with verdicts that others recorded, over whole sets.

    EVALCORE_SHARED=FOLDER python benchmarks/agreement.py [SET...]

Prints a table of the sets and every program on which the verdicts differ, with the reason where
it is known. Ends with status 1 if one differs for no known reason.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

PLUGIN = Path(__file__).resolve().parents[1] / "plugins" / "evalcore-codecontests"
sys.path.insert(0, str(PLUGIN / "tests"))

from labelled_programs import KNOWN, SETS, folder, judged  # noqa: E402

from evalcore_codecontests.judge import Judge  # noqa: E402


def main(names: list[str]) -> int:
    sets = folder()
    if sets is None:
        sys.exit("no labelled programs: set EVALCORE_SHARED to the folder that holds them")
    unknown = 0
    print(f"{'set':<16}{'programs':>9}{'agree':>7}{'differ':>8}{'seconds':>9}")
    with Judge() as judge:
        for name in names or SETS:
            started = time.monotonic()
            cases = list(SETS[name](sets))
            differing = [
                (case, judgement)
                for case, judgement in judged(judge, cases, threads=os.cpu_count() or 1)
                if judgement.verdict not in case.agrees
            ]
            seconds = time.monotonic() - started
            agreeing = len(cases) - len(differing)
            print(f"{name:<16}{len(cases):>9}{agreeing:>7}{len(differing):>8}{seconds:>9.1f}")
            for case, judgement in differing:
                known = KNOWN.get((name, case.problem.id, case.name))
                explained = known is not None and known.verdict is judgement.verdict
                reason = known.reason if explained else f"NOT KNOWN: {judgement.message}"
                unknown += not explained
                print(f"    {case.problem.id} {case.name}: {case.label}, here {judgement.verdict}")
                print(f"        {reason}", flush=True)
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
