"""Measure how long reading the plan takes and how much memory, and how long `dap lint` takes without the examples."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DAP = str(Path(sys.executable).parent / "dap")
RUNS = 5
READ_SECONDS, READ_MEGABYTES, LINT_SECONDS = 1.0, 200.0, 5.0

# Within the process: what the interpreter itself needs to start is no part of reading.
_READ = """
import resource, sys, time
begin = time.perf_counter()
import dap
dap.open_plan(sys.argv[1])
print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def main() -> int:
    """Print the medians beside their targets, and answer 1 when one is missed."""
    reads = [_read() for _ in range(RUNS + 1)][1:]
    lints = [_lint() for _ in range(RUNS + 1)][1:]
    seconds, megabytes = (statistics.median(each) for each in zip(*reads, strict=True))
    rows = (
        ("reading the plan, s", seconds, READ_SECONDS),
        ("its memory in all, MB", megabytes, READ_MEGABYTES),
        ("dap lint --no-examples, s", statistics.median(lints), LINT_SECONDS),
    )
    for name, seen, wanted in rows:
        print(f"{name:28}{seen:8.2f}  at most {wanted:g} wanted: {'reached' if seen <= wanted else 'MISSED'}")
    return 0 if all(seen <= wanted for _, seen, wanted in rows) else 1


def _read() -> tuple[float, float]:
    finished = subprocess.run(
        [sys.executable, "-c", _READ, str(ROOT)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, megabytes = map(float, finished.stdout.split())
    return seconds, megabytes


def _lint() -> float:
    begin = time.perf_counter()
    subprocess.run([DAP, "lint", "--no-examples"], cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - begin


if __name__ == "__main__":
    sys.exit(main())
